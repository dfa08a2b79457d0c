"""What samples, images and jobs refuse, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hematovision.errors import DomainError, NotFound


class FieldInvalid(DomainError):
    """What was given for one field cannot be taken; the sentence stands beside that field."""

    code = "invalid"

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence, fields={field: [sentence]})


class SampleNotFound(NotFound):
    """No such sample in this laboratory."""

    def __init__(self) -> None:
        super().__init__("There is no such sample in your laboratory.")


class ImageNotFound(NotFound):
    """No such image in this laboratory."""

    def __init__(self) -> None:
        super().__init__("There is no such image in your laboratory.")


class AccessionNumberTaken(DomainError):
    """Another sample of the laboratory has this accession number.

    Args:
        sample_id: of that sample; none where it has given the number free meanwhile.
    """

    code = "accession_number_taken"
    http_status = 409

    def __init__(self, sample_id: UUID | None) -> None:
        sentence = "A sample with this accession number exists. Open it, or choose another number."
        super().__init__(
            sentence,
            fields={"accession_number": [sentence]},
            details={"sample": str(sample_id)} if sample_id else None,
        )


class OtherPatient(DomainError):
    """The sample of this accession number is not of the patient that was named."""

    code = "other_patient"
    http_status = 409

    def __init__(self) -> None:
        sentence = (
            "The sample of this accession number has another patient reference, or none. Check "
            "both, or leave the reference empty to add to that sample."
        )
        super().__init__(sentence, fields={"patient_reference": [sentence]})


class OtherNote(DomainError):
    """The sample of this accession number exists, with another note or none."""

    code = "other_note"
    http_status = 409

    def __init__(self) -> None:
        sentence = (
            "The sample of this accession number exists already, and its note stays as it is. "
            "Leave the note empty to add to that sample."
        )
        super().__init__(sentence, fields={"note": [sentence]})


class SampleClosed(DomainError):
    """The sample's state allows no upload."""

    code = "sample_closed"
    http_status = 409


class UploadRefused(DomainError):
    """The upload as a whole cannot be taken."""

    code = "upload_refused"


class JobStateRefused(DomainError):
    """The image's job is in a state that does not allow this."""

    code = "job_state"
    http_status = 409


class SampleInvalid(FieldInvalid):
    """What is said about a sample cannot be taken."""


class AgeInvalid(DomainError):
    """An age cannot be taken."""

    code = "invalid"


class ChangeRefused(DomainError):
    """The sample's state does not let this person change what is said of it."""

    code = "change_refused"
    http_status = 409


class MoveRefused(DomainError):
    """An image cannot go to that sample."""

    code = "move_refused"
    http_status = 409


class DismissalRefused(DomainError):
    """An image cannot be dismissed."""

    code = "dismissal_refused"
    http_status = 409


class LimitInvalid(FieldInvalid):
    """A limit of findings cannot be taken."""


class RulesInvalid(FieldInvalid):
    """What a laboratory would ask of its cases cannot be taken."""


class RulesRefused(DomainError):
    """What the laboratory has does not let its rules change so."""

    code = "rules_refused"
    http_status = 409


class IdentifierInvalid(DomainError):
    """An accession number, a patient reference or a search for one cannot be taken."""

    code = "invalid"


class NoFile(UploadRefused):
    """The upload holds no file."""

    code = "no_file"

    def __init__(self, field: str) -> None:
        sentence = "No file was sent. Choose at least one picture."
        super().__init__(sentence, fields={field: [sentence]})


class TooManyFiles(UploadRefused):
    """The upload holds more files than one upload may."""

    code = "too_many_files"
    http_status = 413

    def __init__(self, *, sent: int, at_most: int) -> None:
        super().__init__(
            f"{sent} files were sent at once; at most {at_most} can be. Send them in parts."
        )


class ImageRefused(UploadRefused):
    """One file is not an acceptable picture; the sentence names it and gives the reason."""

    code = "image_refused"

    def __init__(self, name: str, reason: str) -> None:
        self.reason = reason
        super().__init__(f"{name}: {reason}")


