from django.apps import AppConfig


class MlmodelsConfig(AppConfig):
    """Labels, model versions and the engine."""

    name = "mlmodels"
