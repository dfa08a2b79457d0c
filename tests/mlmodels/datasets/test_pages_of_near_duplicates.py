"""The pages of near-duplicates: groups with their pictures, what was done, and undoing it."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mlmodels.models import Dataset
from mlmodels.selectors.datasets.near_duplicates import duplicate_groups
from mlmodels.services.datasets.near_duplicates import resolve_group
from tests.factories.near_duplicates import (
    make_many_pairs,
    make_paired_dataset,
    make_three_groups,
    places_of,
)

pytestmark = pytest.mark.django_db

# Session, person, dataset, pairs, pictures by source, the page's pictures, acts.
MOST_QUERIES = 8


@pytest.fixture
def page(page_as, admin) -> Client:
    """The admin's browser."""
    return page_as(admin)


@pytest.fixture
def dataset(admin) -> Dataset:
    return make_three_groups(admin)


def address(dataset: Dataset, name: str = "near_duplicates", *more: object) -> str:
    return reverse(f"mlmodels:{name}", args=[dataset.pk, *more])


def words_of(answer) -> str:
    """What a person reads."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def seen_keys(answer) -> list[str]:
    """What the forms of a page send along: first that of all groups, then each group's."""
    return re.findall(r'name="seen" value="([0-9a-f]{32})"', answer.content.decode())


def test_the_page_of_a_dataset_leads_to_its_groups(page, dataset):
    answer = page.get(address(dataset, "dataset"))
    assert "4 pairs of pictures may show the same cell" in words_of(answer)
    assert address(dataset) in answer.content.decode()


def test_a_group_shows_its_pictures_classes_splits_and_likeness(page, dataset):
    answer = page.get(address(dataset))
    words = words_of(answer)
    assert "4 pairs of pictures in 3 groups" in words
    assert "2 pictures: 1 lymphocyte, 1 monocyte; 1 test, 1 train" in words
    assert "3 pictures: 3 neutrophil; 2 test, 1 train" in words
    assert "likeness 0.985 to 0.990, joined at 0.985" in words
    image = dataset.images.get(path="b.png")
    assert reverse("mlmodels:dataset_image_thumbnail", args=[image.pk]) in answer.content.decode()


def test_a_group_says_where_one_source_would_go_and_why(page, dataset):
    words = words_of(page.get(address(dataset)))
    assert "As one source, 3 sources become “A” in train: another split has as many" in words
    assert "2 pictures change the split." in words


def test_a_group_with_several_classes_says_so_and_stands_first(page, dataset):
    words = words_of(page.get(address(dataset)))
    assert re.search(r"Group 1 several classes 2 pictures", words)
    assert words.count("several classes 2 pictures") == 1


def test_all_alike_are_accepted_in_one_step_and_listed(page, dataset):
    answer = page.get(address(dataset))
    assert "Accept 2 pairs as one source 1 group has pairs alike by 0.98 or more" in words_of(
        answer
    )
    sent = {"at_least": "0.98", "seen": seen_keys(answer)[0]}
    answer = page.post(address(dataset, "near_duplicates_alike"), sent, follow=True)
    words = words_of(answer)
    assert (
        "One source each: 2 pairs in 1 group, alike by 0.98 or more; 2 pictures changed the split."
        in words
    )
    assert "A, B, C" in words
    assert "1 group as alike was left because of several classes." in words
    assert "In 1 of the groups no pair stayed open." in words


def test_another_likeness_is_shown_before_it_is_accepted(page, dataset):
    answer = page.get(address(dataset), {"at_least": "0.95"})
    assert "Accept 3 pairs as one source each" in words_of(answer)
    assert "1 group as alike is left because of several classes." in words_of(answer)
    assert "3 pictures would change the split (train +3, test -3)." in words_of(answer)
    sent = {"at_least": "0.95", "seen": seen_keys(answer)[0]}
    page.post(address(dataset, "near_duplicates_alike"), sent)
    assert places_of(dataset)["e.png"] == ("D", "train")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [("0.5", "0.9"), ("7", "1"), ("0,95", "0.95"), ("much", "0.98"), ("nan", "0.98")],
)
def test_a_likeness_beyond_the_limits_is_shown_as_the_nearest(page, dataset, typed, shown):
    answer = page.get(address(dataset), {"at_least": typed})
    assert f'value="{shown}" required' in answer.content.decode()


def test_a_group_is_answered_with_one_button(page, dataset):
    key = seen_keys(page.get(address(dataset)))[2]
    sent = {"seen": key, "answer": "one_source"}
    answer = page.post(address(dataset, "near_duplicate_group"), sent, follow=True)
    assert "One source: 2 pairs answered; 2 pictures changed the split." in words_of(answer)
    assert places_of(dataset)["c.png"] == ("A", "train")


def test_the_picture_that_stays_is_chosen_by_its_button(page, dataset):
    key = seen_keys(page.get(address(dataset)))[2]
    sent = {"seen": key, "keep": dataset.images.get(path="b.png").pk}
    answer = page.post(address(dataset, "near_duplicate_group"), sent, follow=True)
    assert "One kept: 2 pictures left the dataset." in words_of(answer)
    assert "b.png" in places_of(dataset)


