"""What people said in a span, as they said it: copies at newer results are left out."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from predictions import policy
from predictions.models import CellReview
from predictions.selectors.quality.spans import NO_PROFILE, QualityFilter


def reviews_asked_for(viewer: User, asked: QualityFilter) -> QuerySet[CellReview]:
    """The reviews of the span, of the version that was seen and the profile of the image."""
    reviews = policy.visible_reviews(viewer).filter(
        at__gte=asked.span.begin, at__lt=asked.span.end, carried_from__isnull=True
    )
    if asked.version:
        reviews = reviews.filter(model_version=UUID(asked.version))
    if asked.profile == NO_PROFILE:
        reviews = reviews.filter(cell__image__imaging_profile__isnull=True)
    elif asked.profile:
        reviews = reviews.filter(cell__image__imaging_profile=UUID(asked.profile))
    return reviews