class ImageTooLarge(ImageRefused):
    """One file has more bytes than a picture may have."""

    code = "image_too_large"
    http_status = 413


class ArchiveNotFound(NotFound):
    """No such archive in this laboratory."""

    def __init__(self) -> None:
        super().__init__("There is no such archive in your laboratory.")


class NoArchive(UploadRefused):
    """What was sent as an archive is none."""

    code = "no_archive"

    def __init__(self) -> None:
        sentence = "This is not a ZIP archive. Send pictures as they are, or pack them into a ZIP."
        super().__init__(sentence, fields={"archive": [sentence]})


class ArchiveTooLarge(UploadRefused):
    """The archive has more bytes than the installation takes."""

    code = "archive_too_large"
    http_status = 413

    def __init__(self, at_most_bytes: int) -> None:
        super().__init__(
            f"The archive is larger than {at_most_bytes / 1024**2:.0f} MB. Split it into several."
        )


class OriginalMissing(DomainError):
    """The stored bytes of an image are gone or are not the ones that were uploaded."""

    code = "original_missing"
    http_status = 410

    def __init__(self) -> None:
        super().__init__(
            "The stored picture is missing or damaged, so it cannot be read. Upload it again "
            "in a new sample."
        )


class StorageUnavailable(DomainError):
    """The storage of pictures does not answer now; it may in a moment."""

    code = "storage_unavailable"
    http_status = 503

    def __init__(self) -> None:
        super().__init__("The store of pictures does not answer. Try again in a minute.")


class RerunAsksFirst(DomainError):
    """People said what cells of the image are; whoever runs it again must know that."""

    code = "rerun_asks_first"
    http_status = 409

    def __init__(self, *, reviews: int, added: int) -> None:
        said = [f"{reviews} review{'' if reviews == 1 else 's'}"] if reviews else []
        drawn = [f"{added} cell{'' if added == 1 else 's'} added by hand"] if added else []
        super().__init__(
            f"This image has {' and '.join(said + drawn)}. All of it is carried to the same cells "
            "of the new result; what the new result does not find stays as added by hand. "
            "Confirm to run it again.",
            details={"reviews": reviews, "added": added},
        )


class CellNotFound(NotFound):
    """No such cell in this laboratory, or in the sample that was named."""

    def __init__(self, where: str = "your laboratory") -> None:
        super().__init__(f"There is no such cell in {where}.")


class CellRefused(DomainError):
    """A cell cannot be added so."""

    code = "cell_refused"
    http_status = 409

    def __init__(self, sentence: str, *, field: str = "") -> None:
        super().__init__(
            sentence,
            fields={field: [sentence]} if field else None,
            http_status=400 if field else None,
        )


class ReviewRefused(DomainError):
    """A cell cannot be reviewed so."""

    code = "review_refused"
    http_status = 409

    def __init__(self, sentence: str, *, field: str = "") -> None:
        super().__init__(
            sentence,
            fields={field: [sentence]} if field else None,
            http_status=400 if field else None,
        )


@dataclass(frozen=True)
class SaidOfCell:
    """What a cell is called, and by whom.

    Args:
        label: the code.
        number: of the cell's last review; 0 where there is none.
        by: who named it; empty where only the model did.
        at: when; none where only the model did.
    """

    label: str
    number: int
    by: str = ""
    at: datetime | None = None


class ReviewConflict(DomainError):
    """Somebody else reviewed the cell since the page was shown."""

    code = "review_conflict"
    http_status = 409

    def __init__(self, sentence: str, *, now: SaidOfCell, yours: SaidOfCell) -> None:
        super().__init__(
            sentence,
            details={
                "now": {
                    "label": now.label,
                    "by": now.by or None,
                    "at": now.at.isoformat() if now.at else None,
                    "number": now.number,
                },
                "yours": {"label": yours.label, "seen_number": yours.number},
            },
        )


