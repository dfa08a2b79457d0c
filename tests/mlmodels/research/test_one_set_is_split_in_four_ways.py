"""What each way of splitting keeps together, and what it lets through."""

import numpy as np
import pytest

from mlmodels.ml.datasets.manifest import Row
from mlmodels.ml.datasets.splits import assign_folds
from mlmodels.ml.errors import ManifestInvalid
from mlmodels.research.leakage.rounds import (
    WAYS,
    number_in_name,
    rounds_of,
    siblings_share,
    units_of,
    way_figures,
)
from mlmodels.research.leakage.text import leakage_markdown

# Twenty photographs of two classes, three copies of each; the third copies lie in TEST when
# the photograph does.
ROWS = [
    Row(
        f"{'TEST' if photo % 4 == 0 else 'TRAIN'}/{'A' if photo < 12 else 'B'}/"
        f"_{copy}_{10 * photo + copy}.jpeg",
        "a" if photo < 12 else "b",
        f"photo {photo}",
        f"fold{photo % 5}",
        "augmented",
    )
    for photo in range(20)
    for copy in range(3)
]


@pytest.mark.parametrize(
    ("path", "number"), [("TRAIN/X/_0_207.jpeg", 207), ("a/_66_8913.jpeg", 8913)]
)
def test_the_number_is_the_last_one_of_the_name(path, number):
    assert number_in_name(path) == number


def test_a_name_without_a_number_is_refused():
    with pytest.raises(ManifestInvalid, match="no number"):
        number_in_name("TRAIN/X/cell.jpeg")


def test_units_are_the_file_the_number_or_the_photograph():
    first = ROWS[:1]
    assert units_of(first, "file") == ["TEST/A/_0_0.jpeg"]
    assert units_of(first, "number") == ["number 0"]
    assert units_of(first, "photograph") == ["photo 0"]


def test_every_copy_is_measured_once_in_five_folds():
    for way in ("file", "number", "photograph"):
        rounds = rounds_of(ROWS, way)
        assert len(rounds) == 5
        assert sorted(np.concatenate([r.test for r in rounds])) == list(range(60))
        for r in rounds:
            assert not set(r.train.tolist()) & set(r.test.tolist())


def test_only_by_photograph_and_on_its_own_test_nothing_was_seen_before():
    share = {way: siblings_share(ROWS, rounds_of(ROWS, way)) for way in WAYS}
    assert share["photograph"] == share["own_test"] == 0.0
    assert share["file"] > 0.9
    assert share["number"] > 0.9


def test_its_own_test_is_one_round_from_train_to_test():
    (only,) = rounds_of(ROWS, "own_test")
    assert len(only.train) == 45
    assert len(only.test) == 15


def test_a_set_without_a_test_part_is_refused():
    with pytest.raises(ManifestInvalid, match="nothing on one side"):
        rounds_of([row for row in ROWS if "TRAIN" in row.path], "own_test")


def test_units_are_assigned_class_by_class_and_stay_whole():
    units = [f"u{i // 2}" for i in range(40)]
    labels = ["rare" if i < 10 else "common" for i in range(40)]
    fold = assign_folds(units, labels, 5)
    assert (fold[::2] == fold[1::2]).all()
    assert np.bincount(fold[:10]).tolist() == [2, 2, 2, 2, 2]
    assert np.bincount(fold[10:]).tolist() == [6, 6, 6, 6, 6]
    assert (assign_folds(units[::-1], labels[::-1], 5)[::-1] == fold).all()


def test_pooled_figures_are_worked_out_right():
    truth, said = np.array([0] * 8 + [1] * 2), np.array([0] * 6 + [1, -1] + [1, 0])
    f = way_figures(truth, said, ["a", "b"])
    assert (f["n"], f["right"], f["accuracy"]) == (10, 7, 0.7)
    # Wilson for 7 of 10, worked out by hand: 0.3968 to 0.8922.
    assert f["interval"] == pytest.approx((0.3968, 0.8922), abs=1e-4)
    assert f["balanced_accuracy"] == pytest.approx((6 / 8 + 1 / 2) / 2)
    assert f["per_class"]["b"] == {"n": 2, "right": 1}


def test_the_page_says_command_counts_and_the_gap():
    f = way_figures(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]), ["a", "b"])
    worse = way_figures(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 0]), ["a", "b"])
    ways = {"file": f, "number": f, "photograph": worse, "own_test": worse}
    page = leakage_markdown(
        {
            "command": "manage.py measure_leakage --data DIR",
            "set": {
                "classes": {"a": {"copies": 2, "photographs": 1}},
                "copies": 4,
                "photographs": 2,
                "train": 3,
                "test": 1,
            },
            "shared_photographs": dict.fromkeys(WAYS, 0.5),
            "networks": {
                "linear": {
                    "title": "a head",
                    "what": "It.",
                    "machine": "2 cores",
                    "minutes": 1.0,
                    "ways": ways,
                }
            },
        }
    )
    assert "`manage.py measure_leakage --data DIR`" in page
    assert "100.0% (51.0% to 100.0%), 4 of 4" in page
    assert "50 points" in page
    assert "2 of 2" in page
