import hashlib
import json
import uuid
from datetime import UTC

from django.db import models

from accounts.models.laboratory import Laboratory
from accounts.models.user import User


class AuditAction(models.TextChoices):
    """The closed list of what is written down."""

    SIGNED_IN = "signed_in", "signed in"
    SIGN_IN_FAILED = "sign_in_failed", "failed to sign in"
    LOGGED_OUT = "logged_out", "logged out"
    PASSWORD_CHANGED = "password_changed", "changed the password"
    TOKEN_ISSUED = "token_issued", "took an API token"
    TOKEN_REVOKED = "token_revoked", "revoked an API token"
    TOKEN_REUSED = "token_reused", "showed a used API token"
    ACCESS_DENIED = "access_denied", "was denied"
    LABORATORY_CREATED = "laboratory_created", "created the laboratory"
    USER_CREATED = "user_created", "created a user"
    USER_CHANGED = "user_changed", "changed a user"
    USER_DEACTIVATED = "user_deactivated", "deactivated a user"
    USER_ACTIVATED = "user_activated", "activated a user"
    SESSIONS_ENDED = "sessions_ended", "ended a user's sessions"
    SAMPLE_CREATED = "sample_created", "created a sample"
    SAMPLE_ORDERED = "sample_ordered", "took an order for a sample"
    IMAGE_UPLOADED = "image_uploaded", "uploaded an image"
    IMAGE_REFUSED = "image_refused", "uploaded a file that was refused"
    IMAGE_RERUN = "image_rerun", "asked for a new classification"
    IMAGE_CLASSIFIED = "image_classified", "classified an image"
    IMAGE_FAILED = "image_failed", "failed to classify an image"
    RESULT_VIEWED = "result_viewed", "viewed a result"
    ORIGINAL_DOWNLOADED = "original_downloaded", "downloaded an original"
    CELL_REVIEWED = "cell_reviewed", "reviewed a cell"
    CELL_ADDED = "cell_added", "added a cell by hand"
    REVIEWS_CARRIED = "reviews_carried", "carried reviews to a new result"
    SAMPLE_CHANGED = "sample_changed", "changed what is said of a sample"
    SAMPLE_STARTED = "sample_started", "found the first cells of a sample"
    SAMPLE_SENT = "sample_sent", "sent a sample to the doctor"
    SAMPLE_SENT_BACK = "sample_sent_back", "sent a sample back"
    SAMPLE_CANCELLED = "sample_cancelled", "cancelled a sample"
    IMAGE_MOVED = "image_moved", "moved an image to another sample"
    IMAGE_DISMISSED = "image_dismissed", "dismissed an image"
    ARCHIVE_UPLOADED = "archive_uploaded", "uploaded an archive of images"
    ARCHIVE_UNPACKED = "archive_unpacked", "unpacked an archive of images"
    ALARM_ACKNOWLEDGED = "alarm_acknowledged", "acknowledged a suspicion of blasts"
    CONTACT_RECORDED = "contact_recorded", "recorded a contact about a critical value"
    REPORT_SIGNED = "report_signed", "signed a report"
    AMENDMENT_BEGUN = "amendment_begun", "began the amendment of a report"
    AMENDMENT_WITHDRAWN = "amendment_withdrawn", "withdrew the amendment of a report"
    REPORT_RETRACTED = "report_retracted", "retracted a report"
    REPORT_MADE = "report_made", "made the file of a report"
    REPORT_DOWNLOADED = "report_downloaded", "downloaded a report"
    REPORT_EXPORTED = "report_exported", "exported a report to another program"
    REPORT_VERIFIED = "report_verified", "verified a report"
    REPORT_DELIVERED = "report_delivered", "delivered a report to another system"
    REPORT_REFUSED = "report_refused", "had a report refused by another system"
    DELIVERY_ASKED_FOR = "delivery_asked_for", "sent a report to another system again"
    CONNECTION_CHANGED = "connection_changed", "changed a connection to another system"
    PEER_CHANGED = "peer_changed", "changed which system may order"
    TABLE_EXPORTED = "table_exported", "exported a table"
    RESEARCH_ASKED_FOR = "research_asked_for", "asked for an export for research"
    RESEARCH_EXPORTED = "research_exported", "made an export for research"
    RESEARCH_DOWNLOADED = "research_downloaded", "downloaded an export for research"
    FINDINGS_CHANGED = "findings_changed", "changed the findings of a sample"
    DISEASE_LABELS_CHANGED = "disease_labels_changed", "changed the disease labels of a sample"
    DISEASE_LIST_CHANGED = "disease_list_changed", "changed the list of disease labels"
    CELL_READ_AGAIN = "cell_read_again", "read a cell a second time"
    CONTROL_SLIDE_CHANGED = "control_slide_changed", "changed the control slide"
    CONTROL_SLIDE_READ = "control_slide_read", "read the control slide"
    DRIFT_FOUND = "drift_found", "found that readings of a microscope changed"
    DRIFT_ANSWERED = "drift_answered", "answered a finding of changed readings"
    VERSION_RECALLED = "version_recalled", "listed the reports that a version touched"
    AUDIT_ALERT_DISMISSED = "audit_alert_dismissed", "dismissed an alert about the trail"
    AUDIT_EXPORTED = "audit_exported", "exported the trail"
    LABEL_CHANGED = "label_changed", "changed a label"
    INTERVALS_CHANGED = "intervals_changed", "changed the reference intervals"
    LABORATORY_CHANGED = "laboratory_changed", "changed the laboratory's settings"
    PROFILE_CREATED = "profile_created", "created an imaging profile"
    PROFILE_CHANGED = "profile_changed", "changed an imaging profile"
    DATASET_UPLOADED = "dataset_uploaded", "uploaded a dataset"
    DATASET_IMPORTED = "dataset_imported", "imported a dataset"
    DATASET_REFUSED = "dataset_refused", "refused a dataset"
    DATASET_CHANGED = "dataset_changed", "changed a dataset"
    DATASET_FROZEN = "dataset_frozen", "froze a dataset"
    DATASET_DELETED = "dataset_deleted", "deleted a dataset"
    DUPLICATE_RESOLVED = "duplicate_resolved", "resolved a near-duplicate"
    TRAINING_REQUESTED = "training_requested", "asked for a training"
    TRAINING_CANCELLED = "training_cancelled", "cancelled a training"
    TRAINING_ENDED = "training_ended", "ended a training"
    MODEL_REGISTERED = "model_registered", "registered a model version"
    MODEL_REJECTED = "model_rejected", "rejected a model version"
    MODEL_DOWNLOADED = "model_downloaded", "downloaded a model file"
    GATE_REQUESTED = "gate_requested", "asked for a gate check"
    GATE_CHECKED = "gate_checked", "checked a version at the gate"
    MODEL_PROMOTED = "model_promoted", "promoted a model version"
    MODEL_ROLLED_BACK = "model_rolled_back", "rolled a promotion back"
    SHADOW_STARTED = "shadow_started", "put a version in shadow"
    SHADOW_ENDED = "shadow_ended", "ended a shadow"


