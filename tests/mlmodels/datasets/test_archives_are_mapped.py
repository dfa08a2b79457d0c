"""What an archive's classes mean, a person says where nobody knows; the laboratory remembers it."""

import os
import time

import pytest

from accounts.models import AuditAction, AuditEvent
from mlmodels import artifacts
from mlmodels.errors import DatasetNotFound, DatasetRefused, DatasetStateRefused
from mlmodels.models import ClassMeaning, Dataset, Label
from mlmodels.services.datasets import claims, lifecycle, mapping, run_datasets, stale
from tests.factories.archives import class_folders, drawn_picture, zip_of
from tests.factories.datasets import claimed
from tests.factories.layouts import BOXES, coco, drawn_field, four_class_archive, pictures

pytestmark = pytest.mark.django_db

UNKNOWN = class_folders(classes=("neutrophil", "NEU", "unicorn"), each=3)


@pytest.fixture
def mapped(admin):
    """Says what classes mean, by name, and lets the worker go on."""

    def act(dataset: Dataset, meant: dict[str, str], **said: str) -> Dataset:
        assert dataset.questions is not None
        asked = dataset.questions["classes"]
        answers = {n: meant.get(each["name"], each["code"]) for n, each in enumerate(asked)}
        mapping.map_classes(actor=admin, dataset_id=dataset.pk, classes=answers, **said)
        run_datasets.import_dataset(dataset_id=dataset.pk)
        dataset.refresh_from_db()
        return dataset

    return act


def told(dataset: Dataset) -> str:
    return " ".join(row["reason"] for row in dataset.report)


def labels(dataset: Dataset) -> list[str]:
    return sorted(dataset.images.values_list("label", flat=True))


def test_an_archive_with_an_unknown_class_waits_for_a_person(imported, settings):
    dataset = imported(zip_of(UNKNOWN))
    assert (dataset.state, dataset.error) == (Dataset.State.MAPPING, "")
    assert [
        (each["name"], each["pictures"], each["code"], each["proposal"])
        for each in dataset.questions["classes"]
    ] == [("NEU", 3, "", "neutrophil"), ("unicorn", 3, "", ""), ("neutrophil", 3, "neutrophil", "")]
    assert not dataset.images.exists()
    # The archive waits with it; what was unpacked does not.
    assert [p.name for p in (settings.REGISTRY_DIR / "incoming").iterdir()] == [
        f"{dataset.folder}.zip"
    ]


def test_what_a_person_says_is_imported(imported, mapped):
    dataset = mapped(imported(zip_of(UNKNOWN)), {"NEU": "band", "unicorn": "-"})
    assert dataset.state == Dataset.State.OPEN
    assert labels(dataset) == ["band"] * 3 + ["neutrophil"] * 3
    assert "NEU was read as Band neutrophil (3 pictures)." in told(dataset)
    assert "3 pictures of unicorn left out" in told(dataset)
    assert dataset.questions is None
    assert not artifacts.examples_folder(dataset.folder).exists()


def test_who_said_it_stands_in_the_trail(imported, mapped, admin):
    dataset = mapped(imported(zip_of(UNKNOWN)), {"NEU": "band", "unicorn": "-"})
    [event] = AuditEvent.objects.filter(object_id=str(dataset.pk), actor=admin).exclude(
        action=AuditAction.DATASET_UPLOADED
    )
    assert event.changes["choices"][1]["classes"] == {
        "neu": "band",
        "unicorn": "",
        "neutrophil": "neutrophil",
    }


def test_the_laboratory_remembers_what_a_name_meant(imported, mapped):
    mapped(imported(zip_of(UNKNOWN)), {"NEU": "band", "unicorn": "-"})
    again = imported(zip_of({"neu/1.png": drawn_picture(77)}), name="Again")
    assert again.state == Dataset.State.OPEN
    assert labels(again) == ["band"]
    assert "neu was read as Band neutrophil" in told(again)


def test_what_was_left_out_is_asked_for_again(imported, mapped, page_as, admin):
    mapped(imported(zip_of(UNKNOWN)), {"NEU": "band", "unicorn": "-"})
    files = {"unicorn/1.png": drawn_picture(77), "monocyte/1.png": drawn_picture(78)}
    again = imported(zip_of(files), name="Again")
    assert again.state == Dataset.State.MAPPING
    text = page_as(admin).get(f"/datasets/{again.pk}/").content.decode()
    assert '<option value="-" selected>Leave out</option>' in text


