"""The pictures of datasets, as our own small JPEGs."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse

from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from hematovision.file_responses import jpeg_response
from mlmodels.selectors.datasets import datasets as selector
from mlmodels.services.datasets import thumbnails


@needs({"GET": Action.MANAGE_DATASETS})
def image_thumbnail(request: SignedInRequest, dataset_image_id: UUID) -> HttpResponse:
    """Our own small JPEG of one picture."""
    return _picture(request, dataset_image_id, thumbnails.THUMBNAIL_SIDE_PX)


@needs({"GET": Action.MANAGE_DATASETS})
def image_picture(request: SignedInRequest, dataset_image_id: UUID) -> HttpResponse:
    """Our own JPEG of one picture."""
    return _picture(request, dataset_image_id, thumbnails.PICTURE_SIDE_PX)


def _picture(request: SignedInRequest, image_id: UUID, side_px: int) -> HttpResponse:
    image = selector.image_for_viewer(request.user, image_id)
    return jpeg_response(
        request,
        etag=f"{image.pk}-{side_px}",
        read=lambda: thumbnails.dataset_thumbnail(
            actor=request.user, image_id=image.pk, side_px=side_px
        ),
    )
