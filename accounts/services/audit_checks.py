"""The nightly verification of the trail, its alerts, and the heads that are kept outside."""

from __future__ import annotations

import logging
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts import storage
from accounts.errors import AuditCheckNotFound, ReasonNeeded
from accounts.models import (
    AuditAction,
    AuditChain,
    AuditCheck,
    AuditEvent,
    Laboratory,
    User,
)
from accounts.policy import Action, require, visible_audit_checks
from accounts.selectors.audit import chain_reports
from accounts.services.audit import record_event

logger = logging.getLogger(__name__)

LONGEST_REASON = 500
_OF_LABORATORY = "laboratory:"


def verify_chains() -> list[AuditCheck]:
    """Compute every chain again, write down what came of it, and keep the heads of whole ones."""
    laboratories = set(Laboratory.objects.values_list("pk", flat=True))
    checks = []
    for report in chain_reports():
        laboratory = _laboratory_of(report.key)
        check = AuditCheck(
            # A chain whose laboratory is gone is the installation's business.
            laboratory_id=laboratory if laboratory in laboratories else None,
            chain=report.key,
            length=report.length,
            broken_at=report.broken_at,
            because=report.because,
        )
        if not check.is_whole:
            # The installation's own chain stands on no page: the log is where its operator looks.
            logger.error(
                "The audit chain %s: event %s, %s", report.key, report.broken_at, report.because
            )
            _go_on_as_dismissed(check)
        check.save(force_insert=True)
        checks.append(check)
    keep_heads(only={check.chain for check in checks if check.is_whole})
    return checks


def keep_heads(*, only: set[str] | None = None, anew: bool = False) -> int:
    """Sign how each chain stands now and keep it outside the database; says how many.

    Args:
        only: keys of the chains; none for all.
        anew: also of chains that do not hold against the head that was kept of them. Else they are
            left as they are: a trace must not be covered. For the operator, after an older backup
            was restored or the key was changed.
    """
    kept = 0
    for chain in AuditChain.objects.all():
        if only is not None and chain.key not in only:
            continue
        if not anew and not _holds_against_head(chain):
            continue
        storage.keep_head(
            chain=chain.key, length=chain.length, last_hash=chain.last_hash, at=timezone.now()
        )
        kept += 1
    return kept


def _holds_against_head(chain: AuditChain) -> bool:
    try:
        head = storage.newest_head(chain.key)
    except storage.HeadDamaged:
        return False
    if head is None or not head.length:
        return True
    same = AuditEvent.objects.filter(chain=chain, position=head.length, hash=head.hash)
    return same.exists()


def dismiss_alert(*, actor: User, check_id: UUID, reason: str) -> AuditCheck:
    """Take an alert about the laboratory's trail off the dashboard, with a reason.

    Raises:
        AuditCheckNotFound: there is no such alert in the actor's laboratory.
        ReasonNeeded: the reason is missing or too long.
    """
    require(actor, Action.SEE_AUDIT)
    reason = reason.strip().replace("\x00", "")
    if len(reason) < 10:
        raise ReasonNeeded("Say in ten characters or more what was found and done about it.")
    if len(reason) > LONGEST_REASON:
        raise ReasonNeeded(f"Use at most {LONGEST_REASON} characters for the reason.")
    with transaction.atomic():
        rows = visible_audit_checks(actor).select_for_update(of=("self",))
        check = rows.filter(pk=check_id, broken_at__isnull=False, dismissed_at=None).first()
        if check is None:
            raise AuditCheckNotFound()
        check.dismissed_at, check.dismissed_by = timezone.now(), actor
        check.dismissal_reason = reason
        check.save(update_fields=["dismissed_at", "dismissed_by", "dismissal_reason"])
        record_event(
            action=AuditAction.AUDIT_ALERT_DISMISSED,
            actor=actor,
            laboratory=actor.laboratory,
            obj=check,
            changes={"broken_at": [check.broken_at, None]},
            reason=reason,
        )
    return check


def _go_on_as_dismissed(check: AuditCheck) -> None:
    """What somebody has dismissed with a reason is no new alert the next night."""
    before = AuditCheck.objects.filter(
        chain=check.chain,
        broken_at=check.broken_at,
        because=check.because,
        dismissed_at__isnull=False,
    ).first()
    if before is not None:
        check.dismissed_at, check.dismissed_by = before.dismissed_at, before.dismissed_by
        check.dismissal_reason = before.dismissal_reason


def _laboratory_of(key: str) -> UUID | None:
    return UUID(key.removeprefix(_OF_LABORATORY)) if key.startswith(_OF_LABORATORY) else None