class OnboardingRefused(DomainError):
    """A profile cannot be adapted yet; the sentence says what is missing."""

    code = "onboarding_refused"
    http_status = 409


class StateRefused(DomainError):
    """The state of a sample does not allow the step; the sentence says who brought it there."""

    code = "state"
    http_status = 409


class NotReady(DomainError):
    """Something is missing for the step.

    Args:
        missing: what, each with a code and a sentence.
    """

    code = "not_ready"
    http_status = 409

    def __init__(self, missing: Sequence[Mapping[str, str]]) -> None:
        super().__init__(
            " ".join(each["message"] for each in missing), details={"missing": list(missing)}
        )


class NothingChanged(DomainError):
    """An amendment changes nothing of the report that it would replace."""

    code = "nothing_changed"
    http_status = 409

    def __init__(self) -> None:
        super().__init__(
            "Nothing differs from the report that is signed. Withdraw the amendment instead."
        )


class ChangedSinceSeen(DomainError):
    """A report would say something else than its signer was shown."""

    code = "changed_since_seen"
    http_status = 409

    def __init__(self) -> None:
        super().__init__(
            "What the report would say has changed since you opened this page. Look at it again, "
            "then sign."
        )


class FindingsMoved(DomainError):
    """A finding is to be kept that the figures offer no more.

    Args:
        words: of each, in its standard words.
    """

    code = "findings_moved"
    http_status = 409

    def __init__(self, words: Sequence[str]) -> None:
        named = ", ".join(f"“{each}”" for each in words)
        super().__init__(
            f"The figures have changed, and {named} is offered no more. The findings below are "
            "those of the figures as they are now: look at them again."
        )


class SomethingChanged(DomainError):
    """An amendment cannot be withdrawn: the signed report says something else by now."""

    code = "something_changed"
    http_status = 409

    def __init__(self) -> None:
        super().__init__(
            "Something differs from the report that is signed, so the amendment cannot be "
            "withdrawn. Sign the amended report, or undo what was changed."
        )


class ReportNotFound(NotFound):
    """No such report in this laboratory."""

    def __init__(self) -> None:
        super().__init__("There is no such report in your laboratory.")


class DiseaseNotFound(NotFound):
    """No such disease label in this laboratory."""

    def __init__(self) -> None:
        super().__init__("There is no such disease label in your laboratory.")


class DiseaseInvalid(FieldInvalid):
    """What was said of a disease label cannot be taken."""


class DiseaseRefused(DomainError):
    """No disease can be said of the sample."""

    code = "disease_refused"
    http_status = 409


class SpanInvalid(FieldInvalid):
    """The days that figures are asked of are no span, or too long a one."""


class ConnectionNotFound(NotFound):
    """No such connection in this laboratory."""

    def __init__(self) -> None:
        super().__init__("There is no such connection in your laboratory.")


class ConnectionInvalid(FieldInvalid):
    """What was said of a connection cannot be taken."""


class DeliveryNotFound(NotFound):
    """No such delivery in this laboratory."""

    def __init__(self) -> None:
        super().__init__("There is no such delivery in your laboratory.")


class ResendRefused(DomainError):
    """A delivery that cannot be sent again now."""

    code = "resend_refused"
    http_status = 409


class BundleInvalid(DomainError):
    """A report that no recipient of FHIR could read; says all that is wrong with it."""

    code = "bundle_invalid"
    http_status = 409


class NotNewest(DomainError):
    """An older version would take the place of the newer one."""

    code = "not_newest"
    http_status = 409

    def __init__(self) -> None:
        super().__init__(
            "A later version of this report has taken its place; posted to a server, this one "
            "would take it back. Export the newest, or this one as a collection."
        )


class NotSigned(DomainError):
    """A sample without a signed report has nothing to tell other systems."""

    code = "not_signed"
    http_status = 409

    def __init__(self) -> None:
        super().__init__(
            "This sample has no signed report yet, and what is not signed goes to no other "
            "system. A doctor signs it first."
        )


