"""The pages and pictures of samples and images."""

from django.urls import path

from predictions.views import (
    archives,
    dashboards,
    gallery,
    history,
    images,
    intake,
    intervals,
    profiles,
    rules,
)

app_name = "predictions"
urlpatterns = [
    path("dashboard/", dashboards.dashboard, name="dashboard"),
    path("upload/", intake.upload, name="upload"),
    path("upload/begin/", intake.upload_begin, name="upload_begin"),
    path("samples/<id:sample_id>/upload/", intake.sample_upload, name="sample_upload"),
    path("samples/<id:sample_id>/progress/", intake.sample_progress, name="sample_progress"),
    path("samples/<id:sample_id>/archives/", archives.sample_archives, name="sample_archives"),
    path("archives/<id:archive_id>/progress/", archives.archive_progress, name="archive_progress"),
    path("history/", history.history, name="history"),
    path("samples/<id:sample_id>/gallery/", gallery.gallery, name="gallery"),
    path(
        "samples/<id:sample_id>/gallery/reviews/",
        gallery.gallery_reviews,
        name="gallery_reviews",
    ),
    path(
        "samples/<id:sample_id>/gallery/changes/",
        gallery.gallery_changes,
        name="gallery_changes",
    ),
    path("references/", gallery.reference_cells, name="references"),
    path("images/<id:image_id>/", images.image, name="image"),
    path(
        "images/<id:image_id>/sheets/<id:job_id>/<int:cells>/",
        gallery.image_sheet,
        name="image_sheet",
    ),
    path("images/<id:image_id>/status/", images.image_status, name="image_status"),
    path("images/<id:image_id>/rendition/", images.image_rendition, name="image_rendition"),
    path("images/<id:image_id>/thumbnail/", images.image_thumbnail, name="image_thumbnail"),
    path("images/<id:image_id>/original/", images.image_original, name="image_original"),
    path("images/<id:image_id>/rerun/", images.image_rerun, name="image_rerun"),
    path("cells/<id:cell_id>/crop/", images.cell_crop, name="cell_crop"),
    path("cells/<id:cell_id>/review/", images.cell_review, name="cell_review"),
    path("profiles/", profiles.profile_list, name="profiles"),
    path("profiles/new/", profiles.profile_new, name="profile_new"),
    path("profiles/<id:profile_id>/", profiles.profile, name="profile"),
    path("profiles/<id:profile_id>/change/", profiles.profile_change, name="profile_change"),
    path("profiles/<id:profile_id>/default/", profiles.profile_default, name="profile_default"),
    path("profiles/<id:profile_id>/retire/", profiles.profile_retire, name="profile_retire"),
    path(
        "profiles/<id:profile_id>/use-again/",
        profiles.profile_use_again,
        name="profile_use_again",
    ),
    path("profiles/<id:profile_id>/adapt/", profiles.profile_adapt, name="profile_adapt"),
    path("settings/rules/", rules.rules, name="rules"),
    path("settings/intervals/", intervals.intervals, name="intervals"),
    path("settings/intervals/as-shipped/", intervals.intervals_shipped, name="intervals_shipped"),
    path(
        "settings/intervals/<slug:label>/",
        intervals.intervals_of_label,
        name="intervals_of_label",
    ),
]
