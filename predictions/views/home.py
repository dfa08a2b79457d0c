"""The pages that everyone may read."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.policy import PUBLIC, needs
from predictions.selectors.models.classes import classes_of_the_model


@needs({"GET": PUBLIC})
def home(request: HttpRequest) -> HttpResponse:
    """What the product is for, the cells it names, and the way in."""
    return render(request, "predictions/home.html", _of_the_model())


@needs({"GET": PUBLIC})
def about(request: HttpRequest) -> HttpResponse:
    """How it works, what it is for, and what not."""
    return render(request, "predictions/about.html", _of_the_model())


def _of_the_model() -> dict[str, Any]:
    labels = classes_of_the_model()
    return {"labels": labels, "names_blasts": any(label.code == "blast" for label in labels)}
