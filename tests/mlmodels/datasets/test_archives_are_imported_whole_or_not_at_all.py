"""An archive becomes a dataset as a whole, or nothing of it is kept."""

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from accounts.models import AuditAction, AuditEvent
from mlmodels import artifacts
from mlmodels.ml.datasets.manifest import read_manifest
from mlmodels.models import Dataset, DatasetImage, Label
from mlmodels.services.datasets import claims, run_datasets, stale
from tests.factories.archives import class_folders, drawn_picture, encrypted, zip_of
from tests.factories.datasets import claimed

pytestmark = pytest.mark.django_db


def files_of_registry(settings) -> list[Path]:
    return [path for path in Path(settings.REGISTRY_DIR).rglob("*") if path.is_file()]


def let_the_lease_end(dataset: Dataset) -> None:
    Dataset.objects.filter(pk=dataset.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_what_is_sent_is_imported_with_its_rows_files_and_manifest(imported, settings):
    files = class_folders(classes=("NEUTROPHIL", "Lymphocyte"))
    dataset = imported(zip_of(files))
    assert dataset.state == Dataset.State.OPEN
    assert dataset.duplicate_check == Dataset.DuplicateCheck.WAITING
    assert dataset.report == []
    assert set(dataset.images.values_list("path", flat=True)) == set(files)
    assert set(dataset.images.values_list("label", flat=True)) == {"neutrophil", "lymphocyte"}
    folder = artifacts.dataset_folder(dataset.folder)
    rows = read_manifest(folder / "manifest.csv")
    assert {(r.path, r.label, r.source, r.split) for r in rows} == set(
        dataset.images.values_list("path", "label", "source", "split")
    )
    assert all((folder / path).read_bytes() == data for path, data in files.items())
    # Of the archive itself nothing is left.
    assert len(files_of_registry(settings)) == len(files) + 1


def test_the_trail_says_who_sent_and_what_was_imported(imported, admin):
    dataset = imported()
    events = AuditEvent.objects.filter(object_id=str(dataset.pk)).order_by("position")
    assert [(e.action, e.actor) for e in events] == [
        (AuditAction.DATASET_UPLOADED, admin),
        (AuditAction.DATASET_IMPORTED, None),
    ]


BAD_ARCHIVES = {
    "no archive": (b"words", "not a ZIP archive"),
    "a path that leads out": (
        zip_of({**class_folders(), "../../evil.png": drawn_picture(9)}),
        "leads out of the archive",
    ),
    "an absolute path": (
        zip_of({**class_folders(), "/neutrophil/evil.png": drawn_picture(9)}),
        "absolute",
    ),
    "a link": (zip_of(class_folders(), links={"neutrophil/l.png": "/etc/passwd"}), "a link"),
    "an archive in it": (
        zip_of({**class_folders(), "neutrophil/more.zip": zip_of(class_folders(each=1))}),
        "archive in the archive",
    ),
    "encrypted": (encrypted(zip_of(class_folders())), "encrypted"),
    "a bomb": (zip_of({"neutrophil/1.bmp": b"\0" * (60 * 1024 * 1024)}), "times its size"),
    "no picture": (zip_of({**class_folders(), "neutrophil/a.png": b"words"}), "not a picture"),
    "a missing split": (
        zip_of({"train/neutrophil/1.png": drawn_picture(1), "neutrophil/2.png": drawn_picture(2)}),
        "The split is missing",
    ),
    "a source in two splits": (
        zip_of(
            {
                "1.png": drawn_picture(1),
                "2.png": drawn_picture(2),
                "manifest.csv": "path,class,source,split\n"
                "1.png,neutrophil,slide 4,train\n2.png,neutrophil,slide 4,test\n",
            }
        ),
        "slide 4 is in the splits test and train",
    ),
}


@pytest.mark.parametrize(("data", "said"), BAD_ARCHIVES.values(), ids=BAD_ARCHIVES)
def test_what_is_refused_leaves_its_sentence_and_nothing_else(imported, settings, data, said):
    # The limit of one picture is not what stops the bomb.
    settings.MAX_IMAGE_BYTES = 200 * 1024 * 1024
    dataset = imported(data)
    assert dataset.state == Dataset.State.REFUSED
    assert said in " ".join(row["reason"] for row in dataset.report)
    assert "Nothing was imported" in dataset.error
    assert not DatasetImage.objects.exists()
    assert files_of_registry(settings) == []
    assert AuditEvent.objects.filter(action=AuditAction.DATASET_REFUSED).count() == 1


def test_a_copy_within_a_class_is_told_and_imported_once(imported):
    files = class_folders()
    dataset = imported(zip_of({**files, "neutrophil/copy.png": files["neutrophil/000.png"]}))
    assert dataset.state == Dataset.State.OPEN
    [row] = dataset.report
    assert not row["refuses"]
    assert dataset.images.count() == len(files)


def test_one_picture_of_two_classes_is_left_out_and_told(imported):
    files = {**class_folders(), "monocyte/1.png": class_folders()["neutrophil/001.png"]}
    dataset = imported(zip_of(files))
    assert dataset.state == Dataset.State.OPEN
    assert dataset.images.count() == 7
    assert "under monocyte and neutrophil" in dataset.report[0]["reason"]


def test_a_class_that_only_this_laboratory_has_is_known_to_it_alone(imported, laboratory, admin):
    Label.objects.create(
        laboratory=laboratory,
        code="hairy_cell",
        name="Hairy cell",
        short_name="HC",
        group="own",
        in_denominator=True,
    )
    dataset = imported(zip_of({"Hairy Cell/1.png": drawn_picture(1)}))
    assert dataset.images.get().label == "hairy_cell"


def test_an_import_that_was_killed_is_done_again_by_whoever_comes_next(sent, settings):
    dataset = sent()
    killed = claimed(dataset, claims.IMPORTING)
    half = Path(settings.REGISTRY_DIR) / "incoming" / f"{dataset.folder}-{killed.fence}"
    (half / "neutrophil").mkdir(parents=True)
    (half / "neutrophil/000.png").write_bytes(b"half of it")
    run_datasets.import_dataset(dataset_id=dataset.pk)
    dataset.refresh_from_db()
    assert dataset.state == Dataset.State.IMPORTING, "its lease has not ended yet"
    let_the_lease_end(dataset)
    run_datasets.import_dataset(dataset_id=dataset.pk)
    dataset.refresh_from_db()
    assert dataset.state == Dataset.State.OPEN
    assert dataset.images.count() == 8
    assert not half.exists()


def test_an_import_killed_before_its_rows_is_done_again(sent):
    dataset = sent()
    folder = artifacts.dataset_folder(dataset.folder)
    (folder / "old").mkdir(parents=True)
    (folder / "old/1.png").write_bytes(b"of the attempt before")
    run_datasets.import_dataset(dataset_id=dataset.pk)
    dataset.refresh_from_db()
    assert dataset.state == Dataset.State.OPEN
    assert not (folder / "old").exists()


def test_who_lost_an_import_writes_nothing(sent):
    dataset = sent()
    late = claimed(dataset, claims.IMPORTING)
    let_the_lease_end(dataset)
    assert claims.claim(dataset.pk, claims.IMPORTING)
    assert not claims.renew(late)
    assert not claims.tell(late, 1, 2)
    assert not claims.open_imported(late, [], [])
    assert not claims.refuse(late, [], "Late.")
    assert not claims.release(late)
    dataset.refresh_from_db()
    assert dataset.state == Dataset.State.IMPORTING


def test_a_lost_import_is_sent_again_and_given_up_at_last(sent, settings):
    dataset = sent()
    assert stale.send_stale() == 0, "its message is on its way"
    long_ago = timezone.now() - timedelta(minutes=5)
    Dataset.objects.update(last_sent_at=long_ago)
    assert stale.send_stale() == 1
    Dataset.objects.update(last_sent_at=long_ago, attempts=settings.JOB_MAX_ATTEMPTS)
    assert stale.send_stale() == 0
    dataset.refresh_from_db()
    assert dataset.state == Dataset.State.REFUSED
    assert "interrupted 5 times" in dataset.error


def test_an_archive_that_is_gone_is_refused_in_a_sentence(sent, settings):
    dataset = sent()
    for path in files_of_registry(settings):
        path.unlink()
    run_datasets.import_dataset(dataset_id=dataset.pk)
    dataset.refresh_from_db()
    assert dataset.state == Dataset.State.REFUSED
    assert "The archive is gone" in dataset.report[0]["reason"]


def test_archives_that_no_row_names_are_removed_after_a_day(sent, settings):
    waiting = sent()
    incoming = Path(settings.REGISTRY_DIR) / "incoming"
    (incoming / "left.zip").write_bytes(b"left")
    for path in incoming.iterdir():
        os.utime(path, (time.time() - 90_000,) * 2)
    assert stale.remove_orphaned_archives() == 1
    assert [path.stem for path in incoming.iterdir()] == [waiting.folder]


def test_what_a_killed_process_left_arriving_goes_after_a_day(db, settings):
    incoming = Path(settings.REGISTRY_DIR) / "incoming"
    incoming.mkdir(parents=True)
    for name, age_s in (("tmp-old.upload", 90_000), ("tmp-new.upload", 60)):
        (incoming / name).write_bytes(b"left")
        os.utime(incoming / name, (time.time() - age_s,) * 2)
    stale.remove_orphaned_archives()
    assert [path.name for path in incoming.iterdir()] == ["tmp-new.upload"]
