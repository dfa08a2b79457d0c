"""What a reader sees of the own work: nobody else's figures stand here."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Subquery

from accounts.models import Role, User
from accounts.policy import Action, require
from mlmodels.models import ModelVersion
from mlmodels.selectors.labels import labels_for
from predictions import policy
from predictions.models import Cell, CellReview
from predictions.quality.agreement import Kappa, Share, agreement, by_class, cohens_kappa
from predictions.selectors.quality.agreement import ClassRow, as_version_names, called
from predictions.selectors.quality.spans import Span
from predictions.selectors.quality.times import LookTimes, times_of

# The newest words of the span.
MOST_OWN = 2_000


@dataclass(frozen=True)
class OwnFigures:
    """A reader's own words of a span, each cell once, with the last of them.

    Args:
        cells: of which the reader spoke.
        is_cut: whether there were more than `MOST_OWN`, of which the newest are counted.
        overruled: cells that the reader called otherwise than the model had, of those it had
            found and named.
        classes: as the model named these cells, against the reader.
        doctor: cells of which a doctor spoke after the reader, and how many they named alike.
        doctor_kappa: of the same.
        doctor_classes: the reader's names against the doctor's, those of the most cells first.
        looks: seconds on screen.
    """

    span: Span
    cells: int
    is_cut: bool
    overruled: Share
    classes: list[ClassRow]
    doctor: Share
    doctor_kappa: Kappa
    doctor_classes: list[ClassRow]
    looks: LookTimes


def own_figures(viewer: User, span: Span) -> OwnFigures:
    """The viewer's own agreement with the model and with the doctor's last word."""
    require(viewer, Action.READ_AGAIN)
    found = list(_own_words(viewer, span)[: MOST_OWN + 1])
    words = found[:MOST_OWN]
    labels = labels_for(viewer.laboratory)
    versions = ModelVersion.objects.defer("card").in_bulk(
        {word["model_version"] for word in words} - {None}
    )
    model: Counter[tuple[str, str]] = Counter()
    doctor: Counter[tuple[str, str]] = Counter()
    for word in words:
        if (
            word["cell__origin"] == Cell.Origin.MODEL
            and word["model_label"]
            and (word["cell__disposition"] != Cell.Disposition.UNIDENTIFIED)
        ):
            version = versions.get(word["model_version"])
            said = as_version_names(word["to_label"], version, labels)
            model[word["model_label"], said] += 1
        if word["doctors"] is not None:
            doctor[word["to_label"], word["doctors"]] += 1
    return OwnFigures(
        span=span,
        cells=len(words),
        is_cut=len(found) > MOST_OWN,
        overruled=agreement(model).rest,
        classes=[ClassRow(called(row.code, labels), row) for row in by_class(model) if row.first],
        doctor=agreement(doctor),
        doctor_kappa=cohens_kappa(doctor),
        doctor_classes=[ClassRow(called(row.code, labels), row) for row in by_class(doctor)],
        looks=times_of(
            [
                (
                    word["seconds"],
                    word["model_label"],
                    as_version_names(word["to_label"], versions.get(word["model_version"]), labels),
                )
                for word in words
                if word["seconds"] is not None
            ]
        ),
    )


def _own_words(viewer: User, span: Span) -> Any:
    """The viewer's last word of each cell in the span, with the last doctor's after it.

    A review that went over to a newer result of its image is taken there, where a doctor may have
    spoken after it.
    """
    after = CellReview.objects.filter(cell=OuterRef("cell"), number__gt=OuterRef("number"))
    doctors = after.filter(by_role=Role.DOCTOR).exclude(by=viewer).order_by("-number")
    return (
        policy.own_reviews(viewer)
        .filter(at__gte=span.begin, at__lt=span.end)
        .exclude(Exists(CellReview.objects.filter(carried_from=OuterRef("pk"))))
        .exclude(Exists(after.filter(by=viewer)))
        .annotate(doctors=Subquery(doctors.values("to_label")[:1]))
        .order_by("-at")
        .values(
            "to_label",
            "model_label",
            "model_version",
            "seconds",
            "cell__origin",
            "cell__disposition",
            "doctors",
        )
    )
