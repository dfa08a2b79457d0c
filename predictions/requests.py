"""What doorways share: searches, which stay out of addresses, refusals, and files in order."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from accounts.errors import AccessDenied, NotSignedIn
from hematovision.errors import DomainError, NotFound
from hematovision.sent_files import Misplaced, Sent
from predictions.services.imaging.intake import ReceivedFile, safe_name

# What was searched for stays in the session under a random word: the address carries the word.
_SEARCHES = "searches"
_SEARCHES_KEPT = 20


def search_of(request: HttpRequest, word: str) -> str:
    """What was searched for under a word; nothing where it is not kept any more."""
    kept: dict[str, str] = request.session.get(_SEARCHES, {})
    return kept.get(word, "")


def remember_search(request: HttpRequest, search: str) -> str:
    """Keep what is searched for in the session; the word for it that an address may carry."""
    kept: dict[str, str] = request.session.get(_SEARCHES, {})
    word = next((word for word, known in kept.items() if known == search), None)
    if word is None:
        word = secrets.token_urlsafe(6)
        newest = list(kept.items())[1 - _SEARCHES_KEPT :]
        request.session[_SEARCHES] = {**dict(newest), word: search}
    return word


def address_with(view: str, wanted: Mapping[str, str], **further: str) -> str:
    """The address of a list with its filters."""
    query = urlencode({**wanted, **further})
    return reverse(view) + (f"?{query}" if query else "")


def shown_here(error: DomainError) -> None:
    """Let only a refusal pass that belongs on the page it was asked from.

    Raises:
        DomainError: the same, where the person may not be here or looks for what is not there.
    """
    if isinstance(error, AccessDenied | NotFound | NotSignedIn):
        raise error


def outcomes_in_order(sent: Sent, received: Sequence[ReceivedFile]) -> list[ReceivedFile]:
    """What became of each part of an upload, also of those that no service was given.

    Args:
        received: what became of `sent.files`.
    """
    of_files = iter(received)
    return [
        ReceivedFile(
            name=safe_name(part.name),
            error=part.message,
            error_code=part.code,
            error_status=part.http_status,
        )
        if isinstance(part, Misplaced)
        else next(of_files)
        for part in sent.parts
    ]
