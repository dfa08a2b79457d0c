from django.apps import AppConfig


class PredictionsConfig(AppConfig):
    """Samples, images, jobs and cells."""

    name = "predictions"
