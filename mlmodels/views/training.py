"""Training runs, for those who train: the list, a new one, and the page of one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.cache import get_conditional_response

from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from hematovision.file_responses import attachment_response, jpeg_response, private_no_cache
from mlmodels.errors import TrainingRefused
from mlmodels.forms import NewTrainingForm
from mlmodels.models import TrainingRun
from mlmodels.selectors.training import notebooks, run_reports
from mlmodels.selectors.training import runs as selector
from mlmodels.services.training import requests

_LISTED = 200


@needs({"GET": Action.TRAIN_MODELS})
def training_list(request: SignedInRequest) -> HttpResponse:
    """The laboratory's runs, newest first."""
    context = {
        "runs": list(selector.training_runs(request.user)[:_LISTED]),
        "can_begin": selector.frozen_datasets(request.user).exists(),
    }
    return render(request, "mlmodels/training_list.html", context)


@needs({"GET": Action.TRAIN_MODELS, "POST": Action.TRAIN_MODELS})
def training_new(request: SignedInRequest) -> HttpResponse:
    """Ask for a training."""
    chosen = {"dataset": request.GET.get("dataset")}
    form = NewTrainingForm(
        request.POST if request.method == "POST" else None, viewer=request.user, initial=chosen
    )
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        try:
            run = requests.request_training(
                actor=request.user,
                dataset_id=asked["dataset"].pk,
                recipe=asked["recipe"],
                epochs=asked["epochs"],
                seed=asked["seed"],
            )
        except TrainingRefused as error:
            form.take(error)
        else:
            return redirect("mlmodels:training_run", run_id=run.pk)
    context = {"form": form, "cost": _cost(request, form)}
    status = 400 if form.is_bound else 200
    return render(request, "mlmodels/training_new.html", context, status=status)


@needs({"GET": Action.TRAIN_MODELS})
def training_cost(request: SignedInRequest) -> HttpResponse:
    """What the training that is being filled in would take."""
    form = NewTrainingForm(request.GET, viewer=request.user)
    context = {"cost": _cost(request, form)}
    return render(request, "mlmodels/partials/training/cost.html", context)


@needs({"GET": Action.TRAIN_MODELS})
def training_run(request: SignedInRequest, run_id: UUID) -> HttpResponse:
    """One run, from its data to its verdict."""
    run = selector.run_for_viewer(request.user, run_id)
    return render(request, "mlmodels/training_run.html", _context(run))


@needs({"GET": Action.TRAIN_MODELS})
def training_progress(request: SignedInRequest, run_id: UUID) -> HttpResponse:
    """The part of the page that changes while the run is under way; 304 while it does not."""
    run = selector.run_for_viewer(request.user, run_id)
    etag = selector.state_etag(run, selector.log_tail(run))
    response = get_conditional_response(request, etag=etag)
    if response is None:
        context = _live_context(run)
        response = render(request, "mlmodels/partials/training/live.html", context)
    return private_no_cache(response, etag=etag)


@needs({"POST": Action.TRAIN_MODELS})
def training_cancel(request: SignedInRequest, run_id: UUID) -> HttpResponse:
    """Let a run end."""
    run = requests.cancel_run(actor=request.user, run_id=run_id)
    if run.is_final:
        messages.success(request, "The training is cancelled.")
    else:
        messages.success(request, "The training is being cancelled; it ends within seconds.")
    return redirect("mlmodels:training_run", run_id=run_id)


@needs({"POST": Action.TRAIN_MODELS})
def training_resume(request: SignedInRequest, run_id: UUID) -> HttpResponse:
    """Let a run go on after its last epoch."""
    requests.resume_run(actor=request.user, run_id=run_id)
    messages.success(request, "The training goes on after its last epoch.")
    return redirect("mlmodels:training_run", run_id=run_id)


@needs({"GET": Action.TRAIN_MODELS})
def training_log(request: SignedInRequest, run_id: UUID) -> HttpResponseBase:
    """The whole log, as a download."""
    run = selector.run_for_viewer(request.user, run_id)
    return attachment_response(selector.whole_log(run), name=f"training-{run.pk.hex[:8]}.log")


@needs({"GET": Action.TRAIN_MODELS})
def training_notebook(request: SignedInRequest, run_id: UUID) -> HttpResponseBase:
    """The run as a Jupyter notebook, as a download."""
    run = selector.run_for_viewer(request.user, run_id)
    text = notebooks.notebook_of_run(run)
    return attachment_response(text.encode(), name=f"training-{run.pk.hex[:8]}.ipynb")


@needs({"GET": Action.TRAIN_MODELS})
def training_picture(request: SignedInRequest, run_id: UUID, picture: str) -> HttpResponse:
    """One of the small pictures that the run drew."""
    data = run_reports.picture_bytes(request.user, run_id, picture)
    return jpeg_response(request, etag=f"{run_id}-{picture}", read=lambda: data)


def _context(run: TrainingRun) -> dict[str, Any]:
    return {**_live_context(run), "report": run_reports.report_of(run)}


def _live_context(run: TrainingRun) -> dict[str, Any]:
    epochs = list(run.epochs_done.all())
    return {
        "run": run,
        "epochs": epochs,
        "planned": max(selector.planned_epochs(run), len(epochs)),
        "log": selector.log_tail(run),
        "recipe": selector.recipe_of(run),
    }


def _cost(request: SignedInRequest, form: NewTrainingForm) -> selector.Cost | None:
    """The cost of what stands in the form, as far as it can be read."""
    form.is_valid()
    read = getattr(form, "cleaned_data", {}) if form.is_bound else {}
    dataset = read.get("dataset") or form.fields["dataset"].queryset.first()  # type: ignore[attr-defined]
    return selector.training_cost(
        request.user,
        dataset_id=dataset.pk if dataset else None,
        recipe_name=read.get("recipe") or str(form.fields["recipe"].initial),
        epochs=read.get("epochs"),
    )
