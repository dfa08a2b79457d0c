"""Who may do what: the one table, and the only place that compares roles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.db.models import QuerySet
from django.urls import URLPattern, URLResolver

from accounts.errors import AccessDenied, NotSignedIn
from accounts.models import AuditCheck, AuditEvent, Laboratory, Role, User


class Action(StrEnum):
    """Each row of the table, by the words that a person is told when it is denied."""

    USE_OWN_ACCOUNT = "see your own dashboard and account"
    UPLOAD_IMAGES = "create samples and upload images"
    SEE_RESULTS = "see samples, images and results"
    RERUN_IMAGES = "run an image again"
    DOWNLOAD_ORIGINALS = "download an original image"
    SEE_API_DOCS = "read the API's description"
    REVIEW_CELLS = "review cells"
    CORRECT_SAMPLES = "correct or cancel samples, and dismiss or move images"
    SEND_SAMPLES = "send samples to the doctor and take them back"
    RECORD_CONTACTS = "record who was told a critical value"
    SIGN_OUT = "sign, amend and retract reports"
    SEE_REPORTS = "read and download reports"
    SEE_PATIENTS = "see one patient's samples over time"
    SEE_QUALITY = "see quality figures and the readers' agreement"
    READ_AGAIN = "read cells a second time, and the control slide"
    EXPORT_RESEARCH = "export cells for research"
    SEE_INTERVALS = "read reference intervals"
    MANAGE_LABORATORY = "change the laboratory's labels, reference intervals and rules"
    SEE_MODELS = "read model cards"
    MANAGE_PROFILES = "manage imaging profiles"
    MANAGE_DATASETS = "manage datasets"
    TRAIN_MODELS = "train models"
    MANAGE_MODELS = "promote models and roll them back"
    MANAGE_USERS = "manage users"
    MANAGE_DELIVERY = "see and change what is sent to other systems"
    SEE_AUDIT = "read the audit trail"
    SEE_USAGE = "see the laboratory's usage"


PUBLIC = "public"

_ALL = frozenset(Role)
_TABLE: Mapping[Action, frozenset[Role]] = {
    Action.USE_OWN_ACCOUNT: _ALL,
    Action.UPLOAD_IMAGES: frozenset({Role.TECHNICIAN}),
    Action.SEE_RESULTS: _ALL,
    Action.RERUN_IMAGES: frozenset({Role.TECHNICIAN, Role.DOCTOR}),
    Action.DOWNLOAD_ORIGINALS: frozenset({Role.TECHNICIAN, Role.DOCTOR}),
    Action.SEE_API_DOCS: _ALL,
    Action.REVIEW_CELLS: frozenset({Role.TECHNICIAN, Role.DOCTOR}),
    Action.CORRECT_SAMPLES: frozenset({Role.TECHNICIAN, Role.DOCTOR}),
    Action.SEND_SAMPLES: frozenset({Role.TECHNICIAN, Role.DOCTOR}),
    Action.RECORD_CONTACTS: frozenset({Role.TECHNICIAN, Role.DOCTOR}),
    Action.SIGN_OUT: frozenset({Role.DOCTOR}),
    Action.SEE_REPORTS: frozenset({Role.TECHNICIAN, Role.DOCTOR}),
    Action.SEE_PATIENTS: frozenset({Role.DOCTOR}),
    Action.SEE_QUALITY: frozenset({Role.DOCTOR, Role.ADMIN}),
    Action.READ_AGAIN: frozenset({Role.TECHNICIAN, Role.DOCTOR}),
    Action.EXPORT_RESEARCH: frozenset({Role.DOCTOR, Role.ADMIN}),
    Action.SEE_INTERVALS: _ALL,
    Action.MANAGE_LABORATORY: frozenset({Role.ADMIN}),
    Action.SEE_MODELS: _ALL,
    Action.MANAGE_PROFILES: frozenset({Role.ADMIN}),
    Action.MANAGE_DATASETS: frozenset({Role.ADMIN}),
    Action.TRAIN_MODELS: frozenset({Role.ADMIN}),
    Action.MANAGE_MODELS: frozenset({Role.ADMIN}),
    Action.MANAGE_USERS: frozenset({Role.ADMIN}),
    Action.MANAGE_DELIVERY: frozenset({Role.ADMIN}),
    Action.SEE_AUDIT: frozenset({Role.ADMIN}),
    Action.SEE_USAGE: frozenset({Role.ADMIN}),
}


def allows(viewer: Any, action: Action) -> bool:
    """Whether this person, as they are now, may do `action`."""
    return bool(
        viewer.is_authenticated and viewer.is_active and Role(viewer.role) in _TABLE[action]
    )


def roles_for(action: Action) -> list[Role]:
    """The roles that may do `action`, in the order of the table's columns."""
    return [role for role in Role if role in _TABLE[action]]


