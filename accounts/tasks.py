"""What workers do for people's sessions and tokens."""

from __future__ import annotations

from celery import shared_task

from accounts.services import audit_checks, expiry


@shared_task(name="accounts.purge_expired")
def purge_expired() -> None:
    """Delete sessions, token families and kept answers that have expired."""
    expiry.purge_expired()


@shared_task(name="accounts.verify_audit", soft_time_limit=6 * 3600, time_limit=6 * 3600 + 60)
def verify_audit() -> None:
    """Compute every chain of the trail again; the dashboard tells what came of it."""
    audit_checks.verify_chains()


@shared_task(name="accounts.keep_audit_heads")
def keep_audit_heads() -> None:
    """Sign how each chain stands, and keep that outside the database."""
    audit_checks.keep_heads()
