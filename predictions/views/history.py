"""Every image and result that one may see, searched, filtered and paged."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.policy import Action, needs
from predictions.forms import SearchForm, history_filter
from predictions.requests import address_with, remember_search, search_of
from predictions.selectors.imaging import history as selector

FILTERS = ("label", "status", "profile", "uploader", "first_day", "last_day")
VIEW = "predictions:history"


@needs({"GET": Action.SEE_RESULTS, "POST": Action.SEE_RESULTS})
def history(request: HttpRequest) -> HttpResponse:
    """The list; sent as a form, it answers with the address that holds the filters,
    or says why it cannot search so.
    """
    viewer: Any = request.user
    word = request.GET.get("search", "")
    search = search_of(request, word)
    search_form, sent = SearchForm(initial={"search": search}), request.GET
    if request.method == "POST":
        search_form, sent = SearchForm(request.POST), request.POST
        if search_form.is_valid():
            return redirect(_address_of(request, search_form.cleaned_data["search"]))
    search_has_ended = bool(word and not search)
    chosen = history_filter(viewer, sent, search)
    # What cannot be searched for, or is not known any more, matches nothing.
    is_searchable = not (search_form.errors or search_has_ended)
    page = selector.history_page(
        viewer,
        chosen.qs if is_searchable else chosen.qs.none(),
        before=request.GET.get("before", ""),
        after=request.GET.get("after", ""),
    )
    kept = {name: sent[name] for name in FILTERS if sent.get(name)}
    if word:
        kept["search"] = word
    context = {
        "filter": chosen,
        "search_form": search_form,
        "search_has_ended": search_has_ended,
        "is_filtered": bool(kept),
        "page": page,
        # With it, the page of an image leads on in the order of this list.
        "list_query": "?" + urlencode({"from": "history", **kept}),
        "newer_url": address_with(VIEW, kept, after=page.newer) if page.newer else "",
        "older_url": address_with(VIEW, kept, before=page.older) if page.older else "",
    }
    status = 400 if search_form.errors else 200
    return render(request, "predictions/history.html", context, status=status)


def _address_of(request: HttpRequest, search: str) -> str:
    """The history's address with the filters sent; what is searched for goes to the session."""
    wanted = {name: request.POST[name] for name in FILTERS if request.POST.get(name)}
    if search:
        wanted["search"] = remember_search(request, search)
    return address_with(VIEW, wanted)
