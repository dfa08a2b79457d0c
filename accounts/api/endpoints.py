"""What all endpoints have in common."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from rest_framework.negotiation import BaseContentNegotiation, DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.errors import UnknownParameter, WrongMediaType

_KINDS = {
    "application/json": "JSON",
    "application/x-www-form-urlencoded": "a form",
    "multipart/form-data": "multipart form data",
}


class ByAccept(DefaultContentNegotiation):
    """`?format=` chooses nothing: it is a query parameter like others, and not known."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """The one for what is sent.

        Raises:
            WrongMediaType: the address does not take it; the sentence says what it takes.
        """
        parser = super().select_parser(request, parsers)
        if parser is None:
            *others, last = [_kind(parser.media_type) for parser in parsers]
            taken = f"{', '.join(others)} or {last}" if others else last
            sent = request.content_type.partition(";")[0].strip().lower()
            got = f"this is {_kind(sent)}" if sent else "the request names no Content-Type"
            raise WrongMediaType(f"Send {taken}; {got}.")
        return parser

    def filter_renderers(self, renderers: Any, format: str) -> Any:
        """All of them."""
        return renderers


def _kind(media_type: str) -> str:
    """A kind of body in words, with the word that a Content-Type has for it."""
    words = _KINDS.get(media_type)
    told = "".join(filter(str.isprintable, media_type))[:60]
    return f"{words} ({told})" if words else told


class Endpoint(APIView):
    """An address of the API. A query parameter that it does not name is refused by name.

    So a filter with a slip of the pen never answers with everything.
    """

    content_negotiation_class: type[BaseContentNegotiation] = ByAccept
    # By method.
    query_parameters: Mapping[str, Collection[str]] = {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """After the framework's own checks: who may not come in learns nothing of parameters."""
        super().initial(request, *args, **kwargs)
        known = self.query_parameters.get(request.method or "", ())
        unknown = [name for name in request.query_params if name not in known]
        if unknown:
            raise UnknownParameter(unknown, known)
