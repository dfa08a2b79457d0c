"""Near-duplicates are answered by group: one source, one kept, not the same; or all at once."""

from uuid import uuid4

import pytest

from accounts.models import AuditAction, AuditEvent
from mlmodels.errors import DatasetNotFound, DatasetRefused, DatasetStateRefused
from mlmodels.models import Dataset, NearDuplicateAct
from mlmodels.selectors.datasets.freezing import why_not_frozen
from mlmodels.selectors.datasets.near_duplicates import (
    DuplicateGroup,
    duplicate_groups,
    open_pairs,
    sweep_of,
)
from mlmodels.services.datasets import claims, near_duplicates
from tests.at_once import at_once
from tests.factories.datasets import claimed
from tests.factories.near_duplicates import make_paired_dataset, make_three_groups, places_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset(admin) -> Dataset:
    return make_three_groups(admin)


def group_of(dataset: Dataset, *paths: str) -> DuplicateGroup:
    """The group of these pictures and no others."""
    wanted = set(dataset.images.filter(path__in=paths).values_list("pk", flat=True))
    [group] = [group for group in duplicate_groups(dataset) if set(group.images) == wanted]
    return group


def answer(actor, dataset: Dataset, paths: tuple[str, ...], said: str, keep: str = ""):
    return near_duplicates.resolve_group(
        actor=actor,
        dataset_id=dataset.pk,
        seen=group_of(dataset, *paths).key,
        answer=said,
        keep=str(dataset.images.get(path=keep).pk) if keep else "",
    )


def accept(actor, dataset: Dataset, at_least: float = 0.98) -> NearDuplicateAct:
    seen = sweep_of(duplicate_groups(dataset), at_least).key
    return near_duplicates.accept_alike(
        actor=actor, dataset_id=dataset.pk, at_least=at_least, seen=seen
    )


ABC = ("a.png", "b.png", "c.png")


# --- Groups ------------------------------------------------------------------------------------


def test_groups_with_several_classes_come_first(dataset):
    groups = duplicate_groups(dataset)
    assert [group.is_conflicting for group in groups] == [True, False, False]
    assert [group.highest for group in groups] == [0.995, 0.99, 0.97]


def test_a_group_without_an_open_pair_is_none(dataset):
    dataset.images.update(split="train")
    assert [set(group.labels) for group in duplicate_groups(dataset)] == [
        {"lymphocyte", "monocyte"}
    ]


def test_two_classes_of_one_cell_stay_open_in_one_split(dataset):
    dataset.images.update(split="train")
    [pair] = open_pairs(dataset)
    assert {pair.first.path, pair.second.path} == {"f.png", "g.png"}
    assert "under two classes" in why_not_frozen(dataset)


def test_one_source_moves_every_picture_of_the_group_to_the_split_of_the_most(dataset, admin):
    act = answer(admin, dataset, ABC, "one_source")
    places = places_of(dataset)
    # Two pictures each in train and in test: training takes them.
    assert {places[path] for path in ("a.png", "a2.png", "b.png", "c.png")} == {("A", "train")}
    assert places["e.png"] == ("E", "test")
    assert (act.pairs, act.moved, act.left_out) == (2, 2, 0)
    assert "as many of the 4 pictures" in act.told["merges"][0]["why"]


def test_what_was_moved_is_compared_again(dataset, admin):
    answer(admin, dataset, ABC, "one_source")
    dataset.refresh_from_db()
    assert dataset.duplicate_check == Dataset.DuplicateCheck.WAITING


