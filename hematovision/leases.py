"""A row that one process works on at a time: claimed, renewed, given back, ended, sent again.

The row is the truth. A claim is one conditional update; each claim raises the fence, and who
holds an older fence writes nothing. Messages only say "look at this row". Which rows wait for
work, and what it means that one has ended, the caller says: nothing here knows a status.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection, models, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

logger = logging.getLogger(__name__)

# The delay doubles with each message sent in vain, up to this many times: from 30 s to 16 min.
_MOST_DOUBLINGS = 5


class Leased(models.Model):
    """A row that a worker claims for as long as it renews its lease."""

    attempts = models.PositiveSmallIntegerField(default=0)
    # Grows with each claim; a worker that holds an older one may write nothing.
    fence = models.PositiveIntegerField(default=0)
    # None while nobody holds the row.
    lease_until = models.DateTimeField(null=True)
    # "host:pid" of the process that made the last claim.
    worker = models.CharField(max_length=120, blank=True)
    # Messages since the row was queued or claimed.
    sends = models.PositiveSmallIntegerField(default=0)
    last_sent_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


Row = TypeVar("Row", bound=Leased)


# --- The holder --------------------------------------------------------------------------------


def claim(rows: QuerySet[Row], pk: UUID, **values: Any) -> Row | None:
    """Take a row that nobody holds, or whose holder's lease has ended; none if not to be had.

    Args:
        rows: those that wait for work or are worked on; claimed, the row must still be of them.
            Chosen by columns of the row itself: a join would make the update two steps.
        values: what else a claim writes.

    Returns:
        The row as it was claimed: its fence is the one to write under.
    """
    return next(iter(claim_all(rows, [pk], **values)), None)


def claim_all(rows: QuerySet[Row], pks: Sequence[UUID], **values: Any) -> list[Row]:
    """Take those of several rows that are to be had, as `claim` takes one; in their order."""
    worker, end = worker_name(), _lease_end()
    # The read of the new fences stands under the rows' locks of the update.
    with transaction.atomic():
        taken = rows.filter(unheld(), pk__in=pks, attempts__lt=settings.JOB_MAX_ATTEMPTS).update(
            attempts=F("attempts") + 1,
            fence=F("fence") + 1,
            lease_until=end,
            worker=worker,
            # No message is on its way for whoever comes next: once the lease ends, it is due.
            sends=0,
            **values,
        )
        # No other claim of this process has the same end of its lease.
        mine = rows.filter(pk__in=pks, worker=worker, lease_until=end).in_bulk() if taken else {}
    return [mine[pk] for pk in pks if pk in mine]


def worker_name() -> str:
    """The process that works, as it stands in the row: "host:pid"."""
    return f"{socket.gethostname()}:{os.getpid()}"


def held(rows: QuerySet[Row], fences: Mapping[UUID, int]) -> QuerySet[Row]:
    """Those of the rows that were claimed under these fences, for as long as each claim lasts.

    Args:
        rows: as for `claim`.
        fences: of each claim, by the row's key.
    """
    same = Q(pk__in=())
    for pk, fence in fences.items():
        same |= Q(pk=pk, fence=fence)
    return rows.filter(same, lease_until__isnull=False)


def renew(mine: QuerySet[Any], **values: Any) -> bool:
    """Prolong the lease of a row that is `held`, and write; false when it is lost."""
    return bool(mine.update(lease_until=_lease_end(), **values))


def release(mine: QuerySet[Any], *, counts: bool = True, **values: Any) -> bool:
    """Give a row that is `held` back for another attempt; false when it is lost.

    Also false when the database is away, which is often why it is given back: then its lease ends
    by itself.

    Args:
        counts: as an attempt; not where the worker itself is told to end.
    """
    try:
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        attempts = F("attempts") - (0 if counts else 1)
        return bool(mine.update(lease_until=None, attempts=attempts, **values))
    except DatabaseError:
        logger.warning("A row could not be given back; its lease will end.", exc_info=True)
        return False


def finish(rows: QuerySet[Any], **values: Any) -> bool:
    """End the work on a row that is `held` or `left`, and write; false when it is lost."""
    return bool(rows.update(lease_until=None, **values))


@contextmanager
def renewed(renew: Callable[[], bool], name: str) -> Iterator[None]:
    """Renew a lease from a thread while the body works.

    Args:
        renew: prolongs the lease; false when it is lost, and then it is not asked again.
        name: of the row, for the log.
    """
    done = threading.Event()
    keeper = threading.Thread(
        target=_keep_renewing, args=(renew, name, done), name=f"lease of {name}", daemon=True
    )
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()


def _keep_renewing(renew: Callable[[], bool], name: str, done: threading.Event) -> None:
    # Three times in a lease, so that one renewal that fails loses nothing.
    while not done.wait(settings.JOB_LEASE_S / 3):
        try:
            if not renew():
                return
        except DatabaseError:
            logger.warning("The lease of %s was not renewed; trying again.", name)
        finally:
            connection.close()


def _lease_end() -> datetime:
    return timezone.now() + timedelta(seconds=settings.JOB_LEASE_S)


# --- The sweeper -------------------------------------------------------------------------------


def just_sent() -> dict[str, Any]:
    """What is written into a row together with its first message."""
    return {"sends": 1, "last_sent_at": timezone.now()}


def unheld() -> Q:
    """Nobody's: without a lease, or under one that has ended."""
    return Q(lease_until__isnull=True) | Q(lease_until__lt=timezone.now())


