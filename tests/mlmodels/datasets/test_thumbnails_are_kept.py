"""Small pictures of a dataset are decoded once, within the limits of uploads, and kept."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from django.db import connections
from django.urls import reverse

from mlmodels import artifacts
from mlmodels.errors import DatasetNotFound
from mlmodels.ml.pictures.picture import ROOM_FOR_PIXELS
from mlmodels.models import Dataset, DatasetImage
from mlmodels.services.datasets import lifecycle, near_duplicates
from mlmodels.services.datasets.thumbnails import dataset_thumbnail
from tests.factories.archives import drawn_picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset(compared) -> Dataset:
    """An open one."""
    return compared()


@pytest.fixture
def image(dataset) -> DatasetImage:
    """A picture of it."""
    return dataset.images.get(path=dataset.images.first().path)


def kept(dataset: Dataset) -> list[Path]:
    """The thumbnails that lie on the disk."""
    return sorted(artifacts.thumbnails_folder(dataset.folder).glob("*"))


def of(image: DatasetImage) -> Path:
    """The picture's own file."""
    return artifacts.dataset_folder(image.dataset.folder) / image.path


def small(admin, image: DatasetImage, side_px: int = 160) -> bytes:
    return dataset_thumbnail(actor=admin, image_id=image.pk, side_px=side_px)


def test_a_picture_is_decoded_once(admin, dataset, image):
    first = small(admin, image)
    assert first.startswith(b"\xff\xd8")
    [file] = kept(dataset)
    assert file.read_bytes() == first
    of(image).unlink()
    assert small(admin, image) == first


def test_each_size_is_kept(admin, dataset, image):
    assert len(small(admin, image, 480)) > len(small(admin, image, 40))
    assert len(kept(dataset)) == 2


def test_one_that_is_missing_is_made_anew(admin, dataset, image):
    first = small(admin, image)
    kept(dataset)[0].unlink()
    assert small(admin, image) == first
    assert len(kept(dataset)) == 1


def test_one_that_cannot_be_kept_is_shown_all_the_same(admin, dataset, image):
    folder = artifacts.thumbnails_folder(dataset.folder)
    folder.parent.mkdir()
    folder.write_text("in the way")
    assert small(admin, image).startswith(b"\xff\xd8")
    assert folder.read_text() == "in the way"


@pytest.mark.parametrize("limit", ["MAX_IMAGE_BYTES", "MAX_IMAGE_MEGAPIXELS"])
def test_what_no_upload_may_be_is_not_decoded(admin, dataset, image, settings, limit):
    setattr(settings, limit, 0.001)
    with pytest.raises(DatasetNotFound):
        small(admin, image)
    assert not kept(dataset)


def test_a_picture_that_was_changed_on_disk_is_not_shown(admin, dataset, image):
    of(image).write_bytes(drawn_picture(77))
    with pytest.raises(DatasetNotFound):
        small(admin, image)
    assert not kept(dataset)


@pytest.mark.django_db(transaction=True)
def test_it_waits_for_its_place_beside_uploads(admin, image):
    answers: list[bytes] = []

    def ask() -> None:
        answers.append(small(admin, image))
        connections.close_all()

    thread = threading.Thread(target=ask)
    with ROOM_FOR_PIXELS, ROOM_FOR_PIXELS:
        thread.start()
        thread.join(timeout=0.5)
        assert thread.is_alive()
        assert not answers
    thread.join(timeout=10)
    assert len(answers) == 1


def test_deleting_a_dataset_removes_them(
    admin, dataset, image, compared, django_capture_on_commit_callbacks
):
    other = compared(name="Other")
    small(admin, image)
    small(admin, other.images.first())
    with django_capture_on_commit_callbacks(execute=True):
        lifecycle.delete_dataset(actor=admin, dataset_id=dataset.pk)
    assert not artifacts.thumbnails_folder(dataset.folder).exists()
    assert len(kept(other)) == 1


def test_a_picture_that_leaves_takes_its_own_along(
    admin, dataset, paired, django_capture_on_commit_callbacks
):
    pair = paired(dataset)
    for image in (pair.first, pair.second):
        small(admin, image)
    with django_capture_on_commit_callbacks(execute=True):
        near_duplicates.resolve_pair(
            actor=admin, dataset_id=dataset.pk, pair_id=pair.pk, resolution="keep_first"
        )
        # Until then it may come back.
        assert len(kept(dataset)) == 2
        lifecycle.freeze_dataset(actor=admin, dataset_id=dataset.pk)
    [left] = kept(dataset)
    assert left.name.startswith(pair.first.sha256)


def test_the_page_keeps_what_it_shows(admin, dataset, image, page_as):
    page = page_as(admin)
    for name in ("dataset_image_thumbnail", "dataset_image_picture"):
        answer = page.get(reverse(f"mlmodels:{name}", args=[image.pk]))
        assert answer.content in {file.read_bytes() for file in kept(dataset)}
    assert len(kept(dataset)) == 2
