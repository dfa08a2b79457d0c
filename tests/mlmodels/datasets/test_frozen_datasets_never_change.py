"""A frozen dataset has a hash and never changes: services refuse, and so does the database."""

import hashlib
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import AuditAction, AuditEvent
from mlmodels import artifacts, storage
from mlmodels.errors import DatasetNotFound, DatasetRefused, DatasetStateRefused
from mlmodels.models import Dataset, DatasetImage, NearDuplicate
from mlmodels.selectors.datasets.datasets import datasets_of_laboratory
from mlmodels.services.datasets import lifecycle, near_duplicates
from tests.at_once import at_once
from tests.factories.archives import drawn_picture, zip_of
from tests.triggers import assert_triggers, put_back

pytestmark = pytest.mark.django_db

migration = import_module("mlmodels.migrations.0010_frozen_datasets_never_change")


def freeze(actor, dataset: Dataset) -> Dataset:
    return lifecycle.freeze_dataset(actor=actor, dataset_id=dataset.pk)


def test_the_hash_is_that_of_the_sorted_manifest(frozen, admin):
    rows = frozen.images.values_list("path", "sha256", "label", "source", "split")
    text = "\n".join(sorted(",".join(row) for row in rows))
    assert frozen.manifest_sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert (frozen.state, frozen.frozen_by) == ("frozen", admin)
    event = AuditEvent.objects.get(action=AuditAction.DATASET_FROZEN)
    assert event.changes["manifest_sha256"] == [None, frozen.manifest_sha256]


def test_the_manifest_on_disk_is_that_of_the_rows(compared, paired, admin):
    dataset = compared()
    pair = paired(dataset)
    near_duplicates.resolve_pair(
        actor=admin, dataset_id=dataset.pk, pair_id=pair.pk, resolution="keep_first"
    )
    freeze(admin, dataset)
    text = (artifacts.dataset_folder(dataset.folder) / "manifest.csv").read_text()
    assert pair.first.path in text
    assert pair.second.path not in text
    assert len(text.splitlines()) == 8


def test_the_hash_follows_the_pictures_and_not_the_name(compared, admin):
    first, second = (freeze(admin, compared(name=name)) for name in ("One", "Other"))
    assert first.manifest_sha256 == second.manifest_sha256


def test_what_is_not_compared_is_not_frozen(imported, admin):
    with pytest.raises(DatasetStateRefused, match="not finished"):
        freeze(admin, imported())


def test_what_has_an_open_pair_is_not_frozen(compared, paired, admin):
    dataset = compared()
    paired(dataset)
    with pytest.raises(DatasetStateRefused, match="Resolve them before you freeze"):
        freeze(admin, dataset)


def test_what_has_no_picture_is_not_frozen(compared, admin):
    dataset = compared()
    dataset.images.all().delete()
    with pytest.raises(DatasetStateRefused, match="nothing to freeze"):
        freeze(admin, dataset)


@pytest.mark.parametrize("state", ["importing", "refused"])
def test_what_is_not_open_is_not_frozen(sent, admin, state):
    dataset = sent()
    Dataset.objects.update(state=state)
    with pytest.raises(DatasetStateRefused, match=f"is {state}"):
        freeze(admin, dataset)


@pytest.mark.django_db(transaction=True)
def test_of_two_admins_who_freeze_at_once_one_does(compared, admin):
    dataset = compared()
    answers = at_once(2, lambda index: freeze(admin, dataset))
    assert sorted(type(a).__name__ for a in answers) == ["Dataset", "DatasetStateRefused"]
    assert AuditEvent.objects.filter(action=AuditAction.DATASET_FROZEN).count() == 1


def test_a_frozen_one_is_neither_frozen_again_nor_resolved_nor_deleted(frozen, paired, admin):
    pair = paired(frozen)
    for act in (
        lambda: freeze(admin, frozen),
        lambda: near_duplicates.resolve_pair(
            actor=admin, dataset_id=frozen.pk, pair_id=pair.pk, resolution="keep_first"
        ),
        lambda: lifecycle.delete_dataset(actor=admin, dataset_id=frozen.pk),
    ):
        with pytest.raises(DatasetStateRefused, match="A frozen dataset never changes"):
            act()


