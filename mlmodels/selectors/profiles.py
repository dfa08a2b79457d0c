"""Imaging profiles: how the pictures of a laboratory look."""

from __future__ import annotations

from uuid import UUID

from accounts.models import User
from mlmodels import policy
from mlmodels.errors import ProfileNotFound, ProfileUnusable
from mlmodels.ml.classes import CLASSES
from mlmodels.models import ImagingProfile, Label
from mlmodels.selectors.labels import labels_for
from mlmodels.selectors.versions.active import active_version


def profiles_of(viewer: User) -> list[ImagingProfile]:
    """Every profile of the viewer's laboratory: those in use by name, then the retired ones."""
    return list(policy.visible_profiles(viewer).order_by("is_retired", "name"))


def profiles_for_upload(viewer: User) -> list[ImagingProfile]:
    """The profiles that an upload may name, the default first."""
    in_use = policy.visible_profiles(viewer).filter(is_retired=False)
    return list(in_use.order_by("-is_default", "name"))


def profile_for_viewer(viewer: User, profile_id: UUID) -> ImagingProfile:
    """One profile.

    Raises:
        ProfileNotFound: there is no such profile in the viewer's laboratory.
    """
    profile = policy.visible_profiles(viewer).filter(pk=profile_id).first()
    if profile is None:
        raise ProfileNotFound()
    return profile


def declarable_classes(viewer: User, profile: ImagingProfile | None) -> list[Label]:
    """The classes that may be said to occur in a profile, in the order of labels.

    Args:
        profile: what it declares already is among them; none for one that is to be made.

    Returns:
        Those that the version which classifies for the profile names.
    """
    version = active_version(viewer.laboratory, profile)
    named = {*(version.classes if version else CLASSES), *((profile and profile.classes) or ())}
    return [label for label in labels_for(viewer.laboratory).values() if label.code in named]


def classes_of(profile: ImagingProfile | None) -> tuple[str, ...] | None:
    """The classes that a profile declares to occur; none where every class may, or it is none."""
    if profile is None or profile.classes is None:
        return None
    return tuple(profile.classes)


def profile_of_upload(viewer: User, chosen: str) -> ImagingProfile | None:
    """The profile that an upload names, or the laboratory's default where it names none.

    Args:
        chosen: the profile's id as it was sent; empty for none.

    Raises:
        ProfileUnusable: there is no such profile in the laboratory, or it is retired.
    """
    profiles = policy.visible_profiles(viewer)
    if not chosen.strip():
        return profiles.filter(is_default=True).first()
    try:
        profile = profiles.filter(pk=UUID(chosen.strip())).first()
    except ValueError:
        profile = None
    if profile is None:
        raise ProfileUnusable(
            "There is no such imaging profile in your laboratory. Choose one of the list."
        )
    if profile.is_retired:
        raise ProfileUnusable(
            f"The imaging profile {profile.name} is retired. Choose one that is in use."
        )
    return profile
