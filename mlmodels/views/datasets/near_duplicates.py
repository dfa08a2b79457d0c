"""A dataset's near-duplicates: the search for them, and what a person says of them."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect

from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from mlmodels.services.datasets import near_duplicates


@needs({"POST": Action.MANAGE_DATASETS})
def dataset_check(request: SignedInRequest, dataset_id: UUID) -> HttpResponse:
    """Search for near-duplicates again."""
    near_duplicates.ask_for_check(actor=request.user, dataset_id=dataset_id)
    return redirect("mlmodels:dataset", dataset_id=dataset_id)


@needs({"POST": Action.MANAGE_DATASETS})
def pair_resolve(request: SignedInRequest, dataset_id: UUID, pair_id: UUID) -> HttpResponse:
    """Say what a pair is."""
    near_duplicates.resolve_pair(
        actor=request.user,
        dataset_id=dataset_id,
        pair_id=pair_id,
        resolution=request.POST.get("resolution", ""),
    )
    return redirect(f"{_address(dataset_id)}#pairs")


def _address(dataset_id: UUID) -> str:
    return redirect("mlmodels:dataset", dataset_id=dataset_id).url