def test_another_laboratory_remembers_nothing_of_it(imported, mapped, other_admin):
    mapped(imported(zip_of(UNKNOWN)), {"NEU": "band", "unicorn": "-"})
    other = imported(zip_of({"neu/1.png": drawn_picture(77)}), by=other_admin)
    assert other.state == Dataset.State.MAPPING


@pytest.mark.parametrize(
    ("files", "read_as"),
    [
        (pictures("Neutrophils /1.jpg"), "neutrophil"),
        (pictures("NE/1.jpg"), "neutrophil"),
        (pictures("set/ig/1.jpg", "set/ig/.DS_1.jpg"), "immature_granulocyte"),
        (pictures("MONOCYTE\\1.jpg"), "monocyte"),
    ],
)
def test_what_is_known_is_imported_without_asking_and_told(imported, files, read_as):
    dataset = imported(zip_of(files))
    assert dataset.state == Dataset.State.OPEN, dataset.report
    assert labels(dataset) == [read_as]


def test_patients_of_an_archive_become_sources(imported):
    dataset = imported(
        zip_of(pictures("NE/p1/1.jpg", "NE/p2/1.jpg", "NE/p3/1.jpg", "MO/p1/1.jpg", "MO/p3/2.jpg"))
    )
    assert dataset.state == Dataset.State.OPEN, dataset.report
    assert set(dataset.images.values_list("source", flat=True)) == {"p1", "p2", "p3"}
    assert "are a source each" in told(dataset)


def test_a_patient_in_two_splits_is_asked_for_and_dealt_anew(imported, mapped):
    files = pictures("train/NE/p1/1.jpg", "test/NE/p1/2.jpg", "test/NE/p2/1.jpg")
    dataset = imported(zip_of(files))
    assert dataset.questions["folders"]["in_two_splits"] == ["p1"]
    dataset = mapped(dataset, {}, folders="sources_dealt_anew")
    assert dataset.state == Dataset.State.OPEN, dataset.report
    assert len(set(dataset.images.filter(source="p1").values_list("split", flat=True))) == 1


def test_the_four_class_archive_asks_which_half_counts(imported, mapped):
    dataset = imported(zip_of(four_class_archive()))
    assert dataset.questions["halves"] == {"copies": 12, "photographs": 4}
    dataset = mapped(dataset, {}, half="copies")
    assert dataset.state == Dataset.State.OPEN, dataset.report
    assert dataset.images.count() == 12
    assert set(dataset.images.values_list("source", flat=True)) == {
        f"dataset-master/JPEGImages/BloodImage_{n:05}.jpg" for n in range(4)
    }
    # Of the other half no file is kept.
    folder = artifacts.dataset_folder(dataset.folder)
    assert not [p for p in folder.rglob("*") if p.is_file() and "JPEGImages" in str(p)]


def test_the_other_half_asks_for_its_own_classes(imported, mapped):
    archive = four_class_archive()
    # Two classes in one photograph: its white cell has none of them.
    archive["dataset-master/labels.csv"] = ',Image,Category\n0,0,"EOSINOPHIL, MONOCYTE"\n'
    dataset = mapped(imported(zip_of(archive)), {}, half="photographs")
    assert dataset.state == Dataset.State.MAPPING
    assert [each["name"] for each in dataset.questions["classes"]] == ["WBC"]
    dataset = mapped(dataset, {"WBC": "other_white_cell"})
    assert dataset.state == Dataset.State.OPEN, dataset.report
    assert labels(dataset) == ["other_white_cell"] * 4


def test_a_class_without_an_answer_is_refused_at_its_field(imported, admin):
    dataset = imported(zip_of(UNKNOWN))
    with pytest.raises(DatasetRefused) as refusal:
        mapping.map_classes(
            actor=admin, dataset_id=dataset.pk, classes={0: "band", 1: "", 2: "neutrophil"}
        )
    assert set(refusal.value.fields) == {"class_1"}
    dataset.refresh_from_db()
    assert dataset.state == Dataset.State.MAPPING


