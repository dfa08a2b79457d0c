"""A sample on its way to a signature: its differential, and what is missing for the next step.

All of it follows from counts that are kept beside the sample, however many cells it has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from accounts.models import User
from accounts.policy import Action, allows
from mlmodels.ml.classes import WIDER_CLASS
from mlmodels.models import Label
from mlmodels.selectors.labels import labels_for
from predictions import checklist, policy
from predictions.checklist import CaseFacts, Missing
from predictions.counts import Tally
from predictions.differential import Critical, Differential, WhiteCellCount, work_out
from predictions.errors import SampleNotFound
from predictions.findings import Limit
from predictions.intervals import Patient
from predictions.models import (
    CaseRules,
    Cell,
    CellReview,
    CriticalContact,
    ImageLabel,
    Sample,
    SampleEvent,
)
from predictions.selectors.laboratory.intervals import intervals_of
from predictions.selectors.review.counts import label_uses
from predictions.selectors.samples.alarm import BLAST
from predictions.selectors.samples.rules import always_reviewed, rules_of

IMMATURE_GRANULOCYTE = "immature_granulocyte"


# A signed report keeps what it was signed with; figures that are worked out anew do not.
COUNTS_TODAY = (
    "The sample is closed: what was signed stands on its report. The figures here are worked out "
    "with today's labels, intervals and limits."
)


@dataclass(frozen=True)
class Case:
    """A sample with all that its next step asks.

    Args:
        rules: what the laboratory asks of its cases.
        labels: of the laboratory, by code.
        finding_limits: of the laboratory, by code: what findings go by beside intervals.
        contacts: about critical values, the first first; none where nothing is critical.
    """

    sample: Sample
    rules: CaseRules
    labels: Mapping[str, Label]
    differential: Differential
    facts: CaseFacts
    finding_limits: Mapping[str, Limit]
    contacts: tuple[CriticalContact, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said of the figures, in words."""
        says = (COUNTS_TODAY,) if self.sample.is_frozen else ()
        return (*says, *self.differential.notes)


def case_of(viewer: User, sample_id: UUID) -> Case:
    """A sample of the viewer's laboratory, as it stands.

    Raises:
        SampleNotFound: there is no such sample in the viewer's laboratory.
    """
    samples = policy.visible_samples(viewer).select_related("laboratory", "created_by")
    sample = samples.filter(pk=sample_id).first()
    if sample is None:
        raise SampleNotFound()
    return read_case(sample)


def missing_for(viewer: User, case: Case) -> list[Missing]:
    """The check list of a sample: what still stops its next step, as this person would take it."""
    state = case.sample.state
    if state in policy.TRANSITIONS[SampleEvent.Kind.SIGNED].starts:
        signer = str(viewer.pk) if allows(viewer, Action.SIGN_OUT) else ""
        return checklist.for_signing(case.facts, signer=signer)
    if case.sample.is_frozen:
        return []
    return checklist.for_doctor(case.facts)


def read_case(sample: Sample) -> Case:
    """The case of a sample that the caller may see; of one that is held, as it is at that moment.

    Args:
        sample: with its laboratory.
    """
    rules = rules_of(sample.laboratory)
    labels = labels_for(sample.laboratory)
    tallies = {
        row.code: Tally(max(row.reviewed, 0), max(row.accepted, 0), max(row.to_review, 0))
        for row in sample.labels.all()
    }
    unidentified = _cells(tallies.pop(ImageLabel.UNIDENTIFIED, Tally()))
    intervals = intervals_of(sample.laboratory_id)
    differential = work_out(
        tallies,
        unidentified=unidentified,
        labels=label_uses(labels),
        intervals=intervals.intervals,
        limits=intervals.limits,
        patient=Patient(sex=sample.sex, age_days=sample.age_days),
        white_cells=_white_cells(sample),
        target=rules.target_cells,
        always_review=always_reviewed(rules),
    )
    immature = sum(_cells(tally) for code, tally in tallies.items() if _is_immature(code, labels))
    contacts: tuple[CriticalContact, ...] = ()
    if differential.critical:
        contacts = tuple(sample.contacts.select_related("by").order_by("at"))
    facts = _facts(sample, rules, differential, immature, contacts)
    return Case(sample, rules, labels, differential, facts, intervals.finding_limits, contacts)


