"""What a report of a sample would say now: rows to frozen content.

Everything is worked out here or before, so that what was frozen once needs no rule any more.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from django.db.models import F, QuerySet

from accounts.models import Laboratory, Role, User
from mlmodels.models import ModelVersion
from predictions.counts import LabelUse, label_by_code, shown_as
from predictions.differential import Apart, CorrectedCount, Critical, Row
from predictions.intervals import Interval
from predictions.models import Cell, CellReview, CriticalContact, ImageLabel, Sample, SmearImage
from predictions.reports.canonical import canonical_text
from predictions.reports.content import (
    ReportApart,
    ReportBox,
    ReportContact,
    ReportContent,
    ReportCriticalValue,
    ReportCrop,
    ReportCrops,
    ReportDifferential,
    ReportDismissed,
    ReportInterval,
    ReportKeptFinding,
    ReportLaboratory,
    ReportModel,
    ReportMorphology,
    ReportPerson,
    ReportPersonsWork,
    ReportReclassified,
    ReportRow,
    ReportSample,
    ReportWhiteCellCount,
)
from predictions.reports.words import local_time
from predictions.selectors.reports.case import (
    Case,
    case_of,
    present_cells,
    reported_value,
)
from predictions.selectors.reports.findings import offered_findings
from predictions.selectors.reports.patient import Previous, previous_on_report
from predictions.selectors.review.counts import label_uses
from predictions.selectors.samples.alarm import cells_of_sample

MOST_CROPS = 8
MOST_CROPS_WAITED_FOR = 64
# Labels of boxes that are no cells of their own: nothing of them says anything of the patient.
NO_CELL_OF_ITS_OWN = frozenset({"artefact", "not_a_cell", "duplicate"})
_FLAG_WORDS = {"": "", "L": "low", "H": "high", "LL": "critical low", "HH": "critical high"}
_DAYS_A_YEAR = 365.2425
# The file whose hash stands for the weights, before any other.
_WEIGHTS = "model.tflite"
# Where a line of a card leads to a table of the same card.
_BELOW = re.compile(r": see [^.]* below(?=\.)")

_NO_MORPHOLOGY = ReportMorphology(groups=(), text="")


@dataclass(frozen=True)
class Said:
    """What the signer says beside the figures.

    Args:
        limited_count_reason: why fewer cells than a report asks for are enough.
        findings: what is kept of those offered, and the signer's own.
    """

    comment: str = ""
    morphology: ReportMorphology = _NO_MORPHOLOGY
    limited_count_reason: str = ""
    findings: tuple[ReportKeptFinding, ...] = ()


@dataclass(frozen=True)
class _Seen:
    """What a signer looks at: it changes when somebody changes it, never with time alone."""

    sample: ReportSample
    differential: ReportDifferential
    critical_values: tuple[ReportCriticalValue, ...]
    previous: str
    offered: tuple[str, ...]


def digest_of(case: Case, previous: Previous | None) -> str:
    """A word for the sample and the figures that the report of a case would show; asks nothing.

    Args:
        previous: the patient's result before, as `previous_report` gives it.

    Pictures, models and who was told do not belong to it: they are no figures.
    """
    seen = _Seen(
        sample=_sample(case.sample),
        differential=differential_now(case),
        critical_values=_critical_values(case, {}),
        previous=str(previous[0].pk) if previous else "",
        offered=tuple(f"{each.words}: {each.rule}" for each in offered_findings(case).findings),
    )
    return hashlib.sha256(canonical_text(seen).encode()).hexdigest()


def preliminary_content(viewer: User, sample_id: UUID) -> ReportContent:
    """What the report would say now, without a signature, for a print that is marked as such.

    Raises:
        SampleNotFound: there is no such sample in the viewer's laboratory.
    """
    case = case_of(viewer, sample_id)
    content = previous_on_report(viewer, case.sample, assemble(case, Said()))
    # Somebody waits for it: with many classes, each shows fewer cells.
    a_class = max(1, MOST_CROPS_WAITED_FOR // max(1, len(content.crops)))
    crops = (replace(each, crops=each.crops[:a_class]) for each in content.crops)
    return replace(content, crops=tuple(crops)[:MOST_CROPS_WAITED_FOR])


def assemble(case: Case, said: Said) -> ReportContent:
    """What the report of a case says, before it has a number and a signature."""
    sample, laboratory = case.sample, case.sample.laboratory
    differential = differential_now(case, said)
    uses = label_by_code(label_uses(case.labels))
    cells = _shown_cells(sample, uses)
    return ReportContent(
        laboratory=_laboratory(laboratory),
        number="",
        version=0,
        status="preliminary",
        sample=_sample(sample),
        differential=replace(differential, notes=(*differential.notes, *_of_alarm(sample))),
        morphology=said.morphology,
        comment=said.comment,
        critical_values=_critical_values(case, _told(case)),
        crops=tuple(_crops(case, cells)),
        models=models_of(sample),
        persons_work=_persons_work(sample, cells, uses),
        reviewers=_reviewers(sample),
        signature=None,
        replaces=None,
        verify_address="",
        time_zone=laboratory.time_zone,
        page_size=case.rules.page_size,  # type: ignore[arg-type]
        findings=said.findings,
    )


def moment(at: datetime | None) -> str:
    """A time as contents keep it: ISO 8601 in UTC, to the second; empty where there is none."""
    return "" if at is None else at.astimezone(UTC).isoformat(timespec="seconds")


def person(user: User, role: str) -> ReportPerson:
    """A name, and the role that it had when it acted."""
    return ReportPerson(name=user.display_name, role=Role(role).label.lower())


def _laboratory(laboratory: Laboratory) -> ReportLaboratory:
    logo = base64.b64encode(bytes(laboratory.logo)).decode() if laboratory.logo else ""
    return ReportLaboratory(name=laboratory.name, address=laboratory.address, logo_png=logo)


def _sample(sample: Sample) -> ReportSample:
    return ReportSample(
        accession_number=sample.accession_number,
        patient_reference=sample.patient_reference,
        sex=sample.get_sex_display() if sample.sex else "",
        birth_date_or_age=_age(sample),
        collected_at=moment(sample.collected_at),
        received_at=moment(sample.created_at),
        requester=sample.requester,
        note=sample.note,
        priority=sample.get_priority_display(),
    )


def _age(sample: Sample) -> str:
    """The birth date where it is known, else the age in the unit that people use for it."""
    if sample.birth_date is not None:
        return sample.birth_date.isoformat()
    days = sample.age_days
    if days is None:
        return ""
    if days < 90:
        return f"{days} days" if days != 1 else "1 day"
    months = int(days / _DAYS_A_YEAR * 12)
    return f"{months} months" if months < 24 else f"{int(days / _DAYS_A_YEAR)} years"


# --- The count ---------------------------------------------------------------------------------


def differential_now(case: Case, said: Said | None = None) -> ReportDifferential:
    """The count as a report would freeze it."""
    found = case.differential
    return ReportDifferential(
        rows=tuple(_row(row, case.sample) for row in found.rows),
        apart=tuple(_apart(each) for each in found.apart),
        counted=found.counted,
        target=found.target,
        limited_count_reason=said.limited_count_reason if said and case.facts.is_limited else "",
        to_review=found.to_review,
        unidentified=found.unidentified,
        white_cell_count=_white_cells(found.white_cells, case.sample),
        method=(
            "Counted on photographs of a stained blood film: a model proposed each cell's class, "
            "and a person looked at those in doubt and at every rare class."
        ),
        notes=found.notes,
    )


def _of_alarm(sample: Sample) -> Iterator[str]:
    """That there was an alarm, and who acknowledged it; it may have ended since.

    A note rather than a field: contents of older reports would lack a field, and are read as they
    were signed.
    """
    seen = sample.acknowledgements.filter(cells__isnull=False).select_related("by").last()
    # An image may have moved to another sample since, and its cells with it.
    kept = 0 if seen is None else len(cells_of_sample(sample, seen.cells or ()))
    if seen is not None and kept:
        cells = f"{kept} cell{'' if kept == 1 else 's'}"
        at = local_time(moment(seen.at), sample.laboratory.time_zone)
        yield (
            f"The model raised an alarm: {cells} might be blasts or others that it does not name. "
            f"{seen.by.display_name} looked at them and acknowledged it on {at}."
        )
    if sample.alarm_unseen:
        cells = f"{sample.alarm_unseen} cell{'' if sample.alarm_unseen == 1 else 's'}"
        yield (
            f"The model raised an alarm that no doctor has acknowledged yet: {cells} might be "
            "blasts or others that it does not name."
        )


def _row(row: Row, sample: Sample) -> ReportRow:
    return ReportRow(
        label=row.label,
        name=row.name,
        count=row.count,
        percent=row.percent,
        low=row.low,
        high=row.high,
        reference=_interval(row.interval),
        not_applied=_why_not_applied(sample) if row.interval_not_applied else "",
        flag=row.flag,  # type: ignore[arg-type]
        flag_words=_FLAG_WORDS[row.flag],
        absolute=None if row.absolute is None else float(row.absolute),
        absolute_reference=_interval(row.absolute_interval),
        absolute_flag=row.absolute_flag,  # type: ignore[arg-type]
        absolute_flag_words=_FLAG_WORDS[row.absolute_flag],
        relative=row.is_relative,
    )


def _apart(each: Apart) -> ReportApart:
    return ReportApart(
        label=each.label,
        name=each.name,
        count=each.count,
        per_100=each.per_100,
        reference=_interval(each.interval),
        flag=each.flag,  # type: ignore[arg-type]
        flag_words=_FLAG_WORDS[each.flag],
        remark=f"{each.to_review} not reviewed yet" if each.to_review else "",
    )


def _white_cells(count: CorrectedCount | None, sample: Sample) -> ReportWhiteCellCount | None:
    if count is None:
        return None
    return ReportWhiteCellCount(
        value=float(count.value),
        measured_at=moment(sample.wbc_at),
        corrected=float(count.corrected) if count.was_corrected else None,
        formula=count.formula,
        reference=_interval(count.interval),
        flag=count.flag,  # type: ignore[arg-type]
        flag_words=_FLAG_WORDS[count.flag],
    )


def _interval(interval: Interval | None) -> ReportInterval | None:
    if interval is None:
        return None
    return ReportInterval(
        low=float(interval.low),
        high=float(interval.high),
        unit=interval.unit,
        source=interval.source,
    )


def _why_not_applied(sample: Sample) -> str:
    if sample.age_days is None:
        return "age unknown"
    if sample.sex not in (Sample.Sex.FEMALE, Sample.Sex.MALE):
        return "sex unknown"
    return "it holds for the class as a whole, see the notes"


def _told(case: Case) -> dict[tuple[str, str], CriticalContact]:
    """The newest contact about each value."""
    return {(contact.label, contact.value): contact for contact in case.contacts}


def _critical_values(
    case: Case, told: Mapping[tuple[str, str], CriticalContact]
) -> tuple[ReportCriticalValue, ...]:
    return tuple(
        ReportCriticalValue(
            name=each.name,
            value=reported_value(each),
            limit=each.limit,
            contact=_contact(told.get(_key(each))),
        )
        for each in case.differential.critical
    )


def _key(critical: Critical) -> tuple[str, str]:
    return critical.label, reported_value(critical)


def _contact(contact: CriticalContact | None) -> ReportContact | None:
    if contact is None:
        return None
    return ReportContact(
        told_by=contact.by.display_name,
        told_to=contact.told_to,
        told_at=moment(contact.told_at),
        read_back=contact.read_back,
    )


# --- Cells, and who named them -----------------------------------------------------------------


@dataclass(frozen=True)
class _Shown:
    """A cell of a newest result, and the code that it is shown under."""

    cell: Cell
    code: str


def _shown_cells(sample: Sample, uses: Mapping[str, LabelUse]) -> list[_Shown]:
    """All cells: those that a person named first, then the surest, in an order that stays."""
    cells = present_cells(sample).select_related("image").defer("probabilities", "attributes")
    ordered = sorted(
        cells,
        key=lambda cell: (
            not cell.is_reviewed,
            -cell.confidence,
            cell.image.uploaded_at,
            cell.position,
        ),
    )
    return [
        _Shown(
            cell,
            shown_as(cell.present_label, uses) if cell.is_named else ImageLabel.UNIDENTIFIED,
        )
        for cell in ordered
    ]


def _crops(case: Case, cells: list[_Shown]) -> Iterator[ReportCrops]:
    """Up to eight pictures a class, in the order of the table; those that nobody named last."""
    found = case.differential
    names = {row.label: row.name for row in found.rows}
    names |= {each.label: each.name for each in found.apart if each.label not in NO_CELL_OF_ITS_OWN}
    names[ImageLabel.UNIDENTIFIED] = "Unidentified"
    by_code: dict[str, list[Cell]] = defaultdict(list)
    for shown in cells:
        by_code[shown.code].append(shown.cell)
    for code, name in names.items():
        crops = tuple(_crop(cell) for cell in by_code[code][:MOST_CROPS])
        if crops:
            yield ReportCrops(label=code, name=name, crops=crops)


def _crop(cell: Cell) -> ReportCrop:
    return ReportCrop(
        cell_id=str(cell.pk),
        image_id=str(cell.image_id),
        image_sha256=cell.image.sha256,
        box=ReportBox(x=cell.x_px, y=cell.y_px, width=cell.width_px, height=cell.height_px),
    )


def versions_that_read(sample: Sample) -> QuerySet[ModelVersion]:
    """The versions that found its cells, by name."""
    versions = ModelVersion.objects.filter(
        jobs__image__sample=sample, jobs=F("jobs__image__newest_result")
    )
    return versions.order_by("name", "version", "pk").distinct()


def models_of(sample: Sample) -> tuple[ReportModel, ...]:
    """The same, as a report tells of them."""
    return tuple(
        ReportModel(
            name=version.name,
            version=version.version,
            weights_sha256=_weights(version),
            limits=_limits(version),
        )
        for version in versions_that_read(sample)
    )


def _limits(version: ModelVersion) -> str:
    """What the version's card says it is not for; the card's own tables are not on a report."""
    lines = [_BELOW.sub("", line) for line in version.card.get("not_for", [])]
    return f"Not meant for: {' '.join(lines)}" if lines else ""


def _weights(version: ModelVersion) -> str:
    hashes: Mapping[str, str] = version.card.get("weights_sha256", {})
    return hashes.get(_WEIGHTS) or version.checksums_sha256


def _persons_work(
    sample: Sample, cells: list[_Shown], uses: Mapping[str, LabelUse]
) -> ReportPersonsWork:
    moved: Counter[tuple[str, str]] = Counter()
    for shown in cells:
        cell = shown.cell
        if cell.is_reviewed and cell.label != cell.present_label:
            moved[cell.label, cell.present_label] += 1
    return ReportPersonsWork(
        cells=len(cells),
        reviewed=sum(shown.cell.is_reviewed for shown in cells),
        reclassified=tuple(
            ReportReclassified(before=_name(before, uses), after=_name(after, uses), count=count)
            for (before, after), count in sorted(moved.items())
        ),
        added_by_hand=sum(shown.cell.origin == Cell.Origin.PERSON for shown in cells),
        dismissed=_dismissed(sample),
    )


def _name(code: str, uses: Mapping[str, LabelUse]) -> str:
    return uses[code].name if code in uses else code


def _dismissed(sample: Sample) -> tuple[ReportDismissed, ...]:
    """By their place in the sample: what a person called a file stays in the laboratory."""
    images = SmearImage.objects.filter(sample=sample).order_by("uploaded_at", "id")
    return tuple(
        ReportDismissed(image=f"Image {place}", reason=reason)
        for place, (dismissed_at, reason) in enumerate(
            images.values_list("dismissed_at", "dismissal_reason"), start=1
        )
        if dismissed_at is not None
    )


def _reviewers(sample: Sample) -> tuple[ReportPerson, ...]:
    """Who named its cells, each once a role, in the order of their names."""
    reviews = CellReview.objects.filter(
        cell__image__sample=sample, cell__job=F("cell__image__newest_result")
    )
    pairs = reviews.order_by().values_list("by_id", "by_role").distinct()
    people = User.objects.in_bulk([key for key, _ in pairs])
    named = [person(people[key], role) for key, role in pairs]
    return tuple(sorted(named, key=lambda each: (each.name, each.role)))
