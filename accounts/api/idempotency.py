"""The Idempotency-Key of an endpoint: a repeat does nothing again, and is answered alike."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.core.files.uploadedfile import UploadedFile
from django.utils.crypto import salted_hmac
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.serializers import ErrorBody
from accounts.services.repeated_requests import LONGEST_WAIT_S, Answer, answer_once

HEADER = "Idempotency-Key"
PARAMETER = OpenApiParameter(
    HEADER,
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="Best a random UUID. The same request with the same key, within a day, does its "
    "thing once and is answered alike.",
)
REUSED = {422: OpenApiResponse(ErrorBody, description="The key was used for something else.")}

Handler = TypeVar("Handler", bound=Callable[..., Response])


def answered_once(handler: Handler) -> Handler:
    """Let a handler of an endpoint obey the Idempotency-Key, where one is sent."""

    @wraps(handler)
    def answer(view: Any, request: Request, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER)
        if key is None:
            return handler(view, request, **kwargs)
        given = answer_once(
            # The policy let nobody else pass.
            actor=request.user,  # type: ignore[arg-type]
            key=key,
            fingerprint=_fingerprint(request),
            act=lambda: _plain(handler(view, request, **kwargs)),
            wait_s=LONGEST_WAIT_S,
        )
        return Response(given.body, status=given.status)

    return answer  # type: ignore[return-value]


def _plain(response: Response) -> Answer:
    """The answer as it is sent and kept."""
    return Answer(response.status_code, json.loads(JSONRenderer().render(response.data)))


def _fingerprint(request: Request) -> str:
    """Of method, address and body. Keyed, since a body may hold a password."""
    said: Any = request.data
    if hasattr(said, "lists"):  # a form
        said = {name: [_part(value) for value in values] for name, values in said.lists()}
    text = json.dumps([request.method, request.path, said], sort_keys=True)
    return salted_hmac("accounts.repeated_request", text, algorithm="sha256").hexdigest()


def _part(value: Any) -> Any:
    """A field of a form; of a file its name and the hash of its bytes."""
    if not isinstance(value, UploadedFile):
        return value
    digest = hashlib.sha256()
    for chunk in value.chunks():
        digest.update(chunk)
    value.seek(0)
    return [value.name, value.size, digest.hexdigest()]
