"""One patient over time: what was signed of all samples of a reference, class by class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import User
from accounts.policy import Action, require
from predictions import policy
from predictions.models import Report, Sample
from predictions.reports.content import ReportContent, ReportPrevious, ReportPreviousRow
from predictions.selectors.reports.courses import Course, Visit, courses_of, models_in_words
from predictions.selectors.reports.figures import before_of
from predictions.selectors.samples.page import SampleHead, short_head

# More would be read by nobody; the newest are shown.
MOST = 50
_STANDS = (Sample.State.SIGNED, Sample.State.AMENDING)


@dataclass(frozen=True)
class PatientPage:
    """All that is known of the patient whose sample this is.

    Args:
        visits: signed samples, the oldest first, at most `MOST`.
        unsigned: samples that nobody has signed yet, the newest first.
        has_more: whether there are older signed samples.
    """

    head: SampleHead
    visits: list[Visit]
    courses: list[Course]
    unsigned: list[Sample]
    has_more: bool


def patient_page(viewer: User, sample_id: UUID) -> PatientPage:
    """The samples of the patient of a sample, over time; nothing where no reference is known.

    Raises:
        SampleNotFound: there is no such sample in the viewer's laboratory.
    """
    require(viewer, Action.SEE_PATIENTS)
    head = short_head(viewer, sample_id)
    reports = list(newest_reports(viewer, head.sample)[: MOST + 1])
    visits = _visits(reports[:MOST][::-1])
    return PatientPage(
        head=head,
        visits=visits,
        courses=courses_of(visits),
        unsigned=list(_unsigned(viewer, head.sample)[:MOST]),
        has_more=len(reports) > MOST,
    )


def previous_report(viewer: User, sample: Sample) -> tuple[Report, ReportContent] | None:
    """What was signed last of the patient before this sample was taken; none where nothing was.

    Whoever sees the sample sees it.
    """
    was_signed = sample.is_frozen or sample.state == Sample.State.AMENDING
    taken = sample.collected_at or (sample.created_at if was_signed else timezone.now())
    found = newest_reports(viewer, sample, before=taken).exclude(sample=sample).first()
    return None if found is None else (found, ReportContent.from_json(found.content))


def previous_on_report(viewer: User, sample: Sample, content: ReportContent) -> ReportContent:
    """What the report of a sample says, with the patient's result before it."""
    found = previous_report(viewer, sample)
    if found is None:
        return content
    report, then = found
    taken_at = report.sample.collected_at or report.at
    now = {row.label: row for row in content.differential.rows}
    return replace(
        content,
        previous=ReportPrevious(
            accession_number=then.sample.accession_number,
            report=str(report),
            taken_at=taken_at.astimezone(UTC).isoformat(timespec="seconds"),
            rows=tuple(
                ReportPreviousRow(label=row.label, name=row.name, **asdict(before))
                for row in then.differential.rows
                if (before := before_of(now.get(row.label), row)) is not None
            ),
        ),
    )


def newest_reports(
    viewer: User, sample: Sample, *, before: datetime | None = None
) -> QuerySet[Report]:
    """The newest version of each signed sample, those taken last first, with `taken_at`.

    Args:
        before: only of those taken before it.
    """
    if not sample.patient_key:
        return Report.objects.none()
    found = (
        policy.visible_reports(viewer)
        .filter(
            sample__laboratory=sample.laboratory,
            sample__patient_key=sample.patient_key,
            sample__state__in=_STANDS,
            replaced_by=None,
        )
        .annotate(taken_at=Coalesce("sample__collected_at", "at"))
    )
    if before is not None:
        found = found.filter(taken_at__lt=before)
    return found.select_related("sample").order_by("-taken_at", "-at")


def samples_of_patient(viewer: User, sample: Sample) -> QuerySet[Sample]:
    """The samples of a sample's patient that were not taken back; none without a reference."""
    if not sample.patient_key:
        return Sample.objects.none()
    found = policy.visible_samples(viewer).filter(
        laboratory=sample.laboratory, patient_key=sample.patient_key
    )
    return found.exclude(state__in=Sample.GONE)


def _unsigned(viewer: User, sample: Sample) -> QuerySet[Sample]:
    return samples_of_patient(viewer, sample).exclude(state__in=_STANDS).order_by("-created_at")


def _visits(reports: Sequence[Report]) -> list[Visit]:
    read = [(report, ReportContent.from_json(report.content)) for report in reports]
    dated = sorted(((_at(content), report, content) for report, content in read), key=_by_time)
    models = [models_in_words(content.models) for _, _, content in dated]
    return [
        Visit(report.sample, report, content, at, model, model != before)
        for (at, report, content), model, before in zip(
            dated, models, [*models[:1], *models], strict=False
        )
    ]


def _by_time(dated: tuple[datetime, Report, ReportContent]) -> tuple[datetime, UUID]:
    return dated[0], dated[1].pk


def _at(content: ReportContent) -> datetime:
    signed_at = content.signature.signed_at if content.signature else ""
    return datetime.fromisoformat(content.sample.collected_at or signed_at)
