"""The laboratory's people, for its admins."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters

from accounts.errors import UserChangeRefused
from accounts.forms import NewUserForm, RoleForm
from accounts.models import Role
from accounts.policy import Action, needs, table_rows
from accounts.requests import SignedInRequest
from accounts.selectors.users import user_for_managing, users_of_laboratory
from accounts.services import users


@needs({"GET": Action.MANAGE_USERS})
def user_list(request: SignedInRequest) -> HttpResponse:
    """Everybody, and what each role may do."""
    context = {
        "users": list(users_of_laboratory(request.user)),
        "roles": list(Role),
        "table": table_rows(),
    }
    return render(request, "accounts/users.html", context)


@needs({"GET": Action.MANAGE_USERS, "POST": Action.MANAGE_USERS})
@sensitive_post_parameters("password")
def user_new(request: SignedInRequest) -> HttpResponse:
    """Add a person."""
    form = NewUserForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = users.create_user(actor=request.user, **form.cleaned_data)
        except UserChangeRefused as error:
            form.take(error)
        else:
            messages.success(request, f"{made.username} can sign in now.")
            return redirect("accounts:users")
    context = {"form": form, "roles": list(Role), "table": table_rows()}
    return render(request, "accounts/user_new.html", context, status=400 if form.is_bound else 200)


@needs({"GET": Action.MANAGE_USERS})
def user(request: SignedInRequest, user_id: UUID) -> HttpResponse:
    """One person: role, state, and what an admin may change."""
    shown = user_for_managing(request.user, user_id)
    context = {
        "shown": shown,
        "form": RoleForm(initial={"role": shown.role}),
        "is_own": shown == request.user,
    }
    return render(request, "accounts/user.html", context)


@needs({"POST": Action.MANAGE_USERS})
def user_role(request: SignedInRequest, user_id: UUID) -> HttpResponse:
    """Give a person another role."""
    changed = users.change_role(
        actor=request.user,
        user_id=user_id,
        role=request.POST.get("role", ""),
    )
    role = changed.get_role_display().lower()
    return _back(request, user_id, f"{changed.username} is {role} now and has to sign in again.")


@needs({"POST": Action.MANAGE_USERS})
def user_deactivate(request: SignedInRequest, user_id: UUID) -> HttpResponse:
    """Close an account."""
    changed = users.deactivate(actor=request.user, user_id=user_id)
    return _back(request, user_id, f"The account of {changed.username} is closed.")


@needs({"POST": Action.MANAGE_USERS})
def user_activate(request: SignedInRequest, user_id: UUID) -> HttpResponse:
    """Open a closed account again."""
    changed = users.activate(actor=request.user, user_id=user_id)
    return _back(request, user_id, f"The account of {changed.username} is open again.")


@needs({"POST": Action.MANAGE_USERS})
def user_end_sessions(request: SignedInRequest, user_id: UUID) -> HttpResponse:
    """End a person's sessions and API tokens."""
    changed = users.end_sessions(actor=request.user, user_id=user_id)
    return _back(request, user_id, f"{changed.username} has to sign in again everywhere.")


def _back(request: SignedInRequest, user_id: UUID, told: str) -> HttpResponse:
    messages.success(request, told)
    return redirect("accounts:user", user_id=user_id)
