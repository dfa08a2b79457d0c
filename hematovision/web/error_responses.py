"""The only place that turns a refusal into a page, a fragment of one, or JSON.

Every JSON answer has one shape: `{code, message, fields?}`, and where a program needs more, that.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    JsonResponse,
    UnreadablePostError,
)
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import redirect, render, resolve_url
from django.template.loader import render_to_string
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions as drf
from rest_framework.response import Response

from accounts.errors import AccessDenied, NotSignedIn, SignInLocked
from accounts.models import AuditAction
from accounts.policy import PUBLIC, needs
from accounts.services import audit
from accounts.views.sessions import stale_sign_in
from hematovision.errors import BrokenOff, DomainError, NotFound, Unreadable
from hematovision.origin import current_origin

logger = logging.getLogger(__name__)

_PAGES = {403: "403.html", 404: "404.html"}
_TITLES = {
    400: "That did not work",
    403: "Access denied",
    404: "Not found",
    405: "Not possible here",
    409: "Not possible now",
    413: "Too large",
    429: "Too many requests",
    503: "Not available now",
}
_TITLES_OF_CODES = {"csrf_failed": "The form is out of date"}
_NOTHING_HERE = "There is nothing at this address."
# What a request raises whose form cannot be read, or is too much at once.
UNREADABLE = (
    BadRequest, DomainError, MultiPartParserError, SuspiciousOperation, UnreadablePostError,
)  # fmt: skip


def is_api(request: HttpRequest) -> bool:
    """Whether the address belongs to programs; the Swagger page is for people."""
    path = request.path_info
    return path.startswith("/api/") and not path.startswith("/api/docs/")


def error_response(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The answer to a refusal, in the form that the asker reads."""
    if isinstance(error, AccessDenied):
        note_denial(request, error)
    if is_api(request) or _reads_json_only(request):
        return JsonResponse(error.body(), status=error.http_status, headers=headers_of(error))
    if isinstance(error, NotSignedIn):
        if not _asks_for_fragment(request):
            return to_sign_in(request)
        # A part of a page never becomes the sign-in page: the script asks, and the page stays.
        error = NotSignedIn("Your session has ended. Sign in to go on.")
    return _page_or_fragment(request, error)


def headers_of(error: DomainError) -> dict[str, str]:
    """What is told beside the body: the code, how to sign in, or how long to wait."""
    # A script reads it of a fragment, whose body is for people alone.
    headers = {"X-Error-Code": error.code}
    if error.http_status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="api"'
    if isinstance(error, SignInLocked):
        headers["Retry-After"] = str(error.wait_s)
    return headers


def note_denial(request: HttpRequest, error: AccessDenied) -> None:
    """Write the denial down, in a transaction of its own: the refused one was rolled back."""
    match = request.resolver_match
    audit.record_read(
        action=AuditAction.ACCESS_DENIED,
        actor=request.user,
        laboratory=request.user.laboratory,  # type: ignore[union-attr]
        changes={"method": request.method, "page": match.view_name if match else ""},
        reason=error.message,
    )


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Send a person to the sign-in page, and afterwards back to where they were."""
    wanted = request.get_full_path() if request.method in {"GET", "HEAD"} else ""
    query = {"next": wanted} if wanted else {}
    if getattr(request, "session_ended", False):
        query["ended"] = "1"
    return redirect(resolve_url(settings.LOGIN_URL) + (f"?{urlencode(query)}" if query else ""))


def method_refused(request: HttpRequest, allowed: Iterable[str]) -> HttpResponse:
    """405, with the methods that the address knows."""
    error = DomainError(
        f"This address does not take {request.method}.",
        code="method_not_allowed",
        http_status=405,
    )
    response = error_response(request, error)
    response["Allow"] = ", ".join(allowed)
    return response


def _reads_json_only(request: HttpRequest) -> bool:
    accepts = request.headers.get("Accept", "")
    return "application/json" in accepts and "text/html" not in accepts


def _asks_for_fragment(request: HttpRequest) -> bool:
    htmx: Any = getattr(request, "htmx", None)
    return bool(htmx) and not htmx.boosted


def _page_or_fragment(request: HttpRequest, error: DomainError) -> HttpResponse:
    title = _TITLES_OF_CODES.get(error.code) or _TITLES.get(error.http_status, _TITLES[400])
    context = {
        "title": title,
        "error": error,
        "message": error.message,
    }
    template = _PAGES.get(error.http_status, "error.html")
    if _asks_for_fragment(request):
        template = "components/problem.html"
    response = render(request, template, context, status=error.http_status)
    for name, value in headers_of(error).items():
        response[name] = value
    return response


# --- The API -----------------------------------------------------------------------------------


def api_error_response(exception: Exception, context: dict[str, Any]) -> Response:
    """Django REST framework's exception handler: every refusal and failure in one shape."""
    error = _as_domain_error(exception)
    if error is None:
        logger.error("An API call failed.", exc_info=exception)
        error = DomainError(_failure_sentence(), code="internal_error", http_status=500)
    if isinstance(error, AccessDenied):
        note_denial(context["request"]._request, error)
    headers = headers_of(error)
    if isinstance(exception, drf.Throttled):
        headers["Retry-After"] = str(_whole_seconds(exception))
    if isinstance(exception, drf.MethodNotAllowed):
        headers["Allow"] = ", ".join(context["view"].allowed_methods)
    return Response(error.body(), status=error.http_status, headers=headers)


