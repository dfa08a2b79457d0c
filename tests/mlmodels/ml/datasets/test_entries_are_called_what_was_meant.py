"""Names in archives: every system's way of writing them leads to one form, and nowhere else."""

import io
import struct
import unicodedata
import zipfile
import zlib

import pytest

from mlmodels.ml.datasets.archive import ArchiveLimits, ArchiveReader
from mlmodels.ml.datasets.archive_paths import normal_path
from tests.factories.archives import zip_of


def paths_of(data: bytes) -> list[str]:
    entries = ArchiveReader(io.BytesIO(data), ArchiveLimits()).entries()
    assert [entry.refusal for entry in entries] == [""] * len(entries)
    return [entry.path for entry in entries]


def named_in_bytes(name: bytes, *, extra: bytes = b"") -> bytes:
    """A ZIP of one file whose name is these bytes, in no stated encoding."""
    buffer, placeholder = io.BytesIO(), "x" * len(name)
    with zipfile.ZipFile(buffer, "w") as archive:
        entry = zipfile.ZipInfo(placeholder)
        entry.extra = extra
        archive.writestr(entry, b"bytes")
    return buffer.getvalue().replace(placeholder.encode(), name)


def unicode_path(name: str, of: bytes) -> bytes:
    """The extra field in which Info-ZIP repeats a name in UTF-8."""
    body = b"\x01" + struct.pack("<L", zlib.crc32(of)) + name.encode()
    return struct.pack("<HH", 0x7075, len(body)) + body


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("NEUTROPHIL\\0.jpg", "NEUTROPHIL/0.jpg"),
        ("./set//NEUTROPHIL/./0.jpg", "set/NEUTROPHIL/0.jpg"),
        ("Neutrophils /0.jpg ", "Neutrophils/0.jpg"),
        (unicodedata.normalize("NFD", "Präparat/é.png"), "Präparat/é.png"),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER N}E/0.jpg", "NE/0.jpg"),
        ("نیم\N{ZERO WIDTH NON-JOINER}0.jpg", "نیم\N{ZERO WIDTH NON-JOINER}0.jpg"),
        ("a\\", "a/"),
        ("/a", "/a"),
    ],
)
def test_a_path_has_one_form(written, kept):
    assert normal_path(written) == kept


def test_folders_that_windows_wrote_are_folders():
    assert paths_of(zip_of({"NEUTROPHIL\\": b"", "NEUTROPHIL\\0.jpg": b"x"})) == [
        "NEUTROPHIL/0.jpg"
    ]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Präparat.jpg".encode(), "Präparat.jpg"),  # as macOS packs
        ("Präparat.jpg".encode("cp437"), "Präparat.jpg"),  # as Windows packs
        (unicodedata.normalize("NFD", "Präparat.jpg").encode(), "Präparat.jpg"),
        ("細胞.jpg".encode(), "細胞.jpg"),
    ],
)
def test_a_name_of_no_stated_encoding_is_read_as_its_system_wrote_it(name, kept):
    assert paths_of(named_in_bytes(name)) == [kept]


def test_a_name_that_is_repeated_in_utf_8_is_read_from_there():
    raw = "細胞.jpg".encode("cp932")
    assert paths_of(named_in_bytes(raw, extra=unicode_path("細胞.jpg", raw))) == ["細胞.jpg"]


def test_a_repeated_name_that_was_made_for_another_is_not_believed():
    raw = b"cell.jpg"
    assert paths_of(named_in_bytes(raw, extra=unicode_path("../evil.jpg", b"x"))) == ["cell.jpg"]


def test_a_repeated_name_may_not_lead_elsewhere_either():
    raw = b"cell.jpg"
    data = named_in_bytes(raw, extra=unicode_path("../evil.jpg", raw))
    [entry] = ArchiveReader(io.BytesIO(data), ArchiveLimits()).entries()
    assert "leads out of the archive" in entry.refusal


def test_two_spellings_of_one_name_are_one_path_twice():
    names = ("é.jpg", unicodedata.normalize("NFD", "é.jpg"))
    entries = ArchiveReader(
        io.BytesIO(zip_of(dict.fromkeys(names, b"x"))), ArchiveLimits()
    ).entries()
    assert "twice" in entries[1].refusal


@pytest.mark.parametrize(
    "dropping",
    [
        "__MACOSX/neutrophil/._1.png",
        "neutrophil/._1.jpg",
        "neutrophil/.DS_Store",
        "neutrophil\\Thumbs.db",
        "desktop.ini",
        "$RECYCLE.BIN/1.jpg",
        "neutrophil/Icon\r",
        ".ipynb_checkpoints/1.jpg",
        "README.md",
        "neutrophil/LICENSE",
        "citation.cff",
    ],
)
def test_what_systems_leave_behind_is_passed_over(dropping):
    assert paths_of(zip_of({dropping: b"x", "neutrophil/1.jpg": b"x"})) == ["neutrophil/1.jpg"]


@pytest.mark.parametrize("name", ["Notice 12.png", "license plate.jpg", "readme2.tif"])
def test_a_picture_that_is_called_like_a_paper_is_a_picture(name):
    assert paths_of(zip_of({f"neutrophil/{name}": b"x"})) == [f"neutrophil/{name}"]