def left(rows: QuerySet[Row], row: Row) -> QuerySet[Row]:
    """The row if nobody has taken it since it was read; else none."""
    return rows.filter(unheld(), pk=row.pk, fence=row.fence)


def exhausted(rows: QuerySet[Row]) -> QuerySet[Row]:
    """Those that nobody holds and no attempt is left for."""
    return rows.filter(unheld(), attempts__gte=settings.JOB_MAX_ATTEMPTS)


def send_due(rows: QuerySet[Row], send: Callable[[Row], bool]) -> int:
    """Send a message for each row that nobody has claimed in time; says how many went out.

    At most `JOB_RESEND_AT_MOST` go out in a pass, and none after the broker refused one.

    Args:
        rows: those that wait for work or are worked on.
        send: sends the message of a row; false when the broker refused it.
    """
    sent = 0
    for row in _due(rows):
        same = rows.filter(unheld(), pk=row.pk)
        now = timezone.now()
        seen = same.filter(sends=row.sends, last_sent_at=row.last_sent_at)
        if not seen.update(sends=F("sends") + 1, last_sent_at=now):
            continue  # Another sweeper was faster, or a worker.
        if not send(row):
            # The next pass tries it again, and its delay has not grown.
            same.filter(last_sent_at=now).update(sends=row.sends, last_sent_at=row.last_sent_at)
            break
        sent += 1
    return sent


def _due(rows: QuerySet[Row]) -> QuerySet[Row]:
    """Unheld rows whose last message is older than its delay, the longest waiting first."""
    now = timezone.now()
    late = Q(sends=0) | Q(last_sent_at__isnull=True)
    for sends in range(1, _MOST_DOUBLINGS + 1):
        late |= Q(sends=sends, last_sent_at__lte=now - _delay(sends))
    late |= Q(last_sent_at__lte=now - _delay(_MOST_DOUBLINGS + 1))
    waiting = rows.filter(unheld(), late, attempts__lt=settings.JOB_MAX_ATTEMPTS)
    return waiting.order_by(F("last_sent_at").asc(nulls_first=True))[: settings.JOB_RESEND_AT_MOST]


def _delay(sends: int) -> timedelta:
    """How long so many messages may stay without a claim."""
    return timedelta(seconds=settings.JOB_RESEND_AFTER_S * 2 ** (sends - 1))
