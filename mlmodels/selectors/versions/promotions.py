"""The ledger of what is active: its rows, and where a roll-back leads."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import Laboratory, User
from accounts.policy import Action, allows
from mlmodels.models import GateCheck, ImagingProfile, ModelVersion, Promotion, Shadow
from mlmodels.selectors.versions.active import decisive, newest_shipped, promotions_in_force


@dataclass(frozen=True)
class ActiveScope:
    """What classifies the images of one imaging profile, or of all that have no rule of their own.

    Args:
        profile: none stands for all profiles.
        version: the active one; none where none is registered.
        row: of the ledger, that decides; none where nothing was promoted.
        is_own: whether the row is this profile's own.
    """

    profile: ImagingProfile | None
    version: ModelVersion | None
    row: Promotion | None
    is_own: bool

    @property
    def is_overridden(self) -> bool:
        """Whether it was promoted against the gate: its reason is shown as long as it is active."""
        return self.row is not None and self.row.gate_passed is False


def ledger_of(laboratory: Laboratory) -> QuerySet[Promotion]:
    """The rows of a laboratory, the newest first."""
    rows = Promotion.objects.filter(laboratory=laboratory)
    return rows.select_related("version", "previous", "profile", "by", "gate").defer(
        "version__card", "previous__card", "gate__result"
    )


def visible_ledger(viewer: User) -> QuerySet[Promotion]:
    """The ledger of the viewer's laboratory, for those who read model cards."""
    if not allows(viewer, Action.SEE_MODELS):
        return Promotion.objects.none()
    return ledger_of(viewer.laboratory)


def newest_number(laboratory: Laboratory) -> int:
    """The number of the ledger's last row; 0 where it is empty."""
    row = Promotion.objects.filter(laboratory=laboratory).order_by("-number").first()
    return row.number if row is not None else 0


def active_scopes(laboratory: Laboratory) -> list[ActiveScope]:
    """What is active for all profiles first, then for each profile in use, by name."""
    profiles = ImagingProfile.objects.filter(laboratory=laboratory, is_retired=False)
    return _scopes(laboratory, [None, *profiles])


def scope_of(laboratory: Laboratory, profile: ImagingProfile | None) -> ActiveScope:
    """What is active for one profile, or for all."""
    return _scopes(laboratory, [profile])[0]


def _scopes(laboratory: Laboratory, profiles: list[ImagingProfile | None]) -> list[ActiveScope]:
    rows, shipped = promotions_in_force(laboratory), newest_shipped()
    found = []
    for profile in profiles:
        row = decisive(rows, profile)
        found.append(
            ActiveScope(
                profile=profile,
                version=row.version if row is not None and row.version is not None else shipped,
                row=row,
                is_own=row is not None and row.profile_id == (profile.pk if profile else None),
            )
        )
    return found


def standing_by_scope(laboratory: Laboratory) -> dict[UUID | None, list[ModelVersion]]:
    """By scope, the versions promoted for it that were not rolled back, the active one last.

    A promotion puts a version on the pile; a roll-back takes versions off it until the one that
    it names is on top, or none is left where it names what is shipped.

    Returns:
        A pile by the id of the scope's profile; none stands for all profiles.
    """
    piles: dict[UUID | None, list[ModelVersion]] = {}
    rows = Promotion.objects.filter(laboratory=laboratory).order_by("number")
    for row in rows.select_related("version").defer("version__card"):
        pile = piles.setdefault(row.profile_id, [])
        if row.gate_id is not None and row.version is not None:
            pile.append(row.version)
            continue
        while pile and pile[-1] != row.version:
            pile.pop()
    return piles


def standing_promotions(
    laboratory: Laboratory, profile: ImagingProfile | None
) -> list[ModelVersion]:
    """Of `standing_by_scope`, the pile of one scope."""
    return standing_by_scope(laboratory).get(profile.pk if profile else None, [])


def version_before(pile: list[ModelVersion]) -> ModelVersion | None:
    """Where a roll-back of `standing_promotions` leads; none stands for what is shipped."""
    usable = (version for version in reversed(pile[:-1]) if version.is_usable)
    return next(usable, None)


def shadow_of(laboratory: Laboratory) -> Shadow | None:
    """The version that reads along unseen now."""
    rows = Shadow.objects.filter(laboratory=laboratory, ended_at__isnull=True)
    return rows.select_related("version").first()


def newest_gates(laboratory: Laboratory, version: ModelVersion) -> dict[UUID | None, GateCheck]:
    """The last check of a version for each scope, whatever became of it, by the profile's id."""
    rows = GateCheck.objects.filter(laboratory=laboratory, version=version)
    found: dict[UUID | None, GateCheck] = {}
    for gate in rows.select_related("version", "against", "profile", "asked_by").defer(
        "version__card", "against__card"
    ):
        found.setdefault(gate.profile_id, gate)
    return found


def newest_gate(
    laboratory: Laboratory, version: ModelVersion, profile: ImagingProfile | None
) -> GateCheck | None:
    """The last check of a version for a scope, whatever became of it."""
    rows = GateCheck.objects.filter(laboratory=laboratory, version=version, profile=profile)
    return rows.select_related("against", "profile", "asked_by").first()
