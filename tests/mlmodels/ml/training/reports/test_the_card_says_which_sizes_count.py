"""Size limits on the model card: where the version has them, and nowhere else."""

import json

import pytest

from mlmodels.ml.training.reports.card_text import card_markdown


@pytest.fixture
def card(shipped_folder):
    return json.loads((shipped_folder / "card.json").read_text(encoding="utf-8"))


def test_a_limit_is_told_with_its_class(card):
    card["engine"]["size_limits"] = {"platelet": 0.8734}
    sentence = "more than 0.87 times as wide as the field's red cells speaks against platelet."
    assert sentence in card_markdown(card)


def test_a_version_without_limits_says_nothing_of_sizes(card):
    card["engine"].pop("size_limits", None)
    assert "red cells speaks against" not in card_markdown(card)
