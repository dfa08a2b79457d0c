"""The models of a laboratory: what is active, what waits, what was, and the ledger of it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from accounts.models import User
from accounts.policy import Action, allows
from mlmodels import policy
from mlmodels.models import GateCheck, ModelVersion, Promotion, Shadow
from mlmodels.selectors.versions.pages import RollBack, roll_backs
from mlmodels.selectors.versions.promotions import (
    ActiveScope,
    active_scopes,
    shadow_of,
    visible_ledger,
)

MOST_ROWS = 100


@dataclass(frozen=True)
class VersionRow:
    """A version in the list.

    Args:
        version: without its card.
        gate: its last check, in whatever scope.
        is_active: whether it classifies somewhere.
        is_shadow: whether it reads along now.
    """

    version: ModelVersion
    gate: GateCheck | None
    is_active: bool
    is_shadow: bool


@dataclass(frozen=True)
class ModelsPage:
    """All that the page of the models shows, but for what came of their work.

    Args:
        scopes: what is active, for all profiles first.
        candidates: of the laboratory, that are not active, the newest first.
        others: what is active, is shipped, was promoted before, or was rejected.
        ledger: the newest rows.
        roll_backs: of the scopes that were promoted for; for those who manage models.
        shadow: what reads along, for those who manage models.
        ledger_number: of the ledger's last row.
    """

    scopes: list[ActiveScope]
    candidates: list[VersionRow]
    others: list[VersionRow]
    ledger: list[Promotion]
    roll_backs: list[RollBack]
    shadow: Shadow | None
    ledger_number: int


def models_page(viewer: User) -> ModelsPage:
    """The models of the viewer's laboratory."""
    laboratory = viewer.laboratory
    may = allows(viewer, Action.MANAGE_MODELS)
    scopes = active_scopes(laboratory)
    shadow = shadow_of(laboratory) if may else None
    active = {scope.version.pk for scope in scopes if scope.version is not None}
    gates = _newest_gates(viewer)
    ledger = list(visible_ledger(viewer)[:MOST_ROWS])
    rows = [
        VersionRow(
            version=version,
            gate=gates.get(version.pk),
            is_active=version.pk in active,
            is_shadow=shadow is not None and shadow.version == version,
        )
        for version in policy.visible_versions(viewer).select_related("profile").defer("card")
    ]
    return ModelsPage(
        scopes=scopes,
        candidates=[row for row in rows if _waits(row)],
        others=[row for row in rows if not _waits(row)],
        ledger=ledger,
        roll_backs=roll_backs(laboratory, scopes) if may else [],
        shadow=shadow,
        ledger_number=ledger[0].number if ledger else 0,
    )


def _waits(row: VersionRow) -> bool:
    return row.version.status == ModelVersion.Status.CANDIDATE and not row.is_active


def _newest_gates(viewer: User) -> dict[UUID, GateCheck]:
    """The last check of each version."""
    found: dict[UUID, GateCheck] = {}
    for gate in policy.visible_gate_checks(viewer).defer("result").order_by("asked_at"):
        found[gate.version_id] = gate
    return found
