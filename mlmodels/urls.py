"""The pages of labels, datasets, trainings, models and imaging profiles."""

from django.urls import path

from mlmodels.views import labels, training, versions
from mlmodels.views.datasets import freezing, importing, near_duplicates, pages, pictures

app_name = "mlmodels"

urlpatterns = [
    path("labels/", labels.label_list, name="labels"),
    path("labels/new/", labels.label_new, name="label_new"),
    path("labels/<slug:code>/", labels.label, name="label"),
    path("labels/<slug:code>/place/", labels.label_place, name="label_place"),
    path("datasets/", pages.dataset_list, name="datasets"),
    path("datasets/new/", importing.dataset_new, name="dataset_new"),
    path("datasets/<id:dataset_id>/", pages.dataset, name="dataset"),
    path("datasets/<id:dataset_id>/status/", pages.dataset_status, name="dataset_status"),
    path("datasets/<id:dataset_id>/classes/", importing.dataset_classes, name="dataset_classes"),
    path(
        "datasets/<id:dataset_id>/examples/<int:number>/",
        importing.dataset_example,
        name="dataset_example",
    ),
    path("datasets/<id:dataset_id>/freeze/", freezing.dataset_freeze, name="dataset_freeze"),
    path("datasets/<id:dataset_id>/derive/", pages.dataset_derive, name="dataset_derive"),
    path("datasets/<id:dataset_id>/delete/", pages.dataset_delete, name="dataset_delete"),
    path("datasets/<id:dataset_id>/check/", near_duplicates.dataset_check, name="dataset_check"),
    path(
        "datasets/<id:dataset_id>/reference/",
        pages.dataset_reference,
        name="dataset_reference",
    ),
    path(
        "datasets/<id:dataset_id>/near-duplicates/",
        near_duplicates.near_duplicate_groups,
        name="near_duplicates",
    ),
    path(
        "datasets/<id:dataset_id>/near-duplicates/group/",
        near_duplicates.group_resolve,
        name="near_duplicate_group",
    ),
    path(
        "datasets/<id:dataset_id>/near-duplicates/alike/",
        near_duplicates.alike_accept,
        name="near_duplicates_alike",
    ),
    path(
        "datasets/<id:dataset_id>/near-duplicates/acts/<id:act_id>/",
        near_duplicates.near_duplicate_act,
        name="near_duplicate_act",
    ),
    path(
        "datasets/<id:dataset_id>/near-duplicates/acts/<id:act_id>/undo/",
        near_duplicates.act_undo,
        name="near_duplicate_act_undo",
    ),
    path("datasets/<id:dataset_id>/pairs/<id:pair_id>/", near_duplicates.pair_resolve, name="pair"),
    path(
        "dataset-images/<id:dataset_image_id>/thumbnail/",
        pictures.image_thumbnail,
        name="dataset_image_thumbnail",
    ),
    path(
        "dataset-images/<id:dataset_image_id>/picture/",
        pictures.image_picture,
        name="dataset_image_picture",
    ),
    path("training/", training.training_list, name="training_runs"),
    path("training/new/", training.training_new, name="training_new"),
    path("training/cost/", training.training_cost, name="training_cost"),
    path("training/<id:run_id>/", training.training_run, name="training_run"),
    path("training/<id:run_id>/progress/", training.training_progress, name="training_progress"),
    path("training/<id:run_id>/cancel/", training.training_cancel, name="training_cancel"),
    path("training/<id:run_id>/resume/", training.training_resume, name="training_resume"),
    path("training/<id:run_id>/log/", training.training_log, name="training_log"),
    path("training/<id:run_id>/notebook/", training.training_notebook, name="training_notebook"),
    path(
        "training/<id:run_id>/pictures/<str:picture>",
        training.training_picture,
        name="training_picture",
    ),
    path("models/roll-back/", versions.roll_back, name="roll_back"),
    path("models/as-shipped/", versions.return_to_shipped, name="return_to_shipped"),
    path("models/checks/<id:gate_id>/", versions.gate, name="gate"),
    path("models/<id:version_id>/", versions.version, name="version"),
    path("models/<id:version_id>/files/<str:name>", versions.version_file, name="version_file"),
    path("models/<id:version_id>/check/", versions.version_gate, name="version_gate"),
    path("models/<id:version_id>/promote/", versions.version_promote, name="version_promote"),
    path("models/<id:version_id>/reject/", versions.version_reject, name="version_reject"),
    path("models/<id:version_id>/shadow/start/", versions.shadow_start, name="shadow_start"),
    path("models/<id:version_id>/shadow/end/", versions.shadow_end, name="shadow_end"),
]
