"""One patient over time: what was signed of all samples of a reference, class by class."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from accounts.models import User
from accounts.policy import Action, require
from mlmodels.ml.classes import WIDER_CLASS
from predictions import policy
from predictions.models import Report, Sample
from predictions.reports.content import ReportContent, ReportPrevious, ReportPreviousRow
from predictions.selectors.reports.comparison import compare
from predictions.selectors.reports.courses import Course, Visit, courses_of, models_in_words
from predictions.selectors.samples.page import SampleHead, short_head

# More would be read by nobody; the newest are shown.
MOST = 50
# Of earlier reports for the previous result: few are of samples that are being amended.
_LOOKED_AT = 5
# A report with what it says.
Previous = tuple[Report, ReportContent]
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


def previous_report(viewer: User, sample: Sample) -> Previous | None:
    """What was signed last of the patient's samples that came before; none where nothing was.

    Whoever sees the sample sees it.
    """
    earlier = newest_reports(viewer, sample, before=_taken(sample)).exclude(sample=sample)
    return next(_of_the_patient(earlier[:_LOOKED_AT]), None)


def previous_on_report(viewer: User, sample: Sample, content: ReportContent) -> ReportContent:
    """What the report of a sample says, with the patient's result before it."""
    found = previous_report(viewer, sample)
    if found is None:
        return content
    report, then = found
    compared = compare(then.differential, content.differential, WIDER_CLASS)
    return replace(
        content,
        previous=ReportPrevious(
            accession_number=then.sample.accession_number,
            report=str(report),
            collected_at=then.sample.collected_at,
            received_at=then.sample.received_at,
            rows=tuple(
                ReportPreviousRow(
                    label=each.label,
                    name=each.name,
                    percent=each.earlier.percent,
                    change=each.change,
                    is_clear=each.is_clear,
                    absolute=each.earlier.absolute,
                )
                for each in compared
                if each.earlier and each.earlier.percent is not None and each.was_or_is_there
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
        .annotate(taken_at=Coalesce("sample__collected_at", "sample__created_at"))
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


def _of_the_patient(reports: Iterable[Report]) -> Iterator[Previous]:
    """Those that say themselves that they are of the patient.

    The reference of a sample that is being amended may be another one already; what was signed of
    it counts until something newer is signed, and says whose it is.
    """
    for report in reports:
        content = ReportContent.from_json(report.content)
        if content.sample.patient_reference == report.sample.patient_reference:
            yield report, content


def _visits(reports: Iterable[Report]) -> list[Visit]:
    dated = sorted(
        ((_taken(report.sample), report, content) for report, content in _of_the_patient(reports)),
        key=lambda each: (each[0], each[1].pk),
    )
    models = [models_in_words(content.models) for _, _, content in dated]
    return [
        Visit(report.sample, report, content, at, model, model != before)
        for (at, report, content), model, before in zip(
            dated, models, [*models[:1], *models], strict=False
        )
    ]


def _taken(sample: Sample) -> datetime:
    return sample.collected_at or sample.created_at
