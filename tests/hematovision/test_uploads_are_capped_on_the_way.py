"""What is larger than it may be fills no disk, and still tells how large it was."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from hematovision.upload_handlers import (
    ArchiveUploadHandler,
    CappedFileUploadHandler,
    DatasetUploadHandler,
)

HANDLERS = [CappedFileUploadHandler, ArchiveUploadHandler, DatasetUploadHandler]

# In pieces of so many bytes an upload comes in.
PIECE = FileUploadHandler.chunk_size


def received(rf, handler: type[FileUploadHandler], *sizes: int):
    """The files of one form as a view gets them."""
    files = [SimpleUploadedFile(f"{n}.bin", b"x" * size) for n, size in enumerate(sizes)]
    request = rf.post("/", {"files": files})
    request.upload_handlers = [handler(request)]
    return request.FILES.getlist("files")


@pytest.fixture
def limits(settings, tmp_path):
    settings.MAX_IMAGE_BYTES = settings.MAX_DATASET_BYTES = 2 * PIECE
    settings.REGISTRY_DIR = tmp_path / "registry"
    return settings


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_file_within_the_limit_is_kept_whole(rf, limits, handler):
    [file] = received(rf, handler, 2 * PIECE)
    assert file.read() == b"x" * 2 * PIECE


@pytest.mark.parametrize("handler", HANDLERS)
def test_of_a_larger_one_no_more_is_kept_than_shows_it(rf, limits, handler):
    [file] = received(rf, handler, 10 * PIECE)
    assert file.size == 10 * PIECE
    # One piece beyond the limit at most.
    assert Path(file.temporary_file_path()).stat().st_size <= 3 * PIECE


def test_the_other_files_of_a_form_go_on(rf, limits):
    small, large, last = received(rf, CappedFileUploadHandler, 100, 10 * PIECE, 200)
    assert (len(small.read()), len(last.read())) == (100, 200)
    assert large.size > limits.MAX_IMAGE_BYTES


def test_an_archive_arrives_where_it_stays_and_goes_with_its_request(rf, limits):
    [file] = received(rf, DatasetUploadHandler, 100)
    arrived = Path(file.temporary_file_path())
    assert arrived.parent == limits.REGISTRY_DIR / "incoming"
    assert arrived.parent.stat().st_mode & 0o777 == 0o700
    file.close()
    assert not arrived.exists()