def test_a_derived_one_can_be_changed_and_leaves_the_frozen_one_as_it_is(
    frozen, paired, admin, django_capture_on_commit_callbacks
):
    derived = lifecycle.derive_dataset(actor=admin, dataset_id=frozen.pk, name="Own, second")
    assert (derived.state, derived.derived_from) == ("open", frozen)
    assert derived.images.count() == 8
    pair = paired(derived)
    with django_capture_on_commit_callbacks(execute=True):
        near_duplicates.resolve_pair(
            actor=admin, dataset_id=derived.pk, pair_id=pair.pk, resolution="keep_first"
        )
        changed = freeze(admin, derived)
    assert changed.manifest_sha256 != frozen.manifest_sha256
    assert frozen.images.count() == 8
    assert (artifacts.dataset_folder(frozen.folder) / pair.second.path).is_file()
    assert not (artifacts.dataset_folder(derived.folder) / pair.second.path).exists()


def test_only_a_frozen_one_is_derived_from(compared, admin):
    with pytest.raises(DatasetStateRefused, match="Freeze it first"):
        lifecycle.derive_dataset(actor=admin, dataset_id=compared().pk, name="Other")


def test_a_derived_one_needs_a_name_of_its_own(frozen, admin):
    with pytest.raises(DatasetRefused, match="already"):
        lifecycle.derive_dataset(actor=admin, dataset_id=frozen.pk, name=frozen.name)
    assert len(list(artifacts.dataset_folder("").iterdir())) == 1


def test_a_derivation_that_cannot_be_written_leaves_no_pictures(frozen, compared, admin):
    first, second = compared(name="Other").images.all()[:2]
    # No row that the program writes: its pictures are another dataset's.
    NearDuplicate.objects.create(dataset=frozen, first=first, second=second, likeness=0.9)
    with pytest.raises(KeyError):
        lifecycle.derive_dataset(actor=admin, dataset_id=frozen.pk, name="Derived")
    assert len(list(artifacts.dataset_folder("").iterdir())) == 2


def test_an_open_one_is_deleted_with_its_files(compared, admin, django_capture_on_commit_callbacks):
    dataset = compared()
    folder = artifacts.dataset_folder(dataset.folder)
    with django_capture_on_commit_callbacks(execute=True):
        lifecycle.delete_dataset(actor=admin, dataset_id=dataset.pk)
    assert not Dataset.objects.exists()
    assert not DatasetImage.objects.exists()
    assert not folder.exists()
    event = AuditEvent.objects.get(action=AuditAction.DATASET_DELETED)
    assert event.changes["name"] == ["Own cells", None]


def test_one_that_is_being_imported_is_not_deleted(sent, admin):
    with pytest.raises(DatasetStateRefused, match="is being imported"):
        lifecycle.delete_dataset(actor=admin, dataset_id=sent().pk)


def test_a_laboratory_has_one_reference_at_most(frozen, compared, admin):
    other = freeze(admin, compared(name="Other"))
    for dataset in (frozen, other):
        lifecycle.set_reference(actor=admin, dataset_id=dataset.pk, is_reference=True)
    assert list(Dataset.objects.filter(is_reference=True)) == [other]
    lifecycle.set_reference(actor=admin, dataset_id=other.pk, is_reference=False)
    assert not Dataset.objects.filter(is_reference=True).exists()


def test_what_is_open_or_has_no_test_split_is_no_reference(compared, admin):
    dataset = compared(zip_of({"train/neutrophil/1.png": drawn_picture(1)}))
    with pytest.raises(DatasetStateRefused, match="Only a frozen dataset"):
        lifecycle.set_reference(actor=admin, dataset_id=dataset.pk, is_reference=True)
    freeze(admin, dataset)
    with pytest.raises(DatasetStateRefused, match="no picture in its test split"):
        lifecycle.set_reference(actor=admin, dataset_id=dataset.pk, is_reference=True)


def test_of_another_laboratory_nothing_exists(frozen, other_admin):
    assert datasets_of_laboratory(other_admin) == []
    for act in (
        lambda: freeze(other_admin, frozen),
        lambda: lifecycle.derive_dataset(actor=other_admin, dataset_id=frozen.pk, name="X"),
        lambda: lifecycle.delete_dataset(actor=other_admin, dataset_id=frozen.pk),
        lambda: lifecycle.set_reference(actor=other_admin, dataset_id=frozen.pk, is_reference=True),
        lambda: near_duplicates.ask_for_check(actor=other_admin, dataset_id=frozen.pk),
    ):
        with pytest.raises(DatasetNotFound):
            act()


