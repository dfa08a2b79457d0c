"""A doctor signs: what stands on the report is frozen, and its file is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts.models import Laboratory, User
from accounts.policy import require
from accounts.services.reauthentication import prove_again
from hematovision import leases
from hematovision.queue import enqueue_on_commit
from predictions import checklist, policy
from predictions.errors import ChangedSinceSeen, NothingChanged
from predictions.models import (
    Report,
    ReportFile,
    ReportModelVersion,
    Sample,
    SampleEvent,
    Signature,
)
from predictions.reports.content import ReportContent, ReportReplaces, ReportSignature
from predictions.reports.differences import differences
from predictions.selectors.reports.case import case_of, read_case
from predictions.selectors.reports.contents import (
    Said,
    assemble,
    digest_of,
    moment,
    person,
    versions_that_read,
)
from predictions.selectors.reports.findings import Kept, offered_findings
from predictions.selectors.reports.patient import previous_on_report, previous_report
from predictions.services.exchange import outbox
from predictions.services.quality.drawing import draw_second_reads
from predictions.services.reports.changes import is_changed, status_of_change
from predictions.services.reports.findings import frozen_findings, said_findings
from predictions.services.reports.sayings import Phrases, meaning_of, said_by_signer
from predictions.services.samples.states import refuse_missing
from predictions.services.samples.steps import refuse_step, sample_under_lock, take_step

_SIGNED = SampleEvent.Kind.SIGNED
# What the QR code leads to, behind `PUBLIC_ADDRESS`.
VERIFY_PATH = "/reports/{report_id}/verify/"


def sign(
    *,
    actor: User,
    sample_id: UUID,
    password: str,
    meaning: str,
    comment: str = "",
    morphology: str = "",
    phrases: Phrases | None = None,
    findings: Sequence[Kept] = (),
    limited_count_reason: str = "",
    seen: str = "",
) -> Report:
    """Sign the report of a sample; of one that is being amended, its next version.

    Args:
        password: the actor's, once more.
        meaning: one of `Signature.Meaning`.
        morphology: what the film looks like, in words.
        phrases: standard ones of morphology with their grades, by group.
        findings: what is kept of those offered, by code and words, and the signer's own, without
            a code.
        limited_count_reason: why fewer cells than a report asks for are enough.
        seen: the digest of what the actor was shown; empty where nobody says.

    Raises:
        SampleNotFound: there is no such sample in the actor's laboratory.
        SignatureInvalid: what was said cannot stand on a report.
        SignInLocked, ProofRefused: the actor did not prove who they are.
        StateRefused: the sample cannot be signed now; the sentence says who was first, and when.
        ChangedSinceSeen: the report would say something else than the actor was shown.
        FindingsMoved: the figures offer a finding no more that is to be kept.
        NotReady: something is missing.
        NothingChanged: the amendment changes nothing.
    """
    require(actor, policy.TRANSITIONS[_SIGNED].action)
    said = said_by_signer(
        comment=comment,
        morphology=morphology,
        phrases=phrases or {},
        limited_count_reason=limited_count_reason,
    )
    kept = said_findings(findings)
    means = meaning_of(meaning)
    refuse_step(case_of(actor, sample_id).sample, _SIGNED)
    # Before the row is held: the hash takes a while.
    proof = prove_again(actor=actor, password=password)
    with transaction.atomic():
        # Before the sample's row, as whoever changes the laboratory's rules takes them: reports
        # are numbered under it.
        Laboratory.objects.select_for_update(no_key=True).get(pk=actor.laboratory_id)
        sample = sample_under_lock(actor, sample_id)
        refuse_step(sample, _SIGNED)
        content = _content(actor, sample, said, kept, seen)
        report = _write(actor, sample, content, means, proof)
        outbox.report_signed(report)
        draw_second_reads(report)
        take_step(
            actor=actor,
            sample=sample,
            kind=_SIGNED,
            to=policy.TRANSITIONS[_SIGNED].to,
            reason=report.amendment_reason,
            changes={
                "report": [None, str(report.pk)],
                "number": [None, str(report)],
                "status": [None, report.status],
                "sha256": [None, report.sha256],
            },
        )
    return report


def _content(
    actor: User, sample: Sample, said: Said, kept: Sequence[Kept], seen: str
) -> ReportContent:
    """What the report says, as its signer has seen it, with the whole check list asked again."""
    case = read_case(sample)
    if seen and seen != digest_of(case, previous_report(actor, sample)):
        raise ChangedSinceSeen()
    refuse_missing(
        checklist.for_signing(
            case.facts,
            signer=str(actor.pk),
            limited_count_reason=said.limited_count_reason,
        )
    )
    findings = frozen_findings(offered_findings(case), kept)
    content = assemble(case, replace(said, findings=findings))
    return previous_on_report(actor, sample, content)


def _write(
    actor: User, sample: Sample, content: ReportContent, meaning: Signature.Meaning, proof: str
) -> Report:
    """The rows of a report: what it says, who signed it, and the file to be made."""
    now, report_id = timezone.now(), uuid4()
    last = sample.reports.order_by("-version").first()
    content = replace(
        content,
        signature=_signature(actor, meaning, proof, now),
        verify_address=settings.PUBLIC_ADDRESS + VERIFY_PATH.format(report_id=report_id),
    )
    if last is None:
        serial = _next_serial(sample)
        content = replace(content, number=f"R-{serial:06d}", version=1, status="final")
        reason = ""
    else:
        serial, reason = last.serial, _reason_of_amendment(sample)
        content = _next_version(content, last, reason)
    report = Report.objects.create(
        pk=report_id,
        laboratory_id=sample.laboratory_id,
        sample=sample,
        serial=serial,
        number=content.number,
        version=content.version,
        status=content.status,
        replaces=last,
        amendment_reason=reason,
        content=content.to_json(),
        sha256=content.sha256,
        at=now,
    )
    Signature.objects.create(
        report=report,
        by=actor,
        name=actor.display_name,
        meaning=meaning,
        at=now,
        authenticated_by=proof,
    )
    ReportModelVersion.objects.bulk_create(
        ReportModelVersion(
            report=report, model_version=version, laboratory_id=report.laboratory_id, at=now
        )
        for version in versions_that_read(sample).only("pk")
    )
    ReportFile.objects.create(report=report, **leases.just_sent())
    enqueue_on_commit("predictions.make_report", report_id=str(report.pk))
    return report


def _signature(
    actor: User, meaning: Signature.Meaning, proof: str, now: datetime
) -> ReportSignature:
    who = person(actor, actor.role)
    return ReportSignature(
        name=who.name,
        role=who.role,
        meaning=str(meaning.label),
        signed_at=moment(now),
        authenticated_by=proof,
    )


def _next_version(content: ReportContent, last: Report, reason: str) -> ReportContent:
    """The content of an amendment, with what it changes of the version before."""
    before = ReportContent.from_json(last.content)
    if not is_changed(before, content):
        raise NothingChanged()
    return replace(
        content,
        number=last.number,
        version=last.version + 1,
        status=status_of_change(before, content),
        replaces=ReportReplaces(
            version=last.version,
            signed_at=before.signature.signed_at if before.signature else moment(last.at),
            reason=reason,
            differences=tuple(differences(before, content)),
        ),
    )


def _reason_of_amendment(sample: Sample) -> str:
    begun = sample.events.filter(kind=SampleEvent.Kind.AMENDMENT_BEGUN).order_by("-number").first()
    return begun.reason if begun else ""


def _next_serial(sample: Sample) -> int:
    """The next number of the laboratory, whose row is held: no two reports take the same."""
    reports = Report.objects.filter(laboratory_id=sample.laboratory_id)
    return (reports.aggregate(last=Max("serial"))["last"] or 0) + 1
