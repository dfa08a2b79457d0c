"""What a doctor keeps of the findings that are offered, before the signature and with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

from django.db import transaction

from accounts.models import AuditAction, User
from accounts.policy import require
from accounts.services.audit import record_event
from predictions import policy
from predictions.errors import FindingsMoved, SignatureInvalid
from predictions.findings import Finding, Offer, words_of_findings
from predictions.models import KeptFindings, SampleEvent
from predictions.reports.content import ReportKeptFinding
from predictions.selectors.reports.case import read_case
from predictions.selectors.reports.findings import Kept, newest_choice, offered_findings
from predictions.services.reports.sayings import printable_text
from predictions.services.samples.steps import refuse_step, sample_under_lock

LONGEST_FINDING, MOST_FINDINGS = 300, 30


def keep_findings(*, actor: User, sample_id: UUID, findings: Sequence[Kept]) -> KeptFindings | None:
    """Remember what a doctor means to keep, until the report is signed.

    Args:
        findings: code and words each; without a code one of the doctor's own.

    Returns:
        The choice; none where it is what was chosen before.

    Raises:
        SampleNotFound: there is no such sample in the actor's laboratory.
        SignatureInvalid: words cannot stand on a report.
        StateRefused: the sample cannot be signed now.
        FindingsMoved: the figures offer one of them no more.
    """
    require(actor, policy.TRANSITIONS[SampleEvent.Kind.SIGNED].action)
    wanted = said_findings(findings)
    with transaction.atomic():
        sample = sample_under_lock(actor, sample_id)
        refuse_step(sample, SampleEvent.Kind.SIGNED)
        kept = frozen_findings(offered_findings(read_case(sample)), wanted)
        rows = [{name: asdict(each)[name] for name in ("code", "text", "offered")} for each in kept]
        before = newest_choice(sample)
        if before is not None and before.findings == rows:
            return None
        choice = KeptFindings.objects.create(
            sample=sample,
            number=before.number + 1 if before else 1,
            findings=rows,
            by=actor,
        )
        record_event(
            action=AuditAction.FINDINGS_CHANGED,
            actor=actor,
            laboratory=sample.laboratory,
            obj=sample,
            changes={
                "findings": [
                    [row["text"] for row in before.findings] if before else [],
                    [row["text"] for row in rows],
                ]
            },
        )
    return choice


def said_findings(findings: Sequence[Kept]) -> list[Kept]:
    """Findings as they can stand on a report; whether each is offered is not asked here.

    Raises:
        SignatureInvalid: a text is empty, too long or cannot be printed, or a code is none.
    """
    if len(findings) > MOST_FINDINGS:
        raise SignatureInvalid("findings", f"Keep at most {MOST_FINDINGS} findings.")
    said: list[Kept] = []
    for code, words in findings:
        text = printable_text("findings", words, LONGEST_FINDING)
        if code and code not in words_of_findings():
            raise SignatureInvalid("findings", f"There is no finding “{code}”.")
        if not code and not text:
            raise SignatureInvalid("findings", "A finding has no words. Take it out, or say it.")
        if (code, text) in said or (code and code in dict(said)):
            raise SignatureInvalid(
                "findings", "A finding stands there twice. Take one of them out."
            )
        said.append((code, text))
    return said


def frozen_findings(offered: Offer, kept: Sequence[Kept]) -> tuple[ReportKeptFinding, ...]:
    """What is kept as it stands on the report: with the rule as the figures give it now.

    Args:
        kept: as `said_findings` gives it; one without words is kept in those of the offer.

    Raises:
        FindingsMoved: the figures offer one of them no more.
    """
    by_code = offered.by_code()
    gone = [code for code, _ in kept if code and code not in by_code]
    if gone:
        raise FindingsMoved([words_of_findings()[code]["words"] for code in gone])
    return tuple(_of_the_offer(by_code[code], text) if code else _own(text) for code, text in kept)


def _of_the_offer(finding: Finding, text: str) -> ReportKeptFinding:
    return ReportKeptFinding(
        code=finding.code,
        text=text or finding.words,
        offered=finding.words,
        certainty=finding.certainty,
        basis=finding.basis,
        rule=finding.rule,
        source=finding.source,
    )


def _own(text: str) -> ReportKeptFinding:
    return ReportKeptFinding(
        code="", text=text, offered="", certainty="", basis="", rule="", source=""
    )
