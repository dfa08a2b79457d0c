"""Samples, as lists and details show them."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Prefetch, QuerySet

from accounts.models import User
from predictions import policy
from predictions.errors import SampleNotFound
from predictions.models import Sample, SmearImage
from predictions.selectors.samples.rules import key_in


def samples_newest_first(viewer: User) -> QuerySet[Sample]:
    """The samples that the viewer may see."""
    return policy.visible_samples(viewer).select_related("created_by", "laboratory")


def sample_taking_images(viewer: User, sample_id: UUID) -> Sample:
    """One sample to which images may be added now.

    Raises:
        SampleNotFound: there is no such sample in the viewer's laboratory.
        SampleClosed: it takes no more images.
    """
    sample = policy.visible_samples(viewer).filter(pk=sample_id).first()
    if sample is None:
        raise SampleNotFound()
    policy.refuse_closed(sample)
    return sample


def sample_for_viewer(viewer: User, sample_id: UUID) -> Sample:
    """One sample, with its laboratory and who made it.

    Raises:
        SampleNotFound: there is no such sample in the viewer's laboratory.
    """
    sample = samples_newest_first(viewer).filter(pk=sample_id).first()
    if sample is None:
        raise SampleNotFound()
    return sample


def sample_with_images(viewer: User, sample_id: UUID) -> Sample:
    """One sample with its images in the order they came.

    Raises:
        SampleNotFound: there is no such sample in the viewer's laboratory.
    """
    images = SmearImage.objects.order_by("uploaded_at", "id")
    sample = (
        samples_newest_first(viewer)
        .prefetch_related(Prefetch("images", queryset=images))
        .filter(pk=sample_id)
        .first()
    )
    if sample is None:
        raise SampleNotFound()
    return sample


def sample_of_number(viewer: User, accession_number: str) -> Sample | None:
    """The sample that has this number now; cancelled and retracted ones have given it free.

    Args:
        accession_number: in its canonical form.
    """
    present = policy.visible_samples(viewer).exclude(state__in=Sample.GONE)
    key = key_in(viewer.laboratory, accession_number)
    return present.filter(accession_key=key, number_collides=False).first()
