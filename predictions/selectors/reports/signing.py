"""The page on which a doctor signs: what will be printed, what blocks, and who was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from accounts.models import User
from mlmodels.ml.classes import WIDER_CLASS
from predictions.checklist import Missing
from predictions.differential import Critical
from predictions.models import CriticalContact, Report, Sample
from predictions.reports.content import ReportContent
from predictions.selectors.reports.case import Case, read_case, reported_value
from predictions.selectors.reports.comparison import Comparison, compare
from predictions.selectors.reports.contents import differential_now, digest_of
from predictions.selectors.reports.figures import Figures, figures_of
from predictions.selectors.reports.patient import Previous, previous_report
from predictions.selectors.samples.page import SampleHead, sample_head

# What a reason at the signature is enough for.
_NEEDS_A_REASON = "few_cells"


@dataclass(frozen=True)
class CriticalValue:
    """A value beyond the laboratory's limit.

    Args:
        value: as people tell it, with its unit.
        contacts: who was told of this very value, the first first.
    """

    critical: Critical
    value: str
    contacts: list[CriticalContact]


@dataclass(frozen=True)
class CasePage:
    """A sample with its figures and its critical values.

    Args:
        digest: of what is shown, see `digest_of`.
        previous: the patient's result before this sample, with what it says; none without one.
    """

    head: SampleHead
    figures: Figures
    critical: list[CriticalValue]
    digest: str
    previous: Previous | None


@dataclass(frozen=True)
class SignPage:
    """What a signer sees before the signature.

    Args:
        blocks: what must be done first.
        is_limited: whether so few cells are counted that a reason has to be given.
        signed_before: what the version said that an amendment replaces.
    """

    case: CasePage
    blocks: list[Missing]
    is_limited: bool
    signed_before: ReportContent | None

    @property
    def head(self) -> SampleHead:
        """Of the sample."""
        return self.case.head


def case_page(viewer: User, sample_id: UUID) -> CasePage:
    """A sample with its figures; those of a closed one are worked out by today's rules.

    Raises:
        SampleNotFound: there is no such sample in the viewer's laboratory.
    """
    head = sample_head(viewer, sample_id)
    case = head.case or read_case(head.sample)
    previous = previous_report(viewer, head.sample)
    return CasePage(
        head=head,
        figures=figures_of(case.differential, _since(case, previous)),
        previous=previous,
        critical=_critical_values(head.sample, case.differential.critical),
        digest=digest_of(case, previous),
    )


def _since(case: Case, previous: Previous | None) -> list[Comparison]:
    """Each class beside that of the result before."""
    if previous is None:
        return []
    return compare(previous[1].differential, differential_now(case), WIDER_CLASS)


def sign_page(viewer: User, sample_id: UUID) -> SignPage:
    """A sample as its signer sees it.

    Raises:
        SampleNotFound: there is no such sample in the viewer's laboratory.
    """
    case = case_page(viewer, sample_id)
    facts = case.head.case.facts if case.head.case else None
    return SignPage(
        case=case,
        blocks=[each for each in case.head.missing if each.code != _NEEDS_A_REASON],
        is_limited=facts is not None and facts.is_limited,
        signed_before=_signed_before(case.head.report),
    )


def _critical_values(sample: Sample, critical: Sequence[Critical]) -> list[CriticalValue]:
    contacts = list(sample.contacts.select_related("by").order_by("at")) if critical else []
    values = []
    for each in critical:
        value = reported_value(each)
        told = [row for row in contacts if (row.label, row.value) == (each.label, value)]
        values.append(CriticalValue(each, value, told))
    return values


def _signed_before(report: Report | None) -> ReportContent | None:
    return ReportContent.from_json(report.content) if report else None
