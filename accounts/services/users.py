"""People of a laboratory: made, changed, closed. Each change that takes rights away ends their
sessions and API tokens in the same transaction."""

from __future__ import annotations

import uuid

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.errors import UserChangeRefused, UserNotFound
from accounts.models import AuditAction, Laboratory, Role, User
from accounts.policy import Action, managers_of, require, visible_users
from accounts.services import sign_in_locks
from accounts.services.audit import current_origin, record_event
from accounts.services.tokens import end_families_of

LAST_ADMIN = "This is the laboratory's last active admin. Make somebody else admin first."
NAME_TAKEN = "This user name is taken. Choose another."


def create_user(
    *,
    actor: User | None,
    username: str,
    password: str,
    role: str,
    full_name: str = "",
    laboratory: Laboratory | None = None,
) -> User:
    """Add a person to the actor's laboratory.

    Args:
        actor: an admin, or nobody for the operator's commands, which name the `laboratory`.
        password: the first one; it has to pass the validators.

    Raises:
        UserChangeRefused: with a message for each field that is not right.
    """
    if actor is not None:
        require(actor, Action.MANAGE_USERS)
        laboratory = actor.laboratory
    if laboratory is None:
        raise ValueError("Expected an actor or a laboratory. Received: neither.")
    user = User(
        laboratory=laboratory,
        username=User.normalize_username(username.strip()),
        full_name=full_name.strip(),
        role=role,
    )
    _check(user, password)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            record_event(
                action=AuditAction.USER_CREATED,
                actor=actor,
                laboratory=laboratory,
                obj=user,
                changes={"username": [None, user.username], "role": [None, user.role]},
            )
    except IntegrityError as error:
        raise UserChangeRefused(NAME_TAKEN, fields={"username": [NAME_TAKEN]}) from error
    return user


@transaction.atomic
def change_role(*, actor: User, user_id: uuid.UUID, role: str) -> User:
    """Give a person another role; their sessions and tokens end.

    Raises:
        UserChangeRefused: it is the actor's own role, the last admin's, or no role at all.
    """
    user = _locked_for(actor, user_id)
    if role not in Role.values:
        raise UserChangeRefused("Choose one of the roles.", fields={"role": ["Choose a role."]})
    if user.pk == actor.pk:
        raise UserChangeRefused("You cannot change your own role. Ask another admin.")
    if user.role == role:
        return user
    _keep_an_admin(user)
    before, user.role = user.role, role
    user.session_epoch += 1
    user.save(update_fields=["role", "session_epoch"])
    end_families_of(user, because="role changed")
    _note(actor, AuditAction.USER_CHANGED, user, {"role": [before, role]})
    return user


@transaction.atomic
def deactivate(*, actor: User, user_id: uuid.UUID) -> User:
    """Close an account; its sessions and tokens end at once.

    Raises:
        UserChangeRefused: it is closed already, or it is the last active admin's.
    """
    user = _locked_for(actor, user_id)
    if not user.is_active:
        raise UserChangeRefused("This account is closed already.", http_status=409)
    _keep_an_admin(user)
    user.is_active = False
    user.session_epoch += 1
    user.save(update_fields=["is_active", "session_epoch"])
    end_families_of(user, because="deactivated")
    _note(actor, AuditAction.USER_DEACTIVATED, user, {"is_active": [True, False]})
    return user


@transaction.atomic
def activate(*, actor: User, user_id: uuid.UUID) -> User:
    """Open a closed account again; what was ended stays ended.

    Raises:
        UserChangeRefused: it is open already.
    """
    user = _locked_for(actor, user_id)
    if user.is_active:
        raise UserChangeRefused("This account is open already.", http_status=409)
    user.is_active = True
    user.save(update_fields=["is_active"])
    _note(actor, AuditAction.USER_ACTIVATED, user, {"is_active": [False, True]})
    return user


@transaction.atomic
def end_sessions(*, actor: User, user_id: uuid.UUID) -> User:
    """End every session and API token of a person; they may sign in again."""
    user = _locked_for(actor, user_id)
    user.session_epoch += 1
    user.save(update_fields=["session_epoch"])
    ended = end_families_of(user, because="sessions ended")
    _note(actor, AuditAction.SESSIONS_ENDED, user, {"token_families": ended})
    return user


def change_own_password(*, actor: User, current_password: str, new_password: str) -> User:
    """Give oneself a new password; all other sessions and all API tokens end.

    Raises:
        SignInLocked: the present password was wrong too often.
        UserChangeRefused: the present password is wrong, or the new one too weak.
    """
    require(actor, Action.USE_OWN_ACCOUNT)
    address = current_origin().ip_address
    sign_in_locks.charge(username=actor.username, address=address)
    if not actor.check_password(current_password):
        sentence = "This is not your present password."
        raise UserChangeRefused(sentence, fields={"current_password": [sentence]})
    sign_in_locks.forgive(username=actor.username, address=address)
    _check_password(new_password, actor, field="new_password")
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).get(pk=actor.pk)
        require(user, Action.USE_OWN_ACCOUNT)
        user.set_password(new_password)
        user.session_epoch += 1
        user.save(update_fields=["password", "session_epoch"])
        end_families_of(user, because="password changed")
        _note(user, AuditAction.PASSWORD_CHANGED, user, {})
    return user


def _locked_for(actor: User, user_id: uuid.UUID) -> User:
    """The user, locked together with the laboratory's managers, who decide what is allowed.

    The actor is read again under the lock: of two admins who demote each other at once, the
    second is no admin any more.
    """
    needed = managers_of(actor.laboratory_id) | User.objects.filter(pk__in=[user_id, actor.pk])
    # `no_key`: audit events of these people, who may be at work, still refer to them.
    rows = needed.select_for_update(of=("self",), no_key=True).order_by("pk")
    locked = {user.pk: user for user in rows.select_related("laboratory")}
    require(locked[actor.pk], Action.MANAGE_USERS)
    user = locked.get(user_id)
    if user is None or not visible_users(locked[actor.pk]).filter(pk=user_id).exists():
        raise UserNotFound()
    return user


def _keep_an_admin(user: User) -> None:
    managers = managers_of(user.laboratory_id)
    is_manager = managers.filter(pk=user.pk).exists()
    if is_manager and not managers.exclude(pk=user.pk).exists():
        raise UserChangeRefused(LAST_ADMIN, http_status=409)


def _note(actor: User, action: AuditAction, user: User, changes: dict) -> None:
    record_event(action=action, actor=actor, laboratory=user.laboratory, obj=user, changes=changes)


def _check(user: User, password: str) -> None:
    """Collect what is wrong with every field, so that a person corrects it in one go."""
    fields: dict[str, list[str]] = {}
    try:
        # A name in another case is looked for below, where the message finds its field.
        user.full_clean(exclude=["password", "laboratory"], validate_constraints=False)
    except ValidationError as error:
        fields.update(error.message_dict)
    if User.objects.filter(username__iexact=user.username).exists():
        fields["username"] = [NAME_TAKEN]
    try:
        validate_password(password, user)
    except ValidationError as error:
        fields["password"] = list(error.messages)
    if fields:
        sentences = [sentence for messages in fields.values() for sentence in messages]
        raise UserChangeRefused(" ".join(sentences), fields=fields)


def _check_password(password: str, user: User, *, field: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        messages = list(error.messages)
        raise UserChangeRefused(" ".join(messages), fields={field: messages}) from error