def _as_domain_error(exception: Exception) -> DomainError | None:
    """What an exception means to the caller; none when it is a fault of ours."""
    if isinstance(exception, DomainError):
        return exception
    if isinstance(exception, drf.ValidationError):
        return _invalid(exception.detail)
    if isinstance(exception, drf.APIException):
        return _of_framework(exception)
    if isinstance(exception, Http404):
        return NotFound(_NOTHING_HERE)
    if isinstance(exception, PermissionDenied):
        return DomainError("This is not allowed.", code="access_denied", http_status=403)
    if isinstance(exception, RequestDataTooBig | TooManyFilesSent | TooManyFieldsSent):
        return DomainError(_too_large(exception), code="too_large", http_status=413)
    if isinstance(exception, UnreadablePostError):
        return BrokenOff()
    if isinstance(exception, BadRequest):
        return Unreadable("The text of the form is not UTF-8. Send it as UTF-8.")
    if isinstance(exception, MultiPartParserError | SuspiciousOperation):
        return Unreadable("The request cannot be read.")
    if isinstance(exception, RecursionError):
        return DomainError("The JSON is nested too deeply.", code="malformed")
    return None


def _too_large(exception: Exception) -> str:
    """Which limit was passed."""
    if isinstance(exception, TooManyFilesSent):
        return (
            f"The request holds more than {settings.DATA_UPLOAD_MAX_NUMBER_FILES} files. "
            f"Send at most {settings.MAX_FILES_PER_UPLOAD} at once."
        )
    if isinstance(exception, TooManyFieldsSent):
        return f"The request has more than {settings.DATA_UPLOAD_MAX_NUMBER_FIELDS} fields."
    megabytes = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024**2
    return f"The request has more than {megabytes} MB beside its files. Send less at once."


def _of_framework(exception: drf.APIException) -> DomainError:
    """Our sentence for the framework's exception; its own where it says more."""
    known: dict[type[drf.APIException], tuple[str, str]] = {
        drf.ParseError: ("malformed", "The body cannot be read as what its Content-Type says."),
        drf.NotAuthenticated: (
            "not_signed_in",
            "Sign in first: send a token in the Authorization header (Bearer …).",
        ),
        drf.NotFound: ("not_found", _NOTHING_HERE),
        drf.Throttled: (
            "too_many_requests",
            f"Too many requests. Try again in {_whole_seconds(exception)} s.",
        ),
        drf.NotAcceptable: ("not_acceptable", "This address answers in JSON only."),
    }
    code, message = known.get(type(exception), ("", ""))
    if isinstance(exception, drf.PermissionDenied) and str(exception).startswith("CSRF"):
        code, message = "csrf_failed", _CSRF_SENTENCE
    return DomainError(
        message or str(exception.detail),
        code=code or _code_of(exception),
        http_status=exception.status_code,
    )


def _whole_seconds(throttled: drf.APIException) -> int:
    """How long to wait, rounded up; at least one."""
    return int(getattr(throttled, "wait", None) or 0) + 1


def _code_of(exception: drf.APIException) -> str:
    codes = exception.get_codes()
    return codes if isinstance(codes, str) else exception.default_code


def _invalid(detail: Any) -> DomainError:
    fields: dict[str, list[str]] = {}
    _collect("", detail, fields)
    general = fields.pop("", []) + fields.pop("non_field_errors", [])
    named = [f"{name}: {messages[0]}" for name, messages in fields.items()]
    return DomainError(" ".join(general + named), code="invalid", fields=fields)


def _collect(prefix: str, detail: Any, fields: dict[str, list[str]]) -> None:
    """Flatten nested messages: `{"cells": [{"label": […]}]}` becomes `cells.0.label`."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            _collect(f"{prefix}.{name}".strip("."), inner, fields)
        return
    if not isinstance(detail, list):
        detail = [detail]
    for index, inner in enumerate(detail):
        if isinstance(inner, dict | list):
            _collect(f"{prefix}.{index}".strip("."), inner, fields)
        else:
            # A sentence may repeat what was sent, and half a character cannot be sent back.
            sentence = str(inner).encode(errors="replace").decode()
            fields.setdefault(prefix, []).append(sentence)


@csrf_exempt
@needs(PUBLIC)
def unknown_api_address(request: HttpRequest, rest: str) -> HttpResponse:
    """What stands at an address under /api/ that nothing else took."""
    missing_slash = "" if rest.endswith("/") else " Addresses end with a slash."
    return error_response(request, NotFound(_NOTHING_HERE + missing_slash))


# --- Django's own refusals ---------------------------------------------------------------------

_CSRF_SENTENCE = (
    "The form was open too long, you signed in again meanwhile, or the browser keeps no cookies. "
    "Load the page again and repeat."
)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler400`: what cannot be read, or is too much at once."""
    error = _as_domain_error(exception) or Unreadable("The request cannot be read.")
    return error_response(request, error)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler403`."""
    error = DomainError("This is not allowed.", code="access_denied", http_status=403)
    return error_response(request, error)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler404`."""
    return error_response(request, NotFound(_NOTHING_HERE))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its token: a sentence instead of a riddle."""
    if request.resolver_match and request.resolver_match.view_name == settings.LOGIN_URL:
        return stale_sign_in(request)
    error = DomainError(_CSRF_SENTENCE, code="csrf_failed", http_status=403)
    return error_response(request, error)


def server_error(request: HttpRequest) -> HttpResponse:
    """`handler500`: without the database and without the session, which may be what failed."""
    if is_api(request):
        body = {"code": "internal_error", "message": _failure_sentence()}
        return JsonResponse(body, status=500)
    return HttpResponse(render_to_string("500.html", {"message": _failure_sentence()}), status=500)


def _failure_sentence() -> str:
    return (
        "Something failed here. Try again; if it stays, give the operator this number, under which "
        f"it is in the log: {current_origin().request_id or '-'}."
    )
