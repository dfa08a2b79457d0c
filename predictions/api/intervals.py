"""Reference intervals and critical limits over the API."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint
from accounts.policy import Action, needs
from accounts.requests import SignedInApiRequest
from predictions.api.responses import CLOSED, EVERYWHERE, INVALID
from predictions.intervals import (
    ABSOLUTE,
    PER_100_WHITE_CELLS,
    PERCENT,
    SEXES,
    CriticalLimit,
    Interval,
)
from predictions.selectors.laboratory.interval_pages import present_intervals
from predictions.services.laboratory import intervals as services


class Bound(serializers.DecimalField):
    """A count or a percentage, with the decimals that it was given with."""

    def __init__(self, *, required: bool = True) -> None:
        super().__init__(
            max_digits=20, decimal_places=None, required=required, allow_null=not required
        )


class LabelCode(serializers.CharField):
    """What an interval or a limit is of."""

    def __init__(self) -> None:
        super().__init__(max_length=40, help_text="Code of a label, or wbc.")


class IntervalRow(serializers.Serializer):
    """One reference interval; ages are whole days of life, the last one not included."""

    label = LabelCode()  # type: ignore[assignment]
    unit = serializers.ChoiceField(choices=[PERCENT, ABSOLUTE, PER_100_WHITE_CELLS])
    low = Bound()
    high = Bound()
    source = serializers.CharField(  # type: ignore[assignment]
        max_length=200, help_text="Where it is published."
    )
    sex = serializers.ChoiceField(choices=SEXES, allow_blank=True, default="")
    from_day = serializers.IntegerField(default=0, min_value=0)
    before_day = serializers.IntegerField(
        default=None, allow_null=True, min_value=1, help_text="null: it never ends."
    )


class LimitRow(serializers.Serializer):
    """The count at which somebody is called; each bound may be missing."""

    label = LabelCode()  # type: ignore[assignment]
    unit = serializers.ChoiceField(choices=[ABSOLUTE], default=ABSOLUTE)
    at_most = Bound(required=False)
    below = Bound(required=False)
    at_least = Bound(required=False)
    above = Bound(required=False)


class IntervalsBody(serializers.Serializer):
    """A set of intervals and limits, and its number."""

    number = serializers.IntegerField()
    is_own = serializers.BooleanField(help_text="false: as they came with the program.")
    intervals = IntervalRow(many=True)
    limits = LimitRow(many=True)


class NewIntervals(serializers.Serializer):
    """All intervals and limits that are to hold, the number that was read, and why."""

    number = serializers.IntegerField(min_value=0)
    intervals = IntervalRow(many=True)
    limits = LimitRow(many=True)
    reason = serializers.CharField(max_length=500)


@needs({"GET": Action.SEE_INTERVALS, "PUT": Action.MANAGE_LABORATORY})
class IntervalsView(Endpoint):
    """The intervals and limits that hold in the laboratory."""

    @extend_schema(
        operation_id="reference_intervals_read", responses={200: IntervalsBody, **EVERYWHERE}
    )
    def get(self, request: SignedInApiRequest) -> Response:
        """Read the reference intervals and critical limits."""
        return Response(IntervalsBody(present_intervals(request.user)).data)

    @extend_schema(
        operation_id="reference_intervals_replace",
        request=NewIntervals,
        responses={200: IntervalsBody, **INVALID, **CLOSED, **EVERYWHERE},
    )
    def put(self, request: SignedInApiRequest) -> Response:
        """Let these hold, and no others; 409 where somebody else changed them in between."""
        form = NewIntervals(data=request.data)
        form.is_valid(raise_exception=True)
        said = form.validated_data
        services.change_intervals(
            actor=request.user,
            intervals=[Interval(**row) for row in said["intervals"]],
            limits=[CriticalLimit(**row) for row in said["limits"]],
            seen_number=said["number"],
            reason=said["reason"],
        )
        return Response(IntervalsBody(present_intervals(request.user)).data)
