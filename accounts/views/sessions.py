"""The way in and the way out."""

from __future__ import annotations

import time

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts.errors import SignInLocked, SignInRefused
from accounts.forms import SignInForm
from accounts.policy import PUBLIC, Action, needs
from accounts.requests import SignedInRequest
from accounts.services import sessions


@needs({"GET": PUBLIC, "POST": PUBLIC})
@never_cache
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Show the form, or begin a session."""
    next_address = _safe_next(request)
    if request.method == "POST":
        return _answer(request, next_address)
    if request.user.is_authenticated and "again" not in request.GET:
        return redirect(next_address)
    return _form_page(request, _form(), next_address)


def stale_sign_in(request: HttpRequest) -> HttpResponse:
    """Answer a form whose token is old: who is signed in by now goes on, others type once more."""
    username = request.POST.get("username", "").strip()
    user = request.user
    if user.is_authenticated and username.lower() == user.username.lower():
        return redirect(_safe_next(request))
    form = _form(username=username)
    return _form_page(request, form, _safe_next(request), status=403, stale=True)


@needs({"GET": PUBLIC})
def session(request: HttpRequest) -> JsonResponse:
    """Tell the script of a page who is signed in now, and the token of the forms."""
    user = request.user
    return JsonResponse(
        {
            "person": str(user.pk) if user.is_authenticated else None,
            "name": user.display_name if user.is_authenticated else "",
            "csrf_token": get_token(request),
        }
    )


@needs({"POST": Action.USE_OWN_ACCOUNT})
def log_out(request: SignedInRequest) -> HttpResponse:
    """End the person's session, and what the browser kept of it."""
    sessions.log_out(actor=request.user)
    logout(request)
    response = redirect(resolve_url(settings.LOGOUT_REDIRECT_URL))
    # Crops and thumbnails that it need not ask for again, and pages that Back would show.
    response["Clear-Site-Data"] = '"cache"'
    return response


def _answer(request: HttpRequest, next_address: str) -> HttpResponse:
    form = _form(request.POST)
    if not form.is_valid():
        return _form_page(request, form, next_address, status=400)
    try:
        user = sessions.sign_in(**form.cleaned_data)
    except SignInLocked as error:
        form.take(error)
        response = _form_page(request, form, next_address, status=error.http_status)
        response["Retry-After"] = str(error.wait_s)
        return response
    except SignInRefused as error:
        form.take(error)
        return _form_page(request, form, next_address, status=error.http_status)
    # A new key for the session, and nothing of the old one: no age, no half-read messages.
    request.session.flush()
    login(request, user)
    request.session["started_at"] = request.session["seen_at"] = int(time.time())
    return redirect(next_address)


def _form(data: QueryDict | None = None, *, username: str = "") -> SignInForm:
    """The form, under ids of its own: it is shown on top of other pages, too."""
    return SignInForm(data, initial={"username": username}, auto_id="sign_in_%s")


def _form_page(
    request: HttpRequest,
    form: SignInForm,
    next_address: str,
    *,
    status: int = 200,
    stale: bool = False,
) -> HttpResponse:
    ended = "ended" in request.GET
    context = {"form": form, "next": next_address, "ended": ended, "stale": stale}
    return render(request, "accounts/sign_in.html", context, status=status)


def _safe_next(request: HttpRequest) -> str:
    """Where to go afterwards: an address of ours, never of another host."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_ours else resolve_url(settings.LOGIN_REDIRECT_URL)
