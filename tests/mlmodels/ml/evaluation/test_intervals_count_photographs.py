"""Copies of one photograph are not independent trials."""

import pytest

from mlmodels.ml.datasets.manifest import Row
from mlmodels.ml.evaluation.evaluation import Prediction, interval_by_source


def answers(copies: int) -> list[Prediction]:
    """Twenty photographs, every fourth wrong, each with so many copies."""
    return [
        Prediction(
            Row(f"{n}-{k}.png", "monocyte", f"photo {n}"),
            "neutrophil" if n % 4 == 0 else "monocyte",
            0.9, "accepted", 1, 1.0, trained_on=False,
        )
        for n in range(20)
        for k in range(copies)
    ]  # fmt: skip


def test_copies_make_the_interval_no_narrower():
    assert interval_by_source(answers(6)) == pytest.approx(interval_by_source(answers(1)))


def test_the_interval_is_that_of_twenty_photographs():
    # 15 of 20: one standard error is √(0.75 · 0.25 / 20) = 0.097, so ± 0.19.
    interval = interval_by_source(answers(6))
    assert interval is not None
    low, high = interval
    assert low == pytest.approx(0.75 - 0.19, abs=0.03)
    assert high == pytest.approx(0.75 + 0.19, abs=0.03)


def test_no_answers_have_no_interval():
    assert interval_by_source([]) is None
