"""The form of cells and of reviews, as the API takes and gives them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.serializers import ErrorBody
from accounts.models import Role
from predictions.api.serializers import CellBody
from predictions.models import Cell, ClassificationJob
from predictions.selectors.review.said import MODEL, said_of
from predictions.services.review.reviews import (
    LONGEST_REMARK,
    MOST_AT_ONCE,
    MOST_SECONDS,
    ReviewOutcome,
)

_BOX = serializers.ListField(
    child=serializers.IntegerField(min_value=-(2**31), max_value=2**31 - 1),
    min_length=4,
    max_length=4,
    help_text="x, y, width, height in px of the picture as a person sees it.",
)


class CellsQuery(serializers.Serializer):
    """Which cells of a sample are listed."""

    label = serializers.CharField(  # type: ignore[assignment]
        max_length=40, required=False, help_text="A label's code, or `unidentified`."
    )
    disposition = serializers.ChoiceField(choices=Cell.Disposition.choices, required=False)
    reviewed = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="Whether a person named them."
    )


class ReviewBody(serializers.Serializer):
    """What a person said of a cell."""

    by = serializers.CharField(source="by.display_name")
    role = serializers.ChoiceField(choices=Role.choices, help_text="At that time.")
    at = serializers.DateTimeField()
    label_from = serializers.CharField(source="before")
    label_to = serializers.CharField(source="label", help_text="The same where confirmed.")
    remark = serializers.CharField()
    counts = serializers.BooleanField(help_text="Whether the cell is called so because of it.")
    carried = serializers.BooleanField(
        source="is_carried", help_text="Said of the same cell of an older result."
    )

    def get_fields(self) -> dict[str, serializers.Field]:
        """`from` is a word of the language's own."""
        fields = super().get_fields()
        return {name.removeprefix("label_"): field for name, field in fields.items()}


class SampleCell(CellBody):
    """A cell of a sample with everything that was said of it."""

    image = serializers.UUIDField(source="image_id")
    origin = serializers.ChoiceField(choices=Cell.Origin.choices)
    present_label = serializers.CharField(
        source="shown_label", help_text="What it is called now; `unidentified` where nobody did."
    )
    named_by = serializers.SerializerMethodField(help_text="model, technician or doctor.")
    last_review_number = serializers.IntegerField(
        help_text="Send it back as `seen_number` with a review."
    )
    reviews = serializers.SerializerMethodField(help_text="In order.")

    class Meta(CellBody.Meta):
        fields = [
            *CellBody.Meta.fields,
            "image",
            "position",
            "origin",
            "awaits_engine",
            "present_label",
            "named_by",
            "last_review_number",
            "reviews",
        ]
        read_only_fields = fields

    def get_named_by(self, cell: Cell) -> str:
        """Whose word counts."""
        return cell.named_by_role or MODEL

    @extend_schema_field(ReviewBody(many=True))
    def get_reviews(self, cell: Cell) -> Any:
        """What people said; the model's word stands beside it."""
        return ReviewBody([said for said in said_of(cell) if said.by], many=True).data


class CellPage(serializers.Serializer):
    """One page of cells, in the order of upload and of position in their image."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = SampleCell(many=True)


class NewCell(serializers.Serializer):
    """A cell that was missed."""

    box = _BOX
    label = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")  # type: ignore[assignment]


class NewReview(serializers.Serializer):
    """What one says of a cell."""

    label = serializers.CharField(max_length=40, help_text="The same as before confirms it.")  # type: ignore[assignment]
    seen_number = serializers.IntegerField(
        min_value=0, help_text="The cell's `last_review_number` as one saw it."
    )
    seconds = serializers.FloatField(
        required=False,
        allow_null=True,
        default=None,
        help_text=f"How long the cell was on screen, 0 to {MOST_SECONDS}.",
    )
    remark = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=LONGEST_REMARK,
        help_text="Free text beside the label.",
    )


class NewReviewOfCell(NewReview):
    """What one says of a cell among others."""

    cell = serializers.UUIDField()


class NewReviews(serializers.Serializer):
    """What one says of many cells of a sample."""

    reviews = serializers.ListField(
        child=NewReviewOfCell(), max_length=MOST_AT_ONCE, allow_empty=False
    )


class TakenReview(serializers.Serializer):
    """A review that was stored, and what the cell is called now."""

    cell = serializers.UUIDField(source="cell_id")
    number = serializers.IntegerField(help_text="The next `seen_number`.")
    label_from = serializers.CharField(source="from_label")
    label_to = serializers.CharField(source="to_label")
    at = serializers.DateTimeField()
    present_label = serializers.CharField(source="cell.present_label")
    named_by = serializers.CharField(source="cell.named_by_role")
    is_remark = serializers.BooleanField(
        source="is_overruled", help_text="It stands beside a doctor's word and changes nothing."
    )

    def get_fields(self) -> dict[str, serializers.Field]:
        """`from` is a word of the language's own."""
        fields = super().get_fields()
        return {name.removeprefix("label_"): field for name, field in fields.items()}


class SaidNow(serializers.Serializer):
    """What a cell is called, and by whom."""

    label = serializers.CharField()  # type: ignore[assignment]
    by = serializers.CharField(allow_null=True)
    at = serializers.DateTimeField(allow_null=True)
    number = serializers.IntegerField(help_text="Of the cell's last review.")


class Yours(serializers.Serializer):
    """What one wanted to say."""

    label = serializers.CharField()  # type: ignore[assignment]
    seen_number = serializers.IntegerField()


class Conflict(ErrorBody):
    """A review over another one that its author had not seen."""

    now = SaidNow(required=False)
    yours = Yours(required=False)


class Outcome(serializers.Serializer):
    """What became of one of many reviews: `review`, or `error` as a single one would answer."""

    cell = serializers.UUIDField()
    review = TakenReview(allow_null=True)
    error = Conflict(allow_null=True)

    def to_representation(self, instance: ReviewOutcome) -> dict[str, Any]:
        """Both keys always, one of them null."""
        error = instance.error
        return {
            "cell": str(instance.cell_id),
            "review": TakenReview(instance.review).data if instance.review else None,
            "error": error.body() if error else None,
        }


class Outcomes(serializers.Serializer):
    """What became of each review, in the order sent."""

    outcomes = Outcome(many=True)


class Rerun(serializers.Serializer):
    """Whether to run an image again that people have spoken of."""

    confirm = serializers.BooleanField(
        default=False, help_text="Reviews are carried to the same cells of the new result."
    )


class QueuedJob(serializers.Serializer):
    """The new classification of an image."""

    job = serializers.UUIDField(source="id")
    image = serializers.UUIDField(source="image_id")
    status = serializers.ChoiceField(choices=ClassificationJob.Status.choices)
