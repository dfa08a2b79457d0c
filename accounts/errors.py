"""What the accounts refuse, in sentences."""

from __future__ import annotations

from collections.abc import Collection

from hematovision.errors import DomainError, NotFound


class UnknownParameter(DomainError):
    """The address has query parameters that the endpoint does not know."""

    code = "unknown_parameter"

    def __init__(self, unknown: Collection[str], known: Collection[str]) -> None:
        told = f"It knows {', '.join(known)}." if known else "It knows none."
        sentence = f"This address does not know the query parameter {', '.join(unknown)}. {told}"
        super().__init__(sentence, fields={name: [sentence] for name in unknown})


class WrongMediaType(DomainError):
    """A body that is not of a kind which the address takes, or is not what it says it is."""

    code = "unsupported_media_type"
    http_status = 415


class AuditCheckNotFound(NotFound):
    """No such alert in this laboratory."""

    def __init__(self) -> None:
        super().__init__("There is no such alert in your laboratory, or it was dismissed before.")


class ReasonNeeded(DomainError):
    """Something is done only with a reason; the sentence stands beside its field."""

    code = "invalid"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, fields={"reason": [sentence]})


class AccessDenied(DomainError):
    """The role may not do this in its own laboratory."""

    code = "access_denied"
    http_status = 403


class NotSignedIn(DomainError):
    """Nobody is signed in, or the token is no longer good."""

    code = "not_signed_in"
    http_status = 401

    def __init__(self, message: str = "Sign in first.") -> None:
        super().__init__(message)


class AnotherPersonSignedIn(DomainError):
    """A page that somebody opened asks after somebody else signed in in the same browser."""

    code = "another_person"
    http_status = 409

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} has signed in in this browser meanwhile. Nothing was done.")


class SignInRefused(DomainError):
    """User name and password do not belong together, or the account is closed: one sentence."""

    code = "sign_in_refused"
    http_status = 401

    def __init__(self) -> None:
        super().__init__("User name or password is not right. Try again, or ask your admin.")


class ProofRefused(DomainError):
    """Somebody who is signed in did not prove again who they are."""

    code = "proof_refused"
    http_status = 403

    def __init__(self) -> None:
        sentence = "The password is not right. Enter the one that you sign in with."
        super().__init__(sentence, fields={"password": [sentence]})


class SignInLocked(DomainError):
    """Too many failures; carries how long to wait."""

    code = "sign_in_locked"
    http_status = 429

    def __init__(self, *, wait_s: int) -> None:
        self.wait_s = wait_s
        minutes = -(-wait_s // 60)
        wait = f"{wait_s} seconds" if wait_s < 60 else f"{minutes} min"
        super().__init__(f"Too many failed sign-ins. Try again in {wait}.")


class RepeatRefused(DomainError):
    """A request with an Idempotency-Key cannot be answered as the repeat of another one."""

    code = "idempotency_key"


class TokenRefused(DomainError):
    """A token is broken, expired, revoked or was used before."""

    code = "token_refused"
    http_status = 401

    def __init__(self, message: str = "This token is no longer good. Sign in again.") -> None:
        super().__init__(message)


class UserNotFound(NotFound):
    """No such user in this laboratory."""

    def __init__(self) -> None:
        super().__init__("There is no such user in your laboratory.")


class UserChangeRefused(DomainError):
    """A change of a user that would lock people out or is not complete."""

    code = "user_change_refused"


class LaboratoryNotFound(NotFound):
    """The operator named a laboratory that does not exist."""

    def __init__(self) -> None:
        super().__init__("There is no laboratory of this name. Check its spelling.")


class LaboratoryRefused(DomainError):
    """What is said of a laboratory cannot be taken; the sentence says why."""

    code = "laboratory_refused"

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence, fields={field: [sentence]})


class LogoNotFound(NotFound):
    """The laboratory has no logo."""

    def __init__(self) -> None:
        super().__init__("Your laboratory has no logo. Upload one on its settings page.")
