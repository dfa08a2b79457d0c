"""The form of what the API takes and gives of signed reports."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from predictions.models import JobStatus, Report, Signature
from predictions.selectors.reports.reports import SignedReport


class ReportKey(serializers.Serializer):
    """Which report it is."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    version = serializers.IntegerField()
    status = serializers.ChoiceField(choices=Report.Status.choices)
    sha256 = serializers.CharField(help_text="Of the frozen content.")


class SignedBody(serializers.Serializer):
    """The report that a signature made."""

    report = ReportKey()


class SignatureBody(serializers.Serializer):
    """Who stands behind a report."""

    name = serializers.CharField(help_text="As it was at that time.")
    meaning = serializers.ChoiceField(choices=Signature.Meaning.choices)
    at = serializers.DateTimeField()
    authenticated_by = serializers.CharField()


class FileBody(serializers.Serializer):
    """What has become of a report's file."""

    status = serializers.ChoiceField(choices=JobStatus.choices)
    sha256 = serializers.CharField(help_text="Empty until it is made.")
    size_bytes = serializers.IntegerField(allow_null=True)
    error = serializers.CharField(help_text="Why it could not be made; else empty.")


class ReportBody(ReportKey):
    """A report in the list of a sample's."""

    sample = serializers.UUIDField(source="sample_id")
    at = serializers.DateTimeField()
    amendment_reason = serializers.CharField()
    signature = SignatureBody()
    file = FileBody()
    superseded_by = serializers.SerializerMethodField()

    def get_superseded_by(self, report: Report) -> UUID | None:
        """The version that took its place."""
        newer = getattr(report, "replaced_by", None)
        return newer.pk if newer else None


class ReportList(serializers.Serializer):
    """The versions of a sample's report, the newest first."""

    results = ReportBody(many=True)


class ReportDetail(serializers.Serializer):
    """A report with all that stands on it."""

    content = serializers.SerializerMethodField()
    retracted = serializers.BooleanField(source="is_retracted")

    def to_representation(self, signed: SignedReport) -> dict[str, Any]:
        """The report's own fields beside its content."""
        return {**ReportBody(signed.report).data, **super().to_representation(signed)}

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_content(self, signed: SignedReport) -> dict[str, Any]:
        """As it was frozen."""
        return json.loads(signed.report.content)


class BundleQuery(serializers.Serializer):
    """Which kind of FHIR Bundle is made."""

    type = serializers.ChoiceField(
        ["collection", "transaction"],
        default="collection",
        help_text="`transaction` is to be posted to a FHIR server; it replaces what an earlier one "
        "of the same report left there.",
    )


class FileForm(serializers.Serializer):
    """A file to be verified, as multipart form data."""

    file = serializers.FileField(allow_empty_file=True)


class VerificationBody(serializers.Serializer):
    """Whether a file is a report of this laboratory, and whether it still holds."""

    genuine = serializers.BooleanField()
    report = ReportKey(allow_null=True)
    signature = SignatureBody(allow_null=True)
    superseded_by = ReportKey(allow_null=True)
    retracted = serializers.BooleanField()

    @classmethod
    def of(cls, found: SignedReport | None) -> dict[str, Any]:
        """What is known of a file; of another one nothing."""
        if found is None:
            nothing = {"report": None, "signature": None, "superseded_by": None}
            return cls({"genuine": False, **nothing, "retracted": False}).data
        return cls(
            {
                "genuine": True,
                "report": found.report,
                "signature": found.report.signature,
                "superseded_by": found.replaced_by,
                "retracted": found.is_retracted,
            }
        ).data
