"""What the tests of datasets start from: a registry of their own, and what workers do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import Role, User
from mlmodels.models import Dataset, DatasetImage, NearDuplicate
from mlmodels.services.datasets import lifecycle, run_datasets, sending
from tests.factories.archives import class_folders, zip_of
from tests.factories.people import make_user


@pytest.fixture(autouse=True)
def _registry_of_this_test_only(settings, tmp_path):
    settings.REGISTRY_DIR = tmp_path / "registry"


@pytest.fixture
def sent(admin) -> Callable[..., Dataset]:
    """Sends an archive; nobody has imported it yet."""

    def act(data: bytes | None = None, name: str = "Own cells", by: User = admin) -> Dataset:
        archive = SimpleUploadedFile("own.zip", data or zip_of(class_folders()))
        return sending.upload_dataset(actor=by, name=name, archive=archive)

    return act


@pytest.fixture
def imported(sent) -> Callable[..., Dataset]:
    """Sends an archive and imports it, as a worker does."""

    def act(data: bytes | None = None, **how: object) -> Dataset:
        dataset = sent(data, **how)
        run_datasets.import_dataset(dataset_id=dataset.pk)
        dataset.refresh_from_db()
        return dataset

    return act


@pytest.fixture
def compared(imported) -> Callable[..., Dataset]:
    """An open dataset in which nothing was found across its splits."""

    def act(data: bytes | None = None, **how: object) -> Dataset:
        dataset = imported(data, **how)
        assert dataset.state == Dataset.State.OPEN, dataset.report
        dataset.duplicate_check = Dataset.DuplicateCheck.DONE
        dataset.save()
        return dataset

    return act


@pytest.fixture
def frozen(compared, admin) -> Dataset:
    return lifecycle.freeze_dataset(actor=admin, dataset_id=compared().pk)


@pytest.fixture
def paired() -> Callable[[Dataset], NearDuplicate]:
    """Says of a dataset that a picture of its training is one of its test."""

    def act(dataset: Dataset, place: int = 0) -> NearDuplicate:
        split = DatasetImage.Split
        return NearDuplicate.objects.create(
            dataset=dataset,
            first=dataset.images.filter(split=split.TRAIN)[place],
            second=dataset.images.filter(split=split.TEST)[0],
            likeness=0.97,
        )

    return act


@pytest.fixture
def other_admin(other_laboratory) -> User:
    return make_user(other_laboratory, Role.ADMIN, "olga")
