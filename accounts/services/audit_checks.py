"""The nightly verification of the trail, its alerts, and the heads that are kept outside."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts import storage
from accounts.errors import AuditCheckNotFound, ReasonNeeded
from accounts.models import AuditAction, AuditChain, AuditCheck, Laboratory, User
from accounts.policy import Action, require, visible_audit_checks
from accounts.selectors.audit import chain_reports
from accounts.services.audit import record_event

LONGEST_REASON = 500
_OF_LABORATORY = "laboratory:"


def verify_chains() -> list[AuditCheck]:
    """Compute every chain again, write down what came of it, and keep the heads of whole ones."""
    laboratories = set(Laboratory.objects.values_list("pk", flat=True))
    checks = []
    for report in chain_reports():
        laboratory = _laboratory_of(report.key)
        checks.append(
            AuditCheck.objects.create(
                # A chain whose laboratory is gone is the installation's business.
                laboratory_id=laboratory if laboratory in laboratories else None,
                chain=report.key,
                length=report.length,
                broken_at=report.broken_at,
                because=report.because,
            )
        )
    keep_heads(only={check.chain for check in checks if check.is_whole})
    return checks


def keep_heads(*, only: set[str] | None = None) -> int:
    """Sign how each chain stands now and keep it outside the database; says how many.

    Args:
        only: keys of the chains; none for all. A chain that is shorter than its kept head is left
            as it is: its trace must not be covered.
    """
    kept = 0
    for chain in AuditChain.objects.all():
        if only is not None and chain.key not in only:
            continue
        if _was_longer(chain):
            continue
        storage.keep_head(
            chain=chain.key, length=chain.length, last_hash=chain.last_hash, at=timezone.now()
        )
        kept += 1
    return kept


def _was_longer(chain: AuditChain) -> bool:
    try:
        head = storage.newest_head(chain.key)
    except storage.HeadDamaged:
        return True
    return head is not None and head.length > chain.length


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


def _laboratory_of(key: str) -> UUID | None:
    return UUID(key.removeprefix(_OF_LABORATORY)) if key.startswith(_OF_LABORATORY) else None
