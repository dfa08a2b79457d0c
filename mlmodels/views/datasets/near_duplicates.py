"""Near-duplicates of a dataset, for those who manage it: groups, answers, acts, undoing."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from mlmodels.selectors.datasets import near_duplicate_pages as selector
from mlmodels.selectors.datasets.near_duplicates import (
    AT_LEAST,
    LEAST_AT_LEAST,
    MOST_AT_LEAST,
)
from mlmodels.services.datasets import near_duplicate_undoing, near_duplicates


@needs({"POST": Action.MANAGE_DATASETS})
def dataset_check(request: SignedInRequest, dataset_id: UUID) -> HttpResponse:
    """Search for near-duplicates again."""
    near_duplicates.ask_for_check(actor=request.user, dataset_id=dataset_id)
    return redirect("mlmodels:dataset", dataset_id=dataset_id)


@needs({"GET": Action.MANAGE_DATASETS})
def near_duplicate_groups(request: SignedInRequest, dataset_id: UUID) -> HttpResponse:
    """The groups that are open, and what was done about others."""
    page = selector.near_duplicates_page(
        request.user,
        dataset_id,
        at_least=_likeness(request.GET.get("at_least", "")),
        group_page=request.GET.get("groups", ""),
        act_page=request.GET.get("acts", ""),
    )
    context = {
        "page": page,
        "dataset": page.dataset,
        "limits": (LEAST_AT_LEAST, MOST_AT_LEAST),
        "place": urlencode(_place(request, page.groups.number)),
    }
    return render(request, "mlmodels/near_duplicates.html", context)


@needs({"POST": Action.MANAGE_DATASETS})
def group_resolve(request: SignedInRequest, dataset_id: UUID) -> HttpResponse:
    """Say what all pictures of a group are."""
    keep = request.POST.get("keep", "")
    near_duplicates.resolve_group(
        actor=request.user,
        dataset_id=dataset_id,
        seen=request.POST.get("seen", ""),
        answer="keep_one" if keep else request.POST.get("answer", ""),
        keep=keep,
    )
    return redirect(f"{_groups_address(request, dataset_id)}#groups")


@needs({"POST": Action.MANAGE_DATASETS})
def pair_resolve(request: SignedInRequest, dataset_id: UUID, pair_id: UUID) -> HttpResponse:
    """Say what a pair is."""
    near_duplicates.resolve_pair(
        actor=request.user,
        dataset_id=dataset_id,
        pair_id=pair_id,
        resolution=request.POST.get("resolution", ""),
    )
    return redirect(f"{_groups_address(request, dataset_id)}#groups")


@needs({"POST": Action.MANAGE_DATASETS})
def alike_accept(request: SignedInRequest, dataset_id: UUID) -> HttpResponse:
    """Take all groups that are alike enough as one source each; then the list of what was done."""
    act = near_duplicates.accept_alike(
        actor=request.user,
        dataset_id=dataset_id,
        at_least=_likeness(request.POST.get("at_least", "")),
        seen=request.POST.get("seen", ""),
    )
    return redirect("mlmodels:near_duplicate_act", dataset_id=dataset_id, act_id=act.pk)


@needs({"GET": Action.MANAGE_DATASETS})
def near_duplicate_act(request: SignedInRequest, dataset_id: UUID, act_id: UUID) -> HttpResponse:
    """What one act did."""
    page = selector.act_page(request.user, dataset_id, act_id, page=request.GET.get("page", ""))
    context = {"page": page, "act": page.act, "dataset": page.dataset}
    return render(request, "mlmodels/near_duplicate_act.html", context)


@needs({"POST": Action.MANAGE_DATASETS})
def act_undo(request: SignedInRequest, dataset_id: UUID, act_id: UUID) -> HttpResponse:
    """Put back what an act changed."""
    act = near_duplicate_undoing.undo_act(actor=request.user, dataset_id=dataset_id, act_id=act_id)
    messages.success(
        request, f"Act {act.number} is undone: its pictures and pairs are as they were before it."
    )
    return redirect(_groups_address(request, dataset_id))


def _groups_address(request: HttpRequest, dataset_id: UUID) -> str:
    """Where the person was among the groups."""
    query = urlencode(_place(request, request.GET.get("groups", "")))
    address = reverse("mlmodels:near_duplicates", args=[dataset_id])
    return f"{address}?{query}" if query else address


def _place(request: HttpRequest, groups: int | str) -> dict[str, str]:
    """The page of groups, and the likeness that was chosen, as they stand in the address."""
    place = {"groups": str(groups), "at_least": request.GET.get("at_least", "")}
    first = {"groups": "1"}
    return {name: value for name, value in place.items() if value not in ("", first.get(name))}


def _likeness(typed: str) -> float:
    """The likeness that a person typed, held within its limits; what is none is the usual one."""
    try:
        number = float(typed.replace(",", "."))
    except ValueError:
        return AT_LEAST
    if number != number:
        return AT_LEAST
    return round(min(max(number, LEAST_AT_LEAST), MOST_AT_LEAST), 3)
