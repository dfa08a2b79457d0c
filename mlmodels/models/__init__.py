"""The rows of the mlmodels app."""

from mlmodels.models.class_meaning import ClassMeaning
from mlmodels.models.dataset import Dataset, DatasetImage, NearDuplicate
from mlmodels.models.imaging_profile import ImagingProfile
from mlmodels.models.label import Label
from mlmodels.models.model_version import ModelVersion
from mlmodels.models.near_duplicate_act import NearDuplicateAct
from mlmodels.models.promotion import GateCheck, Promotion, Shadow
from mlmodels.models.training_run import TrainingEpoch, TrainingRun

__all__ = [
    "ClassMeaning",
    "Dataset",
    "DatasetImage",
    "GateCheck",
    "ImagingProfile",
    "Label",
    "ModelVersion",
    "NearDuplicate",
    "NearDuplicateAct",
    "Promotion",
    "Shadow",
    "TrainingEpoch",
    "TrainingRun",
]
