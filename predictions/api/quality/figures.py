"""How well models and people work, over the API; for doctors and admins."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint
from accounts.policy import Action, needs
from accounts.requests import SignedInApiRequest
from predictions.api.quality.bodies import QualityBody, QualityQuery
from predictions.api.responses import EVERYWHERE, INVALID, NOT_FOUND
from predictions.selectors.quality.page import quality_figures
from predictions.selectors.quality.spans import span_of


@needs({"GET": Action.SEE_QUALITY})
class QualityView(Endpoint):
    """The figures of quality of the laboratory."""

    query_parameters = {"GET": ("version", "profile", "month", "first_day", "last_day")}

    @extend_schema(
        operation_id="quality_read",
        parameters=[QualityQuery],
        responses={200: QualityBody, **INVALID, **NOT_FOUND, **EVERYWHERE},
    )
    def get(self, request: SignedInApiRequest) -> Response:
        """Read how far models and people agree, and how long cells and cases take.

        Agreement counts only cells of which a person spoke, by the day of their image's upload.
        People saw the model's name before they spoke, which flatters the model.
        """
        query = QualityQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = dict(query.validated_data)
        version, profile = str(asked.pop("version", "")), asked.pop("profile", "")
        figures = quality_figures(
            request.user, span_of(request.user, **asked), version=version, profile=profile
        )
        return Response(QualityBody(figures).data)
