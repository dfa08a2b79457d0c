"""What is pure of exports: splits by patient, categories that stay, an origin that fits."""

from __future__ import annotations

from collections import Counter

from predictions.exported.coco import category_id
from predictions.exported.origin import LONGEST, Origin, origin_in_words
from predictions.exported.splits import propose_splits


def films(patients: int) -> list[tuple[str, str]]:
    """Every patient has neutrophils, each fifth a basophil."""
    cells = [(f"P-{n}", "neutrophil") for n in range(patients) for _ in range(5)]
    return cells + [(f"P-{n}", "basophil") for n in range(0, patients, 5)]


def test_seventy_percent_train():
    split = propose_splits(films(100))
    assert Counter(split.values()) == {"train": 70, "validation": 15, "test": 15}


def test_a_rare_class_stands_in_all_three():
    split = propose_splits(films(20))
    assert {split[f"P-{n}"] for n in range(0, 20, 5)} == {"train", "validation", "test"}


def test_the_same_cells_in_another_order_give_the_same_splits():
    cells = films(30)
    assert propose_splits(cells) == propose_splits(reversed(cells))


def test_a_class_of_two_patients_trains():
    assert set(propose_splits([("P-1", "blast"), ("P-2", "blast")]).values()) == {"train"}


def test_the_number_of_a_category_never_changes():
    """Files that were exported long ago must mean the same."""
    assert category_id("neutrophil") == 1_607_293_656
    assert 0 < category_id("own_cell") < 2**31


def test_an_origin_with_many_classes_fits_its_column():
    origin = Origin(
        span="signed 1 Jan 2026 to 2 Feb 2026",
        profiles=tuple(f"Microscope {n}, quick stain" for n in range(40)),
        cells=10_000,
        samples=99,
        patients=80,
        by_two=10,
        by_one=5_000,
        by_nobody=4_990,
        named=5_010,
        agreed=4_800,
        interval=(0.951, 0.963),
        classes=tuple((f"class_number_{n}", 90, 100) for n in range(60)),
    )
    text = origin_in_words(origin)
    assert len(text) <= LONGEST
    assert "95.8 %, 95 % interval 95.1 to 96.3 %" in text
    assert text.endswith("of 100.")
