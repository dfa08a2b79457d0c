"""How much cells, images and imaging profiles resemble what the model was trained on."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from accounts.models import User
from mlmodels.ml.inference.familiarity import FAMILIAR, familiarity_in_words
from mlmodels.models import ImagingProfile, ModelVersion
from mlmodels.selectors.profiles import profiles_for_upload
from mlmodels.selectors.versions.active import active_version
from predictions.models import Cell
from predictions.selectors.imaging.history import images_with_state

RECENT_IMAGES = 50
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
    limits = _limits(version)
    if not {"unusual_percentile", "unfamiliar_percentile"} <= set(limits):
        return ""
    return familiarity_in_words(
        percentile,
        unusual_percentile=limits["unusual_percentile"],
        unfamiliar_percentile=limits["unfamiliar_percentile"],
    )


def familiarity_of_cells(cells: Iterable[Cell], version: ModelVersion | None) -> Familiarity:
    """The median over the cells of one image, as the version that found them sees it."""
    least = _least_objectness(version)
    known = [
        c.familiarity_percentile
        for c in cells
        if c.familiarity_percentile is not None and c.cell_score >= least
    ]
    return _median(known, version, images=1)


def familiarity_of_profile(
    viewer: User, profile: ImagingProfile, version: ModelVersion | None
) -> Familiarity:
    """The median over the cells of a profile's last images that this version read."""
    if version is None:
        return UNKNOWN
    images = images_with_state(viewer).filter(imaging_profile=profile, result_id__isnull=False)
    results = [image.result_id for image in images[:RECENT_IMAGES]]
    cells = Cell.objects.filter(
        job__in=results,
        job__model_version=version,
        familiarity_percentile__isnull=False,
        cell_score__gte=_least_objectness(version),
    )
    rows = cells.values_list("job", "familiarity_percentile")
    values = [value for _, value in rows if value is not None]
    return _median(values, version, images=len({job for job, _ in rows}))


def _limits(version: ModelVersion | None) -> dict[str, float]:
    """The thresholds on a version's card; empty where it has none."""
    found: dict[str, float] = (
        (version.card if version else {}).get("engine", {}).get("thresholds", {})
    )
    return found


def _least_objectness(version: ModelVersion | None) -> float:
    """The objectness below which a find says nothing of the microscope: it may be no cell."""
    return _limits(version).get("cell_score", 0.0)


def profile_rows(viewer: User, profiles: Sequence[ImagingProfile]) -> list[ProfileRow]:
    """Profiles with their active version and present familiarity."""
    rows = []
    for profile in profiles:
        version = active_version(viewer.laboratory, profile)
        rows.append(ProfileRow(profile, version, familiarity_of_profile(viewer, profile, version)))
    return rows


def upload_choices(viewer: User) -> list[ProfileRow]:
    """What an upload may choose from, the default first."""
    return profile_rows(viewer, profiles_for_upload(viewer))


def _median(values: list[float], version: ModelVersion | None, *, images: int) -> Familiarity:
    if not values:
        return UNKNOWN
    middle = statistics.median(values)
    return Familiarity(word_of(middle, version), middle, len(values), images)
