"""The family of expected errors: each carries a sentence for a person and a code for a program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class DomainError(Exception):
    """Something that is refused for a reason a person can read.

    Args:
        message: what happened and what to do, without identifiers of others or patient data.
        code: a stable word for programs.
        http_status: the status of the answer.
        fields: messages by field of the input, where they belong to one.
        details: what a program is told beside that, by name, e.g. the id of what stands in the way.
    """

    code = "refused"
    http_status = 400

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        http_status: int | None = None,
        fields: Mapping[str, list[str]] | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.http_status = http_status or self.http_status
        self.fields = dict(fields or {})
        self.details = dict(details or {})

    def body(self) -> dict[str, Any]:
        """What a program reads of it: `{code, message, fields?}` and what else it is told."""
        fields = {"fields": self.fields} if self.fields else {}
        return {**self.details, "code": self.code, "message": self.message, **fields}


class NotFound(DomainError):
    """What does not exist, and what belongs to another laboratory: one answer for both."""

    code = "not_found"
    http_status = 404


class Unreadable(DomainError):
    """What was sent cannot be read as what it says it is."""

    code = "malformed"


class BrokenOff(Unreadable):
    """The body of a request ends before its end."""

    def __init__(self) -> None:
        super().__init__(
            "The request broke off before its end, so nothing of it was taken. Send it again."
        )
