"""One's own account."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters

from accounts.errors import SignInLocked, UserChangeRefused
from accounts.forms import PasswordForm
from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from accounts.selectors.tokens import live_tokens
from accounts.services import tokens, users


@needs({"GET": Action.USE_OWN_ACCOUNT})
def account(request: SignedInRequest) -> HttpResponse:
    """Who one is here, and which API clients are signed in."""
    context = {"tokens": live_tokens(request.user)}
    return render(request, "accounts/account.html", context)


@needs({"GET": Action.USE_OWN_ACCOUNT, "POST": Action.USE_OWN_ACCOUNT})
@sensitive_post_parameters()
def password(request: SignedInRequest) -> HttpResponse:
    """Change one's own password."""
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and _changed(request, form):
        messages.success(request, "Your password is changed. All other sessions have ended.")
        return redirect("accounts:account")
    status = 400 if form.is_bound else 200
    return render(request, "accounts/password.html", {"form": form}, status=status)


@needs({"POST": Action.USE_OWN_ACCOUNT})
def revoke_tokens(request: SignedInRequest) -> HttpResponse:
    """End all of one's API clients."""
    ended = tokens.revoke_own(actor=request.user)
    told = f"API clients signed out: {ended}." if ended else "No API client was signed in."
    messages.success(request, told)
    return redirect("accounts:account")


def _changed(request: SignedInRequest, form: PasswordForm) -> bool:
    try:
        user = users.change_own_password(
            actor=request.user,
            current_password=form.cleaned_data["current_password"],
            new_password=form.cleaned_data["new_password"],
        )
    except (SignInLocked, UserChangeRefused) as error:
        form.take(error)
        return False
    update_session_auth_hash(request, user)
    return True
