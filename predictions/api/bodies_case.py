"""The form of what the API takes and gives of a sample on its way to a signature."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.serializers import ErrorBody
from predictions.differential import Apart, Row
from predictions.models import Sample, Signature
from predictions.selectors.reports.case import Case
from predictions.selectors.reports.contents import digest_of
from predictions.services.reports.findings import LONGEST_FINDING
from predictions.services.reports.sayings import GRADES, LONGEST_PHRASE, LONGEST_TEXT
from predictions.services.samples.steps import LONGEST_REASON

# Of a percentage; more of them would tell of nothing.
DECIMALS = 2


class MissingBody(serializers.Serializer):
    """One thing that still stops the next step."""

    code = serializers.CharField(help_text="A stable word for programs.")
    message = serializers.CharField(help_text="What to do, for a person.")


class NotReadyBody(ErrorBody):
    """A refusal that says what is missing, where something is."""

    missing = MissingBody(many=True, required=False)


class IntervalBody(serializers.Serializer):
    """A reference interval."""

    low = serializers.FloatField()
    high = serializers.FloatField()
    unit = serializers.CharField(help_text="UCUM.")
    source = serializers.CharField()  # type: ignore[assignment]


class RowBody(serializers.Serializer):
    """A class of counted white cells."""

    label = serializers.CharField()  # type: ignore[assignment]
    name = serializers.CharField()
    count = serializers.IntegerField()
    to_review = serializers.IntegerField(help_text="Outside the count until a person has looked.")
    percent = serializers.SerializerMethodField(help_text="Of the counted cells.")
    low = serializers.SerializerMethodField(help_text="Of the Wilson 95 % interval, in percent.")
    high = serializers.SerializerMethodField()
    reference = IntervalBody(source="interval", allow_null=True)
    flag = serializers.SerializerMethodField(
        help_text="L, H, LL, HH or empty: of the absolute count where it is judged, else of the "
        "percentage."
    )
    absolute = serializers.FloatField(allow_null=True, help_text="10^9/L.")

    def get_flag(self, row: Row) -> str:
        """A percentage alone is never critical."""
        return row.absolute_flag or row.flag

    def get_percent(self, row: Row) -> float | None:
        """None where nothing is counted."""
        return _rounded(row.percent)

    def get_low(self, row: Row) -> float | None:
        """As the percentage."""
        return _rounded(row.low)

    def get_high(self, row: Row) -> float | None:
        """As the percentage."""
        return _rounded(row.high)


class ApartBody(serializers.Serializer):
    """What is found on the film and is no counted white cell."""

    label = serializers.CharField()  # type: ignore[assignment]
    name = serializers.CharField()
    count = serializers.IntegerField()
    to_review = serializers.IntegerField()
    per_100 = serializers.SerializerMethodField(help_text="To 100 counted white cells.")

    def get_per_100(self, each: Apart) -> float | None:
        """None where nothing is counted."""
        return _rounded(each.per_100)


class WhiteCellsBody(serializers.Serializer):
    """The analyser's white cell count, and what erythroblasts make of it."""

    value = serializers.FloatField(help_text="10^9/L.")
    corrected = serializers.FloatField(help_text="The same where nothing is to correct.")
    formula = serializers.CharField()
    flag = serializers.CharField()


class PreviousResultBody(serializers.Serializer):
    """What was signed last of the patient's samples that came before."""

    report = serializers.UUIDField(source="pk")
    number = serializers.CharField(source="__str__")
    accession_number = serializers.CharField(source="sample.accession_number")


class FindingBody(serializers.Serializer):
    """What the figures amount to, by a rule; support for who reads them, and no diagnosis."""

    code = serializers.CharField()
    words = serializers.CharField()
    certainty = serializers.ChoiceField(
        ["likely", "possible", "seen"],
        help_text="likely: the 95 % interval of counting lies beyond the limit as a whole; "
        "possible: it reaches back across it; seen: it is there, whatever the count.",
    )
    basis = serializers.ChoiceField(
        ["", "absolute", "relative"],
        help_text="Whether it rests on the absolute count or on the percentage alone.",
    )
    rule = serializers.CharField(help_text="What was compared with what, with its numbers.")
    source = serializers.CharField(  # type: ignore[assignment]
        help_text="Where the limit is published."
    )
    consider = serializers.CharField(help_text="What is usually considered next.")


class DifferentialBody(serializers.Serializer):
    """The white-cell differential of a sample, and what still stops its next step."""

    counted = serializers.IntegerField(source="differential.counted")
    target = serializers.IntegerField(source="differential.target")
    rows = RowBody(many=True, source="differential.rows")
    apart = ApartBody(many=True, source="differential.apart")
    to_review = serializers.IntegerField(source="differential.to_review")
    unidentified = serializers.IntegerField(source="differential.unidentified")
    wbc = WhiteCellsBody(source="differential.white_cells", allow_null=True)
    notes = serializers.ListField(child=serializers.CharField())
    previous = serializers.SerializerMethodField()
    findings = serializers.SerializerMethodField()
    missing = serializers.SerializerMethodField()
    seen = serializers.SerializerMethodField(
        help_text="A digest of what the report would say; hand it on with the signature."
    )

    def get_seen(self, case: Case) -> str:
        """Another one as soon as a figure, or what is said of the sample, is another."""
        return digest_of(case, self.context["previous"])

    @extend_schema_field(PreviousResultBody(allow_null=True))
    def get_previous(self, case: Case) -> dict[str, Any] | None:
        """Null where no other sample of the patient reference is signed."""
        previous = self.context["previous"]
        return PreviousResultBody(previous[0]).data if previous else None

    @extend_schema_field(FindingBody(many=True))
    def get_findings(self, case: Case) -> list[dict[str, Any]]:
        """What the figures amount to, the gravest first."""
        return FindingBody(self.context["offered"].findings, many=True).data  # type: ignore[return-value]

    @extend_schema_field(MissingBody(many=True))
    def get_missing(self, case: Case) -> list[dict[str, Any]]:
        """The check list as the caller would meet it."""
        return MissingBody(self.context["missing"], many=True).data  # type: ignore[return-value]


