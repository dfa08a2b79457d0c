"""Slows down whoever guesses passwords: by account, and by the address they come from.

An attempt is counted before its password is looked at, so that many at once gain nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.errors import SignInLocked
from accounts.models import SignInLock

# A laboratory often stands behind one address: it may fail more often than one account.
ADDRESS_ALLOWANCE = 4
LONGEST_LOCK = timedelta(hours=1)
FORGOTTEN_AFTER = timedelta(days=1)


def charge(*, username: str, address: str | None) -> None:
    """Count an attempt as failed, until `forgive` takes it back.

    Raises:
        SignInLocked: the account or the address has failed too often; nothing is counted then.
    """
    limits = _limits(username, address)
    now = timezone.now()
    # Always in one order, here and below: no two attempts wait for each other's rows.
    with transaction.atomic():
        SignInLock.objects.bulk_create(
            [SignInLock(key=key, last_failure_at=now) for key in sorted(limits)],
            ignore_conflicts=True,
        )
        rows = list(SignInLock.objects.select_for_update().filter(key__in=limits).order_by("key"))
        _refuse_if_locked(rows, now)
        for row in rows:
            _count(row, limits[row.key], now)


@transaction.atomic
def forgive(*, username: str, address: str | None) -> None:
    """After the right password: clear the account, and halve what stands against the address.

    The address is not cleared, so that one's own account is no way to guess others' for ever.
    """
    now = timezone.now()
    SignInLock.objects.filter(key=_key("name", username.lower())).delete()
    SignInLock.objects.filter(last_failure_at__lt=now - FORGOTTEN_AFTER).delete()
    if address:
        key = _key("address", address)
        for row in SignInLock.objects.select_for_update().filter(key=key):
            row.failures, row.locked_until = max(row.failures - 1, 0) // 2, None
            row.save(update_fields=["failures", "locked_until"])


def _limits(username: str, address: str | None) -> dict[str, int]:
    before_lock = settings.SIGN_IN_FAILURES_BEFORE_LOCK
    limits = {_key("name", username.lower()): before_lock}
    if address:
        limits[_key("address", address)] = before_lock * ADDRESS_ALLOWANCE
    return limits


def _key(kind: str, value: str) -> str:
    """A keyed hash: the table tells nobody which names were tried."""
    digest = salted_hmac("accounts.sign_in_lock", f"{kind}:{value}", algorithm="sha256")
    return f"{kind}:{digest.hexdigest()}"


def _refuse_if_locked(rows: list[SignInLock], now: datetime) -> None:
    until = max((row.locked_until for row in rows if row.locked_until), default=now)
    if until > now:
        raise SignInLocked(wait_s=max(1, round((until - now).total_seconds())))


def _count(row: SignInLock, limit: int, now: datetime) -> None:
    if now - row.last_failure_at > FORGOTTEN_AFTER:
        row.failures = 0
    row.failures += 1
    row.last_failure_at = now
    if row.failures >= limit:
        # Beyond 16 doublings the lock is at its longest anyway; the power would only grow.
        doublings = min(row.failures - limit, 16)
        lock = timedelta(seconds=settings.SIGN_IN_LOCK_S * 2**doublings)
        row.locked_until = now + min(lock, LONGEST_LOCK)
    row.save(update_fields=["failures", "last_failure_at", "locked_until"])