class AuditChain(models.Model):
    """The end of one chain: each laboratory has one, the installation has one (no laboratory)."""

    key = models.CharField(max_length=64, primary_key=True)
    length = models.PositiveBigIntegerField(default=0)
    last_hash = models.CharField(max_length=64, default="0" * 64)

    def __str__(self) -> str:
        return self.key


class AuditEvent(models.Model):
    """Who did what, when, from where. Written once; each row carries the hash of the one before."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    chain = models.ForeignKey(AuditChain, on_delete=models.PROTECT, related_name="events")
    position = models.PositiveBigIntegerField()
    laboratory = models.ForeignKey(
        Laboratory, on_delete=models.PROTECT, null=True, related_name="audit_events"
    )
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=40, choices=AuditAction)
    object_type = models.CharField(max_length=40, blank=True)
    object_id = models.CharField(max_length=64, blank=True)
    changes = models.JSONField(default=dict)
    reason = models.TextField(blank=True)
    ip_address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=200, blank=True)
    request_id = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField()
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["chain", "position"]
        constraints = [
            models.UniqueConstraint(fields=["chain", "position"], name="audit_one_row_a_position"),
        ]
        indexes = [
            models.Index(fields=["laboratory", "-at"], name="audit_newest"),
            models.Index(fields=["object_type", "object_id"], name="audit_of_object"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_type} {self.object_id}"

    def computed_hash(self) -> str:
        """SHA-256 over everything that the row says, the hash of the row before included."""
        said = {
            "id": str(self.pk),
            "chain": self.chain_id,
            "position": self.position,
            "laboratory": str(self.laboratory_id or ""),
            "actor": str(self.actor_id or ""),
            "action": str(self.action),
            "object_type": self.object_type,
            "object_id": self.object_id,
            "changes": self.changes,
            "reason": self.reason,
            "ip_address": self.ip_address or "",
            "user_agent": self.user_agent,
            "request_id": self.request_id,
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "previous_hash": self.previous_hash,
        }
        canonical = json.dumps(said, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(canonical.encode()).hexdigest()
