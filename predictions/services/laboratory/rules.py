"""Changes what a laboratory asks of its cases, and what is stored by it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import AuditAction, Laboratory, User
from accounts.policy import Action, require
from accounts.services.audit import record_event
from mlmodels.selectors.labels import labels_for
from predictions import policy
from predictions.errors import RulesInvalid, RulesRefused
from predictions.identifiers import search_key
from predictions.models import CaseRules, Sample
from predictions.selectors.samples.rules import rules_of
from predictions.services import summaries

FEWEST_TARGET, MOST_TARGET = 100, 1000
MOST_UNIDENTIFIED_PERCENT = 5
ALL_PERCENT = 100

_ROWS_AT_ONCE = 500
_NUMBERS_TOLD = 20


def change_rules(*, actor: User, changes: Mapping[str, Any]) -> CaseRules:
    """Ask something else of the laboratory's cases; what is not named stays as it is.

    Args:
        changes: by field of `CaseRules`: target_cells, asks_for_second_person,
            unidentified_limit_percent, always_reviewed, second_read_percent,
            second_read_rare_percent, tells_case_apart, page_size.

    Raises:
        RulesInvalid: a field cannot be so.
        RulesRefused: accession numbers would collide.
    """
    require(actor, Action.MANAGE_LABORATORY)
    wanted = {name: _JUDGES[name](actor.laboratory, value) for name, value in changes.items()}
    with transaction.atomic():
        # Of two admins the second one changes what the first has left.
        Laboratory.objects.select_for_update(no_key=True).get(pk=actor.laboratory_id)
        rules = rules_of(actor.laboratory)
        changed = {
            name: [getattr(rules, name), value]
            for name, value in wanted.items()
            if getattr(rules, name) != value
        }
        if not changed:
            return rules
        for name, value in wanted.items():
            setattr(rules, name, value)
        rules.save()
        if "tells_case_apart" in changed:
            _compare_anew(actor, tell_case_apart=rules.tells_case_apart)
        if "always_reviewed" in changed:
            before, after = changed["always_reviewed"]
            summaries.review_asked(actor.laboratory_id, set(after) - set(before))
        record_event(
            action=AuditAction.LABORATORY_CHANGED,
            actor=actor,
            laboratory=actor.laboratory,
            obj=actor.laboratory,
            changes=changed,
        )
    return rules


def _compare_anew(actor: User, *, tell_case_apart: bool) -> None:
    """Store what numbers and references are compared by under the new setting."""
    samples = list(
        policy.visible_samples(actor)
        .select_for_update(no_key=True)
        .only("accession_number", "patient_reference", "accession_key", "patient_key", "state")
        .order_by("pk")
    )
    stale = []
    for sample in samples:
        keys = (
            search_key(sample.accession_number, tell_case_apart=tell_case_apart),
            search_key(sample.patient_reference, tell_case_apart=tell_case_apart),
        )
        if (sample.accession_key, sample.patient_key) != keys:
            sample.accession_key, sample.patient_key = keys
            stale.append(sample)
    _refuse_collisions(samples)
    # While they change one after the other, none collides with another's old key.
    marked = policy.visible_samples(actor)
    keys_of_stale: list[UUID] = [sample.pk for sample in stale]
    for begin in range(0, len(keys_of_stale), _ROWS_AT_ONCE):
        part = keys_of_stale[begin : begin + _ROWS_AT_ONCE]
        marked.filter(pk__in=part).update(number_collides=True)
    Sample.objects.bulk_update(stale, ["accession_key", "patient_key"], batch_size=_ROWS_AT_ONCE)
    marked.filter(number_collides=True).update(number_collides=False)


def _refuse_collisions(samples: Collection[Sample]) -> None:
    """Refuse where two samples that have their number would have the same one."""
    of_key: dict[str, list[str]] = defaultdict(list)
    for sample in samples:
        if sample.state not in Sample.GONE:
            of_key[sample.accession_key].append(sample.accession_number)
    colliding = sorted(n for numbers in of_key.values() if len(numbers) > 1 for n in numbers)
    if colliding:
        more = len(colliding) - _NUMBERS_TOLD
        named = ", ".join(colliding[:_NUMBERS_TOLD]) + (f" and {more} more" if more > 0 else "")
        raise RulesRefused(
            f"These accession numbers would not be told apart: {named}. Correct them first.",
            details={"numbers": colliding},
        )


# --- What each rule can be ---------------------------------------------------------------------


def _target(laboratory: Laboratory, value: int) -> int:
    if not FEWEST_TARGET <= value <= MOST_TARGET:
        raise RulesInvalid("target_cells", f"Count {FEWEST_TARGET} to {MOST_TARGET} cells.")
    return value


def _limit(laboratory: Laboratory, value: int) -> int:
    if not 0 <= value <= MOST_UNIDENTIFIED_PERCENT:
        raise RulesInvalid(
            "unidentified_limit_percent",
            f"At most {MOST_UNIDENTIFIED_PERCENT} % can stay unidentified; a laboratory can only "
            "be stricter.",
        )
    return value


def _codes(laboratory: Laboratory, value: Collection[str]) -> list[str]:
    if not set(value) <= labels_for(laboratory).keys():
        raise RulesInvalid("always_reviewed", "Choose classes from the laboratory's labels.")
    return sorted(set(value))


def _rate(field: str) -> Callable[[Laboratory, int], int]:
    """The judge of a share of cells that are read a second time."""

    def judge(laboratory: Laboratory, value: int) -> int:
        if not 0 <= value <= ALL_PERCENT:
            raise RulesInvalid(field, f"Read 0 to {ALL_PERCENT} % a second time; 0 is none.")
        return value

    return judge


def _page_size(laboratory: Laboratory, value: str) -> str:
    if value not in CaseRules.PageSize.values:
        raise RulesInvalid("page_size", "Choose A4 or US Letter.")
    return value


def _yes_or_no(laboratory: Laboratory, value: bool) -> bool:
    return bool(value)


_JUDGES: Mapping[str, Callable[[Laboratory, Any], Any]] = {
    "target_cells": _target,
    "asks_for_second_person": _yes_or_no,
    "unidentified_limit_percent": _limit,
    "always_reviewed": _codes,
    "second_read_percent": _rate("second_read_percent"),
    "second_read_rare_percent": _rate("second_read_rare_percent"),
    "tells_case_apart": _yes_or_no,
    "page_size": _page_size,
}
