"""Orphaned files go; what a row names, and what is new, stays."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from predictions.models import SmearImage
from predictions.services.imaging.sweep import remove_orphaned_files
from tests.factories.images import make_image

pytestmark = pytest.mark.django_db


def put(folder: str, days_ago: int, name: str) -> Path:
    day = timezone.now() - timedelta(days=days_ago)
    path = Path(settings.MEDIA_ROOT) / folder / f"{day:%Y/%m/%d}" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"bytes")
    return path


def move_back(image: SmearImage, days: int) -> Path:
    """As if the image had come that many days ago."""
    day = timezone.now() - timedelta(days=days)
    name = f"originals/{day:%Y/%m/%d}/{Path(image.original).name}"
    path = Path(settings.MEDIA_ROOT) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(Path(settings.MEDIA_ROOT) / image.original, path)
    SmearImage.objects.filter(pk=image.pk).update(original=name)
    return path


def test_only_old_files_without_a_row_are_removed(technician):
    kept = [
        put("originals", 0, "fresh"),
        put("originals", 1, "of yesterday"),
        move_back(make_image(technician), 3),
    ]
    gone = [
        put("originals", 3, "left behind"),
        put("renditions", 2, "left behind.jpg"),
        put("thumbnails", 7, "half written.jpg.part"),
    ]
    assert remove_orphaned_files() == 3
    assert all(path.exists() for path in kept)
    assert not any(path.exists() for path in gone)
