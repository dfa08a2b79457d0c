"""The worklist: which samples wait, narrowed, in order, and found by their number."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render

from accounts.models import AuditAction
from accounts.policy import Action, allows, needs
from accounts.requests import SignedInRequest
from accounts.services.audit import record_read
from hematovision.csv_rows import csv_response
from predictions.case_forms import WorklistForm
from predictions.errors import IdentifierInvalid
from predictions.forms import SearchForm
from predictions.models import Sample
from predictions.requests import address_with, remember_search, search_of
from predictions.selectors.imaging import history
from predictions.selectors.laboratory.diseases import disease_choices
from predictions.selectors.samples import worklist as selector
from predictions.selectors.samples.searching import find_samples
from predictions.selectors.samples.tables import SAMPLE_COLUMNS, sample_table
from predictions.services.research.tables import research_sample_columns, research_sample_table

VIEW = "predictions:worklist"
FILTERS = (
    "label", "priority", "uploader", "profile", "disease", "first_day", "last_day", "order",
    "awaits_me",
)  # fmt: skip
# What the address says for all states; without a word it shows those that wait for the viewer.
EVERY_STATE = "all"
MOST_FOUND = 50


@needs({"GET": Action.SEE_RESULTS, "POST": Action.SEE_RESULTS})
def worklist(request: SignedInRequest) -> HttpResponse:
    """The list; a search is sent as a form, and answered with the sample or with an address."""
    if request.method == "POST":
        return _found(request)
    if word := request.GET.get("search", ""):
        return _search_page(request, search_of(request, word))
    viewer = request.user
    state = _state(request)
    form = _form(request)
    page = selector.worklist_page(
        viewer,
        form.filters("" if state == EVERY_STATE else state),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    kept = _kept(request)
    here = {"state": state, **kept}
    context = {
        "form": form,
        "search_form": SearchForm(),
        "tabs": _tabs(viewer, state, kept),
        "state": state,
        "is_narrowed": bool(set(kept) - {"order"}),
        "page": page,
        "clear_url": address_with(VIEW, {"state": state}),
        "table_url": address_with("predictions:worklist_table", here),
        "research_url": address_with("predictions:worklist_research", here),
        "diseases_url": address_with("predictions:worklist_research", here, diseases="on"),
        "every_url": address_with(VIEW, {"state": EVERY_STATE}),
        "newer_url": address_with(VIEW, here, before=page.before) if page.before else "",
        "older_url": address_with(VIEW, here, after=page.after) if page.after else "",
    }
    return render(request, "predictions/case/worklist.html", context)


@needs({"GET": Action.SEE_REPORTS})
def worklist_table(request: SignedInRequest) -> HttpResponseBase:
    """All pages of the list as it is narrowed, as CSV."""
    state = _state(request)
    asked = _form(request).filters("" if state == EVERY_STATE else state)
    record_read(
        action=AuditAction.TABLE_EXPORTED,
        actor=request.user,
        laboratory=request.user.laboratory,
        changes={name: [None, value] for name, value in asked.in_words().items()},
    )
    return csv_response(SAMPLE_COLUMNS, sample_table(request.user, asked), name="samples.csv")


@needs({"GET": Action.EXPORT_RESEARCH})
def worklist_research(request: SignedInRequest) -> HttpResponseBase:
    """The same as it may leave: under study codes; diseases only where they are asked for."""
    state = _state(request)
    with_diseases = request.GET.get("diseases") == "on"
    rows = research_sample_table(
        actor=request.user,
        filters=_form(request).filters("" if state == EVERY_STATE else state),
        project=request.GET.get("project", ""),
        with_diseases=with_diseases,
    )
    columns = research_sample_columns(with_diseases=with_diseases)
    return csv_response(columns, rows, name="research-samples.csv")


def _kept(request: SignedInRequest) -> dict[str, str]:
    """The filters as they stand in the address."""
    return {name: request.GET[name] for name in FILTERS if request.GET.get(name)}


def _state(request: SignedInRequest) -> str:
    """The state asked for; else the one that waits for whoever looks."""
    asked = request.GET.get("state", "")
    if asked in Sample.State.values or asked == EVERY_STATE:
        return asked
    if allows(request.user, Action.SIGN_OUT):
        return Sample.State.READY
    return Sample.State.IN_REVIEW if allows(request.user, Action.REVIEW_CELLS) else EVERY_STATE


def _form(request: SignedInRequest) -> WorklistForm:
    return WorklistForm(
        request.GET,
        labels=history.label_choices(request.user),
        uploaders=history.uploaders(request.user),
        profiles=history.profile_choices(request.user),
        diseases=disease_choices(request.user),
    )


def _tabs(viewer: Any, state: str, kept: dict[str, str]) -> list[dict[str, Any]]:
    """The states with how many samples are in each, and all of them."""
    counted = selector.samples_by_state(viewer)
    tabs = [(value, words, counted[value]) for value, words in Sample.State.choices]
    tabs.append((EVERY_STATE, "all", sum(counted.values())))
    return [
        {
            "words": words,
            "samples": samples,
            "url": address_with(VIEW, {"state": value, **kept}),
            "is_here": value == state,
        }
        for value, words, samples in tabs
    ]


def _found(request: SignedInRequest) -> HttpResponse:
    """Where a search leads: to the one sample of that number, else to the list of what begins so.

    A scanner that ends with Enter opens its sample.
    """
    form = SearchForm(request.POST)
    if not form.is_valid():
        context = {"search_form": form, "search": "", "rows": []}
        return render(request, "predictions/case/found.html", context, status=400)
    search = form.cleaned_data["search"]
    if not search:
        return redirect(VIEW)
    try:
        exact = list(find_samples(request.user, accession_number=search)[:2])
    except IdentifierInvalid as error:
        form.add_error("search", error.message)
        context = {"search_form": form, "search": "", "rows": []}
        return render(request, "predictions/case/found.html", context, status=400)
    if len(exact) == 1:
        return redirect("predictions:sample", sample_id=exact[0].pk)
    return redirect(address_with(VIEW, {"search": remember_search(request, search)}))


def _search_page(request: SignedInRequest, search: str) -> HttpResponse:
    """What was found, whatever its state."""
    found = list(find_samples(request.user, text=search)[: MOST_FOUND + 1]) if search else []
    context = {
        "search_form": SearchForm(initial={"search": search}),
        "search": search,
        "rows": selector.worklist_rows(request.user, found[:MOST_FOUND]),
        "are_more": len(found) > MOST_FOUND,
    }
    return render(request, "predictions/case/found.html", context)
