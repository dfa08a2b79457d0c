"""What is put right about images over the API: which sample they belong to, and which count."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint
from accounts.policy import Action, needs
from accounts.requests import SignedInApiRequest
from predictions.api.bodies_samples import ImageMove, Reason, SampleDetail
from predictions.api.responses import CLOSED, EVERYWHERE, INVALID, NOT_FOUND
from predictions.selectors.samples.samples import sample_with_images
from predictions.services.imaging.dismissing import dismiss_image
from predictions.services.imaging.moving import move_image

_ANSWERS = {200: SampleDetail, **INVALID, **NOT_FOUND, **CLOSED, **EVERYWHERE}


@needs({"POST": Action.CORRECT_SAMPLES})
class DismissView(Endpoint):
    """An image that its sample can do without."""

    @extend_schema(operation_id="images_dismiss", request=Reason, responses=_ANSWERS)
    def post(self, request: SignedInApiRequest, image_id: UUID) -> Response:
        """Set an image aside, with its cells; the answer is its sample."""
        form = Reason(data=request.data)
        form.is_valid(raise_exception=True)
        image = dismiss_image(actor=request.user, image_id=image_id, **form.validated_data)
        return Response(SampleDetail(sample_with_images(request.user, image.sample_id)).data)


@needs({"POST": Action.CORRECT_SAMPLES})
class MoveView(Endpoint):
    """An image that was uploaded to the wrong sample."""

    @extend_schema(operation_id="images_move", request=ImageMove, responses=_ANSWERS)
    def post(self, request: SignedInApiRequest, image_id: UUID) -> Response:
        """Give an image to another sample, with its cells; the answer is that sample."""
        form = ImageMove(data=request.data)
        form.is_valid(raise_exception=True)
        image = move_image(
            actor=request.user,
            image_id=image_id,
            to_sample_id=form.validated_data["sample"],
            reason=form.validated_data["reason"],
        )
        return Response(SampleDetail(sample_with_images(request.user, image.sample_id)).data)