@pytest.mark.parametrize("answer", ["no_such_label", "-"])
def test_an_answer_that_leads_nowhere_is_refused(imported, admin, answer):
    dataset = imported(zip_of({"unicorn/1.png": drawn_picture(1)}))
    with pytest.raises(DatasetRefused):
        mapping.map_classes(actor=admin, dataset_id=dataset.pk, classes={0: answer})


def test_only_what_waits_is_answered_and_only_once(imported, mapped, admin):
    dataset = mapped(imported(zip_of(UNKNOWN)), {"NEU": "band", "unicorn": "-"})
    with pytest.raises(DatasetStateRefused, match="not asked for now"):
        mapping.map_classes(actor=admin, dataset_id=dataset.pk, classes={})


def test_another_laboratory_s_archive_cannot_be_answered(imported, other_admin):
    dataset = imported(zip_of(UNKNOWN))
    with pytest.raises(DatasetNotFound):
        mapping.map_classes(actor=other_admin, dataset_id=dataset.pk, classes={})


def test_what_is_refused_anyway_is_said_before_anybody_maps(imported):
    dataset = imported(zip_of({**UNKNOWN, "../evil.png": drawn_picture(1)}))
    assert dataset.state == Dataset.State.REFUSED
    assert "leads out of the archive" in told(dataset)


def test_what_waits_for_a_person_can_be_deleted(
    imported, admin, settings, django_capture_on_commit_callbacks
):
    dataset = imported(zip_of(UNKNOWN))
    with django_capture_on_commit_callbacks(execute=True):
        lifecycle.delete_dataset(actor=admin, dataset_id=dataset.pk)
    assert not [p for p in settings.REGISTRY_DIR.rglob("*") if p.is_file()]


def test_the_archive_of_what_waits_is_no_orphan(imported, settings, tmp_path):
    dataset = imported(zip_of(UNKNOWN))
    for path in (settings.REGISTRY_DIR / "incoming").iterdir():
        os.utime(path, (time.time() - 90_000,) * 2)
    assert stale.remove_orphaned_archives() == 0
    assert stale.send_stale() == 0
    dataset.refresh_from_db()
    assert dataset.state == Dataset.State.MAPPING


def test_who_lost_the_import_asks_nothing(sent):
    dataset = sent(zip_of(UNKNOWN))
    late = claimed(dataset, claims.IMPORTING)
    Dataset.objects.update(fence=late.fence + 1)
    assert not claims.ask(late, {})
    dataset.refresh_from_db()
    assert dataset.state == Dataset.State.IMPORTING


def test_a_label_that_went_is_not_what_a_name_means_any_more(imported, laboratory):
    ClassMeaning.objects.create(laboratory=laboratory, key="xyz", label="hairy_cell")
    assert not Label.objects.filter(code="hairy_cell").exists()
    assert imported(zip_of({"xyz/1.png": drawn_picture(1)})).state == Dataset.State.MAPPING


def test_more_classes_than_anybody_maps_are_refused_in_a_sentence(imported):
    rows = [f"{n}.png,cell number {n}\n" for n in range(101)]
    files = {f"{n}.png": drawn_picture(n % 3) for n in range(101)}
    dataset = imported(zip_of({**files, "manifest.csv": "path,class\n" + "".join(rows)}))
    assert dataset.state == Dataset.State.REFUSED
    assert "names 101 classes" in told(dataset)


def test_boxes_of_an_archive_become_pictures_of_a_dataset(imported, mapped):
    text = coco(["WBC", "NE"], {"f.png": [(0, BOXES[0]), (1, BOXES[1])]})
    dataset = imported(zip_of({"f.png": drawn_field(1), "boxes.json": text}))
    dataset = mapped(dataset, {"WBC": "lymphocyte"})
    assert dataset.state == Dataset.State.OPEN, dataset.report
    assert list(dataset.images.values_list("path", "label", "source")) == [
        ("f.png cell 1.png", "lymphocyte", "f.png"),
        ("f.png cell 2.png", "neutrophil", "f.png"),
    ]
    folder = artifacts.dataset_folder(dataset.folder)
    assert sorted(p.name for p in folder.iterdir()) == [
        "f.png cell 1.png",
        "f.png cell 2.png",
        "manifest.csv",
    ]