def test_the_comparison_is_asked_for_with_the_last_answer(
    dataset, admin, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks() as sent:
        answer(admin, dataset, ABC, "one_source")
        answer(admin, dataset, ("d.png", "e.png"), "not_the_same")
    assert sent == []
    with django_capture_on_commit_callbacks() as sent:
        answer(admin, dataset, ("f.png", "g.png"), "keep_one", keep="f.png")
    assert len(sent) == 1


def test_keeping_one_takes_all_others_out(dataset, admin):
    act = answer(admin, dataset, ABC, "keep_one", keep="b.png")
    assert {"a.png", "c.png"} & places_of(dataset).keys() == set()
    assert places_of(dataset)["b.png"] == ("B", "test")
    assert (act.left_out, act.moved) == (2, 0)
    event = AuditEvent.objects.get(action=AuditAction.DUPLICATE_RESOLVED)
    assert event.changes["removed"] == [["a.png", "c.png"], None]


def test_what_is_not_the_same_stays_where_it_is(dataset, admin):
    before = places_of(dataset)
    act = answer(admin, dataset, ABC, "not_the_same")
    assert places_of(dataset) == before
    assert act.pairs == 2
    assert len(duplicate_groups(dataset)) == 2


def test_who_keeps_one_sees_what_was_taken_as_one_source(dataset, admin):
    answer(admin, dataset, ABC, "one_source")
    a, e = (dataset.images.get(path=path) for path in ("a.png", "e.png"))
    dataset.near_duplicates.create(first=a, second=e, likeness=0.9)
    group_of(dataset, *ABC, "d.png", "e.png")


def test_a_search_under_way_ends_with_an_answer(dataset, admin):
    Dataset.objects.update(duplicate_check=Dataset.DuplicateCheck.WAITING)
    held = claimed(dataset, claims.CHECKING)
    answer(admin, dataset, ABC, "keep_one", keep="a.png")
    assert not claims.end_check(held, [])


@pytest.mark.parametrize("said", ["", "open", "keep_first"])
def test_another_answer_is_refused(dataset, admin, said):
    with pytest.raises(DatasetRefused, match="one of the three answers"):
        answer(admin, dataset, ABC, said)


@pytest.mark.parametrize("keep", ["", "e.png"])
def test_only_a_picture_of_the_group_is_kept(dataset, admin, keep):
    with pytest.raises(DatasetRefused, match="Choose the picture of the group"):
        answer(admin, dataset, ABC, "keep_one", keep=keep)


def test_a_group_that_is_another_by_now_is_refused(dataset, admin):
    seen = group_of(dataset, *ABC).key
    answer(admin, dataset, ABC, "not_the_same")
    with pytest.raises(DatasetStateRefused, match=f"the last to say .* was {admin.display_name}"):
        near_duplicates.resolve_group(
            actor=admin, dataset_id=dataset.pk, seen=seen, answer="one_source"
        )


def test_a_group_that_would_go_elsewhere_by_now_is_refused(dataset, admin):
    seen = group_of(dataset, *ABC).key
    dataset.images.filter(path="h.png").update(source="B", split="test")
    with pytest.raises(DatasetStateRefused, match="This group changed since you loaded the page"):
        near_duplicates.resolve_group(
            actor=admin, dataset_id=dataset.pk, seen=seen, answer="one_source"
        )


@pytest.mark.django_db(transaction=True)
def test_of_two_admins_who_answer_at_once_the_second_is_told(dataset, admin):
    seen = group_of(dataset, *ABC).key
    answers = at_once(
        2,
        lambda index: near_duplicates.resolve_group(
            actor=admin,
            dataset_id=dataset.pk,
            seen=seen,
            answer=("one_source", "not_the_same")[index],
        ),
    )
    assert sorted(type(a).__name__ for a in answers) == ["DatasetStateRefused", "NearDuplicateAct"]
    assert dataset.near_duplicate_acts.count() == 1


# --- All that are alike enough -----------------------------------------------------------------


def test_all_above_a_likeness_become_one_source_each(dataset, admin):
    act = accept(admin, dataset)
    assert (act.groups, act.pairs, act.moved, act.at_least) == (1, 2, 2, 0.98)
    assert places_of(dataset)["b.png"] == ("A", "train")
    assert places_of(dataset)["e.png"] == ("E", "test")


def test_a_lower_likeness_takes_more(dataset, admin):
    assert accept(admin, dataset, 0.95).groups == 2


def test_groups_with_several_classes_are_left(dataset, admin):
    act = accept(admin, dataset, 0.9)
    assert act.told["conflicting"] == 1
    assert places_of(dataset)["g.png"] == ("G", "test")
    [group] = duplicate_groups(dataset)
    assert group.is_conflicting


def test_of_a_group_the_less_alike_pair_stays_open(admin):
    pictures = {
        "a": ("neutrophil", "A", "train"),
        "b": ("neutrophil", "B", "test"),
        "c": ("neutrophil", "C", "validation"),
    }
    dataset = make_paired_dataset(admin, pictures, [("a", "b", 0.99), ("b", "c", 0.96)])
    act = accept(admin, dataset)
    assert (act.pairs, act.groups, act.told["settled"]) == (1, 1, 0)
    assert places_of(dataset)["c"] == ("C", "validation")
    [pair] = open_pairs(dataset)
    assert pair.likeness == 0.96


def test_a_less_alike_pair_that_comes_into_one_split_is_not_open_any_more(admin):
    pictures = {
        "a": ("neutrophil", "A", "train"),
        "b": ("neutrophil", "B", "test"),
        "c": ("neutrophil", "C", "train"),
    }
    dataset = make_paired_dataset(admin, pictures, [("a", "b", 0.99), ("b", "c", 0.96)])
    act = accept(admin, dataset)
    assert (act.pairs, act.told["settled"]) == (1, 1)
    assert duplicate_groups(dataset) == []
    assert dataset.near_duplicates.filter(resolution="open").count() == 1


def test_a_pair_that_comes_to_one_source_by_others_is_answered_with_them(admin):
    pictures = {name: ("neutrophil", name, split) for name, split in
                (("a", "train"), ("b", "test"), ("c", "validation"))}  # fmt: skip
    ring = [("a", "b", 0.99), ("b", "c", 0.98), ("a", "c", 0.8)]
    dataset = make_paired_dataset(admin, pictures, ring)
    act = accept(admin, dataset)
    assert (act.pairs, act.told["settled"]) == (3, 1)
    assert not dataset.near_duplicates.filter(resolution="open").exists()


def test_groups_that_share_a_source_become_one_source(admin):
    dataset = make_paired_dataset(
        admin,
        {
            "a1": ("neutrophil", "A", "train"),
            "b": ("neutrophil", "B", "test"),
            "a2": ("monocyte", "A", "train"),
            "c": ("monocyte", "C", "test"),
        },
        [("a1", "b", 0.99), ("a2", "c", 0.99)],
    )
    act = accept(admin, dataset)
    assert set(places_of(dataset).values()) == {("A", "train")}
    [merge] = act.told["merges"]
    assert merge["sources"] == ["A", "B", "C"]


def test_the_list_says_which_sources_moved_and_why_there(dataset, admin):
    [merge] = accept(admin, dataset).told["merges"]
    assert merge["sources"] == ["A", "B", "C"]
    assert (merge["source"], merge["split"], merge["moved"]) == ("A", "train", 2)
    assert merge["why"].startswith("train: another split has as many of the 4 pictures")


def test_the_audit_event_says_what_was_moved(dataset, admin):
    accept(admin, dataset)
    event = AuditEvent.objects.get(action=AuditAction.DUPLICATE_RESOLVED)
    assert event.changes["at_least"] == [None, 0.98]
    assert event.changes["moved"] == [
        {"source": [name, "A"], "split": ["test", "train"], "images": 1} for name in "BC"
    ]


def test_where_nothing_is_as_alike_it_is_said(dataset, admin):
    with pytest.raises(DatasetStateRefused, match="No pair of one class is alike by 1"):
        accept(admin, dataset, 1.0)


@pytest.mark.parametrize("at_least", [0.89, 1.01, float("nan")])
def test_a_likeness_beyond_its_limits_is_refused(dataset, admin, at_least):
    with pytest.raises(DatasetRefused, match=r"from 0\.90 to 1\.00"):
        accept(admin, dataset, at_least)


def test_what_was_not_looked_at_is_not_accepted(dataset, admin):
    seen = sweep_of(duplicate_groups(dataset), 0.98).key
    answer(admin, dataset, ABC, "not_the_same")
    with pytest.raises(DatasetStateRefused, match="What would be accepted changed"):
        near_duplicates.accept_alike(actor=admin, dataset_id=dataset.pk, at_least=0.98, seen=seen)


@pytest.mark.django_db(transaction=True)
def test_of_two_admins_who_accept_at_once_the_second_is_told(dataset, admin):
    seen = sweep_of(duplicate_groups(dataset), 0.98).key
    answers = at_once(
        2,
        lambda index: near_duplicates.accept_alike(
            actor=admin, dataset_id=dataset.pk, at_least=0.98, seen=seen
        ),
    )
    assert sorted(type(a).__name__ for a in answers) == ["DatasetStateRefused", "NearDuplicateAct"]


# --- Whose, and when ---------------------------------------------------------------------------


def test_groups_of_another_laboratory_do_not_exist(dataset, other_admin):
    with pytest.raises(DatasetNotFound):
        answer(other_admin, dataset, ABC, "not_the_same")
    with pytest.raises(DatasetNotFound):
        accept(other_admin, dataset)


def test_groups_of_a_dataset_that_is_not_open_are_not_answered(dataset, admin):
    seen = group_of(dataset, *ABC).key
    Dataset.objects.update(state="refused")
    with pytest.raises(DatasetStateRefused, match="is refused"):
        near_duplicates.resolve_group(
            actor=admin, dataset_id=dataset.pk, seen=seen, answer="not_the_same"
        )


def test_a_group_that_never_was_is_refused(dataset, admin):
    with pytest.raises(DatasetStateRefused, match="Load the page again"):
        near_duplicates.resolve_group(
            actor=admin, dataset_id=dataset.pk, seen=uuid4().hex, answer="not_the_same"
        )
