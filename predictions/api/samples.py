"""Samples over the API."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint
from accounts.policy import Action, needs
from accounts.requests import SignedInApiRequest
from predictions.api.responses import CLOSED, EVERYWHERE, INVALID, NOT_FOUND, NewestFirst
from predictions.api.serializers import NewSample, SampleBody, SampleDetail, SamplePage
from predictions.selectors.samples import samples as selectors
from predictions.services.samples import samples as services


@needs({"GET": Action.SEE_RESULTS, "POST": Action.UPLOAD_IMAGES})
class SampleListView(Endpoint):
    """The laboratory's samples."""

    query_parameters = {"GET": ("cursor", "page_size")}

    @extend_schema(
        operation_id="samples_list",
        parameters=[
            OpenApiParameter("cursor", OpenApiTypes.STR, description="From `next` or `previous`."),
            OpenApiParameter("page_size", OpenApiTypes.INT, description="1 to 200; 50 by itself."),
        ],
        responses={200: SamplePage, **EVERYWHERE},
    )
    def get(self, request: SignedInApiRequest) -> Response:
        """List the samples, newest first."""
        pages = NewestFirst()
        rows = pages.paginate_queryset(selectors.samples_newest_first(request.user), request)
        return pages.get_paginated_response(SampleBody(rows, many=True).data)

    @extend_schema(
        operation_id="samples_create",
        request=NewSample,
        responses={201: SampleBody, **INVALID, **CLOSED, **EVERYWHERE},
    )
    def post(self, request: SignedInApiRequest) -> Response:
        """Create a sample."""
        form = NewSample(data=request.data)
        form.is_valid(raise_exception=True)
        sample = services.create_sample(actor=request.user, **form.validated_data)
        return Response(SampleBody(sample).data, status=201)


@needs({"GET": Action.SEE_RESULTS})
class SampleView(Endpoint):
    """One sample."""

    @extend_schema(
        operation_id="samples_read", responses={200: SampleDetail, **NOT_FOUND, **EVERYWHERE}
    )
    def get(self, request: SignedInApiRequest, sample_id: UUID) -> Response:
        """Read a sample and the state of its images."""
        return Response(SampleDetail(selectors.sample_with_images(request.user, sample_id)).data)
