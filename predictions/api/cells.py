"""Cells and reviews over the API."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint
from accounts.policy import Action, needs
from accounts.requests import SignedInApiRequest
from predictions.api.bodies_cells import (
    CellPage,
    CellsQuery,
    Conflict,
    NewCell,
    NewReview,
    NewReviews,
    Outcomes,
    QueuedJob,
    Rerun,
    SampleCell,
    TakenReview,
)
from predictions.api.responses import (
    CLOSED,
    EVERYWHERE,
    INVALID,
    NOT_FOUND,
    InOrderOfUpload,
)
from predictions.selectors.review.cells import cell_with_reviews, cells_of_sample
from predictions.services.imaging import jobs
from predictions.services.review import added_cells, reviews

_PLACE = [
    OpenApiParameter("cursor", OpenApiTypes.STR, description="From `next` or `previous`."),
    OpenApiParameter("page_size", OpenApiTypes.INT, description="1 to 500; 100 by itself."),
]
_CONFLICT = {
    409: OpenApiResponse(
        Conflict,
        description="`review_conflict`: somebody else reviewed it in between; `now` and `yours` "
        "are both versions. `review_refused`: the sample takes no reviews now.",
    )
}


@needs({"GET": Action.SEE_RESULTS})
class SampleCellsView(Endpoint):
    """The cells of a sample."""

    query_parameters = {"GET": (*CellsQuery().fields, "cursor", "page_size")}

    @extend_schema(
        operation_id="sample_cells_list",
        parameters=[CellsQuery, *_PLACE],
        responses={200: CellPage, **INVALID, **NOT_FOUND, **EVERYWHERE},
    )
    def get(self, request: SignedInApiRequest, sample_id: UUID) -> Response:
        """List the cells of a sample's newest results, in the order of upload."""
        query = CellsQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        cells = cells_of_sample(request.user, sample_id, **query.validated_data)
        pages = InOrderOfUpload()
        rows = pages.paginate_queryset(cells, request)
        return pages.get_paginated_response(SampleCell(rows, many=True).data)


@needs({"POST": Action.REVIEW_CELLS})
class SampleReviewsView(Endpoint):
    """Reviews of many cells of a sample."""

    @extend_schema(
        operation_id="sample_reviews_create",
        request=NewReviews,
        responses={200: Outcomes, **INVALID, **NOT_FOUND, **CLOSED, **EVERYWHERE},
    )
    def post(self, request: SignedInApiRequest, sample_id: UUID) -> Response:
        """Review up to 500 cells; each has its own outcome, in the order sent."""
        form = NewReviews(data=request.data)
        form.is_valid(raise_exception=True)
        outcomes = reviews.review_cells(
            actor=request.user,
            sample_id=sample_id,
            reviews=[
                reviews.WantedReview(cell_id=each.pop("cell"), **each)
                for each in form.validated_data["reviews"]
            ],
        )
        return Response(Outcomes({"outcomes": outcomes}).data)


@needs({"POST": Action.REVIEW_CELLS})
class CellReviewsView(Endpoint):
    """Reviews of one cell."""

    @extend_schema(
        operation_id="cell_reviews_create",
        request=NewReview,
        responses={201: TakenReview, **INVALID, **NOT_FOUND, **_CONFLICT, **EVERYWHERE},
    )
    def post(self, request: SignedInApiRequest, cell_id: UUID) -> Response:
        """Say what a cell is. What a technician says after a doctor is a remark."""
        form = NewReview(data=request.data)
        form.is_valid(raise_exception=True)
        review = reviews.review_cell(actor=request.user, cell_id=cell_id, **form.validated_data)
        return Response(TakenReview(review).data, status=201)


@needs({"POST": Action.REVIEW_CELLS})
class ImageCellsView(Endpoint):
    """The cells of an image."""

    @extend_schema(
        operation_id="image_cells_create",
        request=NewCell,
        responses={201: SampleCell, **INVALID, **NOT_FOUND, **CLOSED, **EVERYWHERE},
    )
    def post(self, request: SignedInApiRequest, image_id: UUID) -> Response:
        """Add a cell that was missed; the engine names it a moment later."""
        form = NewCell(data=request.data)
        form.is_valid(raise_exception=True)
        x_px, y_px, width_px, height_px = form.validated_data["box"]
        cell = added_cells.add_cell(
            actor=request.user,
            image_id=image_id,
            x_px=x_px,
            y_px=y_px,
            width_px=width_px,
            height_px=height_px,
            label=form.validated_data["label"],
        )
        return Response(SampleCell(cell_with_reviews(request.user, cell.pk)).data, status=201)


@needs({"POST": Action.RERUN_IMAGES})
class ImageRunView(Endpoint):
    """Classifications of an image."""

    @extend_schema(
        operation_id="image_run",
        request=Rerun,
        responses={202: QueuedJob, **INVALID, **NOT_FOUND, **CLOSED, **EVERYWHERE},
    )
    def post(self, request: SignedInApiRequest, image_id: UUID) -> Response:
        """Classify an image again; with reviews only where `confirm` says so (409 before)."""
        form = Rerun(data=request.data)
        form.is_valid(raise_exception=True)
        job = jobs.request_rerun(
            actor=request.user, image_id=image_id, confirmed=form.validated_data["confirm"]
        )
        return Response(QueuedJob(job).data, status=202)
