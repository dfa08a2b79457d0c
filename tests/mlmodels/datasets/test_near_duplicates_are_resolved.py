"""Pairs that may show one cell in two splits: each is resolved once, and changes the dataset."""

import cv2
import pytest

from accounts.models import AuditAction, AuditEvent
from mlmodels import artifacts
from mlmodels.errors import DatasetNotFound, DatasetRefused, DatasetStateRefused
from mlmodels.models import Dataset, DatasetImage, NearDuplicate
from mlmodels.selectors.datasets.freezing import why_not_frozen
from mlmodels.selectors.datasets.near_duplicates import open_pairs
from mlmodels.services.datasets import claims, near_duplicates, run_datasets
from mlmodels.services.versions.registration import register_shipped
from tests.at_once import at_once
from tests.drawn_cells import draw_smear, encode
from tests.factories.archives import drawn_picture, zip_of
from tests.factories.datasets import claimed

pytestmark = pytest.mark.django_db

OPEN = NearDuplicate.Resolution.OPEN


def resolve(actor, pair: NearDuplicate, resolution: str) -> None:
    near_duplicates.resolve_pair(
        actor=actor, dataset_id=pair.dataset_id, pair_id=pair.pk, resolution=resolution
    )


@pytest.mark.parametrize(
    ("resolution", "goes"), [("keep_first", "second"), ("keep_second", "first")]
)
def test_the_other_picture_leaves_the_dataset(compared, paired, admin, resolution, goes):
    pair = paired(compared())
    gone: DatasetImage = getattr(pair, goes)
    resolve(admin, pair, resolution)
    assert not DatasetImage.objects.filter(pk=gone.pk).exists()
    assert pair.dataset.images.count() == 7
    assert why_not_frozen(pair.dataset) == ""
    event = AuditEvent.objects.get(action=AuditAction.DUPLICATE_RESOLVED)
    assert event.changes["removed"] == [[gone.path], None]


def test_one_group_moves_every_picture_of_the_second_source(compared, paired, admin):
    rows = ["a.png,neutrophil,slide 1,train", "b.png,neutrophil,slide 2,test"]
    rows += ["c.png,neutrophil,slide 2,test", "d.png,neutrophil,slide 3,test"]
    files = {f"{name}.png": drawn_picture(n) for n, name in enumerate("abcd")}
    manifest = "path,class,source,split\n" + "\n".join(rows)
    pair = paired(compared(zip_of({**files, "manifest.csv": manifest})))
    resolve(admin, pair, "same_group")
    now = set(pair.dataset.images.values_list("path", "source", "split"))
    assert now == {
        ("a.png", "slide 1", "train"),
        ("b.png", "slide 1", "train"),
        ("c.png", "slide 1", "train"),
        ("d.png", "slide 3", "test"),
    }


def test_what_was_moved_is_compared_again_before_it_can_be_frozen(compared, paired, admin):
    pair = paired(compared())
    resolve(admin, pair, "same_group")
    pair.dataset.refresh_from_db()
    assert pair.dataset.duplicate_check == Dataset.DuplicateCheck.WAITING
    assert "not finished" in why_not_frozen(pair.dataset)


def test_a_search_under_way_ends_when_pictures_are_moved(imported, paired, admin):
    dataset = imported()
    held = claimed(dataset, claims.CHECKING)
    resolve(admin, paired(dataset), "same_group")
    assert not claims.tell(held, 1, 2)
    assert not claims.end_check(held, [])


def test_what_is_not_the_same_stays_on_both_sides(compared, paired, admin):
    pair = paired(compared())
    assert "1 pair of pictures may show the same cell" in why_not_frozen(pair.dataset)
    resolve(admin, pair, "not_the_same")
    pair.refresh_from_db()
    assert (pair.resolution, pair.resolved_by) == ("not_the_same", admin)
    assert pair.dataset.images.count() == 8
    assert why_not_frozen(pair.dataset) == ""


def test_a_pair_is_resolved_once(compared, paired, admin):
    pair = paired(compared())
    resolve(admin, pair, "not_the_same")
    with pytest.raises(DatasetStateRefused, match="resolved already: not the same"):
        resolve(admin, pair, "keep_first")


