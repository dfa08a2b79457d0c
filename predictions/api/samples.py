"""Samples over the API."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint
from accounts.policy import Action, needs
from accounts.requests import SignedInApiRequest
from predictions.api.bodies_samples import (
    NewSample,
    NumberTaken,
    SampleBody,
    SampleChanges,
    SampleDetail,
    SamplePage,
    SampleQuery,
    SampleSearch,
)
from predictions.api.responses import EVERYWHERE, INVALID, NOT_FOUND, NewestFirst
from predictions.models import Sample
from predictions.selectors.samples import samples as selectors
from predictions.selectors.samples.searching import find_samples
from predictions.selectors.samples.worklist import Filters, worklist
from predictions.services.samples import samples as services
from predictions.services.samples.details import change_sample

_PAGE = ("cursor", "page_size")
_PAGE_PARAMETERS = [
    OpenApiParameter("cursor", OpenApiTypes.STR, description="From `next` or `previous`."),
    OpenApiParameter("page_size", OpenApiTypes.INT, description="1 to 200; 50 by itself."),
]
_TAKEN = {409: OpenApiResponse(NumberTaken, description="Its number, or its state, forbids it.")}


@needs({"GET": Action.SEE_RESULTS, "POST": Action.UPLOAD_IMAGES})
class SampleListView(Endpoint):
    """The laboratory's samples."""

    query_parameters = {"GET": ("state", "priority", "created_from", "created_to", *_PAGE)}

    @extend_schema(
        operation_id="samples_list",
        parameters=[SampleQuery, *_PAGE_PARAMETERS],
        responses={200: SamplePage, **INVALID, **EVERYWHERE},
    )
    def get(self, request: SignedInApiRequest) -> Response:
        """List the samples, newest first."""
        query = SampleQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        wanted = query.validated_data
        filters = Filters(
            state=wanted.get("state", ""),
            priority=wanted.get("priority", ""),
            first_day=wanted.get("created_from"),
            last_day=wanted.get("created_to"),
        )
        return _page(request, worklist(request.user, filters))

    @extend_schema(
        operation_id="samples_create",
        request=NewSample,
        responses={201: SampleBody, **INVALID, **_TAKEN, **EVERYWHERE},
    )
    def post(self, request: SignedInApiRequest) -> Response:
        """Create a sample. Where its number is taken, the answer names the sample that has it."""
        form = NewSample(data=request.data)
        form.is_valid(raise_exception=True)
        sample = services.create_sample(actor=request.user, **form.validated_data)
        return Response(SampleBody(sample).data, status=201)


@needs({"GET": Action.SEE_RESULTS, "PATCH": Action.CORRECT_SAMPLES})
class SampleView(Endpoint):
    """One sample."""

    @extend_schema(
        operation_id="samples_read", responses={200: SampleDetail, **NOT_FOUND, **EVERYWHERE}
    )
    def get(self, request: SignedInApiRequest, sample_id: UUID) -> Response:
        """Read a sample and the state of its images."""
        return Response(SampleDetail(selectors.sample_with_images(request.user, sample_id)).data)

    @extend_schema(
        operation_id="samples_change",
        request=SampleChanges,
        responses={200: SampleBody, **INVALID, **_TAKEN, **NOT_FOUND, **EVERYWHERE},
    )
    def patch(self, request: SignedInApiRequest, sample_id: UUID) -> Response:
        """Correct what is said of a sample that is not signed."""
        form = SampleChanges(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        changes = dict(form.validated_data)
        reason = changes.pop("reason", "")
        sample = change_sample(
            actor=request.user, sample_id=sample_id, changes=changes, reason=reason
        )
        return Response(SampleBody(sample).data)


@needs({"POST": Action.SEE_RESULTS})
class SampleSearchView(Endpoint):
    """Samples by what stays out of addresses."""

    query_parameters = {"POST": _PAGE}

    @extend_schema(
        operation_id="samples_search",
        request=SampleSearch,
        parameters=_PAGE_PARAMETERS,
        responses={200: SamplePage, **INVALID, **EVERYWHERE},
    )
    def post(self, request: SignedInApiRequest) -> Response:
        """Find samples by number or patient reference; send the same body to `next`."""
        form = SampleSearch(data=request.data)
        form.is_valid(raise_exception=True)
        return _page(request, find_samples(request.user, **form.validated_data))


def _page(request: SignedInApiRequest, samples: QuerySet[Sample]) -> Response:
    pages = NewestFirst()
    rows = pages.paginate_queryset(samples, request)
    return pages.get_paginated_response(SampleBody(rows, many=True).data)
