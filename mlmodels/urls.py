"""The pages of datasets, trainings, models and imaging profiles."""

from django.urls import path

from mlmodels.views import training

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
]
