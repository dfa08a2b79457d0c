"""The rows of the predictions app."""

from predictions.models.cell import Cell
from predictions.models.cell_review import CellReview
from predictions.models.classification_job import ClassificationJob
from predictions.models.sample import Sample
from predictions.models.shadow_reading import ShadowReading
from predictions.models.smear_image import SmearImage
from predictions.models.worker_heartbeat import WorkerHeartbeat

__all__ = [
    "Cell",
    "CellReview",
    "ClassificationJob",
    "Sample",
    "ShadowReading",
    "SmearImage",
    "WorkerHeartbeat",
]
