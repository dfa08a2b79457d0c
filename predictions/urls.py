"""The pages and pictures of samples and images."""

from django.urls import path

from predictions.views import dashboards, history, images, intake, models

app_name = "predictions"
urlpatterns = [
    path("dashboard/", dashboards.dashboard, name="dashboard"),
    path("upload/", intake.upload, name="upload"),
    path("history/", history.history, name="history"),
    path("images/<uuid:image_id>/", images.image, name="image"),
    path("images/<uuid:image_id>/status/", images.image_status, name="image_status"),
    path("images/<uuid:image_id>/rendition/", images.image_rendition, name="image_rendition"),
    path("images/<uuid:image_id>/thumbnail/", images.image_thumbnail, name="image_thumbnail"),
    path("images/<uuid:image_id>/original/", images.image_original, name="image_original"),
    path("images/<uuid:image_id>/rerun/", images.image_rerun, name="image_rerun"),
    path("cells/<uuid:cell_id>/crop/", images.cell_crop, name="cell_crop"),
    path("models/", models.models, name="models"),
    path("models/<uuid:version_id>/shadow/", models.shadow, name="shadow"),
]
