"""The rows of the accounts app."""

from accounts.models.audit_check import AuditCheck
from accounts.models.audit_event import AuditAction, AuditChain, AuditEvent
from accounts.models.laboratory import Laboratory
from accounts.models.repeated_request import RepeatedRequest
from accounts.models.sign_in_lock import SignInLock
from accounts.models.token_family import TokenFamily
from accounts.models.user import Role, User

__all__ = [
    "AuditAction",
    "AuditChain",
    "AuditCheck",
    "AuditEvent",
    "Laboratory",
    "RepeatedRequest",
    "Role",
    "SignInLock",
    "TokenFamily",
    "User",
]
