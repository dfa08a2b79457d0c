"""Removes what has expired: sessions, in which searches stand, families of tokens, old answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import RepeatedRequest, TokenFamily

# Rows that one statement deletes, so that nobody waits long for the table.
BATCH = 500
# The machine that made a token and the one that purges may differ in their clocks.
_FAMILY_STAYS = timedelta(days=1)
# For so long a request with the same Idempotency-Key gets the same answer.
ANSWER_STAYS = timedelta(days=1)


@dataclass(frozen=True)
class Purged:
    """How many rows went."""

    sessions: int
    token_families: int
    answers: int


def purge_expired() -> Purged:
    """Delete sessions that have expired, and token families of which no token is good any more.

    A family goes after its newest refresh token has expired, revoked or not: until then only the
    row of a revoked one says that its tokens are refused. Answers to requests that carried an
    Idempotency-Key go after a day. The system's own act: it has no actor.
    Run twice or in parallel, it deletes the same rows.
    """
    now = timezone.now()
    return Purged(
        sessions=_delete(Session.objects.filter(expire_date__lt=now)),
        token_families=_delete(TokenFamily.objects.filter(expires_at__lt=now - _FAMILY_STAYS)),
        answers=_delete(RepeatedRequest.objects.filter(at__lt=now - ANSWER_STAYS)),
    )


def _delete(expired: QuerySet) -> int:
    """Delete rows batch by batch; one that was prolonged meanwhile is expired no more and stays."""
    deleted = 0
    while keys := list(expired.order_by().values_list("pk", flat=True)[:BATCH]):
        deleted += expired.filter(pk__in=keys).delete()[0]
    return deleted
