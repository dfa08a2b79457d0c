"""What happens around every request: its id, its session, its policy, its refusals, caches."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils import timezone

from accounts.errors import AnotherPersonSignedIn
from accounts.policy import PUBLIC, action_of, require
from hematovision.errors import DomainError
from hematovision.origin import Origin, client_address, set_origin
from hematovision.web import error_responses
from hematovision.web.bodies import refused_header

GetResponse = Callable[[HttpRequest], HttpResponseBase]
STARTED_AT, SEEN_AT = "started_at", "seen_at"
# A page asked for within this time of the last one does not write the session again.
_SEEN_EVERY_S = 60


class RequestIdMiddleware:
    """Names each request, in the answer's X-Request-ID, the log and the audit trail."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        origin = Origin(
            ip_address=client_address(request.META, trusted_proxies=settings.TRUSTED_PROXIES),
            user_agent="".join(filter(str.isprintable, request.headers.get("User-Agent", "")))[
                :200
            ],
            request_id=uuid.uuid4().hex,
        )
        set_origin(origin)
        response = self.get_response(request)
        response["X-Request-ID"] = origin.request_id
        return response


class NoStoreMiddleware:
    """Marks `no-store` what says nothing of caches: others come to the same screen later."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.setdefault("Cache-Control", "private, no-store")
        return response


class SessionLifetimeMiddleware:
    """Ends a session that was idle too long or is too old; what polls by itself is no activity."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if SESSION_KEY in request.session:
            self._end_or_note(request, int(time.time()))
        return self.get_response(request)

    def _end_or_note(self, request: HttpRequest, now: int) -> None:
        session = request.session
        started_at = session.get(STARTED_AT)
        seen_at = session.get(SEEN_AT)
        if started_at is None or seen_at is None:
            session[STARTED_AT] = session[SEEN_AT] = now
        elif now - seen_at > settings.SESSION_IDLE_S or now - started_at > self._oldest_s():
            logout(request)
            request.session_ended = True  # type: ignore[attr-defined]
        elif now - seen_at >= _SEEN_EVERY_S and not asks_by_itself(request):
            session[SEEN_AT] = now

    @staticmethod
    def _oldest_s() -> int:
        return settings.SESSION_COOKIE_AGE


def asks_by_itself(request: HttpRequest) -> bool:
    """Whether the page asked, not the person: a poll, or a fragment fetched by HTMX."""
    if request.method not in {"GET", "HEAD"}:
        return False
    fragment = "HX-Request" in request.headers and "HX-Boosted" not in request.headers
    path = request.path_info
    polled = path.endswith(("/status/", "/progress/", "/changes/", "/session/"))
    return fragment or polled or path.startswith("/api/v1/")


class DomainErrorMiddleware:
    """Turns what services refuse, and forms that are too large to read, into an answer."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if refusal := refused_header(request):
            return error_responses.error_response(request, refusal)
        if request.method == "POST" and not _takes_its_body_itself(request):
            try:
                # The CSRF check reads the form next; what it raises would pass us by.
                request.POST  # noqa: B018
            except error_responses.UNREADABLE as error:
                return error_responses.bad_request(request, error)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer an expected refusal; leave everything else to Django."""
        if isinstance(exception, DomainError):
            return error_responses.error_response(request, exception)
        return None


def _takes_its_body_itself(request: HttpRequest) -> bool:
    """Whether the body is not to be read here: an endpoint's, or one that goes to a folder."""
    if error_responses.is_api(request):
        return True
    try:
        return getattr(resolve(request.path_info).func, "csrf_exempt", False)
    except Resolver404:
        return False


class PolicyMiddleware:
    """Lets a page through only to those whom the policy allows its action, in their time zone.

    Endpoints are left to `accounts.api.permissions.PolicyPermission`, which knows their tokens.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Refuse before the view runs."""
        method = request.method or ""
        needed = action_of(view, method)
        if needed == PUBLIC or (hasattr(view, "cls") and error_responses.is_api(request)):
            return None
        if needed is None:
            return error_responses.method_refused(request, methods_of(view))
        try:
            _require_person_of_page(request)
            require(request.user, needed)  # type: ignore[arg-type]
        except DomainError as error:
            return error_responses.error_response(request, error)
        timezone.activate(request.user.laboratory.time_zone)  # type: ignore[union-attr]
        return None


def _require_person_of_page(request: HttpRequest) -> None:
    """Refuse what a page of one person asks by its script when another one is signed in by now."""
    person = request.headers.get("X-Person", "")
    if person and request.user.is_authenticated and person != str(request.user.pk):
        raise AnotherPersonSignedIn(request.user.display_name)


def methods_of(view: Any) -> list[str]:
    """The methods for which a view names an action."""
    marked = getattr(view, "view_class", None) or getattr(view, "cls", None) or view
    needed = getattr(marked, "policy_action", None)
    return sorted(needed) if isinstance(needed, Mapping) else []
