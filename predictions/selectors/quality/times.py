"""How long it takes: a look at a cell, and a case from its first upload to its first signature."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import OuterRef, Subquery

from accounts.models import User
from predictions import policy
from predictions.models import SmearImage
from predictions.quality.spread import Spread, spread_of
from predictions.selectors.quality.agreement import Known, as_version_names
from predictions.selectors.quality.reviews import newest_of, reviews_of_span
from predictions.selectors.quality.spans import (
    QualityFilter,
    Span,
    month_in_words,
    months_before,
)

# The newest ones, as of reviews.
MOST_CASES = 10_000
MONTHS = 12
_HOUR_S = 3600


@dataclass(frozen=True)
class LookTimes:
    """Seconds that a cell was on screen before a person spoke.

    Args:
        whole: none without any.
        confirmed, overruled: of those that left the model's name, and of the others.
    """

    whole: Spread | None
    confirmed: Spread | None
    overruled: Spread | None


@dataclass(frozen=True)
class MonthOfCases:
    """The cases that were first signed in one month.

    Args:
        key: of the month, as 2026-11.
        name: of the month, in words.
        short: of the month, for an axis.
        hours: none where none was signed.
    """

    key: str
    name: str
    short: str
    hours: Spread | None


@dataclass(frozen=True)
class CaseTimes:
    """Hours from the first upload to the first signature.

    Args:
        whole: of cases first signed in the span; none without any.
        months: the last `MONTHS` up to the end of the span, the oldest first.
        is_cut: whether there were more than `MOST_CASES`, of which the newest are counted.
    """

    whole: Spread | None
    months: list[MonthOfCases]
    is_cut: bool


def look_times(viewer: User, asked: QualityFilter, known: Known) -> LookTimes:
    """How long people of the laboratory looked at cells before they spoke."""
    reviews = reviews_of_span(viewer, asked).filter(seconds__isnull=False)
    columns = ("seconds", "model_label", "to_label", "model_version")
    return times_of(
        [
            (seconds, model, as_version_names(said, known.versions.get(str(key)), known.labels))
            for seconds, model, said, key in newest_of(reviews, asked, *columns)
        ]
    )


def times_of(looks: Sequence[tuple[Any, ...]]) -> LookTimes:
    """Times of looks, each with the model's name of the cell and the person's in its classes."""
    return LookTimes(
        whole=spread_of(seconds for seconds, _, _ in looks),
        confirmed=spread_of(seconds for seconds, model, said in looks if model == said),
        overruled=spread_of(seconds for seconds, model, said in looks if model != said),
    )


def case_times(viewer: User, span: Span) -> CaseTimes:
    """How long cases of the laboratory took, in the span and in the months before its end."""
    months = months_before(span.last_day, MONTHS)
    since = min(span.first_day, months[0])
    wide = Span(span.laboratory, since, span.last_day)
    first_upload = SmearImage.objects.filter(sample=OuterRef("sample")).order_by("uploaded_at")
    rows = (
        policy.visible_reports(viewer)
        .filter(version=1, at__gte=wide.begin, at__lt=wide.end)
        .annotate(uploaded_at=Subquery(first_upload.values("uploaded_at")[:1]))
        .order_by("-at")
        .values_list("at", "uploaded_at")
    )
    found = list(rows[: MOST_CASES + 1])
    zone = span.laboratory.zone
    in_span: list[float] = []
    by_month: dict[date, list[float]] = defaultdict(list)
    for signed_at, uploaded_at in found[:MOST_CASES]:
        if uploaded_at is None:
            continue
        hours = (signed_at - uploaded_at).total_seconds() / _HOUR_S
        day = signed_at.astimezone(zone).date()
        by_month[day.replace(day=1)].append(hours)
        if day >= span.first_day:
            in_span.append(hours)
    return CaseTimes(
        whole=spread_of(in_span),
        months=[
            MonthOfCases(
                f"{month:%Y-%m}",
                month_in_words(f"{month:%Y-%m}"),
                f"{month:%b}",
                spread_of(by_month[month]),
            )
            for month in months
        ],
        is_cut=len(found) > MOST_CASES,
    )
