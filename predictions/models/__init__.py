"""The rows of the predictions app."""

from predictions.models.case_rules import CaseRules
from predictions.models.cell import Cell
from predictions.models.cell_features import CellFeatures
from predictions.models.cell_review import CellReview
from predictions.models.daily_agreement import DailyAgreement
from predictions.models.daily_cells import DailyCells
from predictions.models.diseases import DiseaseLabel, SampleDisease
from predictions.models.drift import DriftFinding, DriftWatch, DriftWeek
from predictions.models.exchange import Delivery, OrderPeer, ResultConnection
from predictions.models.findings import FindingLimits, KeptFindings
from predictions.models.imaging.classification_job import ClassificationJob
from predictions.models.imaging.image_archive import ImageArchive
from predictions.models.imaging.image_label import ImageLabel
from predictions.models.imaging.job_status import JobStatus
from predictions.models.imaging.shadow_reading import ShadowReading
from predictions.models.imaging.smear_image import SmearImage
from predictions.models.imaging.worker_heartbeat import WorkerHeartbeat
from predictions.models.interval_set import IntervalSet
from predictions.models.quality import (
    ControlAnswer,
    ControlCell,
    ControlReading,
    ControlSlide,
    SecondRead,
    SecondReadAnswer,
    SecondReadDraw,
    SecondReadLook,
)
from predictions.models.report import Report, ReportFile, ReportModelVersion, Signature
from predictions.models.research import CellExport, StudyCode
from predictions.models.sample import Sample
from predictions.models.sample_event import SampleEvent
from predictions.models.sample_label import SampleLabel
from predictions.models.sign_out_record import AlarmAcknowledgement, CriticalContact

__all__ = [
    "AlarmAcknowledgement",
    "CaseRules",
    "Cell",
    "CellExport",
    "CellFeatures",
    "CellReview",
    "ClassificationJob",
    "ControlAnswer",
    "ControlCell",
    "ControlReading",
    "ControlSlide",
    "CriticalContact",
    "DailyAgreement",
    "DailyCells",
    "Delivery",
    "DiseaseLabel",
    "DriftFinding",
    "DriftWatch",
    "DriftWeek",
    "FindingLimits",
    "ImageArchive",
    "ImageLabel",
    "IntervalSet",
    "JobStatus",
    "KeptFindings",
    "OrderPeer",
    "Report",
    "ReportFile",
    "ReportModelVersion",
    "ResultConnection",
    "Sample",
    "SampleDisease",
    "SampleEvent",
    "SampleLabel",
    "SecondRead",
    "SecondReadAnswer",
    "SecondReadDraw",
    "SecondReadLook",
    "ShadowReading",
    "Signature",
    "SmearImage",
    "StudyCode",
    "WorkerHeartbeat",
]
