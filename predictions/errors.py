"""What samples, images and jobs refuse, in sentences."""

from hematovision.errors import DomainError, NotFound


class SampleNotFound(NotFound):
    """No such sample in this laboratory."""

    def __init__(self) -> None:
        super().__init__("There is no such sample in your laboratory.")


class ImageNotFound(NotFound):
    """No such image in this laboratory."""

    def __init__(self) -> None:
        super().__init__("There is no such image in your laboratory.")


class AccessionNumberTaken(DomainError):
    """Another sample of the laboratory has this accession number."""

    code = "accession_number_taken"
    http_status = 409

    def __init__(self) -> None:
        sentence = "A sample with this accession number exists. Open it, or choose another number."
        super().__init__(sentence, fields={"accession_number": [sentence]})


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
