"""What a sample's figures are offered as, and what of it a doctor means to keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from predictions.findings import Finding, Offer, offer
from predictions.intervals import Patient
from predictions.models import KeptFindings, Report, Sample
from predictions.reports.content import ReportContent, ReportKeptFinding
from predictions.selectors.reports.case import Case

# A finding as it is kept: the code of its rule, empty for a doctor's own, and its words.
Kept = tuple[str, str]


@dataclass(frozen=True)
class Choice:
    """A finding that is offered, and what was made of it so far.

    Args:
        text: in the words that it is kept in, else in those of the offer.
    """

    finding: Finding
    is_kept: bool
    text: str


@dataclass(frozen=True)
class FindingsToKeep:
    """What a signer chooses from.

    Args:
        own: what was kept in a doctor's own words.
        gone: words of what was kept before, of which the figures offer nothing any more.
        not_judged: names of classes to which no reference interval was applied.
    """

    choices: tuple[Choice, ...]
    own: tuple[str, ...]
    gone: tuple[str, ...]
    not_judged: tuple[str, ...]


def offered_findings(case: Case) -> Offer:
    """What the figures of a case amount to, by the limits that it was read with."""
    sample = case.sample
    return offer(
        case.differential,
        limits=case.finding_limits,
        patient=Patient(sex=sample.sex, age_days=sample.age_days),
    )


def findings_to_keep(
    offered: Offer, sample: Sample, signed: tuple[Report, ReportContent] | None
) -> FindingsToKeep:
    """What is offered, with the newest choice: that made since the last signature, else its own.

    Args:
        signed: the newest report of the sample with what it says; none before the first.
    """
    kept = _kept_before(sample, signed)
    by_code = offered.by_code()
    words = {each.code: each for each in kept if each.code}
    return FindingsToKeep(
        choices=tuple(
            Choice(finding, code in words, _text(words.get(code), finding))
            for code, finding in by_code.items()
        ),
        own=tuple(each.text for each in kept if not each.code),
        gone=tuple(each.text for code, each in words.items() if code not in by_code),
        not_judged=offered.not_judged,
    )


def newest_choice(sample: Sample) -> KeptFindings | None:
    """What a doctor chose last, signed since or not; none where nobody chose."""
    return sample.kept_findings.order_by("-number").first()


@dataclass(frozen=True)
class _Before:
    """A finding as it was kept; `offered` is empty where its words are not those of an offer."""

    code: str
    text: str
    offered: str = ""


def _kept_before(sample: Sample, signed: tuple[Report, ReportContent] | None) -> Sequence[_Before]:
    choice = newest_choice(sample)
    if choice is not None and (signed is None or choice.at > signed[0].at):
        return [_Before(row["code"], row["text"], row["offered"]) for row in choice.findings]
    findings: Sequence[ReportKeptFinding] = signed[1].findings if signed else ()
    return [_Before(each.code, each.text, each.offered) for each in findings]


def _text(kept: _Before | None, finding: Finding) -> str:
    """Words that somebody wrote stay; those of an offer follow the figures."""
    return finding.words if kept is None or kept.text == kept.offered else kept.text
