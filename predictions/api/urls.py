"""Version 1 of the API, below /api/v1/."""

from django.urls import path

from predictions.api import corrections, images, predict, samples

app_name = "predictions_api"
urlpatterns = [
    path("samples/", samples.SampleListView.as_view(), name="samples"),
    path("samples/search/", samples.SampleSearchView.as_view(), name="sample_search"),
    path("samples/<id:sample_id>/", samples.SampleView.as_view(), name="sample"),
    path(
        "samples/<id:sample_id>/images/",
        images.SampleImagesView.as_view(),
        name="sample_images",
    ),
    path("images/<id:image_id>/", images.ImageView.as_view(), name="image"),
    path("images/<id:image_id>/rendition/", images.ImageRenditionView.as_view(), name="rendition"),
    path("images/<id:image_id>/original/", images.ImageOriginalView.as_view(), name="original"),
    path("images/<id:image_id>/dismiss/", corrections.DismissView.as_view(), name="image_dismiss"),
    path("images/<id:image_id>/move/", corrections.MoveView.as_view(), name="image_move"),
    path("predict/", predict.PredictView.as_view(), name="predict"),
]
