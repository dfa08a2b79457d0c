"""An archive is unpacked entry by entry; what may do harm is named and never written."""

import io
import os
import struct
import zipfile
from pathlib import Path

import pytest

from mlmodels.ml.datasets.archive import ArchiveLimits, pack_folder, unpack_archive
from mlmodels.ml.datasets.archive_paths import refusal_of_path
from mlmodels.ml.errors import ArchiveRefused
from tests.factories.archives import class_folders, drawn_picture, encrypted, zip_of

MB = 1024 * 1024


@pytest.fixture
def unpack(tmp_path):
    """Unpacks bytes into a new folder of the test."""

    def act(data: bytes, limits: ArchiveLimits = ArchiveLimits()):
        file = tmp_path / "archive.zip"
        file.write_bytes(data)
        return unpack_archive(file, tmp_path / "inside" / "target", limits)

    return act


def reasons(unpacked) -> dict[str, str]:
    return {row.path: row.reason for row in unpacked.refused}


def test_files_come_out_as_they_went_in(unpack, tmp_path):
    files = class_folders()
    unpacked = unpack(zip_of(files))
    assert unpacked.refused == []
    assert unpacked.files == list(files)
    for path, data in files.items():
        assert (tmp_path / "inside" / "target" / path).read_bytes() == data


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("../../evil.png", "leads out of the archive"),
        ("neutrophil/../../evil.png", "leads out of the archive"),
        ("/etc/evil.png", "absolute"),
        ("C:/evil.png", "absolute"),
        ("c:evil.png", "absolute"),
        ("\\\\server\\evil.png", "absolute"),
        ("neutrophil\\..\\..\\evil.png", "leads out of the archive"),
        ("\\evil.png", "absolute"),
        ("neutrophil/\N{FULLWIDTH FULL STOP}\N{FULLWIDTH FULL STOP}/evil.png", "leads out"),
        ("\N{ZERO WIDTH SPACE}/evil.png", "absolute"),
        ("neutrophil/ev\x07il.png", "character that cannot be shown"),
        (f"neutrophil/{'a' * 300}.png", "longer than 200 characters"),
    ],
)
def test_a_path_that_leads_elsewhere_is_refused_and_nothing_is_written(
    unpack, tmp_path, path, said
):
    unpacked = unpack(zip_of({path: drawn_picture(1)}))
    assert unpacked.files == []
    [row] = unpacked.refused
    assert said in row.reason
    written = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert [p.name for p in written] == ["archive.zip"]


def test_a_link_is_refused(unpack, tmp_path):
    unpacked = unpack(zip_of({}, links={"neutrophil/1.png": "/etc/passwd"}))
    assert "This is a link" in reasons(unpacked)["neutrophil/1.png"]
    assert not (tmp_path / "inside/target/neutrophil/1.png").exists()


@pytest.mark.parametrize("name", ["more.zip", "more.tar.gz", "picture.png"])
def test_an_archive_in_the_archive_is_refused_whatever_it_is_called(unpack, name):
    unpacked = unpack(zip_of({f"neutrophil/{name}": zip_of(class_folders(each=1))}))
    assert "archive in the archive" in reasons(unpacked)[f"neutrophil/{name}"]


def test_an_encrypted_file_is_refused(unpack):
    unpacked = unpack(encrypted(zip_of({"neutrophil/1.png": drawn_picture(1)})))
    assert "encrypted" in reasons(unpacked)["neutrophil/1.png"]


def test_a_path_that_stands_twice_is_refused_in_any_letter_case(unpack):
    unpacked = unpack(zip_of({"a/1.png": drawn_picture(1), "A/1.PNG": drawn_picture(2)}))
    assert "twice" in reasons(unpacked)["A/1.PNG"]
    assert unpacked.files == ["a/1.png"]


def test_a_file_that_is_a_folder_as_well_is_refused(unpack):
    unpacked = unpack(zip_of({"a/b": b"x", "a/b/1.png": drawn_picture(1)}))
    assert "A file and a folder" in reasons(unpacked)["a/b/1.png"]


def test_a_damaged_file_is_refused(unpack):
    data = bytearray(zip_of({"neutrophil/1.png": drawn_picture(1)}))
    data[200] ^= 0xFF
    assert "damaged in the archive" in reasons(unpack(bytes(data)))["neutrophil/1.png"]


