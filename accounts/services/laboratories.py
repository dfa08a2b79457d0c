"""A new tenant, made by the operator of the installation."""

from __future__ import annotations

from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.errors import UserChangeRefused
from accounts.models import AuditAction, Laboratory, Role, User
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
