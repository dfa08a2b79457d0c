"""The pages of datasets, trainings, models and imaging profiles."""

from django.urls import path

from mlmodels.views import training, versions

app_name = "mlmodels"

urlpatterns = [
    path("training/", training.training_list, name="training_runs"),
    path("training/new/", training.training_new, name="training_new"),
    path("training/cost/", training.training_cost, name="training_cost"),
    path("training/<uuid:run_id>/", training.training_run, name="training_run"),
    path("training/<uuid:run_id>/progress/", training.training_progress, name="training_progress"),
    path("training/<uuid:run_id>/cancel/", training.training_cancel, name="training_cancel"),
    path("training/<uuid:run_id>/resume/", training.training_resume, name="training_resume"),
    path("training/<uuid:run_id>/log/", training.training_log, name="training_log"),
    path("training/<uuid:run_id>/notebook/", training.training_notebook, name="training_notebook"),
    path(
        "training/<uuid:run_id>/pictures/<str:picture>",
        training.training_picture,
        name="training_picture",
    ),
    path("models/roll-back/", versions.roll_back, name="roll_back"),
    path("models/as-shipped/", versions.return_to_shipped, name="return_to_shipped"),
    path("models/checks/<uuid:gate_id>/", versions.gate, name="gate"),
    path("models/<uuid:version_id>/", versions.version, name="version"),
    path("models/<uuid:version_id>/files/<str:name>", versions.version_file, name="version_file"),
    path("models/<uuid:version_id>/check/", versions.version_gate, name="version_gate"),
    path("models/<uuid:version_id>/promote/", versions.version_promote, name="version_promote"),
    path("models/<uuid:version_id>/reject/", versions.version_reject, name="version_reject"),
    path("models/<uuid:version_id>/shadow/start/", versions.shadow_start, name="shadow_start"),
    path("models/<uuid:version_id>/shadow/end/", versions.shadow_end, name="shadow_end"),
]
