"""Every image and result that one may see, searched, filtered and paged."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.policy import Action, needs
from predictions.forms import HistoryFilter, SearchForm
from predictions.selectors.imaging import history as selector

FILTERS = ("label", "status", "profile", "uploader", "first_day", "last_day")
# What was searched for stays in the session under a random word: the address carries the word.
SEARCHES = "searches"
SEARCHES_KEPT = 20


@needs({"GET": Action.SEE_RESULTS, "POST": Action.SEE_RESULTS})
def history(request: HttpRequest) -> HttpResponse:
    """The list; sent as a form, it answers with the address that holds the filters,
    or says why it cannot search so.
    """
    viewer: Any = request.user
    word = request.GET.get("search", "")
    search = request.session.get(SEARCHES, {}).get(word, "")
    search_form, sent = SearchForm(initial={"search": search}), request.GET
    if request.method == "POST":
        search_form, sent = SearchForm(request.POST), request.POST
        if search_form.is_valid():
            return redirect(_address_of(request, search_form.cleaned_data["search"]))
    chosen = HistoryFilter(
        sent,
        queryset=selector.matching(viewer, selector.images_newest_first(viewer), search),
        labels=selector.label_choices(viewer),
        uploaders=selector.uploaders(viewer),
        profiles=selector.profile_choices(viewer),
        time_zone=viewer.laboratory.time_zone,
    )
    page = selector.history_page(
        viewer,
        chosen.qs,
        before=request.GET.get("before", ""),
        after=request.GET.get("after", ""),
    )
    kept = {name: sent[name] for name in FILTERS if sent.get(name)}
    if word:
        kept["search"] = word
    context = {
        "filter": chosen,
        "search_form": search_form,
        "search_has_ended": bool(word and not search),
        "is_filtered": bool(kept),
        "page": page,
        "newer_url": _with(kept, after=page.newer) if page.newer else "",
        "older_url": _with(kept, before=page.older) if page.older else "",
    }
    status = 400 if search_form.errors else 200
    return render(request, "predictions/history.html", context, status=status)


def _address_of(request: HttpRequest, search: str) -> str:
    """The history's address with the filters sent; what is searched for goes to the session."""
    wanted = {name: request.POST[name] for name in FILTERS if request.POST.get(name)}
    if search:
        wanted["search"] = _remember(request, search)
    return _with(wanted)


def _remember(request: HttpRequest, search: str) -> str:
    searches: dict[str, str] = request.session.get(SEARCHES, {})
    word = next((word for word, known in searches.items() if known == search), None)
    if word is None:
        word = secrets.token_urlsafe(6)
        newest = list(searches.items())[1 - SEARCHES_KEPT :]
        request.session[SEARCHES] = {**dict(newest), word: search}
    return word


def _with(wanted: dict[str, str], **further: str) -> str:
    query = urlencode({**wanted, **further})
    return reverse("predictions:history") + (f"?{query}" if query else "")