def reported_value(critical: Critical) -> str:
    """A critical value as people tell it, with its unit."""
    return f"{critical.value} × 10⁹/L"


def present_cells(sample: Sample) -> QuerySet[Cell]:
    """The cells of the sample's newest results."""
    return Cell.objects.filter(image__sample=sample, job=F("image__newest_result"))


def _facts(
    sample: Sample,
    rules: CaseRules,
    differential: Differential,
    immature: int,
    contacts: Sequence[CriticalContact],
) -> CaseFacts:
    called_blast = CellReview.objects.filter(cell=OuterRef("pk"), to_label=BLAST)
    # A word that was taken back counts as well: a doctor looks once too often rather than never.
    # What a version with an alarm of its own calls one counts there, by how often it errs.
    is_blast = (
        Q(label=BLAST, suspicion__isnull=True)
        | Q(present_label=BLAST, last_review_number__gt=0)
        | Q(Exists(called_blast))
    )
    cells = present_cells(sample).aggregate(
        waiting=Count("pk", filter=Q(awaits_engine=True)), blasts=Count("pk", filter=is_blast)
    )
    blasts = cells["blasts"]
    return CaseFacts(
        images_unfinished=sample.images_unfinished,
        images_failed=sample.images_failed,
        cells_waiting=cells["waiting"],
        counted=differential.counted,
        to_review=differential.to_review,
        unidentified=differential.unidentified,
        unidentified_limit_percent=rules.unidentified_limit_percent,
        untold_values=_untold(contacts, differential.critical),
        blasts=blasts,
        immature_granulocytes=immature,
        is_acknowledged=sample.acknowledgements.filter(
            blasts__gte=blasts, immature_granulocytes__gte=immature
        ).exists(),
        alarm_cells=sample.alarm_cells or 0,
        alarm_unseen=sample.alarm_unseen or 0,
        reviewers=_reviewers(sample),
        asks_for_second_person=rules.asks_for_second_person,
    )


def _untold(contacts: Sequence[CriticalContact], critical: Sequence[Critical]) -> tuple[str, ...]:
    """Critical values of which no contact is on record; a value that changed is told again."""
    told = {(contact.label, contact.value) for contact in contacts}
    return tuple(
        f"{each.name} {reported_value(each)}"
        for each in critical
        if (each.label, reported_value(each)) not in told
    )


def _reviewers(sample: Sample) -> frozenset[str]:
    """Who named its cells; where nobody did, who sent it to the doctor."""
    reviews = CellReview.objects.filter(
        cell__image__sample=sample, cell__job=F("cell__image__newest_result")
    )
    people = set(reviews.order_by().values_list("by_id", flat=True).distinct())
    if not people:
        sent = sample.events.filter(kind=SampleEvent.Kind.SENT)
        people = set(sent.order_by().values_list("by_id", flat=True))
    return frozenset(str(key) for key in people)


def _white_cells(sample: Sample) -> WhiteCellCount | None:
    if sample.wbc is None:
        return None
    # Where nobody said, it is taken as corrected: we correct only if a person says it is not.
    return WhiteCellCount(sample.wbc, is_corrected=sample.wbc_is_corrected is not False)


def _is_immature(code: str, labels: Mapping[str, Label]) -> bool:
    wider = labels[code].wider if code in labels else WIDER_CLASS.get(code, "")
    return IMMATURE_GRANULOCYTE in (code, wider)


def _cells(tally: Tally) -> int:
    return tally.reviewed + tally.accepted + tally.to_review
