"""The page on which a doctor signs: what will be printed, what blocks, and who was told."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from accounts.models import User
from mlmodels.ml.classes import WIDER_CLASS
from predictions.checklist import Missing
from predictions.differential import Critical
from predictions.findings import Offer
from predictions.models import CriticalContact, Report
from predictions.reports.content import ReportContent
from predictions.selectors.reports.case import Case, read_case, reported_value
from predictions.selectors.reports.comparison import Comparison, compare
from predictions.selectors.reports.contents import differential_now, digest_of
from predictions.selectors.reports.figures import Figures, figures_of
from predictions.selectors.reports.findings import (
    FindingsToKeep,
    findings_to_keep,
    offered_findings,
)
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
        offered: what the figures amount to.
    """

    head: SampleHead
    figures: Figures
    critical: list[CriticalValue]
    digest: str
    previous: Previous | None
    offered: Offer


@dataclass(frozen=True)
class SignPage:
    """What a signer sees before the signature.

    Args:
        blocks: what must be done first.
        is_limited: whether so few cells are counted that a reason has to be given.
        signed_before: what the version said that an amendment replaces.
        findings: what is offered, with what was kept so far.
    """

    case: CasePage
    blocks: list[Missing]
    is_limited: bool
    signed_before: ReportContent | None
    findings: FindingsToKeep

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
        critical=_critical_values(case),
        digest=digest_of(case, previous),
        offered=offered_findings(case),
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
    signed_before = _signed_before(case.head.report)
    signed = (case.head.report, signed_before) if case.head.report and signed_before else None
    return SignPage(
        case=case,
        blocks=[each for each in case.head.missing if each.code != _NEEDS_A_REASON],
        is_limited=facts is not None and facts.is_limited,
        signed_before=signed_before,
        findings=findings_to_keep(case.offered, case.head.sample, signed),
    )


def _critical_values(case: Case) -> list[CriticalValue]:
    values = []
    for each in case.differential.critical:
        value = reported_value(each)
        told = [row for row in case.contacts if (row.label, row.value) == (each.label, value)]
        values.append(CriticalValue(each, value, told))
    return values


def _signed_before(report: Report | None) -> ReportContent | None:
    return ReportContent.from_json(report.content) if report else None