class ReportFileFailed(DomainError):
    """The file of a report could not be made; the sentence says why."""

    code = "report_file_failed"
    http_status = 409


class ReportFileDamaged(DomainError):
    """The stored file of a report is gone or is not the one that was made."""

    code = "report_file_damaged"
    http_status = 410

    def __init__(self) -> None:
        super().__init__(
            "The stored file of this report is missing or damaged, so it is not handed out. Tell "
            "the operator: it can be restored from a backup."
        )


class ContactRefused(FieldInvalid):
    """What is said of a contact about a critical value cannot be recorded."""


class SignatureInvalid(FieldInvalid):
    """What a signer said cannot stand on a report."""


class ReasonMissing(DomainError):
    """A step that needs a reason was asked for without one, or with one that is too long."""

    code = "invalid"

    def __init__(self, sentence: str, *, field: str = "reason") -> None:
        super().__init__(sentence, fields={field: [sentence]})


class DriftWatchNotFound(NotFound):
    """Nothing of this id is watched for drift in this laboratory."""

    def __init__(self) -> None:
        super().__init__("Nothing of this address is watched for drift in your laboratory.")


class DriftAnswerRefused(DomainError):
    """An answer to findings of drift that cannot be taken; the sentence says why."""

    code = "drift_answer_refused"


class IntervalsRefused(DomainError):
    """Reference intervals or critical limits that cannot be taken; the sentences say why."""

    code = "intervals_refused"

    def __init__(self, fields: Mapping[str, list[str]]) -> None:
        super().__init__(next(iter(fields.values()))[0], fields=fields)


class IntervalsMoved(DomainError):
    """Somebody else changed the reference intervals since they were shown."""

    code = "intervals_moved"
    http_status = 409


class IntervalsNotFound(NotFound):
    """No label of this code, so nothing to say intervals of."""

    def __init__(self) -> None:
        super().__init__("There is no such label in your laboratory.")


class SecondReadNotFound(NotFound):
    """No such cell to be read a second time, or not by this person."""

    def __init__(self) -> None:
        super().__init__("There is no such cell for you to read. Go on with the next one.")


class SecondReadTaken(DomainError):
    """Somebody else read the cell meanwhile, or it was read before."""

    code = "second_read_taken"
    http_status = 409

    def __init__(self) -> None:
        super().__init__("Somebody has read this cell meanwhile. Go on with the next one.")


class LookRefused(DomainError):
    """There is nothing to look at any more, or what was said of it cannot be kept."""

    code = "look_refused"
    http_status = 409


class ControlSlideNotFound(NotFound):
    """No such control slide in this laboratory."""

    def __init__(self) -> None:
        super().__init__("There is no such control slide in your laboratory.")


class ControlSlideRefused(DomainError):
    """The control slide does not allow this now; the sentence says why."""

    code = "control_slide"
    http_status = 409


class ControlReadingNotFound(NotFound):
    """No such reading of a control slide, or not this person's."""

    def __init__(self) -> None:
        super().__init__("There is no such reading of the control slide for you.")


class ExportNotFound(NotFound):
    """No such export in this laboratory."""

    def __init__(self) -> None:
        super().__init__("There is no such export in your laboratory.")


class ExportRefused(FieldInvalid):
    """An export that cannot be made so; the sentence stands beside the field."""


class ExportWaits(DomainError):
    """The laboratory's last export of this kind is not finished yet."""

    code = "export_waits"
    http_status = 409

    def __init__(self) -> None:
        super().__init__("One is being written already. Ask for this one when it is ready.")


class ExportNotReady(DomainError):
    """The file of an export is not there yet, or could not be made."""

    code = "export_not_ready"
    http_status = 409

    def __init__(self, error: str) -> None:
        super().__init__(error or "This export is still being written. Come back in a minute.")


class ExportExpired(DomainError):
    """The file of an export was removed, as it was said it would be."""

    code = "export_expired"
    http_status = 410

    def __init__(self) -> None:
        super().__init__("This export has expired and its file is removed. Ask for a new one.")
