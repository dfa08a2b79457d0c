"""The rows of the predictions app."""

from predictions.models.cell import Cell
from predictions.models.cell_features import CellFeatures
from predictions.models.cell_review import CellReview
from predictions.models.classification_job import ClassificationJob
from predictions.models.daily_cells import DailyCells
from predictions.models.image_label import ImageLabel
from predictions.models.job_status import JobStatus
from predictions.models.sample import Sample
from predictions.models.shadow_reading import ShadowReading
from predictions.models.smear_image import SmearImage
from predictions.models.worker_heartbeat import WorkerHeartbeat

__all__ = [
    "Cell",
    "CellFeatures",
    "CellReview",
    "ClassificationJob",
    "DailyCells",
    "ImageLabel",
    "JobStatus",
    "Sample",
    "ShadowReading",
    "SmearImage",
    "WorkerHeartbeat",
]
