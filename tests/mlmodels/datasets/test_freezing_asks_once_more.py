"""Before a dataset is frozen, a page says what that means; what changed since is not frozen."""

import re

import pytest
from django.urls import reverse

from mlmodels.errors import DatasetStateRefused
from mlmodels.models import Dataset
from mlmodels.services.datasets import lifecycle, near_duplicates
from tests.factories.near_duplicates import make_many_pairs, make_three_groups

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(page_as, admin):
    """The admin's browser."""
    return page_as(admin)


def address(dataset: Dataset, name: str = "dataset_freeze") -> str:
    return reverse(f"mlmodels:{name}", args=[dataset.pk])


def words_of(answer) -> str:
    """What a person reads."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_the_page_of_a_dataset_leads_to_the_question(page, compared):
    dataset = compared()
    text = page.get(address(dataset, "dataset")).content.decode()
    assert f'href="{address(dataset)}"' in text
    assert f'action="{address(dataset)}"' not in text


def test_the_question_says_that_it_is_for_good_and_counts_what_it_holds(page, compared):
    words = words_of(page.get(address(compared())))
    assert "it can never change again" in words
    assert "8 pictures of 8 sources" in words
    assert re.search(r"Neutrophil \d+ \d+ \d+ 4 ", words)
    assert re.search(r"All \d+ \d+ \d+ 8 ", words)


def test_asking_freezes_nothing(page, compared):
    dataset = compared()
    page.get(address(dataset))
    page.post(address(dataset))
    page.post(address(dataset), {"seen": "9" * 5000})
    dataset.refresh_from_db()
    assert dataset.state == "open"


def test_the_answer_freezes_what_was_shown(page, compared):
    dataset = compared()
    answer = page.get(address(dataset))
    [seen] = re.findall(r'name="seen" value="(\d+)"', answer.content.decode())
    words = words_of(page.post(address(dataset), {"seen": seen}, follow=True))
    assert "is frozen. It never changes again." in words


def test_open_pairs_are_named_and_there_is_no_button(page, admin):
    answer = page.get(address(make_three_groups(admin)))
    words = words_of(answer)
    assert "Not yet: 4 pairs of pictures may show the same cell" in words
    assert "f.png (train, monocyte) and g.png (test, lymphocyte)" in words
    assert "Freeze it for good" not in words


def test_of_many_open_pairs_the_number_is_told(page, admin):
    words = words_of(page.get(address(make_many_pairs(admin, pictures=60, pairs=30))))
    assert "And 10 more." in words


def test_what_cannot_be_undone_any_more_is_said(page, compared, paired, admin):
    dataset = compared()
    for place, resolution in ((0, "not_the_same"), (1, "keep_second")):
        near_duplicates.resolve_pair(
            actor=admin,
            dataset_id=dataset.pk,
            pair_id=paired(dataset, place).pk,
            resolution=resolution,
        )
    words = words_of(page.get(address(dataset)))
    assert "2 acts about near-duplicates cannot be undone any more." in words
    assert "The file of 1 picture that was left out is deleted for good." in words
    assert "1 pair of pictures stays in two splits, since somebody said" in words


def test_a_split_without_pictures_is_named(page, compared):
    dataset = compared()
    dataset.images.filter(split="test").delete()
    assert "No picture is in the split test." in words_of(page.get(address(dataset)))


def test_a_class_that_a_split_lacks_is_named(page, compared):
    dataset = compared()
    dataset.images.filter(split="test", label="neutrophil").delete()
    assert "Neutrophil has no picture in test." in words_of(page.get(address(dataset)))


def test_what_was_changed_since_it_was_shown_is_not_frozen(compared, paired, admin):
    dataset = compared()
    near_duplicates.resolve_pair(
        actor=admin, dataset_id=dataset.pk, pair_id=paired(dataset).pk, resolution="keep_first"
    )
    with pytest.raises(DatasetStateRefused, match="changed the dataset since you looked at it"):
        lifecycle.freeze_dataset(actor=admin, dataset_id=dataset.pk, seen_fence=dataset.fence)


def test_of_what_is_frozen_nothing_is_asked(page, frozen):
    assert page.get(address(frozen))["Location"] == address(frozen, "dataset")
