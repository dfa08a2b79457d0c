"""Which signed reports a model version touched: the list to recall, for those who manage models.

Which versions read a sample's counted images is written beside its report at the signature, so the
list follows one index, however many reports there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime

from accounts.models import User
from accounts.policy import Action, require
from mlmodels.models import ModelVersion
from mlmodels.selectors.versions.active import version_for_viewer
from predictions import policy
from predictions.models import Report, ReportModelVersion, Sample

PAGE_SIZE = 50
_AT_ONCE = 500

COLUMNS = (
    "sample", "report", "version", "signed at", "signed by", "status", "sample is now",
    "replaced by",
)  # fmt: skip


@dataclass(frozen=True)
class TouchedReport:
    """One signed version of a report.

    Args:
        replaced_by: the version that takes its place; none where it counts still.
        is_retracted: whether the sample's report was taken back.
    """

    report: Report
    signer: str
    replaced_by: int | None
    is_retracted: bool

    @property
    def counts(self) -> bool:
        """Whether it is what the laboratory says of the sample now."""
        return self.replaced_by is None and not self.is_retracted


@dataclass(frozen=True)
class TouchedPage:
    """One page of the reports that a version touched, the newest first.

    Args:
        older: cursor of the next page; empty on the last one.
        is_first: whether it begins with the newest one.
    """

    version: ModelVersion
    rows: list[TouchedReport]
    older: str
    is_first: bool


def touched_page(viewer: User, version_id: UUID, *, before: str = "") -> TouchedPage:
    """A page of the reports that a version touched.

    Args:
        before: cursor; what is none asks for the first page.

    Raises:
        ModelVersionNotFound: there is no such version, shipped or in the viewer's laboratory.
    """
    require(viewer, Action.MANAGE_MODELS)
    version = version_for_viewer(viewer, version_id)
    place = _place(before)
    found = list(_rows(viewer, version, place)[: PAGE_SIZE + 1])
    more, found = found[PAGE_SIZE:], found[:PAGE_SIZE]
    return TouchedPage(
        version=version,
        rows=[_of(row) for row in found],
        older=f"{found[-1].at.isoformat()}_{found[-1].report_id}" if more else "",
        is_first=place is None,
    )


def touched_table(viewer: User, version: ModelVersion) -> Iterator[tuple[Any, ...]]:
    """All of them as rows of a table, read while they are sent; columns `COLUMNS`."""
    place = None
    while found := list(_rows(viewer, version, place)[:_AT_ONCE]):
        for each in map(_of, found):
            report = each.report
            yield (
                report.sample.accession_number,
                report.number,
                report.version,
                report.at.isoformat(timespec="seconds"),
                each.signer,
                report.get_status_display(),
                report.sample.get_state_display(),
                "" if each.replaced_by is None else f"version {each.replaced_by}",
            )
        place = found[-1].at, found[-1].report_id


def _rows(
    viewer: User, version: ModelVersion, place: tuple[datetime, UUID] | None
) -> QuerySet[ReportModelVersion]:
    rows = policy.visible_touched_reports(viewer).filter(model_version=version)
    if place is not None:
        at, key = place
        rows = rows.filter(Q(at__lt=at) | Q(at=at, report__lt=key), at__lte=at)
    return (
        rows.select_related("report__sample", "report__signature", "report__replaced_by")
        # What they say is long.
        .defer("report__content", "report__replaced_by__content")
        .order_by("-at", "-report_id")
    )


def _of(row: ReportModelVersion) -> TouchedReport:
    report = row.report
    replaced_by = getattr(report, "replaced_by", None)
    return TouchedReport(
        report=report,
        signer=report.signature.name,
        replaced_by=replaced_by.version if replaced_by else None,
        is_retracted=report.sample.state == Sample.State.RETRACTED,
    )


def _place(cursor: str) -> tuple[datetime, UUID] | None:
    at, _, key = cursor.rpartition("_")
    try:
        found = parse_datetime(at)
        return None if found is None or found.tzinfo is None else (found, UUID(key))
    except ValueError:
        return None
