"""What each model version did lately: cells named, and how many of them by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Sum

from accounts.models import User
from mlmodels.selectors.versions.promotions import ActiveScope
from predictions.models import DailyCells

DAYS = 30


@dataclass(frozen=True)
class Use:
    """What came of a version's work.

    Args:
        cells: that it named.
        accepted: of these, without a person's look.
    """

    cells: int = 0
    accepted: int = 0

    @property
    def share(self) -> float | None:
        """Of the cells that it accepted; none without cells."""
        return self.accepted / self.cells if self.cells else None


@dataclass(frozen=True)
class ScopeInUse:
    """What is active for a profile, with what it did in uploads of the last `DAYS` days."""

    scope: ActiveScope
    use: Use


def scopes_in_use(viewer: User, scopes: list[ActiveScope]) -> list[ScopeInUse]:
    """Each scope with what its version did there.

    Args:
        scopes: as `active_scopes` gives them. Those that follow the one for all profiles are
            counted there.
    """
    counted = _counted(viewer)
    own = {scope.profile.pk for scope in scopes if scope.profile and scope.is_own}
    found = []
    for scope in scopes:
        if scope.profile is not None and not scope.is_own:
            continue
        profile = scope.profile.pk if scope.profile else None
        uses = [
            use
            for (version, of), use in counted.items()
            if scope.version is not None
            and version == scope.version.pk
            and (of == profile if profile else of not in own)
        ]
        found.append(
            ScopeInUse(scope, Use(sum(u.cells for u in uses), sum(u.accepted for u in uses)))
        )
    return found


def _counted(viewer: User) -> dict[tuple[UUID, UUID | None], Use]:
    """Cells of newest results by version and imaging profile."""
    first_day = viewer.laboratory.today - timedelta(days=DAYS)
    rows = (
        DailyCells.objects.filter(laboratory=viewer.laboratory, day__gte=first_day)
        .exclude(version="")
        .values_list("version", "profile")
        .annotate(named=Sum("cells"), accepted_alone=Sum("accepted"))
    )
    return {
        (UUID(version), UUID(profile) if profile else None): Use(named, accepted)
        for version, profile, named, accepted in rows
    }
