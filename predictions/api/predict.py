"""One picture in, its cells out, in one call."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint
from accounts.policy import Action, needs
from accounts.requests import SignedInApiRequest
from hematovision.sent_files import the_file_in
from predictions.api.responses import CLOSED, EVERYWHERE, INVALID, STORAGE_DOWN, TOO_LARGE
from predictions.api.serializers import PredictForm, Prediction, PredictQuery
from predictions.services.imaging import intake, reading

LONGEST_WAIT_S = 20


@needs({"POST": Action.UPLOAD_IMAGES})
class PredictView(Endpoint):
    """Upload and wait."""

    parser_classes = [MultiPartParser]
    query_parameters = {"POST": ("wait",)}

    @extend_schema(
        operation_id="predict",
        parameters=[PredictQuery],
        request={"multipart/form-data": PredictForm},
        responses={
            200: Prediction,
            202: OpenApiResponse(Prediction, description="Not ready yet; read `url` later."),
            **INVALID,
            **CLOSED,
            **TOO_LARGE,
            **STORAGE_DOWN,
            **EVERYWHERE,
        },
    )
    def post(self, request: SignedInApiRequest) -> Response:
        """Upload one picture and wait for its result."""
        query = PredictQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        sent = the_file_in(request, "image")
        taken = intake.receive_single(
            actor=request.user,
            files=[sent] if sent else [],
            accession_number=request.POST.get("accession_number", ""),
            imaging_profile=request.POST.get("imaging_profile", ""),
        )
        result = reading.view_result(
            actor=request.user,
            image_id=taken.image.pk,
            wait_s=min(query.validated_data["wait"], LONGEST_WAIT_S),
        )
        context = {"request": request, "duplicate": taken.duplicate}
        body = Prediction(result, context=context).data
        if result.is_final:
            return Response(body)
        return Response(body, status=202, headers={"Location": body["url"]})
