"""What goes to other systems, for the laboratory's admins: the list, and the systems themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from predictions.errors import ConnectionInvalid, ResendRefused
from predictions.forms import ConnectionForm
from predictions.models import ResultConnection
from predictions.selectors.laboratory.deliveries import (
    OPEN,
    connection_for_viewer,
    delivery_page,
)
from predictions.services.exchange import connections, outbox
from predictions.services.exchange.connections import ConnectionFields


@needs({"GET": Action.MANAGE_DELIVERY})
def delivery(request: SignedInRequest) -> HttpResponse:
    """What did not arrive first, and each system with what waits for it."""
    page = delivery_page(
        request.user,
        shown=request.GET.get("show", OPEN),
        before=request.GET.get("before", ""),
    )
    return render(request, "predictions/delivery/delivery.html", {"page": page})


@needs({"POST": Action.MANAGE_DELIVERY})
def delivery_resend(request: SignedInRequest, delivery_id: UUID) -> HttpResponse:
    """Send a delivery now."""
    try:
        outbox.resend(actor=request.user, delivery_id=delivery_id)
    except ResendRefused as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "It is being sent. Load this page again to see what comes of it.")
    return redirect("predictions:delivery")


@needs({"GET": Action.MANAGE_DELIVERY, "POST": Action.MANAGE_DELIVERY})
def connection_new(request: SignedInRequest) -> HttpResponse:
    """Add a system that reports are sent to."""
    return _form_page(
        request,
        ConnectionForm(request.POST if request.method == "POST" else None),
        lambda fields: connections.add_connection(actor=request.user, fields=fields),
        "Reports that are signed from now on go to {}.",
    )


@needs({"GET": Action.MANAGE_DELIVERY, "POST": Action.MANAGE_DELIVERY})
def connection_change(request: SignedInRequest, connection_id: UUID) -> HttpResponse:
    """Say something else of a system, or switch it off."""
    connection = connection_for_viewer(request.user, connection_id)
    initial = {name: getattr(connection, name) for name in asdict(ConnectionFields("", "", ""))}
    return _form_page(
        request,
        ConnectionForm(request.POST if request.method == "POST" else None, initial=initial),
        lambda fields: connections.change_connection(
            actor=request.user, connection_id=connection_id, fields=fields
        ),
        "{} is changed.",
        connection=connection,
    )


def _form_page(
    request: SignedInRequest,
    form: ConnectionForm,
    save: Callable[[ConnectionFields], ResultConnection],
    told: str,
    **context: Any,
) -> HttpResponse:
    """Show the form, or what was wrong with it, or go back to the list."""
    if form.is_bound and form.is_valid():
        try:
            saved = save(ConnectionFields(**form.cleaned_data))
        except ConnectionInvalid as error:
            form.take(error)
        else:
            messages.success(request, told.format(saved.name))
            return redirect("predictions:delivery")
    status = 400 if form.is_bound else 200
    return render(
        request, "predictions/delivery/connection.html", {"form": form, **context}, status=status
    )
