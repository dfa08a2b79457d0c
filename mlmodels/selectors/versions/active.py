"""Which model version classifies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F, Max, Q, QuerySet

from accounts.models import Laboratory, User
from mlmodels import policy
from mlmodels.errors import ModelVersionNotFound
from mlmodels.models import ImagingProfile, ModelVersion, Promotion


def active_version(
    laboratory: Laboratory | None, profile: ImagingProfile | None = None
) -> ModelVersion | None:
    """The version that classifies for a laboratory now.

    The newest row of its ledger for the imaging profile decides, else the newest row for all
    profiles, else what is shipped; a row without a version means "as shipped".

    Args:
        laboratory: whose; none asks for the installation's own.
        profile: of the image; none asks for images without one.

    Returns:
        The version, or none where none is registered.
    """
    row = promotion_in_force(laboratory, profile) if laboratory is not None else None
    if row is not None and row.version is not None:
        return row.version
    return newest_shipped()


@dataclass(frozen=True)
class VersionInUse:
    """What classifies for a profile, and by which limits it decides.

    Args:
        version: without its card; none where none is registered.
        thresholds: on its card; empty where it has none.
    """

    version: ModelVersion | None
    thresholds: dict[str, float]


def active_versions(
    laboratory: Laboratory, profiles: Sequence[ImagingProfile]
) -> dict[ImagingProfile, VersionInUse]:
    """The version that classifies for each of several profiles, with two queries for all."""
    rows: dict[UUID | None, UUID | None] = dict(
        _newest_rows(laboratory).order_by("number").values_list("profile", "version")
    )
    is_shipped = Q(laboratory__isnull=True, status=ModelVersion.Status.SHIPPED)
    known = (
        ModelVersion.objects.filter(is_shipped | Q(pk__in=rows.values()))
        .annotate(thresholds=F("card__engine__thresholds"))
        .defer("card")
    )
    versions = {version.pk: version for version in known}
    shipped = _newest(v for v in versions.values() if v.status == ModelVersion.Status.SHIPPED)
    found = {}
    for profile in profiles:
        promoted = rows.get(profile.pk, rows.get(None))
        version = versions[promoted] if promoted is not None else shipped
        found[profile] = VersionInUse(version, getattr(version, "thresholds", None) or {})
    return found


def promotions_in_force(laboratory: Laboratory) -> dict[UUID | None, Promotion]:
    """The newest row of the ledger of each imaging profile, by its id; none stands for all."""
    rows = _newest_rows(laboratory).select_related("version", "by", "profile")
    return {row.profile_id: row for row in rows.defer("version__card")}


def _newest_rows(laboratory: Laboratory) -> QuerySet[Promotion]:
    """The newest row of each scope."""
    newest = (
        Promotion.objects.filter(laboratory=laboratory)
        .order_by()
        .values("profile")
        .annotate(newest=Max("number"))
        .values("newest")
    )
    return Promotion.objects.filter(laboratory=laboratory, number__in=newest)


def decisive(
    rows: dict[UUID | None, Promotion], profile: ImagingProfile | None
) -> Promotion | None:
    """Of `promotions_in_force` the row that decides for a profile.

    A profile's own goes before the one for all profiles, however old it is.
    """
    own = rows.get(profile.pk) if profile is not None else None
    return own or rows.get(None)


def promotion_in_force(laboratory: Laboratory, profile: ImagingProfile | None) -> Promotion | None:
    """The row of the ledger that decides for a profile; none where the laboratory has none."""
    rows = Promotion.objects.filter(
        Q(profile__isnull=True) | Q(profile=profile), laboratory=laboratory
    )
    # A profile's own row goes before one for all profiles, however old it is.
    return (
        rows.select_related("version", "by")
        .defer("version__card")
        .order_by(F("profile").asc(nulls_last=True), "-number")
        .first()
    )


def newest_shipped() -> ModelVersion | None:
    """The newest of the versions that come with the program."""
    shipped = ModelVersion.objects.filter(
        laboratory__isnull=True, status=ModelVersion.Status.SHIPPED
    ).defer("card")
    return _newest(shipped)


def _newest(versions: Iterable[ModelVersion]) -> ModelVersion | None:
    return max(versions, key=lambda row: (version_key(row.version), row.name), default=None)


def version_for_viewer(viewer: User, version_id: UUID) -> ModelVersion:
    """One version that the viewer may read the card of.

    Raises:
        ModelVersionNotFound: there is none of this id, shipped or in the viewer's laboratory.
    """
    rows = policy.visible_versions(viewer).select_related("profile", "training_run")
    version = rows.filter(pk=version_id).first()
    if version is None:
        raise ModelVersionNotFound()
    return version


def version_named(laboratory: Laboratory, words: str) -> ModelVersion:
    """The version that the operator names, e.g. "ours 1.2" or "1.2" where that is enough.

    Raises:
        ModelVersionNotFound: there is none, or more than one.
    """
    rows = list(policy.versions_of(laboratory))
    found = [row for row in rows if str(row) == words.strip()]
    found = found or [row for row in rows if row.version == words.strip()]
    if len(found) != 1:
        raise ModelVersionNotFound()
    return found[0]


def versions_in_use(at_most: int) -> list[ModelVersion]:
    """Versions that classify for some laboratory or profile, the shipped one first.

    Args:
        at_most: how many; of the others, those promoted last.
    """
    chosen: dict[tuple[object, object], Promotion] = {}
    for row in Promotion.objects.order_by("at", "number").select_related("version"):
        chosen[row.laboratory_id, row.profile_id] = row
    promoted = sorted(chosen.values(), key=lambda row: row.at, reverse=True)
    found = [newest_shipped(), *(row.version for row in promoted)]
    return list(dict.fromkeys(version for version in found if version is not None))[:at_most]


def version_key(version: str) -> tuple[tuple[int, int | str], ...]:
    """Orders version names as people do: 1.9.0 before 1.10.0rc1 before 1.10.0."""
    parts = re.findall(r"\d+|[a-z]+", version.lower())
    # A word comes before the end, and the end before a further number.
    return (*((2, int(part)) if part.isdigit() else (0, part) for part in parts), (1, ""))
