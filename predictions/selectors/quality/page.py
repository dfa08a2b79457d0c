"""The figures of quality as the page and the API tell them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from accounts.models import User
from accounts.policy import Action, require
from mlmodels.errors import ModelVersionNotFound, ProfileNotFound
from mlmodels.selectors.labels import labels_for
from mlmodels.selectors.profiles import profiles_of
from mlmodels.selectors.versions.active import version_for_viewer
from predictions.selectors.quality.agreement import (
    AgreementFigures,
    Known,
    agreement_figures,
    counted_rows,
    versions_of,
)
from predictions.selectors.quality.readers import ReaderFigures, reader_figures
from predictions.selectors.quality.reviews import MOST_REVIEWS
from predictions.selectors.quality.spans import NO_PROFILE, QualityFilter, Span
from predictions.selectors.quality.times import CaseTimes, LookTimes, case_times, look_times


@dataclass(frozen=True)
class QualityFigures:
    """All of it.

    Args:
        asked: what the figures are of.
        version_choices, profile_choices: by value and words.
    """

    asked: QualityFilter
    agreement: AgreementFigures
    looks: LookTimes
    cases: CaseTimes
    readers: ReaderFigures
    version_choices: list[tuple[str, str]]
    profile_choices: list[tuple[str, str]]

    @property
    def most_reviews(self) -> int:
        """How many reviews times and people against each other are of at most, the newest ones."""
        return MOST_REVIEWS


def quality_figures(
    viewer: User, span: Span, *, version: str = "", profile: str = ""
) -> QualityFigures:
    """The figures of a span of the viewer's laboratory.

    Args:
        version: id of a model version; empty for all.
        profile: id of an imaging profile, "none" for images without one; empty for all.

    Raises:
        ModelVersionNotFound, ProfileNotFound: the viewer's laboratory knows none of this id.
    """
    require(viewer, Action.SEE_QUALITY)
    rows = counted_rows(viewer, span)
    versions = versions_of(rows)
    if version and version not in versions:
        found = version_for_viewer(viewer, _id(version))
        version = str(found.pk)
        versions[version] = found
    profiles = {str(row.pk): row for row in profiles_of(viewer)}
    if profile not in ("", NO_PROFILE, *profiles):
        raise ProfileNotFound()
    asked = QualityFilter(span, version, profile)
    known = Known(labels_for(viewer.laboratory), versions, profiles)
    named = [(key, row.name) for key, row in profiles.items()]
    return QualityFigures(
        asked=asked,
        agreement=agreement_figures(viewer, asked, rows, known),
        looks=look_times(viewer, asked, known),
        cases=case_times(viewer, span),
        readers=reader_figures(viewer, asked),
        version_choices=[(key, str(row)) for key, row in versions.items()],
        profile_choices=[*named, (NO_PROFILE, "No profile")] if named else [],
    )


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise ModelVersionNotFound() from error
