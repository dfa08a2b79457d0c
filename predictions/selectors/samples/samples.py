"""Samples, as lists and details show them."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Count, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import User
from predictions import policy
from predictions.errors import SampleNotFound
from predictions.models import ClassificationJob, Sample, SmearImage


def samples_newest_first(viewer: User) -> QuerySet[Sample]:
    """The samples that the viewer may see, with how many images each has."""
    # Counted for the rows of a page only: a join would group the whole table first.
    images = SmearImage.objects.filter(sample=OuterRef("pk")).order_by().values("sample")
    return (
        policy.visible_samples(viewer)
        .select_related("created_by")
        .annotate(image_count=Coalesce(Subquery(images.annotate(n=Count("pk")).values("n")), 0))
    )


def sample_with_images(viewer: User, sample_id: UUID) -> Sample:
    """One sample with its images in the order they came, each with its jobs, newest first.

    Raises:
        SampleNotFound: there is no such sample in the viewer's laboratory.
    """
    newest_first = ClassificationJob.objects.order_by("-queued_at", "-id")
    images = SmearImage.objects.order_by("uploaded_at", "id").prefetch_related(
        Prefetch("jobs", queryset=newest_first)
    )
    sample = (
        samples_newest_first(viewer)
        .prefetch_related(Prefetch("images", queryset=images))
        .filter(pk=sample_id)
        .first()
    )
    if sample is None:
        raise SampleNotFound()
    return sample
