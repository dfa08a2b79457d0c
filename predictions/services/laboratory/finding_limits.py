"""What admins do with the limits of findings: each change a new set."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from django.db import transaction

from accounts.models import AuditAction, Laboratory, User
from accounts.policy import Action, require
from accounts.services.audit import record_event
from predictions.errors import LimitInvalid
from predictions.findings import shipped
from predictions.models import FindingLimits
from predictions.selectors.laboratory.finding_limits import limits_of

OWN = "Set by the laboratory"
LONGEST_REASON = 500
_LARGEST = Decimal(1000)


def change_limits(
    *, actor: User, values: Mapping[str, Decimal], seen_number: int, reason: str
) -> FindingLimits:
    """Let findings go by these limits from now on; what is not named stays as it is.

    Args:
        values: by code, in the unit of the limit.
        seen_number: number of the set that the actor saw.

    Raises:
        LimitInvalid: a value cannot be so, nothing is changed, there is no reason, or somebody
            else saved another set in between.
    """
    require(actor, Action.MANAGE_LABORATORY)
    reason = " ".join(reason.split())
    if not reason or len(reason) > LONGEST_REASON:
        raise LimitInvalid("reason", "Say in up to 500 letters why they are changed.")
    as_shipped = {row["code"]: row for row in shipped()["limits"]}
    for code, value in values.items():
        if code not in as_shipped:
            raise LimitInvalid(code, "There is no such limit.")
        if not 0 < value < _LARGEST:
            raise LimitInvalid(code, "Give a number above 0 and below 1000.")
    with transaction.atomic():
        # Of two admins the second one is told of the first.
        Laboratory.objects.select_for_update(no_key=True).get(pk=actor.laboratory_id)
        held = limits_of(actor.laboratory_id)
        if held.number != seen_number:
            raise LimitInvalid(
                "reason", "Somebody else changed the limits meanwhile. Load the page again."
            )
        present = {code: limit.value for code, limit in held.limits.items()}
        changed = {c: [str(present[c]), str(v)] for c, v in values.items() if v != present[c]}
        if not changed:
            raise LimitInvalid("reason", "Nothing is changed, so nothing was saved.")
        now = {**present, **values}
        saved = FindingLimits.objects.create(
            laboratory=actor.laboratory,
            number=held.number + 1,
            limits=[
                {"code": code, "value": str(now[code]), "source": _source(now[code], row)}
                for code, row in as_shipped.items()
            ],
            by=actor,
            reason=reason,
        )
        record_event(
            action=AuditAction.LABORATORY_CHANGED,
            actor=actor,
            laboratory=actor.laboratory,
            obj=actor.laboratory,
            changes={"finding_limits": [held.number, saved.number], **changed},
            reason=reason,
        )
    return saved


def _source(value: Decimal, row: Mapping[str, str]) -> str:
    """Of a value that the laboratory chose nobody else is the source."""
    return row["source"] if value == Decimal(row["value"]) else OWN
