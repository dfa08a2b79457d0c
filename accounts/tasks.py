"""What workers do for people's sessions and tokens."""

from __future__ import annotations

from celery import shared_task

from accounts.services import expiry


@shared_task(name="accounts.purge_expired")
def purge_expired() -> None:
    """Delete sessions, token families and kept answers that have expired."""
    expiry.purge_expired()
