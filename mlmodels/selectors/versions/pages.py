"""The page of one model version: where it stands, its checks, and what may be done with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q

from accounts.models import Laboratory, User
from accounts.policy import Action, allows
from mlmodels import policy
from mlmodels.errors import GateNotFound
from mlmodels.models import GateCheck, ImagingProfile, ModelVersion, Promotion, Shadow, TrainingRun
from mlmodels.selectors.labels import labels_for
from mlmodels.selectors.versions.active import active_version, version_for_viewer
from mlmodels.selectors.versions.cards import (
    MeasuredSet,
    VersionCard,
    card_of,
    measured_at_gate,
)
from mlmodels.selectors.versions.promotions import (
    ActiveScope,
    active_scopes,
    ledger_of,
    newest_gates,
    newest_number,
    shadow_of,
    standing_by_scope,
    version_before,
)


@dataclass(frozen=True)
class GateView:
    """A check as a page shows it.

    Args:
        gate: with its result.
        is_finished: whether nothing is at work on it.
        is_current: whether it was made against the version that is active now.
        can_promote: whether the viewer may promote by it now.
        ledger_number: of the ledger's last row, for who decides by this page.
    """

    gate: GateCheck
    is_finished: bool
    is_current: bool
    can_promote: bool
    ledger_number: int

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rules; those that do not hold first."""
        return sorted(self.gate.result.get("rows", []), key=lambda row: row["holds"])

    @property
    def failed_rows(self) -> int:
        """How many rules do not hold."""
        return sum(not row["holds"] for row in self.rows)

    @property
    def etag(self) -> str:
        """Changes whenever the part of the page would look different."""
        done = self.gate.result.get("progress", {}).get("done", "")
        return f'"{self.gate.pk}-{self.gate.status}-{done}-{self.ledger_number}"'


@dataclass(frozen=True)
class RollBack:
    """What a scope can go back to.

    Args:
        scope: what is active now.
        target: the version before; none stands for what is shipped.
    """

    scope: ActiveScope
    target: ModelVersion | None

    @property
    def leads_to_shipped(self) -> bool:
        """Whether the step before is what comes with the program."""
        return self.target is None


@dataclass(frozen=True)
class VersionPage:
    """All of a version that its page shows.

    Args:
        active_for: the scopes in which it classifies.
        gates: its last check in each scope, the newest first.
        measured_at_gate: what it answered at the last finished check.
        rows: of the ledger that name it.
        run: the training that made it.
        shadow: what reads along in the laboratory now, for those who manage models.
        is_shadow: whether that is this version.
        profiles: for which it can be checked; none among them stands for all.
        roll_backs: of the scopes in which it was promoted.
        can_manage, can_check, can_shadow, can_reject: what the viewer may do with it now.
        ledger_number: of the ledger's last row.
    """

    version: ModelVersion
    card: VersionCard
    active_for: list[ActiveScope]
    gates: list[GateView]
    measured_at_gate: tuple[MeasuredSet, ...]
    rows: list[Promotion]
    run: TrainingRun | None
    shadow: Shadow | None
    is_shadow: bool
    profiles: list[ImagingProfile | None]
    roll_backs: list[RollBack]
    can_manage: bool
    can_check: bool
    can_shadow: bool
    can_reject: bool
    ledger_number: int


def version_page(viewer: User, version_id: UUID) -> VersionPage:
    """The page of one version.

    Raises:
        ModelVersionNotFound: there is no such version, shipped or in the viewer's laboratory.
    """
    version = version_for_viewer(viewer, version_id)
    laboratory = viewer.laboratory
    may = allows(viewer, Action.MANAGE_MODELS)
    scopes = active_scopes(laboratory)
    active_for = [scope for scope in scopes if scope.version == version]
    shadow = shadow_of(laboratory) if may else None
    is_shadow = shadow is not None and shadow.version == version
    labels = labels_for(laboratory)
    number = newest_number(laboratory)
    gates = _gates_of(viewer, version, scopes, number)
    profiles = _profiles_for(version, scopes)
    finished = [each.gate for each in gates if each.gate.status == GateCheck.Status.DONE]
    return VersionPage(
        version=version,
        card=card_of(version, labels),
        active_for=active_for,
        gates=gates,
        measured_at_gate=measured_at_gate(finished[0] if finished else None, labels),
        rows=list(ledger_of(laboratory).filter(Q(version=version) | Q(previous=version))),
        run=getattr(version, "training_run", None) if allows(viewer, Action.TRAIN_MODELS) else None,
        shadow=shadow,
        is_shadow=is_shadow,
        profiles=profiles,
        roll_backs=roll_backs(laboratory, active_for) if may else [],
        can_manage=may,
        can_check=may and version.is_usable and bool(profiles),
        can_shadow=may and version.is_usable and shadow is None and version != scopes[0].version,
        can_reject=may
        and version.is_usable
        and not is_shadow
        and not active_for
        and version.laboratory_id is not None,
        ledger_number=number,
    )


def gate_view(viewer: User, gate_id: UUID) -> GateView:
    """One check.

    Raises:
        GateNotFound: there is none of this id in the viewer's laboratory.
    """
    rows = policy.visible_gate_checks(viewer).select_related(
        "version", "against", "profile", "asked_by"
    )
    gate = rows.filter(pk=gate_id).first()
    if gate is None:
        raise GateNotFound()
    active = active_version(viewer.laboratory, gate.profile)
    return _view_of(viewer, gate, active, newest_number(viewer.laboratory))


def roll_backs(laboratory: Laboratory, scopes: list[ActiveScope]) -> list[RollBack]:
    """Where the scopes that were promoted for can go back to."""
    found = []
    piles = standing_by_scope(laboratory) if any(scope.is_own for scope in scopes) else {}
    for scope in scopes:
        pile = piles.get(scope.profile.pk if scope.profile else None) if scope.is_own else None
        if pile:
            found.append(RollBack(scope, version_before(pile)))
    return found


def _gates_of(
    viewer: User, version: ModelVersion, scopes: list[ActiveScope], ledger_number: int
) -> list[GateView]:
    newest = newest_gates(viewer.laboratory, version)
    found = []
    for scope in scopes:
        gate = newest.get(scope.profile.pk if scope.profile else None)
        if gate is not None:
            found.append(_view_of(viewer, gate, scope.version, ledger_number))
    return sorted(found, key=lambda view: view.gate.asked_at, reverse=True)


def _view_of(
    viewer: User, gate: GateCheck, active: ModelVersion | None, ledger_number: int
) -> GateView:
    is_current = gate.against_id == (active.pk if active else None)
    usable = gate.version != active and gate.version.is_usable
    done = gate.status == GateCheck.Status.DONE
    return GateView(
        gate=gate,
        is_finished=gate.status in (GateCheck.Status.DONE, GateCheck.Status.FAILED),
        is_current=is_current,
        can_promote=done and is_current and usable and allows(viewer, Action.MANAGE_MODELS),
        ledger_number=ledger_number,
    )


def _profiles_for(version: ModelVersion, scopes: list[ActiveScope]) -> list[ImagingProfile | None]:
    """The scopes in which a version may be compared with another that is active there."""
    return [
        scope.profile
        for scope in scopes
        if scope.version != version and version.profile in (None, scope.profile)
    ]