# --- The database itself -----------------------------------------------------------------------


@pytest.fixture
def _complete_triggers(db):
    """Put back those that the tests' own clean-up on SQLite had to remove."""
    names = ("mlmodels_dataset_no_delete", "mlmodels_datasetimage_no_delete")
    put_back(*(migration._sqlite(name, *migration.SQLITE[name]) for name in names))


def refused_by_the_database(act) -> None:
    with (
        pytest.raises(DatabaseError, match="frozen dataset cannot be changed"),
        transaction.atomic(),
    ):
        act()


@pytest.mark.parametrize(
    "values", [{"manifest_sha256": "0" * 64}, {"state": "open"}, {"folder": "other"}, {"name": "X"}]
)
def test_the_database_keeps_hash_state_folder_and_name(frozen, values):
    refused_by_the_database(lambda: Dataset.objects.filter(pk=frozen.pk).update(**values))


@pytest.mark.usefixtures("_complete_triggers")
def test_the_database_keeps_the_images(frozen):
    images = DatasetImage.objects.filter(dataset=frozen)
    refused_by_the_database(lambda: images.update(label="monocyte"))
    refused_by_the_database(lambda: images.delete())
    refused_by_the_database(
        lambda: DatasetImage.objects.create(
            dataset=frozen,
            path="x",
            sha256="x",
            label="x",
            source="x",
            split="train",
            width_px=1,
            height_px=1,
        )
    )
    assert images.count() == 8


@pytest.mark.usefixtures("_complete_triggers")
def test_no_image_is_moved_into_or_out_of_a_frozen_one(frozen, compared):
    other = compared(name="Other", data=zip_of({"neutrophil/z.png": drawn_picture(5)}))
    refused_by_the_database(lambda: other.images.update(dataset=frozen))
    refused_by_the_database(lambda: frozen.images.update(dataset=other))


@pytest.mark.usefixtures("_complete_triggers")
def test_the_triggers_stand_after_all_migrations():
    assert_triggers(
        "mlmodels_dataset",
        sqlite=set(migration.SQLITE),
        postgresql={"mlmodels_dataset_frozen", "mlmodels_datasetimage_frozen"},
    )


@contextmanager
def before_the_lock(act):
    """Do something when the row is about to be locked: the manifest is written by then."""
    done: list[str] = []

    def watch(execute, sql, *rest):
        in_service = connection.in_atomic_block and len(connection.savepoint_ids) > 0
        if in_service and not done:
            done.append(sql)
            act()
        return execute(sql, *rest)

    with connection.execute_wrapper(watch):
        yield done


def test_the_manifest_is_written_before_the_dataset_is_locked(compared, admin):
    dataset = compared()
    drafts: list[Path] = []

    def look():
        drafts.extend(storage.incoming().glob(f"{dataset.folder}-*/manifest.csv"))

    with before_the_lock(look):
        freeze(admin, dataset)
    assert len(drafts) == 1
    assert not drafts[0].parent.exists()


@pytest.mark.parametrize("resolution", ["keep_first", "same_group"])
def test_what_is_changed_while_it_is_hashed_is_not_frozen(compared, paired, admin, resolution):
    dataset = compared()
    # Both in one split by now, so that it does not stand in the way by itself.
    pair = paired(dataset)
    dataset.images.filter(pk=pair.second_id).update(split="train")
    file = artifacts.dataset_folder(dataset.folder) / "manifest.csv"
    before = file.read_text()

    def resolve():
        near_duplicates.resolve_pair(
            actor=admin, dataset_id=dataset.pk, pair_id=pair.pk, resolution=resolution
        )
        Dataset.objects.update(duplicate_check="done")

    with before_the_lock(resolve) as done, pytest.raises(DatasetStateRefused, match="changed"):
        freeze(admin, dataset)
    assert done
    dataset.refresh_from_db()
    assert dataset.state == "open"
    assert file.read_text() == before
    assert not list(storage.incoming().glob(f"{dataset.folder}-*"))
