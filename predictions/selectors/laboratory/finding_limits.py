"""The limits of findings that a laboratory goes by, and how they came to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import F, Q, QuerySet

from accounts.models import AuditAction, User
from accounts.policy import Action, require
from accounts.selectors.audit import Change, changes_of
from predictions.findings import Limit, shipped, shipped_limits
from predictions.models import FindingLimits

UNIT_WORDS = {"10*9/L": "× 10⁹/L", "%": "%", "d": "days of life"}
# As the trail names them, by the code of the limit.
FIELD_WORDS = {row["code"]: row["name"] for row in shipped()["limits"]}


@dataclass(frozen=True)
class LimitSet:
    """The limits of one set, by code.

    Args:
        number: of the set.
        is_own: the laboratory's; else the shipped one.
    """

    number: int
    is_own: bool
    limits: Mapping[str, Limit]


@dataclass(frozen=True)
class LimitRow:
    """A limit as people read it.

    Args:
        name: what lies beyond it.
        shipped: the value that comes with the program.
    """

    code: str
    name: str
    unit: str
    value: Decimal
    source: str
    shipped: Decimal

    @property
    def is_own(self) -> bool:
        """Whether the laboratory gave it another value."""
        return self.value != self.shipped


@dataclass(frozen=True)
class LimitsPage:
    """All limits of a laboratory.

    Args:
        number: of the set that counts.
        is_own: whether the laboratory has a set of its own.
        changes: the newest first; for those who manage the laboratory.
    """

    number: int
    is_own: bool
    rows: tuple[LimitRow, ...]
    changes: tuple[Change, ...]


def limits_of(laboratory_id: UUID) -> LimitSet:
    """The laboratory's newest set; the shipped one where it never changed it."""
    row = newest_limits(laboratory_id).first()
    limits = limits_in(row.limits if row else None)
    return LimitSet(row.number if row else 0, bool(row and row.laboratory_id), limits)


def newest_limits(laboratory_id: UUID) -> QuerySet[FindingLimits]:
    """The sets that the laboratory may go by, the one that counts first."""
    rows = FindingLimits.objects.filter(Q(laboratory_id=laboratory_id) | Q(laboratory__isnull=True))
    return rows.order_by(F("laboratory_id").desc(nulls_last=True), "-number")


def limits_in(stored: Sequence[Mapping[str, str]] | None) -> dict[str, Limit]:
    """What a set holds; what it does not name, for it is older than that, is as shipped."""
    own = {
        row["code"]: Limit(row["code"], Decimal(row["value"]), row["source"])
        for row in stored or ()
    }
    return {**shipped_limits(), **own}


def limits_page(viewer: User) -> LimitsPage:
    """The limits of the viewer's laboratory, with what admins changed."""
    require(viewer, Action.SEE_INTERVALS)
    held = limits_of(viewer.laboratory_id)
    changes = changes_of(
        viewer, action=AuditAction.LABORATORY_CHANGED, of=viewer.laboratory, words=FIELD_WORDS
    )
    return LimitsPage(
        number=held.number,
        is_own=held.is_own,
        rows=tuple(
            LimitRow(
                code=row["code"],
                name=row["name"],
                unit=UNIT_WORDS[row["unit"]],
                value=held.limits[row["code"]].value,
                source=held.limits[row["code"]].source,
                shipped=Decimal(row["value"]),
            )
            for row in shipped()["limits"]
        ),
        changes=tuple(changes),
    )