def test_who_answers_on_a_page_that_is_out_of_date_is_told(page, dataset):
    sent = {"seen": seen_keys(page.get(address(dataset)))[2], "answer": "not_the_same"}
    page.post(address(dataset, "near_duplicate_group"), sent)
    answer = page.post(address(dataset, "near_duplicate_group"), sent)
    assert answer.status_code == 409
    assert "changed since you loaded the page" in words_of(answer)


def test_a_person_comes_back_to_the_page_they_were_on(page, admin):
    dataset = make_many_pairs(admin, pictures=50, pairs=25)
    there = {"groups": "2", "at_least": "0.95"}
    answer = page.get(address(dataset), there)
    where = f"{address(dataset, 'near_duplicate_group')}?groups=2&at_least=0.95"
    assert where.replace("&", "&amp;") in answer.content.decode()
    back = page.post(where, {"seen": seen_keys(answer)[1], "answer": "not_the_same"})
    assert back["Location"] == f"{address(dataset)}?groups=2&at_least=0.95#groups"


def test_single_pairs_of_a_larger_group_are_answered_as_before(page, dataset):
    answer = page.get(address(dataset))
    assert "Its 2 pairs one by one" in words_of(answer)
    pair = dataset.near_duplicates.get(likeness=0.985)
    where = address(dataset, "pair", pair.pk)
    assert where in answer.content.decode()
    answer = page.post(where, {"resolution": "not_the_same"}, follow=True)
    assert "Not the same: 1 pair answered; no picture changed the split." in words_of(answer)


def test_the_last_act_is_undone_where_the_groups_are(page, dataset, admin):
    before = places_of(dataset)
    group = duplicate_groups(dataset)[1]
    act = resolve_group(actor=admin, dataset_id=dataset.pk, seen=group.key, answer="one_source")
    assert "Undo act 1" in words_of(page.get(address(dataset)))
    answer = page.post(address(dataset, "near_duplicate_act_undo", act.pk), follow=True)
    words = words_of(answer)
    assert "Act 1 is undone" in words
    assert f"undone by {admin.display_name}" in words
    assert "Undo act 1" not in words
    assert places_of(dataset) == before


def test_a_frozen_dataset_shows_what_was_done_and_undoes_nothing(page, dataset, admin):
    group = duplicate_groups(dataset)[1]
    resolve_group(actor=admin, dataset_id=dataset.pk, seen=group.key, answer="not_the_same")
    Dataset.objects.update(state="frozen")
    words = words_of(page.get(address(dataset)))
    assert "Not the same: 2 pairs answered" in words
    assert "Undo act" not in words


def test_a_name_that_is_markup_is_shown_as_it_is(page, admin):
    pictures = {
        "<b>1.png": ("neutrophil", "<i>S</i>", "train"),
        "<b>2.png": ("neutrophil", "<i>T</i>", "test"),
    }
    dataset = make_paired_dataset(admin, pictures, [("<b>1.png", "<b>2.png", 0.99)])
    answer = page.get(address(dataset))
    text = answer.content.decode()
    assert "<b>1" not in text
    assert "<i>S" not in text


def test_a_group_of_many_pictures_shows_some_and_says_so(page, admin):
    pictures = {f"{n:03}": ("neutrophil", f"S{n}", "test" if n else "train") for n in range(70)}
    pairs = [("000", f"{n:03}", 0.9) for n in range(1, 70)]
    dataset = make_paired_dataset(admin, pictures, pairs)
    words = words_of(page.get(address(dataset)))
    assert "48 of 70 pictures are shown" in words
    assert "40 of 69 are shown" in words


@pytest.mark.parametrize("query", ["groups=9999", "groups=x", "acts=-1", "at_least=1e999"])
def test_an_address_that_makes_no_sense_is_no_failure(page, dataset, query):
    assert page.get(f"{address(dataset)}?{query}").status_code == 200


# --- Quick, however much there is --------------------------------------------------------------


def queries_of(page: Client, where: str) -> int:
    page.get(where)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert page.get(where).status_code == 200
    return len(asked)


def test_more_pairs_ask_no_more(page, admin):
    few = make_many_pairs(admin, pictures=40, pairs=12)
    many = make_many_pairs(admin, pictures=2000, pairs=400)
    assert queries_of(page, address(many)) == queries_of(page, address(few)) <= MOST_QUERIES


def test_a_step_over_many_groups_asks_little(page, admin, django_assert_max_num_queries):
    dataset = make_many_pairs(admin, pictures=1000, pairs=300)
    seen = seen_keys(page.get(address(dataset)))[0]
    with django_assert_max_num_queries(40):
        page.post(address(dataset, "near_duplicates_alike"), {"at_least": "0.98", "seen": seen})
    assert dataset.near_duplicate_acts.get().groups == 180
