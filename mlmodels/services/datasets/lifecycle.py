"""What people do with imported datasets: freeze, derive, delete, make one the reference."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import AuditAction, Laboratory, User
from accounts.policy import Action, require
from mlmodels import artifacts, policy, storage
from mlmodels.errors import (
    DatasetNameTaken,
    DatasetNotFound,
    DatasetStateRefused,
    RegistryUnavailable,
)
from mlmodels.ml.datasets.manifest import Row, manifest_sha256, write_manifest
from mlmodels.models import Dataset, DatasetImage, NearDuplicate
from mlmodels.selectors.datasets.freezing import left_out_pictures, why_not_frozen
from mlmodels.services.datasets.changes import (
    FROZEN,
    delete_with_files,
    locked_dataset,
    record_change,
    refuse_not_open,
)
from mlmodels.services.datasets.sending import refuse_known, texts_of

CHANGED = (
    "Somebody changed the dataset since you looked at it, so it is not frozen. Look at it again, "
    "then freeze it."
)

_State, _Check = Dataset.State, Dataset.DuplicateCheck
_Resolution = NearDuplicate.Resolution


def freeze_dataset(*, actor: User, dataset_id: UUID, seen_fence: int | None = None) -> Dataset:
    """Freeze a dataset under the hash of its manifest; it never changes again.

    The pictures that people left out go for good.

    Args:
        seen_fence: of the dataset as a person saw it; none where nobody was shown it before.

    Raises:
        DatasetNotFound: there is no such dataset in the actor's laboratory.
        DatasetStateRefused: it is not open, empty, not compared yet, a pair is open, or somebody
            changed it since it was seen.
        RegistryUnavailable: the manifest cannot be written now.
    """
    require(actor, Action.MANAGE_DATASETS)
    seen = policy.visible_datasets(actor).filter(pk=dataset_id).first()
    if seen is None:
        raise DatasetNotFound()
    _refuse_unready(seen)
    if seen_fence is not None and seen_fence != seen.fence:
        raise DatasetStateRefused(CHANGED)
    # Ten thousands of rows are read, hashed and written before anybody has to wait for the lock.
    images = list(seen.images.order_by("path"))
    digest = manifest_sha256((i.path, i.sha256, i.label, i.source, i.split) for i in images)
    draft = storage.manifest_draft(seen.folder)
    try:
        _write_draft(images, draft)
        with transaction.atomic():
            dataset = locked_dataset(actor, dataset_id)
            _refuse_unready(dataset)
            _refuse_changed_since(dataset, seen, images)
            dataset.manifest_sha256 = digest
            dataset.state, dataset.frozen_by = _State.FROZEN, actor
            dataset.frozen_at = timezone.now()
            dataset.save(update_fields=["manifest_sha256", "state", "frozen_by", "frozen_at"])
            # Under the lock, since of two who freeze at once only the one that counts may do it.
            storage.put_manifest(draft, artifacts.dataset_folder(dataset.folder))
            _remove_left_out(dataset)
            record_change(
                dataset,
                actor,
                AuditAction.DATASET_FROZEN,
                {"manifest_sha256": [None, digest], "images": [None, len(images)]},
            )
    finally:
        storage.remove_folder(draft.parent)
    return dataset


def _refuse_unready(dataset: Dataset) -> None:
    refuse_not_open(dataset)
    refusal = why_not_frozen(dataset)
    if refusal:
        raise DatasetStateRefused(refusal)


def _refuse_changed_since(dataset: Dataset, seen: Dataset, images: list[DatasetImage]) -> None:
    """Refuse a dataset whose rows are not those that were read.

    Whatever changes the pictures of an open dataset raises its fence.
    """
    if dataset.fence != seen.fence or dataset.images.count() != len(images):
        raise DatasetStateRefused(CHANGED)


def _remove_left_out(dataset: Dataset) -> None:
    """Let the files go that people left out: from now on nothing brings them back."""
    folder = artifacts.dataset_folder(dataset.folder)
    thumbnails = artifacts.thumbnails_folder(dataset.folder)
    for picture in left_out_pictures(dataset):
        transaction.on_commit(partial(storage.remove_picture, folder, picture["path"]))
        transaction.on_commit(partial(storage.remove_thumbnails, thumbnails, picture["sha256"]))


def _write_draft(images: list[DatasetImage], draft: Path) -> None:
    rows = [Row(image.path, image.label, image.source, image.split) for image in images]
    try:
        write_manifest(rows, draft)
    except OSError as error:
        raise RegistryUnavailable() from error


def derive_dataset(*, actor: User, dataset_id: UUID, name: str) -> Dataset:
    """Make an open dataset with the pictures of a frozen one.

    Raises:
        DatasetNotFound: there is no such dataset in the actor's laboratory.
        DatasetStateRefused: it is not frozen.
        DatasetRefused, DatasetNameTaken: the name is missing, too long, or taken.
        RegistryUnavailable: the pictures cannot be taken over now.
    """
    require(actor, Action.MANAGE_DATASETS)
    texts = texts_of(name, "", "")
    source = policy.visible_datasets(actor).filter(pk=dataset_id).first()
    if source is None:
        raise DatasetNotFound()
    if source.state != _State.FROZEN:
        raise DatasetStateRefused("Only a frozen dataset can be derived from. Freeze it first.")
    refuse_known(actor.laboratory, texts["name"])
    images = list(source.images.order_by("path"))
    folder = uuid4().hex
    target = artifacts.dataset_folder(folder)
    storage.link_pictures(
        artifacts.dataset_folder(source.folder), target, [image.path for image in images]
    )
    try:
        with transaction.atomic():
            derived = Dataset.objects.create(
                laboratory=actor.laboratory,
                name=texts["name"],
                origin=source.origin,
                licence=source.licence,
                state=_State.OPEN,
                # The same pictures on the same sides: what was compared is compared.
                duplicate_check=source.duplicate_check,
                folder=folder,
                derived_from=source,
                created_by=actor,
            )
            _copy_rows(source, derived, images)
            changes = {"derived_from": [None, str(source.pk)], "name": [None, derived.name]}
            record_change(derived, actor, AuditAction.DATASET_CHANGED, changes)
    except BaseException as error:
        storage.remove_folder(target)
        if isinstance(error, IntegrityError):
            raise DatasetNameTaken(texts["name"]) from error
        raise
    return derived


def _copy_rows(source: Dataset, derived: Dataset, images: list[DatasetImage]) -> None:
    """The images of a derived dataset, and what people said of its pairs."""
    copies = {image.pk: _copy_of(image, derived) for image in images}
    DatasetImage.objects.bulk_create(copies.values(), batch_size=500)
    pairs = [
        NearDuplicate(
            dataset=derived,
            first=copies[pair.first_id],
            second=copies[pair.second_id],
            likeness=pair.likeness,
            resolution=pair.resolution,
            resolved_by_id=pair.resolved_by_id,
            resolved_at=pair.resolved_at,
        )
        for pair in source.near_duplicates.all()
    ]
    NearDuplicate.objects.bulk_create(pairs, batch_size=500)


def _copy_of(image: DatasetImage, derived: Dataset) -> DatasetImage:
    return DatasetImage(
        dataset=derived,
        path=image.path,
        sha256=image.sha256,
        label=image.label,
        source=image.source,
        split=image.split,
        width_px=image.width_px,
        height_px=image.height_px,
    )


def delete_dataset(*, actor: User, dataset_id: UUID) -> None:
    """Delete a dataset that is not frozen and not being imported, with its pictures.

    Raises:
        DatasetNotFound: there is no such dataset in the actor's laboratory.
        DatasetStateRefused: it is frozen, or is being imported.
    """
    require(actor, Action.MANAGE_DATASETS)
    with transaction.atomic():
        dataset = locked_dataset(actor, dataset_id)
        if dataset.state == _State.FROZEN:
            raise DatasetStateRefused(FROZEN)
        if dataset.state == _State.IMPORTING:
            raise DatasetStateRefused("The dataset is being imported. Delete it after that.")
        delete_with_files(dataset, actor)


def set_reference(*, actor: User, dataset_id: UUID, is_reference: bool) -> Dataset:
    """Let the gate compare versions on this frozen dataset, in place of any other, or no more.

    Raises:
        DatasetNotFound: there is no such dataset in the actor's laboratory.
        DatasetStateRefused: it is not frozen, or has no picture in its test split.
    """
    require(actor, Action.MANAGE_DATASETS)
    with transaction.atomic():
        # Of two who choose at once the second sees what the first chose.
        Laboratory.objects.select_for_update(no_key=True).get(pk=actor.laboratory_id)
        dataset = locked_dataset(actor, dataset_id)
        if dataset.state != _State.FROZEN:
            raise DatasetStateRefused(
                "Only a frozen dataset can be the reference. Freeze it first."
            )
        if is_reference and not dataset.images.filter(split=DatasetImage.Split.TEST).exists():
            raise DatasetStateRefused(
                "The dataset has no picture in its test split, so nothing can be compared on it."
            )
        others = policy.visible_datasets(actor).filter(is_reference=True).exclude(pk=dataset.pk)
        if is_reference:
            others.update(is_reference=False)
        before, dataset.is_reference = dataset.is_reference, is_reference
        dataset.save(update_fields=["is_reference"])
        changes = {"is_reference": [before, is_reference]}
        record_change(dataset, actor, AuditAction.DATASET_CHANGED, changes)
    return dataset
