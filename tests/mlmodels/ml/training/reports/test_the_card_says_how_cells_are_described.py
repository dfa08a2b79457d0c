"""Attributes on the model card: where the version has them, and nowhere else."""

import json

import pytest

from mlmodels.ml.training.reports.card_text import card_markdown
from mlmodels.research.attribute_evaluation import AttributeAnswer, report_attributes


@pytest.fixture
def card(shipped_folder):
    card = json.loads((shipped_folder / "card.json").read_text(encoding="utf-8"))
    card.pop("attributes", None)
    return card


def test_a_card_without_attributes_says_nothing_of_them(card):
    assert "A linear head" not in card_markdown(card)


def test_a_card_says_what_chose_the_words(card):
    card["attributes"] = {"n": 4854, "n_inner": 422, "wanted": 0.9, "per_attribute": {}}
    page = card_markdown(card)
    assert "fitted on 4854 training cells" in page
    assert "at which 90% of 422 calibration cells were right" in page


def test_measured_attributes_stand_among_the_figures(card):
    answer = AttributeAnswer({"cell_size": "big"}, {"cell_size": "big"}, {"cell_size": "big"})
    card["metrics"]["attributes"] = {**report_attributes([answer]), "trained_on": 0}
    assert "| cell size | 1.000 | 0.000 | 1 of 1 | 1 of 1, 100.0% |" in card_markdown(card)