class StateForm(serializers.Serializer):
    """Where a sample is to go."""

    to = serializers.ChoiceField(
        choices=[Sample.State.READY, Sample.State.IN_REVIEW, Sample.State.CANCELLED]
    )
    reason = serializers.CharField(
        max_length=LONGEST_REASON,
        required=False,
        allow_blank=True,
        help_text="Needed unless it goes to the doctor.",
    )


class StateBody(serializers.Serializer):
    """Where a sample stands."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=Sample.State.choices)


class ReasonForm(serializers.Serializer):
    """Why."""

    reason = serializers.CharField(max_length=LONGEST_REASON)


class ProvenReasonForm(ReasonForm):
    """Why, and the caller's password once more."""

    password = serializers.CharField(
        max_length=256, trim_whitespace=False, style={"input_type": "password"}
    )


class FindingForm(serializers.Serializer):
    """A standard phrase with its grade."""

    text = serializers.CharField(max_length=LONGEST_PHRASE)
    grade = serializers.ChoiceField(choices=GRADES, required=False, default="", allow_blank=True)


class MorphologyForm(serializers.Serializer):
    """What the film looks like."""

    red_cells = FindingForm(many=True, required=False)
    platelets = FindingForm(many=True, required=False)
    white_cells = FindingForm(many=True, required=False)
    text = serializers.CharField(max_length=LONGEST_TEXT, required=False, allow_blank=True)


class KeptFindingForm(serializers.Serializer):
    """A finding to be kept; one that the figures offer no more is refused (409, findings_moved)."""

    code = serializers.CharField(
        max_length=40,
        required=False,
        default="",
        allow_blank=True,
        help_text="Of the finding offered; empty for one of the signer's own.",
    )
    text = serializers.CharField(
        max_length=LONGEST_FINDING,
        required=False,
        default="",
        allow_blank=True,
        help_text="Its words; empty for those in which it is offered.",
    )


class SignForm(serializers.Serializer):
    """What a signer says and proves."""

    password = serializers.CharField(
        max_length=256, trim_whitespace=False, style={"input_type": "password"}
    )
    meaning = serializers.ChoiceField(choices=Signature.Meaning.choices)
    comment = serializers.CharField(max_length=LONGEST_TEXT, required=False, allow_blank=True)
    morphology = MorphologyForm(required=False)
    findings = KeptFindingForm(
        many=True,
        required=False,
        help_text="What is kept of those that the differential offers, and the signer's own. "
        "Without it none stands on the report.",
    )
    limited_count_reason = serializers.CharField(
        max_length=LONGEST_PHRASE,
        required=False,
        allow_blank=True,
        help_text="Needed below 100 counted cells.",
    )
    seen = serializers.CharField(
        required=False,
        allow_blank=True,
        help_text="As the differential gave it: where it would give another one by now, nothing "
        "is signed (409, changed_since_seen). Without it, what stands is signed.",
    )

    @property
    def said(self) -> dict[str, Any]:
        """As the service takes it."""
        said = dict(self.validated_data)
        morphology = dict(said.pop("morphology", {}))
        said["morphology"] = morphology.pop("text", "")
        said["phrases"] = {
            group: [(each["text"], each["grade"]) for each in found]
            for group, found in morphology.items()
        }
        said["findings"] = [(each["code"], each["text"]) for each in said.pop("findings", [])]
        return said


class ContactForm(serializers.Serializer):
    """Who was told a critical value."""

    label = serializers.CharField(max_length=40, help_text="Of the value, or wbc.")  # type: ignore[assignment]
    told_to = serializers.CharField(max_length=120)
    told_at = serializers.DateTimeField()
    read_back = serializers.BooleanField(help_text="Whether they repeated it.")
    note = serializers.CharField(max_length=500, required=False, allow_blank=True)


class ContactBody(serializers.Serializer):
    """A contact about a critical value, as it is on record."""

    id = serializers.UUIDField()
    label = serializers.CharField()  # type: ignore[assignment]
    value = serializers.CharField(help_text="As it was told.")
    told_to = serializers.CharField()
    told_at = serializers.DateTimeField()
    read_back = serializers.BooleanField()
    note = serializers.CharField()
    by = serializers.CharField(source="by.display_name")
    at = serializers.DateTimeField()


class AlarmForm(serializers.Serializer):
    """What the doctor saw."""

    note = serializers.CharField(max_length=500, required=False, allow_blank=True)
    seen = serializers.CharField(
        required=False,
        allow_blank=True,
        help_text="As the sample's alarm gave it, nothing where it has none: where others make "
        "the alarm by now, nothing is acknowledged (409).",
    )


class AlarmBody(serializers.Serializer):
    """That a doctor has looked where blasts are suspected, or an alarm was raised."""

    id = serializers.UUIDField()
    blasts = serializers.IntegerField()
    immature_granulocytes = serializers.IntegerField()
    cells = serializers.ListField(
        child=serializers.UUIDField(),
        allow_null=True,
        help_text="Those that made the alarm; none without one.",
    )
    note = serializers.CharField()
    by = serializers.CharField(source="by.display_name")
    at = serializers.DateTimeField()


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DECIMALS)
