"""The life of a dataset's import and of its search for near-duplicates: claimed, renewed, ended.

How a claim holds is the business of `hematovision.leases`; here is what it means for a dataset.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import AuditAction
from hematovision import leases
from hematovision.queue import enqueue_on_commit
from mlmodels.models import Dataset, DatasetImage, NearDuplicate
from mlmodels.services.datasets.changes import record_change

_State, _Check = Dataset.State, Dataset.DuplicateCheck
IMPORTING = Q(state=_State.IMPORTING)
CHECKING = Q(state=_State.OPEN, duplicate_check=_Check.WAITING)
# A report is for people: what stands beyond is only counted.
LONGEST_REPORT = 2000


@dataclass(frozen=True)
class Claim:
    """A dataset that this process works on for as long as its lease is renewed.

    Args:
        dataset: as it was when it was claimed.
        fence: what the row's fence must still be when something is written.
        stage: which rows the work is about, `IMPORTING` or `CHECKING`.
    """

    dataset: Dataset
    fence: int
    stage: Q


def claim(dataset_id: UUID, stage: Q) -> Claim | None:
    """Take a dataset that waits in this stage and that nobody holds; none if it is not to be had.

    Args:
        stage: `IMPORTING` or `CHECKING`.
    """
    rows = Dataset.objects.filter(stage).select_related("laboratory")
    dataset = leases.claim(rows, dataset_id, progress_done=0, progress_total=0)
    return None if dataset is None else Claim(dataset, dataset.fence, stage)


def renew(held: Claim) -> bool:
    """Prolong the lease; false when the dataset is no longer this process's."""
    return leases.renew(_held(held))


def tell(held: Claim, done: int, total: int) -> bool:
    """Say how far the work is, and prolong the lease; false when the dataset is lost."""
    return leases.renew(_held(held), progress_done=done, progress_total=total)


def release(held: Claim) -> bool:
    """Give a dataset back for another attempt, after what may pass; false when it is lost."""
    return leases.release(_held(held), **leases.just_sent())


def open_imported(
    held: Claim, images: Iterable[DatasetImage], report: list[dict[str, Any]]
) -> bool:
    """Record an import whole, and ask for its search for near-duplicates.

    Args:
        images: unsaved rows; their files lie in the dataset's folder.
        report: what was told and refuses nothing.

    Returns:
        False, and nothing written, when the fence is old.
    """
    with transaction.atomic():
        if not _end(_held(held), state=_State.OPEN, report=report, **leases.just_sent()):
            return False
        rows = DatasetImage.objects.bulk_create(images, batch_size=500)
        enqueue_on_commit("mlmodels.check_duplicates", dataset_id=str(held.dataset.pk))
        record_change(
            held.dataset, None, AuditAction.DATASET_IMPORTED, {"images": [None, len(rows)]}
        )
    return True


def ask(held: Claim, questions: dict[str, Any]) -> bool:
    """Let an import wait for what a person has to say; false, and nothing, when the fence is old.

    Args:
        questions: what the page shows, see `run_questions.py`.
    """
    with transaction.atomic():
        if not _end(_held(held), state=_State.MAPPING, questions=questions):
            return False
        changes = {"state": [_State.IMPORTING, _State.MAPPING]}
        record_change(held.dataset, None, AuditAction.DATASET_CHANGED, changes)
    return True


def refuse(held: Claim, report: list[dict[str, Any]], sentence: str) -> bool:
    """End an import with nothing kept; false, and nothing written, when the fence is old."""
    with transaction.atomic():
        kept = report[:LONGEST_REPORT]
        if not _end(_held(held), state=_State.REFUSED, report=kept, error=sentence):
            return False
        changes = {"state": [_State.IMPORTING, _State.REFUSED]}
        record_change(held.dataset, None, AuditAction.DATASET_REFUSED, changes, reason=sentence)
    return True


def end_check(held: Claim, pairs: Iterable[NearDuplicate]) -> bool:
    """Record the pairs that were found; what a person said of a known pair stays.

    Returns:
        False, and nothing written, when the fence is old.
    """
    with transaction.atomic():
        if not _end(_held(held), duplicate_check=_Check.DONE, error=""):
            return False
        NearDuplicate.objects.bulk_create(pairs, batch_size=500, ignore_conflicts=True)
        record_change(
            held.dataset, None, AuditAction.DATASET_CHANGED, {"duplicate_check": [None, "done"]}
        )
    return True


def fail_check(held: Claim, sentence: str) -> bool:
    """End a search that cannot be done; false, and nothing written, when the fence is old."""
    with transaction.atomic():
        if not _end(_held(held), duplicate_check=_Check.FAILED, error=sentence):
            return False
        changes = {"duplicate_check": [None, "failed"]}
        record_change(held.dataset, None, AuditAction.DATASET_CHANGED, changes, reason=sentence)
    return True


def give_up(dataset: Dataset) -> bool:
    """End what no attempt is left for; false when somebody holds it after all."""
    attempts = settings.JOB_MAX_ATTEMPTS
    importing = dataset.state == _State.IMPORTING
    ends = (
        {"state": _State.REFUSED, "error": f"The import was interrupted {attempts} times. Upload "
         "it again; if it is interrupted again, tell the operator."}
        if importing
        else {"duplicate_check": _Check.FAILED, "error": "The search for near-duplicates was "
              f"interrupted {attempts} times. Start it again, or tell the operator."}
    )  # fmt: skip
    with transaction.atomic():
        left = leases.left(leases.exhausted(waiting()), dataset)
        if not _end(left, **ends):
            return False
        action = AuditAction.DATASET_REFUSED if importing else AuditAction.DATASET_CHANGED
        record_change(dataset, None, action, {}, reason=str(ends["error"]))
    return True


def waiting() -> QuerySet[Dataset]:
    """Datasets that wait for a worker or that one works on."""
    return Dataset.objects.filter(IMPORTING | CHECKING)


def is_held(held: Claim) -> bool:
    """Whether the dataset is still this process's."""
    return _held(held).exists()


def _held(held: Claim) -> QuerySet[Dataset]:
    return leases.held(Dataset.objects.filter(held.stage), {held.dataset.pk: held.fence})


def _end(rows: QuerySet[Dataset], **values: Any) -> bool:
    # The next stage of the same dataset has its own attempts.
    return leases.finish(rows, attempts=0, **values)
