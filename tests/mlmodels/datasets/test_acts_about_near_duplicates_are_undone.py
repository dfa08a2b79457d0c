"""What was said of near-duplicates is undone exactly, until the dataset is frozen."""

import pytest

from accounts.models import AuditAction, AuditEvent
from mlmodels import artifacts
from mlmodels.errors import DatasetNotFound, DatasetStateRefused
from mlmodels.models import Dataset, NearDuplicateAct
from mlmodels.selectors.datasets.near_duplicates import duplicate_groups, open_pairs, sweep_of
from mlmodels.services.datasets import claims, lifecycle, near_duplicates
from mlmodels.services.datasets.near_duplicate_undoing import undo_act
from tests.at_once import at_once
from tests.factories.datasets import claimed
from tests.factories.near_duplicates import (
    make_paired_dataset,
    make_three_groups,
    places_of,
    rows_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset(admin) -> Dataset:
    return make_three_groups(admin)


def answer(actor, dataset: Dataset, path: str, said: str, keep: str = "") -> NearDuplicateAct:
    """Answer the group in which this picture stands."""
    image = dataset.images.get(path=path).pk
    [group] = [group for group in duplicate_groups(dataset) if image in group.images]
    return near_duplicates.resolve_group(
        actor=actor,
        dataset_id=dataset.pk,
        seen=group.key,
        answer=said,
        keep=str(dataset.images.get(path=keep).pk) if keep else "",
    )


def accept(actor, dataset: Dataset, at_least: float = 0.9) -> NearDuplicateAct:
    seen = sweep_of(duplicate_groups(dataset), at_least).key
    return near_duplicates.accept_alike(
        actor=actor, dataset_id=dataset.pk, at_least=at_least, seen=seen
    )


def undo(actor, act: NearDuplicateAct) -> NearDuplicateAct:
    return undo_act(actor=actor, dataset_id=act.dataset_id, act_id=act.pk)


ACTS = {
    "one source": lambda actor, dataset: answer(actor, dataset, "a.png", "one_source"),
    "one kept": lambda actor, dataset: answer(actor, dataset, "a.png", "keep_one", "c.png"),
    "not the same": lambda actor, dataset: answer(actor, dataset, "a.png", "not_the_same"),
    "all alike": accept,
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_everything_is_as_it_was(dataset, admin, act):
    before = rows_of(dataset)
    done = act(admin, dataset)
    assert rows_of(dataset) != before
    undo(admin, done)
    assert rows_of(dataset) == before


@pytest.mark.parametrize("resolution", ["keep_first", "keep_second", "same_group", "not_the_same"])
def test_the_answer_to_a_pair_is_undone_as_well(dataset, admin, resolution):
    before = rows_of(dataset)
    act = near_duplicates.resolve_pair(
        actor=admin,
        dataset_id=dataset.pk,
        pair_id=open_pairs(dataset)[1].pk,
        resolution=resolution,
    )
    undo(admin, act)
    assert rows_of(dataset) == before


def test_what_was_said_of_a_pair_that_left_comes_back_with_it(dataset, admin):
    pair = open_pairs(dataset).get(likeness=0.985)
    near_duplicates.resolve_pair(
        actor=admin, dataset_id=dataset.pk, pair_id=pair.pk, resolution="not_the_same"
    )
    before = rows_of(dataset)
    undo(admin, answer(admin, dataset, "a.png", "keep_one", "b.png"))
    assert rows_of(dataset) == before


def test_several_acts_are_undone_from_the_last_to_the_first(dataset, admin):
    states, acts = [], []
    for said in (
        ACTS["one source"],
        lambda actor, open_one: answer(actor, open_one, "d.png", "keep_one", "e.png"),
    ):
        states.append(rows_of(dataset))
        acts.append(said(admin, dataset))
    for act, before in zip(reversed(acts), reversed(states), strict=True):
        undo(admin, act)
        assert rows_of(dataset) == before


def test_an_act_about_other_pictures_is_not_in_the_way(dataset, admin):
    first = ACTS["one source"](admin, dataset)
    answer(admin, dataset, "d.png", "one_source")
    undo(admin, first)
    assert places_of(dataset)["b.png"] == ("B", "test")
    assert places_of(dataset)["e.png"] == ("D", "train")


def test_the_history_says_who_undid_it(dataset, admin):
    act = undo(admin, accept(admin, dataset))
    act.refresh_from_db()
    assert (act.done_by, act.undone_by) == (admin, admin)
    assert act.undone_at is not None
    assert act.undone_at > act.done_at
    event = AuditEvent.objects.get(action=AuditAction.DATASET_CHANGED)
    assert event.changes["act"] == [1, None]


def test_what_comes_back_is_compared_again(dataset, admin):
    act = answer(admin, dataset, "a.png", "keep_one", "a.png")
    undo(admin, act)
    dataset.refresh_from_db()
    assert dataset.duplicate_check == Dataset.DuplicateCheck.WAITING


def test_a_search_under_way_ends_with_the_undoing(dataset, admin):
    act = ACTS["one source"](admin, dataset)
    held = claimed(dataset, claims.CHECKING)
    undo(admin, act)
    assert not claims.end_check(held, [])


# --- What is in the way ------------------------------------------------------------------------


def test_it_is_undone_once(dataset, admin):
    act = undo(admin, accept(admin, dataset))
    with pytest.raises(DatasetStateRefused, match=f"undone already, by {admin.display_name}"):
        undo(admin, act)


@pytest.mark.django_db(transaction=True)
def test_of_two_admins_who_undo_at_once_the_second_is_told(dataset, admin):
    act = accept(admin, dataset)
    answers = at_once(2, lambda index: undo(admin, act))
    assert sorted(type(a).__name__ for a in answers) == ["DatasetStateRefused", "NearDuplicateAct"]


def chained(admin) -> Dataset:
    """Two groups, of cells of one source A, so that what is said of one changes the other."""
    return make_paired_dataset(
        admin,
        {
            "a1": ("neutrophil", "A", "train"),
            "b": ("neutrophil", "B", "test"),
            "a2": ("monocyte", "A", "train"),
            "c1": ("monocyte", "C", "test"),
            "c2": ("monocyte", "C", "test"),
            "c3": ("monocyte", "C", "test"),
            "c4": ("monocyte", "C", "test"),
        },
        [("a1", "b", 0.99), ("a2", "c1", 0.98)],
    )


def test_what_was_moved_on_since_is_not_put_back(admin):
    dataset = chained(admin)
    first = answer(admin, dataset, "a1", "one_source")
    answer(admin, dataset, "a2", "one_source")
    before = rows_of(dataset)
    with pytest.raises(DatasetStateRefused, match=r"Undo act 2 first\."):
        undo(admin, first)
    assert rows_of(dataset) == before


def test_a_picture_does_not_come_back_into_a_source_that_moved(admin):
    dataset = chained(admin)
    first = answer(admin, dataset, "a1", "keep_one", "b")
    answer(admin, dataset, "a2", "one_source")
    with pytest.raises(DatasetStateRefused, match=r"Undo act 2 first\."):
        undo(admin, first)


def test_what_another_act_took_as_one_source_is_not_parted(admin):
    dataset = make_paired_dataset(
        admin,
        {
            "a1": ("neutrophil", "A", "train"),
            "a2": ("neutrophil", "A", "train"),
            "b1": ("neutrophil", "B", "test"),
            "b2": ("monocyte", "B", "test"),
            "c": ("monocyte", "C", "validation"),
        },
        [("a1", "b1", 0.99), ("b2", "c", 0.98)],
    )
    first = answer(admin, dataset, "a1", "one_source")
    # Moves only c: b2 is where it goes by the first act alone.
    second = answer(admin, dataset, "c", "one_source")
    with pytest.raises(DatasetStateRefused, match=r"Undo act 2 first\."):
        undo(admin, first)
    undo(admin, second)
    undo(admin, first)
    assert places_of(dataset)["b2"] == ("B", "test")


def test_a_picture_does_not_come_back_without_the_other_of_its_pair(admin):
    dataset = make_paired_dataset(
        admin,
        {name: ("neutrophil", name.upper(), split) for name, split in
         (("a", "train"), ("b", "test"), ("c", "train"))},
        [("a", "b", 0.99), ("b", "c", 0.98)],
    )  # fmt: skip
    first, second = open_pairs(dataset)
    acts = [
        near_duplicates.resolve_pair(
            actor=admin, dataset_id=dataset.pk, pair_id=pair.pk, resolution="keep_second"
        )
        for pair in (first, second)
    ]
    with pytest.raises(DatasetStateRefused, match=r"one kept, by .* Undo act 2 first\."):
        undo(admin, acts[0])


def test_a_change_that_no_act_explains_is_in_the_way(dataset, admin):
    act = ACTS["one source"](admin, dataset)
    dataset.images.filter(path="b.png").update(split="validation")
    with pytest.raises(DatasetStateRefused, match="Something else changed these pictures"):
        undo(admin, act)


def test_a_pair_that_is_resolved_anew_is_in_the_way(dataset, admin):
    act = ACTS["not the same"](admin, dataset)
    dataset.near_duplicates.filter(resolution="not_the_same").update(resolution="same_group")
    with pytest.raises(DatasetStateRefused, match="Something else changed"):
        undo(admin, act)


def test_once_frozen_nothing_is_undone(dataset, admin):
    dataset.images.update(split="train", label="monocyte")
    act = near_duplicates.resolve_pair(
        actor=admin,
        dataset_id=dataset.pk,
        pair_id=dataset.near_duplicates.first().pk,
        resolution="not_the_same",
    )
    Dataset.objects.update(state="frozen")
    with pytest.raises(DatasetStateRefused, match="A frozen dataset never changes"):
        undo(admin, act)


def test_an_act_of_another_laboratory_does_not_exist(dataset, admin, other_admin):
    with pytest.raises(DatasetNotFound):
        undo(other_admin, accept(admin, dataset))


def test_an_act_of_another_dataset_does_not_exist(dataset, admin):
    act = accept(admin, dataset)
    with pytest.raises(DatasetNotFound):
        undo_act(actor=admin, dataset_id=make_three_groups(admin).pk, act_id=act.pk)


# --- Files -------------------------------------------------------------------------------------


def test_the_file_of_a_picture_that_left_stays_until_the_dataset_is_frozen(
    compared, paired, admin, django_capture_on_commit_callbacks
):
    dataset = compared()
    pair = paired(dataset)
    file = artifacts.dataset_folder(dataset.folder) / pair.second.path
    with django_capture_on_commit_callbacks(execute=True):
        near_duplicates.resolve_pair(
            actor=admin, dataset_id=dataset.pk, pair_id=pair.pk, resolution="keep_first"
        )
    assert file.is_file()
    with django_capture_on_commit_callbacks(execute=True):
        lifecycle.freeze_dataset(actor=admin, dataset_id=dataset.pk)
    assert not file.exists()


def test_the_file_of_a_picture_that_came_back_stays(
    compared, paired, admin, django_capture_on_commit_callbacks
):
    dataset = compared()
    pair = paired(dataset)
    gone = pair.second
    act = near_duplicates.resolve_pair(
        actor=admin, dataset_id=dataset.pk, pair_id=pair.pk, resolution="keep_first"
    )
    undo(admin, act)
    near_duplicates.resolve_pair(
        actor=admin, dataset_id=dataset.pk, pair_id=pair.pk, resolution="not_the_same"
    )
    Dataset.objects.update(duplicate_check="done")
    with django_capture_on_commit_callbacks(execute=True):
        frozen = lifecycle.freeze_dataset(actor=admin, dataset_id=dataset.pk)
    assert (artifacts.dataset_folder(frozen.folder) / gone.path).is_file()
