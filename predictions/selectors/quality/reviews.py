"""What people said in a span, as they said it: copies at newer results are left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from predictions import policy
from predictions.models import CellReview
from predictions.selectors.quality.spans import QualityFilter

# Older ones of a span change figures little, and a page has to stay quick.
MOST_REVIEWS = 2_000


def reviews_of_span(viewer: User, asked: QualityFilter) -> QuerySet[CellReview]:
    """What was said in the span of cells of the version; the profile is not asked."""
    found = policy.visible_reviews(viewer).filter(
        at__gte=asked.span.begin, at__lt=asked.span.end, carried_from__isnull=True
    )
    return found.filter(model_version=UUID(asked.version)) if asked.version else found


def newest_of(
    reviews: QuerySet[CellReview], asked: QualityFilter, *columns: str
) -> Iterator[tuple[Any, ...]]:
    """Columns of the newest `MOST_REVIEWS`, of these the ones of the profile.

    Which profile an image has stands two tables away, and is looked up for so many alone.
    """
    newest = reviews.order_by("-at")
    if not asked.profile:
        yield from newest.values_list(*columns)[:MOST_REVIEWS]
        return
    for *values, profile in newest.values_list(*columns, "cell__image__imaging_profile")[
        :MOST_REVIEWS
    ]:
        if asked.takes_profile(str(profile or "")):
            yield tuple(values)
