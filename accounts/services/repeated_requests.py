"""A request that is repeated with its Idempotency-Key does its thing once, and is answered alike.

The row says whether it was done. What was refused did nothing, so it is not kept: the repeat is
tried anew.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.errors import RepeatRefused
from accounts.models import RepeatedRequest, User

LONGEST_KEY = 255
LONGEST_WAIT_S = 10.0
# Whoever holds the key longer has crashed, and the next one takes it over.
ABANDONED_AFTER = timedelta(seconds=60)
_ASK_EVERY_S = 0.05


@dataclass(frozen=True)
class Answer:
    """What a request is answered: an HTTP status and plain JSON."""

    status: int
    body: Any

    @property
    def is_done(self) -> bool:
        """Whether the request did what it asked for."""
        return self.status < 400


def answer_once(
    *, actor: User, key: str, fingerprint: str, act: Callable[[], Answer], wait_s: float
) -> Answer:
    """Do what a request asks for, or give the answer that the same request got before.

    Call it outside a transaction: others must see that the key is taken.

    Args:
        key: of the caller's choosing; each person has their own.
        fingerprint: of all that the request says.
        act: does it.
        wait_s: how long to wait for a request with this key that is at work.

    Raises:
        RepeatRefused: the key is none, was used for something else, or is at work for longer.
    """
    _refuse_odd(key)
    end = time.monotonic() + wait_s
    while True:
        row, is_new = _row(actor, key, fingerprint)
        if row.fingerprint != fingerprint:
            raise RepeatRefused(
                "This Idempotency-Key was used for another request. Choose a new key.",
                http_status=422,
            )
        if row.status is not None:
            return Answer(row.status, json.loads(row.body or "null"))
        if is_new or _is_taken_over(row):
            return _act(row, act)
        if time.monotonic() >= end:
            raise RepeatRefused(
                "A request with this Idempotency-Key is at work. Repeat it in a moment.",
                code="request_in_progress",
                http_status=409,
            )
        time.sleep(_ASK_EVERY_S)


def _refuse_odd(key: str) -> None:
    if not 0 < len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise RepeatRefused(
            f"An Idempotency-Key is 1 to {LONGEST_KEY} plain characters, best a random UUID."
        )


def _row(actor: User, key: str, fingerprint: str) -> tuple[RepeatedRequest, bool]:
    """The row of the key, and whether it was made here since nobody had it."""
    while True:
        mine = RepeatedRequest(user=actor, key=key, fingerprint=fingerprint)
        RepeatedRequest.objects.bulk_create([mine], ignore_conflicts=True)
        row = RepeatedRequest.objects.filter(user=actor, key=key).first()
        # None where the one that was there was given up in this very moment.
        if row is not None:
            return row, row.pk == mine.pk


def _is_taken_over(row: RepeatedRequest) -> bool:
    """Take the work of whoever had the key and is gone; false while they may be at it."""
    now = timezone.now()
    if row.at > now - ABANDONED_AFTER:
        return False
    same = RepeatedRequest.objects.filter(pk=row.pk, at=row.at, status__isnull=True)
    if not same.update(at=now):
        return False
    row.at = now
    return True


def _act(row: RepeatedRequest, act: Callable[[], Answer]) -> Answer:
    # Whoever was taken for crashed, and comes late, writes nothing over the other's row.
    rows = RepeatedRequest.objects.filter(pk=row.pk, at=row.at)
    done = False
    try:
        answer = act()
        done = answer.is_done
    finally:
        if not done:
            rows.delete()
    # As text: the database would order the keys of an object its own way.
    rows.update(status=answer.status, body=json.dumps(answer.body))
    return answer
