"""Tenants: made by the operator of the installation, described by their admins."""

from __future__ import annotations

from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.errors import LaboratoryRefused, UserChangeRefused
from accounts.models import AuditAction, Laboratory, Role, User
from accounts.policy import Action, require
from accounts.services.audit import record_event
from accounts.services.users import create_user


@transaction.atomic
def create_laboratory(
    *, name: str, admin_username: str, admin_password: str, time_zone: str = "UTC"
) -> tuple[Laboratory, User]:
    """Make a laboratory and its first admin, both or neither.

    Raises:
        UserChangeRefused: the name or the user name is taken, the password too weak, or the
            time zone unknown.
    """
    if time_zone not in available_timezones():
        raise UserChangeRefused("There is no such time zone. Name one like Europe/Berlin.")
    laboratory = Laboratory(name=name.strip(), time_zone=time_zone)
    try:
        laboratory.full_clean()
    except ValidationError as error:
        raise UserChangeRefused(" ".join(error.messages), fields=error.message_dict) from error
    laboratory.save(force_insert=True)
    record_event(
        action=AuditAction.LABORATORY_CREATED,
        actor=None,
        laboratory=laboratory,
        obj=laboratory,
        changes={"name": [None, laboratory.name]},
    )
    admin = create_user(
        actor=None,
        laboratory=laboratory,
        username=admin_username,
        password=admin_password,
        role=Role.ADMIN,
    )
    return laboratory, admin


def change_laboratory(*, actor: User, name: str, address: str, time_zone: str) -> Laboratory:
    """Say what the actor's laboratory is called, where it is, and where its days begin.

    Raises:
        LaboratoryRefused: a value cannot be taken; it names the field.
    """
    require(actor, Action.MANAGE_LABORATORY)
    values = {
        "name": " ".join(name.split()),
        "address": "\n".join(line.strip() for line in address.strip().splitlines()),
        "time_zone": time_zone,
    }
    with transaction.atomic():
        laboratory = Laboratory.objects.select_for_update(no_key=True).get(pk=actor.laboratory_id)
        changes = {
            field: [getattr(laboratory, field), value]
            for field, value in values.items()
            if getattr(laboratory, field) != value
        }
        for field, value in values.items():
            setattr(laboratory, field, value)
        _refuse_wrong(laboratory)
        if changes:
            laboratory.save(update_fields=list(changes))
            record_event(
                action=AuditAction.LABORATORY_CHANGED,
                actor=actor,
                laboratory=laboratory,
                obj=laboratory,
                changes=changes,
            )
    return laboratory


def _refuse_wrong(laboratory: Laboratory) -> None:
    if laboratory.time_zone not in available_timezones():
        raise LaboratoryRefused("time_zone", "Choose a time zone from the list.")
    if not laboratory.name.isprintable():
        raise LaboratoryRefused("name", "Use letters, digits and signs in one line.")
    if "\x00" in laboratory.address:
        raise LaboratoryRefused("address", "Use letters, digits and signs.")
    if Laboratory.objects.filter(name=laboratory.name).exclude(pk=laboratory.pk).exists():
        raise LaboratoryRefused("name", "This name is taken. Add the town, for instance.")
    try:
        laboratory.clean_fields(exclude=["logo"])
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise LaboratoryRefused(field, messages[0]) from error