@pytest.mark.django_db(transaction=True)
def test_of_two_admins_who_resolve_at_once_one_is_told_of_the_other(compared, paired, admin):
    pair = paired(compared())
    answers = at_once(2, lambda index: resolve(admin, pair, ("same_group", "not_the_same")[index]))
    assert sorted(type(a).__name__ for a in answers) == ["DatasetStateRefused", "NoneType"]
    assert AuditEvent.objects.filter(action=AuditAction.DUPLICATE_RESOLVED).count() == 1


@pytest.mark.parametrize("resolution", ["", "open", "both"])
def test_another_answer_is_refused(compared, paired, admin, resolution):
    with pytest.raises(DatasetRefused, match="one of the four answers"):
        resolve(admin, paired(compared()), resolution)


def test_a_pair_of_another_laboratory_does_not_exist(compared, paired, other_admin):
    with pytest.raises(DatasetNotFound):
        resolve(other_admin, paired(compared()), "keep_first")


def a_dataset_with_a_copy() -> bytes:
    """Pictures whose test holds one of the training turned by a quarter, and mirrored."""
    smears = {n: draw_smear(seed=n, width=320, height=240) for n in range(4)}
    turned = cv2.flip(cv2.rotate(smears[2], cv2.ROTATE_90_CLOCKWISE), 1)
    files = {f"train/neutrophil/{n}.png": encode(rgb, "PNG") for n, rgb in smears.items()}
    files["test/neutrophil/copy.png"] = encode(turned, "PNG")
    files["test/neutrophil/other.png"] = encode(draw_smear(seed=9, width=320, height=240), "PNG")
    return zip_of(files)


def test_the_worker_finds_the_copy_and_nothing_else(imported):
    register_shipped()
    dataset = imported(a_dataset_with_a_copy())
    run_datasets.check_duplicates(dataset_id=dataset.pk)
    dataset.refresh_from_db()
    assert dataset.duplicate_check == Dataset.DuplicateCheck.DONE
    [pair] = open_pairs(dataset)
    assert {pair.first.path, pair.second.path} == {
        "train/neutrophil/2.png",
        "test/neutrophil/copy.png",
    }
    assert pair.likeness > 0.9


def test_a_search_that_is_run_again_keeps_what_was_said(imported, admin):
    register_shipped()
    dataset = imported(a_dataset_with_a_copy())
    run_datasets.check_duplicates(dataset_id=dataset.pk)
    resolve(admin, dataset.near_duplicates.get(), "not_the_same")
    Dataset.objects.update(duplicate_check=Dataset.DuplicateCheck.WAITING)
    run_datasets.check_duplicates(dataset_id=dataset.pk)
    assert dataset.near_duplicates.get().resolution == "not_the_same"


def test_a_search_without_a_model_fails_and_can_be_started_again(
    imported, admin, django_capture_on_commit_callbacks
):
    dataset = imported()
    run_datasets.check_duplicates(dataset_id=dataset.pk)
    dataset.refresh_from_db()
    assert dataset.duplicate_check == Dataset.DuplicateCheck.FAILED
    assert "No model is registered" in dataset.error
    assert "failed" in why_not_frozen(dataset)
    with django_capture_on_commit_callbacks() as sent:
        near_duplicates.ask_for_check(actor=admin, dataset_id=dataset.pk)
    assert len(sent) == 1
    with pytest.raises(DatasetStateRefused, match="has not failed"):
        near_duplicates.ask_for_check(actor=admin, dataset_id=dataset.pk)


def test_a_picture_that_was_changed_on_disk_fails_the_search(imported):
    register_shipped()
    dataset = imported()
    image = dataset.images.first()
    (artifacts.dataset_folder(dataset.folder) / image.path).write_bytes(drawn_picture(77))
    run_datasets.check_duplicates(dataset_id=dataset.pk)
    dataset.refresh_from_db()
    assert dataset.duplicate_check == Dataset.DuplicateCheck.FAILED
