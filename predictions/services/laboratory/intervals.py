"""What admins do with reference intervals and critical limits: each change a new set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from django.db import transaction

from accounts.models import AuditAction, Laboratory, User
from accounts.policy import Action, require
from accounts.services.audit import record_event
from mlmodels.selectors.labels import labels_for
from predictions import policy
from predictions.errors import IntervalsMoved, IntervalsRefused
from predictions.intervals import CriticalLimit, Interval
from predictions.models import IntervalSet
from predictions.selectors.laboratory.interval_pages import present_intervals
from predictions.selectors.laboratory.intervals import Intervals, intervals_in
from predictions.services.laboratory.interval_checks import refuse_wrong

LONGEST_REASON = 500


def change_intervals(
    *,
    actor: User,
    intervals: Sequence[Interval],
    limits: Sequence[CriticalLimit],
    seen_number: int,
    reason: str,
) -> IntervalSet:
    """Let these intervals and limits, and no others, hold in the actor's laboratory from now on.

    Args:
        seen_number: number of the set that the actor saw.

    Raises:
        IntervalsRefused: a row cannot be taken, nothing is changed, or there is no reason.
        IntervalsMoved: somebody else saved another set in between.
    """
    require(actor, Action.MANAGE_LABORATORY)
    reason = " ".join(reason.split())
    if not reason or len(reason) > LONGEST_REASON:
        raise IntervalsRefused({"reason": ["Say in up to 500 letters why they are changed."]})
    refuse_wrong(intervals, limits, labels_for(actor.laboratory))
    with transaction.atomic():
        present = _present_under_lock(actor, seen_number)
        changes = _changes(present, intervals, limits)
        if not changes:
            raise IntervalsRefused({"intervals": ["Nothing is changed, so nothing was saved."]})
        saved = IntervalSet.objects.create(
            laboratory=actor.laboratory,
            number=present.number + 1,
            intervals=[_as_stored(row) for row in intervals],
            limits=[_as_stored(row) for row in limits],
            by=actor,
            reason=reason,
        )
        record_event(
            action=AuditAction.INTERVALS_CHANGED,
            actor=actor,
            laboratory=actor.laboratory,
            obj=saved,
            changes={"number": [present.number, saved.number], **changes},
            reason=reason,
        )
    return saved


def change_intervals_of_label(
    *,
    actor: User,
    label: str,
    intervals: Sequence[Interval],
    limit: CriticalLimit | None,
    seen_number: int,
    reason: str,
) -> IntervalSet:
    """Let these intervals hold for one label; those of the others stay.

    Raises:
        IntervalsRefused, IntervalsMoved: as `change_intervals`.
    """
    require(actor, Action.MANAGE_LABORATORY)
    present = present_intervals(actor)
    return change_intervals(
        actor=actor,
        intervals=[*(row for row in present.intervals if row.label != label), *intervals],
        limits=[
            *(row for row in present.limits if row.label != label),
            *([limit] if limit else []),
        ],
        seen_number=seen_number,
        reason=reason,
    )


def restore_shipped_intervals(*, actor: User, seen_number: int, reason: str) -> IntervalSet:
    """Let what comes with the program hold again, as a new set.

    Raises:
        IntervalsRefused, IntervalsMoved: as `change_intervals`.
    """
    require(actor, Action.MANAGE_LABORATORY)
    shipped = policy.visible_interval_sets(actor).filter(laboratory__isnull=True)
    held = intervals_in(shipped.latest("number"))
    return change_intervals(
        actor=actor,
        intervals=held.intervals,
        limits=held.limits,
        seen_number=seen_number,
        reason=reason,
    )


def _present_under_lock(actor: User, seen_number: int) -> Intervals:
    """The set that counts, if it is the one that the actor saw; one at a time saves another."""
    Laboratory.objects.select_for_update(no_key=True).get(pk=actor.laboratory_id)
    present = present_intervals(actor)
    if present.number == seen_number:
        return present
    newest = policy.visible_interval_sets(actor).filter(number=present.number).last()
    by = newest.by.display_name if newest and newest.by else "The program"
    raise IntervalsMoved(
        f"{by} saved version {present.number} since you opened the intervals. Look at it, then "
        "make your change in it."
    )


def _changes(
    present: Intervals, intervals: Iterable[Interval], limits: Iterable[CriticalLimit]
) -> dict[str, list[Any]]:
    """What goes and what comes, by kind; empty where all stays."""
    changes = {}
    for kind, before, after in (
        ("intervals", present.intervals, intervals),
        ("limits", present.limits, limits),
    ):
        old, new = [_as_stored(row) for row in before], [_as_stored(row) for row in after]
        gone, come = [r for r in old if r not in new], [r for r in new if r not in old]
        if gone or come:
            changes[kind] = [gone, come]
    return changes


def _as_stored(row: Interval | CriticalLimit) -> dict[str, Any]:
    """Bounds as texts, so that 2.0 stays 2.0."""
    return {
        name: f"{value:f}" if isinstance(value, Decimal) else value
        for name, value in asdict(row).items()
    }
