"""Whoever signs proves again who they are, and guesses count as failed sign-ins do."""

from __future__ import annotations

from accounts.errors import ProofRefused
from accounts.models import AuditAction, User
from accounts.services import sign_in_locks
from accounts.services.audit import current_origin, record_event

PASSWORD = "password"  # noqa: S105  the way, not the word


def prove_again(*, actor: User, password: str) -> str:
    """Let only the person pass to whom the session belongs; the way in which they proved it.

    Call it outside a transaction: the hash takes a while, and a failure has to stay counted.

    Raises:
        SignInLocked: too many failures of this account or from this address.
        ProofRefused: the password is not theirs.
    """
    address = current_origin().ip_address
    sign_in_locks.charge(username=actor.username, address=address)
    if not actor.check_password(password):
        record_event(
            action=AuditAction.SIGN_IN_FAILED,
            actor=actor,
            laboratory=actor.laboratory,
            obj=actor,
            reason="While signing.",
        )
        raise ProofRefused()
    sign_in_locks.forgive(username=actor.username, address=address)
    return PASSWORD
