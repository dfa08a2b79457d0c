import uuid

from django.db import models
from django.utils import timezone

from accounts.models import Laboratory
from hematovision.leases import Leased
from predictions.models.report import Report
from predictions.models.sample import Sample


class ResultConnection(models.Model):
    """A system that a laboratory's signed reports are sent to."""

    class Kind(models.TextChoices):
        """What it speaks."""

        MLLP = "mllp", "HL7 v2 over MLLP"
        MLLP_TLS = "mllp_tls", "HL7 v2 over MLLP with TLS"
        FHIR = "fhir", "FHIR, by POST"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    laboratory = models.ForeignKey(Laboratory, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=12, choices=Kind)
    address = models.CharField(max_length=200, help_text="host:port, or the address of FHIR.")
    receiver = models.CharField(max_length=60, blank=True, help_text="As it calls itself.")
    receiver_facility = models.CharField(max_length=60, blank=True)
    report_code = models.CharField(
        max_length=40, blank=True, help_text="Of the whole report, instead of LOINC's."
    )
    sends_file = models.BooleanField(default=False, help_text="The PDF goes with the results.")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["laboratory", "name"], name="connection_name_once_a_laboratory"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def speaks_fhir(self) -> bool:
        """Whether it is told in FHIR; else in HL7 v2."""
        return self.kind == self.Kind.FHIR


class Delivery(Leased):
    """A report to be told to a system: written with the signature, sent by a worker.

    The deliveries of a sample go to a system one after the other, in the order of their numbers.
    What is sent is written down before the first attempt, and is the same in every later one.
    """

    class Status(models.TextChoices):
        """What has become of it."""

        QUEUED = "queued", "waiting"
        RUNNING = "running", "being sent"
        DELIVERED = "delivered", "delivered"
        REFUSED = "refused", "refused"

    WAITING = (Status.QUEUED, Status.RUNNING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    laboratory = models.ForeignKey(
        Laboratory, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    connection = models.ForeignKey(
        ResultConnection, on_delete=models.PROTECT, related_name="deliveries", db_index=False
    )
    sample = models.ForeignKey(
        Sample, on_delete=models.PROTECT, related_name="deliveries", db_index=False
    )
    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="deliveries")
    is_retraction = models.BooleanField(help_text="Tells that the report was taken back.")
    # Counts what a system is told of a sample.
    number = models.PositiveIntegerField()
    status = models.CharField(max_length=12, choices=Status, default=Status.QUEUED)
    created_at = models.DateTimeField(default=timezone.now)
    message = models.TextField(blank=True, help_text="As it is sent; empty before it was made.")
    control_id = models.CharField(max_length=40, blank=True)
    tries = models.PositiveIntegerField(default=0, help_text="Times that it was sent.")
    next_try_at = models.DateTimeField(default=timezone.now)
    answer = models.TextField(blank=True, help_text="What came of the last try, for a person.")
    answered_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["connection", "sample", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "sample", "number"], name="delivery_number_once"
            ),
            models.UniqueConstraint(
                fields=["connection", "report", "is_retraction"], name="delivery_once_a_report"
            ),
        ]
        indexes = [
            models.Index(fields=["laboratory", "-created_at", "-id"], name="delivery_newest"),
            models.Index(
                fields=["next_try_at"],
                name="delivery_waiting",
                condition=models.Q(status__in=("queued", "running")),
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class OrderPeer(models.Model):
    """A system whose orders make samples: known by the address that it speaks from.

    The operator names it, for whoever has an address decides whose orders come from there.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    laboratory = models.ForeignKey(Laboratory, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=60)
    address = models.GenericIPAddressField(unique=True)
    hides_references = models.BooleanField(
        default=True, help_text="Patients get a reference made of their number by a key."
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
