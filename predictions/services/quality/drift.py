"""An admin says what is behind a change that was found."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import AuditAction, User
from accounts.policy import Action, require
from accounts.services.audit import Event, record_events
from predictions import policy
from predictions.errors import DriftAnswerRefused, DriftWatchNotFound, ReasonMissing
from predictions.models import DriftFinding, DriftWatch

SHORTEST_REASON, LONGEST_REASON = 10, 500
# What a form says where the baseline is to be learned anew, beside nothing.
LEARN_ANEW = "learn"


def answer_findings(
    *, actor: User, watch_id: UUID, finding_ids: Collection[str], cause: str, reason: str,
    usual: str = "",
) -> list[DriftFinding]:  # fmt: skip
    """Answer what was found of a version on a profile; it stands on the dashboard no more.

    Args:
        finding_ids: those that the actor was shown; what came since goes on standing.
        cause: one of `DriftFinding.Cause`.
        reason: in words.
        usual: `LEARN_ANEW` where the change is the new usual: the weeks after it make a new
            baseline. Empty: weeks are held against the old one, and told again if they differ.

    Raises:
        DriftWatchNotFound: there is none of this id in the actor's laboratory.
        ReasonMissing: the reason is missing or too long.
        DriftAnswerRefused: the cause is none of the list, or nothing is left to answer.
    """
    require(actor, Action.SEE_USAGE)
    reason = _checked(cause, reason)
    with transaction.atomic():
        rows = policy.visible_watches(actor).select_for_update(of=("self",), no_key=True)
        watch = rows.filter(pk=watch_id).first()
        if watch is None:
            raise DriftWatchNotFound()
        standing = watch.findings.filter(answered_at__isnull=True)
        findings = [each for each in standing if str(each.pk) in finding_ids]
        if not findings:
            raise DriftAnswerRefused("Somebody has answered this meanwhile. Load the page again.")
        for finding in findings:
            finding.answered_at, finding.answered_by = timezone.now(), actor
            finding.cause, finding.reason = cause, reason
        DriftFinding.objects.bulk_update(
            findings, ["answered_at", "answered_by", "cause", "reason"]
        )
        changes: dict[str, object] = {"cause": [None, cause]}
        if usual == LEARN_ANEW:
            _learn_anew(watch, findings)
            changes["baseline_from"] = [None, str(watch.begins_on)]
        record_events(
            laboratory=actor.laboratory,
            events=[Event(AuditAction.DRIFT_ANSWERED, each, changes, reason) for each in findings],
            actor=actor,
        )
    return findings


def _checked(cause: str, reason: str) -> str:
    if cause not in DriftFinding.Cause.values:
        raise DriftAnswerRefused("Choose what is behind the change.")
    reason = reason.strip().replace("\x00", "")
    if len(reason) < SHORTEST_REASON:
        raise ReasonMissing(
            f"Say in {SHORTEST_REASON} characters or more what was found and done about it."
        )
    if len(reason) > LONGEST_REASON:
        raise ReasonMissing(f"Use at most {LONGEST_REASON} characters for the reason.")
    return reason


def _learn_anew(watch: DriftWatch, findings: Collection[DriftFinding]) -> None:
    """The week of a change holds both; the one after it is the first of the new usual."""
    watch.begins_on = max(finding.last_week for finding in findings) + timedelta(days=7)
    watch.baseline, watch.baseline_until, watch.typical_cells = [], None, []
    watch.baseline_samples = watch.baseline_weeks = 0
    watch.save(
        update_fields=[
            "begins_on", "baseline", "baseline_until", "typical_cells", "baseline_samples",
            "baseline_weeks",
        ]
    )  # fmt: skip