def test_a_bomb_is_read_no_further_than_its_limit(unpack):
    bomb = zip_of({"neutrophil/1.bmp": b"\0" * (60 * MB)})
    assert len(bomb) < MB
    with pytest.raises(ArchiveRefused, match="times its size"):
        unpack(bomb, ArchiveLimits(max_file_bytes=100 * MB))


def test_a_file_that_is_longer_than_its_header_claims_is_refused(unpack):
    data = bytearray(zip_of({"neutrophil/1.bmp": b"\0" * (60 * MB)}))
    struct.pack_into("<L", data, data.find(b"PK\x01\x02") + 24, 10)
    unpacked = unpack(bytes(data), ArchiveLimits(max_file_bytes=100 * MB))
    assert "damaged in the archive" in reasons(unpacked)["neutrophil/1.bmp"]


def test_too_large_a_file_is_refused_and_the_rest_goes_on(unpack):
    files = {"a/big.bmp": b"\1" * (2 * MB), "a/1.png": drawn_picture(1)}
    unpacked = unpack(zip_of(files), ArchiveLimits(max_file_bytes=MB))
    assert "larger than 1 MB" in reasons(unpacked)["a/big.bmp"]
    assert unpacked.files == ["a/1.png"]


def test_too_many_entries_are_refused(unpack):
    with pytest.raises(ArchiveRefused, match="more than 3 entries"):
        unpack(zip_of(class_folders()), ArchiveLimits(max_entries=3))


def test_a_table_of_contents_that_would_fill_the_memory_is_not_read(unpack):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(40):
            entry = zipfile.ZipInfo(f"{number}.png")
            entry.comment = b"x" * 60_000
            archive.writestr(entry, b"")
    with pytest.raises(ArchiveRefused, match="more than 1000 entries"):
        unpack(buffer.getvalue(), ArchiveLimits(max_entries=1000))


@pytest.mark.parametrize("data", [b"", b"no archive", b"PK\x03\x04 and nothing else"])
def test_what_is_no_archive_is_refused(unpack, data):
    with pytest.raises(ArchiveRefused, match="not a ZIP archive"):
        unpack(data)


def test_what_systems_leave_in_folders_is_passed_over(unpack):
    files = {
        "neutrophil/1.png": drawn_picture(1),
        "__MACOSX/neutrophil/._1.png": b"x",
        "neutrophil/.DS_Store": b"x",
        "neutrophil/Thumbs.db": b"x",
        "README.md": b"About these pictures.",
        "LICENSE": b"CC BY 4.0",
    }
    unpacked = unpack(zip_of(files))
    assert unpacked.files == ["neutrophil/1.png"]
    assert unpacked.refused == []


def test_a_packed_folder_keeps_its_links_as_links(tmp_path, unpack):
    folder = tmp_path / "own"
    (folder / "neutrophil").mkdir(parents=True)
    (folder / "neutrophil/1.png").write_bytes(drawn_picture(1))
    (folder / "neutrophil/2.png").symlink_to("/etc/passwd")
    (folder / "elsewhere").symlink_to(tmp_path)
    pack_folder(folder, tmp_path / "packed.zip")
    unpacked = unpack((tmp_path / "packed.zip").read_bytes())
    assert unpacked.files == ["neutrophil/1.png"]
    assert set(reasons(unpacked)) == {"neutrophil/2.png", "elsewhere"}


def test_an_ordinary_path_is_let_pass():
    assert refusal_of_path("TRAIN/NEUTROPHIL/_0_1.jpeg") == ""
    assert refusal_of_path("Präparat 7/Zelle ä.png") == ""


def test_a_folder_with_names_and_dates_of_long_ago_is_packed(tmp_path, unpack):
    folder = tmp_path / "own" / "neutrophil"
    folder.mkdir(parents=True)
    old = os.fsencode(folder) + b"/Pr\xe4parat.png"
    Path(os.fsdecode(old)).write_bytes(drawn_picture(1))
    os.utime(old, (0, 0))
    pack_folder(tmp_path / "own", tmp_path / "packed.zip")
    assert unpack((tmp_path / "packed.zip").read_bytes()).files == ["neutrophil/Präparat.png"]
