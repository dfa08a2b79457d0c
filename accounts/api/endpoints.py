"""What all endpoints have in common."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from rest_framework.negotiation import BaseContentNegotiation, DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.errors import UnknownParameter


class ByAccept(DefaultContentNegotiation):
    """`?format=` chooses nothing: it is a query parameter like others, and not known."""

    def filter_renderers(self, renderers: Any, format: str) -> Any:
        """All of them."""
        return renderers


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
