"""Freezing a dataset: what it would mean first, then the act."""

from __future__ import annotations

import re
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from mlmodels.models import Dataset
from mlmodels.selectors.datasets.freezing import freezing_page
from mlmodels.services.datasets import lifecycle


@needs({"GET": Action.MANAGE_DATASETS, "POST": Action.MANAGE_DATASETS})
def dataset_freeze(request: SignedInRequest, dataset_id: UUID) -> HttpResponse:
    """Ask once more, saying what it means; freeze what was shown."""
    seen = request.POST.get("seen", "")
    if request.method == "POST" and re.fullmatch("[0-9]{1,9}", seen):
        frozen = lifecycle.freeze_dataset(
            actor=request.user, dataset_id=dataset_id, seen_fence=int(seen)
        )
        messages.success(request, f"{frozen.name} is frozen. It never changes again.")
        return redirect("mlmodels:dataset", dataset_id=dataset_id)
    page = freezing_page(request.user, dataset_id)
    if page.dataset.state != Dataset.State.OPEN:
        return redirect("mlmodels:dataset", dataset_id=dataset_id)
    context = {"page": page, "dataset": page.dataset}
    return render(request, "mlmodels/dataset_freeze.html", context)