def require(actor: Any, action: Action) -> None:
    """Let `actor` pass, or refuse with a sentence.

    Raises:
        NotSignedIn: nobody is signed in, or the account is closed.
        AccessDenied: the role may not.
    """
    if not (actor.is_authenticated and actor.is_active):
        raise NotSignedIn()
    if not allows(actor, action):
        allowed = " or ".join(role.label.lower() for role in roles_for(action))
        raise AccessDenied(
            f"As {Role(actor.role).label.lower()} you cannot {action.value}. "
            f"This needs the role {allowed}."
        )


@dataclass(frozen=True)
class TableRow:
    """One line of the table, for people to read.

    Args:
        action: the row's name.
        allowed: for each role, in the order of `Role`, whether it may.
    """

    action: Action
    allowed: tuple[bool, ...]


def table_rows() -> list[TableRow]:
    """The whole table, as the pages show it."""
    return [
        TableRow(action, tuple(role in roles for role in Role)) for action, roles in _TABLE.items()
    ]


def managers_of(laboratory_id: UUID) -> QuerySet[User]:
    """The active people who manage a laboratory's users; one of them has to remain."""
    return User.objects.filter(
        laboratory_id=laboratory_id, is_active=True, role__in=_TABLE[Action.MANAGE_USERS]
    )


def visible_users(viewer: User) -> QuerySet[User]:
    """The people of the viewer's own laboratory, for those who manage them."""
    if not allows(viewer, Action.MANAGE_USERS):
        return User.objects.none()
    return User.objects.filter(laboratory_id=viewer.laboratory_id)


def managed_laboratory(viewer: User) -> Laboratory:
    """The viewer's own laboratory as it is now, for those who manage it.

    Raises:
        NotSignedIn, AccessDenied: as `require`.
    """
    require(viewer, Action.MANAGE_LABORATORY)
    return Laboratory.objects.get(pk=viewer.laboratory_id)


def visible_changes(viewer: User) -> QuerySet[AuditEvent]:
    """What was done in the viewer's laboratory, for those who manage its settings."""
    if not allows(viewer, Action.MANAGE_LABORATORY):
        return AuditEvent.objects.none()
    return AuditEvent.objects.filter(laboratory_id=viewer.laboratory_id)


def visible_events(viewer: User) -> QuerySet[AuditEvent]:
    """The trail of the viewer's laboratory."""
    if not allows(viewer, Action.SEE_AUDIT):
        return AuditEvent.objects.none()
    return AuditEvent.objects.filter(laboratory_id=viewer.laboratory_id)


def visible_audit_checks(viewer: User) -> QuerySet[AuditCheck]:
    """The verifications of the trail of the viewer's laboratory."""
    if not allows(viewer, Action.SEE_AUDIT):
        return AuditCheck.objects.none()
    return AuditCheck.objects.filter(laboratory_id=viewer.laboratory_id)


# --- Each URL names its action ---------------------------------------------------------------

View = TypeVar("View", bound=Callable[..., Any])
Needed = Action | str | Mapping[str, Action] | Mapping[str, str]


def needs(needed: Needed) -> Callable[[View], View]:
    """Name the action of a view (function or class): an `Action`, `PUBLIC`, or one by method."""

    def mark(view: View) -> View:
        view.policy_action = needed  # type: ignore[attr-defined]
        return view

    return mark


def action_of(callback: Any, method: str) -> Action | str | None:
    """The action a view names for an HTTP method; none means the method is refused to all."""
    view = getattr(callback, "view_class", None) or getattr(callback, "cls", None) or callback
    needed = getattr(view, "policy_action", None)
    if isinstance(needed, Mapping):
        return needed.get("GET" if method in {"HEAD", "OPTIONS"} else method)
    return needed


def refuse_unnamed(patterns: Iterable[URLPattern | URLResolver], prefix: str = "") -> None:
    """Fail at start-up when a URL names no action.

    Raises:
        ImproperlyConfigured: with the URL's path.
    """
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            refuse_unnamed(pattern.url_patterns, path)
            continue
        view = getattr(pattern.callback, "view_class", None) or getattr(
            pattern.callback, "cls", pattern.callback
        )
        if getattr(view, "policy_action", None) is None:
            raise ImproperlyConfigured(f"/{path} names no action of accounts.policy.")
