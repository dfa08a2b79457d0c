"""What admins do with imaging profiles: create, change, choose the default, retire."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.models import AuditAction, Laboratory, User
from accounts.policy import Action, require
from accounts.services.audit import record_event
from mlmodels import policy
from mlmodels.errors import ProfileInvalid, ProfileNotFound
from mlmodels.models import ImagingProfile
from mlmodels.selectors.profiles import declarable_classes

# A pixel of a scanner at 100 times is about 0.05 µm wide, one of a phone at 10 times some 2 µm.
UM_PER_PX = (0.005, 10.0)
# Of one class alone there is nothing to tell apart.
FEWEST_CLASSES = 2


@dataclass(frozen=True)
class ProfileFields:
    """What is said of a profile.

    Args:
        um_per_px: width of a pixel in the film, µm; none where it is not known.
        classes: codes of the classes that occur in its pictures; none or empty where every class
            may. Cells of other classes are named as one of these or left to a person.
    """

    name: str
    microscope: str = ""
    camera: str = ""
    objective: str = ""
    stain: str = ""
    um_per_px: float | None = None
    classes: Sequence[str] | None = None


def create_profile(*, actor: User, fields: ProfileFields) -> ImagingProfile:
    """Add a profile to the actor's laboratory; its first one is the default.

    Raises:
        ProfileInvalid: with a message for each field that is not right.
    """
    require(actor, Action.MANAGE_PROFILES)
    values = _checked(fields, actor, None)
    try:
        with transaction.atomic():
            _lock_default(actor)
            others = policy.visible_profiles(actor).filter(is_retired=False)
            profile = ImagingProfile.objects.create(
                laboratory_id=actor.laboratory_id,
                created_by=actor,
                is_default=not others.exists(),
                **values,
            )
            _record(actor, profile, AuditAction.PROFILE_CREATED, _said(values))
    except IntegrityError as error:
        raise _name_taken() from error
    return profile


def change_profile(*, actor: User, profile_id: UUID, fields: ProfileFields) -> ImagingProfile:
    """Say something else of a profile; what was read with it stays as it is.

    Raises:
        ProfileNotFound: there is no such profile in the actor's laboratory.
        ProfileInvalid: with a message for each field that is not right.
    """
    require(actor, Action.MANAGE_PROFILES)
    try:
        with transaction.atomic():
            profile = _locked(actor, profile_id)
            values = _checked(fields, actor, profile)
            changes = {
                name: [getattr(profile, name), value]
                for name, value in values.items()
                if getattr(profile, name) != value
            }
            for name, value in values.items():
                setattr(profile, name, value)
            if changes:
                profile.save(update_fields=list(changes))
                _record(actor, profile, AuditAction.PROFILE_CHANGED, changes)
    except IntegrityError as error:
        raise _name_taken() from error
    return profile


def make_default(*, actor: User, profile_id: UUID) -> ImagingProfile:
    """Let uploads that name no profile take this one.

    Raises:
        ProfileNotFound: there is no such profile in the actor's laboratory.
        ProfileInvalid: it is retired.
    """
    require(actor, Action.MANAGE_PROFILES)
    with transaction.atomic():
        _lock_default(actor)
        profile = _locked(actor, profile_id)
        if profile.is_retired:
            raise ProfileInvalid("", "A retired profile cannot be the default. Use it again first.")
        if not profile.is_default:
            policy.visible_profiles(actor).filter(is_default=True).update(is_default=False)
            _set(actor, profile, is_default=True)
    return profile


def retire_profile(*, actor: User, profile_id: UUID) -> ImagingProfile:
    """Offer a profile no longer at upload; its images keep it.

    Raises:
        ProfileNotFound: there is no such profile in the actor's laboratory.
        ProfileInvalid: it is the default while there are others.
    """
    require(actor, Action.MANAGE_PROFILES)
    with transaction.atomic():
        _lock_default(actor)
        profile = _locked(actor, profile_id)
        others = policy.visible_profiles(actor).filter(is_retired=False).exclude(pk=profile.pk)
        if profile.is_default and others.exists():
            raise ProfileInvalid(
                "", "This is the default profile. Make another one the default, then retire it."
            )
        if not profile.is_retired:
            _set(actor, profile, is_default=False, is_retired=True)
    return profile


def use_again(*, actor: User, profile_id: UUID) -> ImagingProfile:
    """Offer a retired profile at upload again.

    Raises:
        ProfileNotFound: there is no such profile in the actor's laboratory.
    """
    require(actor, Action.MANAGE_PROFILES)
    with transaction.atomic():
        profile = _locked(actor, profile_id)
        if profile.is_retired:
            _set(actor, profile, is_retired=False)
    return profile


def _lock_default(actor: User) -> None:
    """Let one at a time decide which profile is the default: it is more than one row."""
    Laboratory.objects.select_for_update(no_key=True).get(pk=actor.laboratory_id)


def _locked(actor: User, profile_id: UUID) -> ImagingProfile:
    rows = policy.visible_profiles(actor).select_for_update()
    profile = rows.filter(pk=profile_id).first()
    if profile is None:
        raise ProfileNotFound()
    return profile


def _set(actor: User, profile: ImagingProfile, **values: bool) -> None:
    """Change flags of a locked row and write it down."""
    changes = {
        name: [getattr(profile, name), value]
        for name, value in values.items()
        if getattr(profile, name) != value
    }
    for name, value in values.items():
        setattr(profile, name, value)
    profile.save(update_fields=list(values))
    _record(actor, profile, AuditAction.PROFILE_CHANGED, changes)


def _record(
    actor: User, profile: ImagingProfile, action: AuditAction, changes: dict[str, Any]
) -> None:
    record_event(
        action=action, actor=actor, laboratory=actor.laboratory, obj=profile, changes=changes
    )


def _said(values: dict[str, Any]) -> dict[str, Any]:
    return {name: [None, value] for name, value in values.items() if value not in ("", None)}


def _name_taken() -> ProfileInvalid:
    return ProfileInvalid("name", "A profile of this name exists. Choose another name.")


def _checked(fields: ProfileFields, actor: User, profile: ImagingProfile | None) -> dict[str, Any]:
    """The fields as they are stored, or a sentence for the first that cannot be."""
    values = asdict(fields)
    for name, value in values.items():
        if not isinstance(value, str):
            continue
        values[name] = value = value.strip()
        longest = getattr(ImagingProfile._meta.get_field(name), "max_length", 0)
        if len(value) > longest:
            raise ProfileInvalid(name, f"Use at most {longest} characters.")
        if not value.isprintable():
            raise ProfileInvalid(name, "Use letters, digits and signs in one line.")
    if not values["name"]:
        raise ProfileInvalid("name", "Give the profile a name.")
    size, (least, most) = values["um_per_px"], UM_PER_PX
    if size is not None and not (math.isfinite(size) and least <= size <= most):
        raise ProfileInvalid("um_per_px", f"Give a number from {least:g} to {most:g} µm per px.")
    values["classes"] = _checked_classes(fields.classes or (), actor, profile)
    return values


def _checked_classes(
    declared: Sequence[str], actor: User, profile: ImagingProfile | None
) -> list[str] | None:
    """The codes in the order of labels; none where nothing is declared."""
    if not declared:
        return None
    known = [label.code for label in declarable_classes(actor, profile)]
    other = next((code for code in declared if code not in known), None)
    if other is not None:
        raise ProfileInvalid(
            "classes", f"The model in use names no class {other!r}. Choose classes of the list."
        )
    chosen = [code for code in known if code in declared]
    if len(chosen) < FEWEST_CLASSES:
        raise ProfileInvalid(
            "classes",
            f"Mark at least {FEWEST_CLASSES} classes, or none where every class may occur.",
        )
    return chosen
