"""The rows of the mlmodels app."""

from mlmodels.models.label import Label
from mlmodels.models.model_version import ModelVersion

__all__ = ["Label", "ModelVersion"]
