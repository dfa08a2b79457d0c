"""Which files a form brought, and in which field: none that was sent is passed over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import UploadedFile

from hematovision.errors import DomainError
from hematovision.multipart import UNNAMED, SentFiles


class Misplaced(DomainError):
    """A file in another field than the one it belongs to, or text where a file belongs."""

    code = "no_file"

    def __init__(self, name: str, sentence: str, field: str) -> None:
        self.name = name
        super().__init__(sentence, fields={field: [sentence]} if field else {})


class SeveralFiles(DomainError):
    """More files than one, where one is taken."""

    code = "too_many_files"
    http_status = 413

    def __init__(self, field: str, sent: int) -> None:
        super().__init__(f"{sent} files were sent in the field “{field}”. Send one at a time.")


@dataclass(frozen=True)
class Sent:
    """What a form brought for a field that takes files, each part in the order sent.

    Args:
        parts: the files, and what was meant as one but cannot be taken.
    """

    parts: list[UploadedFile | Misplaced]

    @property
    def files(self) -> list[UploadedFile]:
        """What can be taken."""
        return [part for part in self.parts if not isinstance(part, Misplaced)]

    @property
    def misplaced(self) -> list[Misplaced]:
        """What cannot."""
        return [part for part in self.parts if isinstance(part, Misplaced)]


def sent_in(request: Any, field: str) -> Sent:
    """What a form, of a page or of the API, brought for a field that takes files.

    Raises:
        DomainError: something was sent, but nothing that can be taken.
    """
    files = request.FILES
    parts = files.parts if isinstance(files, SentFiles) else list(request.POST.items())
    sent = Sent(
        [_part(name, value, field) for name, value in parts if _is_meant(name, value, field)]
    )
    if not sent.files:
        _refuse(sent.misplaced)
    return sent


def the_file_in(request: Any, field: str) -> UploadedFile | None:
    """The one file of a form; none where none was sent.

    Raises:
        DomainError: a file was sent in another field, or text instead of it.
        SeveralFiles: more than one was sent.
    """
    sent = sent_in(request, field)
    _refuse(sent.misplaced)
    if len(sent.files) > 1:
        raise SeveralFiles(field, len(sent.files))
    return sent.files[0] if sent.files else None


def _refuse(misplaced: list[Misplaced]) -> None:
    """Refuse the form for all that is misplaced in it, if anything is."""
    if misplaced:
        fields = {name: said for part in misplaced for name, said in part.fields.items()}
        sentences = " ".join(part.message for part in misplaced)
        raise DomainError(sentences, code=Misplaced.code, fields=fields)


def _is_meant(name: str, value: UploadedFile | str, field: str) -> bool:
    """Whether a part is a file, or stands where one belongs; an empty text says nothing."""
    return isinstance(value, UploadedFile) or (name == field and bool(value))


def _part(name: str, value: UploadedFile | str, field: str) -> UploadedFile | Misplaced:
    if isinstance(value, str):
        return Misplaced(
            UNNAMED,
            f"The field “{field}” holds text, not a file. Send the file itself, with its file "
            f"name (with curl: -F {field}=@FILE).",
            field,
        )
    if name != field:
        told = f"in the field “{name[:60]}”" if name else "in a field without a name"
        called = value.name or UNNAMED
        return Misplaced(
            called, f"{called}: it was sent {told}. Files are taken in the field “{field}”.", name
        )
    return value
