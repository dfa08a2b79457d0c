"""How much cells, images and imaging profiles resemble what the model was trained on."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from mlmodels.ml.inference.familiarity import FAMILIAR, familiarity_in_words
from mlmodels.models import ImagingProfile, ModelVersion
from mlmodels.selectors.profiles import profiles_for_upload
from mlmodels.selectors.versions.active import VersionInUse, active_versions
from predictions import policy
from predictions.models import Cell, SmearImage

RECENT_IMAGES = 50
_Limits = dict[str, float]
# A median of fewer cells says more of them than of the microscope.
FEWEST_CELLS = 10


@dataclass(frozen=True)
class Familiarity:
    """A median of percentiles, and its word.

    Args:
        word: "familiar", "unusual", "unfamiliar", or empty where nothing is known.
        percentile: 0 to 100; none where nothing is known.
        cells, images: how many it is the median of.
    """

    word: str = ""
    percentile: float | None = None
    cells: int = 0
    images: int = 0

    @property
    def asks_for_onboarding(self) -> bool:
        """Whether the microscope should be onboarded."""
        return self.word not in ("", FAMILIAR) and self.cells >= FEWEST_CELLS


UNKNOWN = Familiarity()


@dataclass(frozen=True)
class ProfileRow:
    """An imaging profile with what the active version makes of its recent uploads."""

    profile: ImagingProfile
    version: ModelVersion | None
    familiarity: Familiarity


def word_of(percentile: float, version: ModelVersion | None) -> str:
    """What a version calls a percentile; empty where its card has no limits."""
    return _word(percentile, _limits_on(version.card) if version else {})


def least_objectness(version: ModelVersion) -> float:
    """From which objectness on a find says something of the microscope, by the version's card."""
    return _least(_limits_on(version.card))


def _word(percentile: float, limits: _Limits) -> str:
    if not {"unusual_percentile", "unfamiliar_percentile"} <= set(limits):
        return ""
    return familiarity_in_words(
        percentile,
        unusual_percentile=limits["unusual_percentile"],
        unfamiliar_percentile=limits["unfamiliar_percentile"],
    )


def familiarity_of_cells(cells: Iterable[Cell], version: ModelVersion | None) -> Familiarity:
    """The median over the cells of one image, as the version that found them sees it."""
    limits = _limits_on(version.card) if version else {}
    least = _least(limits)
    known = [
        c.familiarity_percentile
        for c in cells
        if c.familiarity_percentile is not None and c.objectness >= least
    ]
    return _median(known, limits, 1)


def familiarity_of_profile(viewer: User, profile: ImagingProfile) -> Familiarity:
    """The median over the cells of a profile's last images that its active version read."""
    return profile_rows(viewer, [profile])[0].familiarity


def profile_rows(viewer: User, profiles: Sequence[ImagingProfile]) -> list[ProfileRow]:
    """Profiles with their active version and present familiarity, with three queries for all."""
    in_use = active_versions(viewer.laboratory, profiles)
    found = _percentiles_of_recent_cells(viewer, in_use)
    return [
        ProfileRow(
            profile,
            in_use[profile].version,
            _median(found[profile].values, in_use[profile].thresholds, len(found[profile].results)),
        )
        for profile in profiles
    ]


def upload_choices(viewer: User) -> list[ProfileRow]:
    """What an upload may choose from, the default first."""
    return profile_rows(viewer, profiles_for_upload(viewer))


@dataclass
class _Recent:
    """Percentiles of a profile's recent cells, and the results they are of."""

    values: list[float] = field(default_factory=list)
    results: set[UUID] = field(default_factory=set)


def _percentiles_of_recent_cells(
    viewer: User, in_use: dict[ImagingProfile, VersionInUse]
) -> dict[ImagingProfile, _Recent]:
    """Those of the last images of each profile that its active version read, in one query."""
    found = {profile: _Recent() for profile in in_use}
    newest = [_recent_results(viewer, profile) for profile in in_use]
    if not newest:
        return found
    cells = Cell.objects.filter(
        job__in=newest[0].union(*newest[1:], all=True) if newest[1:] else newest[0],
        familiarity_percentile__isnull=False,
    )
    profile_of = {profile.pk: profile for profile in in_use}
    for job, made_by, key, objectness, percentile in cells.values_list(
        "job",
        "job__model_version",
        "image__imaging_profile",
        "objectness",
        "familiarity_percentile",
    ):
        profile = profile_of[key]
        version, thresholds = in_use[profile].version, in_use[profile].thresholds
        # What has little objectness says nothing of the microscope.
        if version is None or made_by != version.pk or objectness < _least(thresholds):
            continue
        found[profile].results.add(job)
        found[profile].values.append(percentile or 0.0)
    return found


def _recent_results(viewer: User, profile: ImagingProfile) -> QuerySet[SmearImage, Any]:
    newest = policy.visible_images(viewer).filter(
        imaging_profile=profile, newest_result__isnull=False
    )
    newest = newest.order_by("-uploaded_at", "-id")
    # A slice cannot stand in a union on every database; what it selects can.
    sliced = newest.values("pk")[:RECENT_IMAGES]
    return SmearImage.objects.filter(pk__in=sliced).order_by().values("newest_result")


def _limits_on(card: dict[str, Any]) -> _Limits:
    """The thresholds on a version's card; empty where it has none."""
    found: _Limits = card.get("engine", {}).get("thresholds", {})
    return found


def _least(limits: _Limits) -> float:
    """The objectness from which on a find says something of the microscope."""
    return limits.get("cell_score", 0.0)


def _median(values: list[float], limits: _Limits, images: int) -> Familiarity:
    if not values:
        return UNKNOWN
    middle = statistics.median(values)
    return Familiarity(_word(middle, limits), middle, len(values), images)
