"""The way in and the way out."""

from __future__ import annotations

import time

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
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
    if request.user.is_authenticated:
        return redirect(next_address)
    return _form_page(request, SignInForm(), next_address)


@needs({"POST": Action.USE_OWN_ACCOUNT})
def log_out(request: SignedInRequest) -> HttpResponse:
    """End the person's session."""
    sessions.log_out(actor=request.user)
    logout(request)
    return redirect(resolve_url(settings.LOGOUT_REDIRECT_URL))


def _answer(request: HttpRequest, next_address: str) -> HttpResponse:
    form = SignInForm(request.POST)
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


def _form_page(
    request: HttpRequest, form: SignInForm, next_address: str, status: int = 200
) -> HttpResponse:
    context = {"form": form, "next": next_address, "ended": "ended" in request.GET}
    return render(request, "accounts/sign_in.html", context, status=status)


def _safe_next(request: HttpRequest) -> str:
    """Where to go afterwards: an address of ours, never of another host."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_ours else resolve_url(settings.LOGIN_REDIRECT_URL)
