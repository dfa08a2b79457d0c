"""A profile says which classes occur: cells are named as one of these, and none passes by it."""

from dataclasses import replace

import numpy as np
import pytest

from mlmodels.ml.inference.calibration import ACCEPTED, REVIEW, Signs, Thresholds
from mlmodels.ml.inference.cell_naming import judge_classes
from mlmodels.ml.inference.occurring import against_acceptance, leave_out, occurring_among
from mlmodels.ml.inference.pipeline import read_pixels
from tests.drawn_cells import draw_smear

MATURE = ("neutrophil", "eosinophil", "basophil", "lymphocyte", "monocyte")
NO_DOUBT = (0.0, 1.0)
CLASSES = ("neutrophil", "monocyte", "platelet", "immature_granulocyte")


def logits_of(*shares: float) -> np.ndarray:
    return np.log(np.array([shares]))


def test_what_is_left_out_has_no_probability_and_the_others_share_it(shipped_engine):
    engine = replace(shipped_engine, classes=CLASSES, temperature=1.0)
    logits = logits_of(0.4, 0.1, 0.2, 0.3)
    plain, _ = judge_classes(logits, engine)
    masked, _ = judge_classes(logits, engine.of_classes(["neutrophil", "monocyte"]))
    assert plain[0] == pytest.approx([0.4, 0.1, 0.2, 0.3])
    assert masked[0] == pytest.approx([0.8, 0.2, 0.0, 0.0])


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ((0.6, 0.1, 0.2, 0.1), 0.3),
        ((0.6, 0.1, 0.0, 0.3), 0.3),
        # The most probable class of all was left out, grave or not.
        ((0.3, 0.1, 0.2, 0.4), 1.0),
        ((0.3, 0.1, 0.5, 0.1), 1.0),
    ],
)
def test_what_was_left_out_speaks_against_accepting(shares, expected):
    occurring = np.array([True, True, False, False])
    found = against_acceptance(np.array([shares]), occurring)
    assert found[0] == pytest.approx(expected)


def test_nothing_speaks_against_where_nothing_is_left_out():
    p = np.array([[0.1, 0.1, 0.1, 0.7]])
    assert against_acceptance(p, None)[0] == 0
    assert against_acceptance(p, np.ones(4, bool))[0] == 0


@pytest.mark.parametrize(
    ("confidence", "against", "found"),
    [(0.95, 0.0, ACCEPTED), (0.95, 0.04, ACCEPTED), (0.95, 0.06, REVIEW), (1.0, 1.0, REVIEW)],
)
def test_the_confidence_that_is_left_decides(shipped_engine, confidence, against, found):
    engine = replace(shipped_engine, thresholds=Thresholds(0.9, 0.4, 0.0, 100.0, 100.0))
    assert engine.decide("neutrophil", Signs(confidence, 0.0), *NO_DOUBT, against=against) == found


def test_to_leave_classes_out_accepts_nothing_that_was_not_accepted_before(shipped_engine):
    limits = Thresholds(0.9, 0.0, 0.0, 100.0, 100.0)
    engine = replace(shipped_engine, thresholds=limits, always_reviewed=frozenset())
    masked = engine.of_classes(["neutrophil", "lymphocyte"])
    logits = np.random.default_rng(1).normal(0, 4, (3000, len(engine.classes)))
    before, _ = judge_classes(logits, engine)
    after, against = judge_classes(logits, masked)
    passed = 0
    for i, row in enumerate(after):
        label, signs = engine.classes[int(row.argmax())], Signs(float(row.max()), 0.0)
        if masked.decide(label, signs, *NO_DOUBT, against=float(against[i])) == ACCEPTED:
            assert before[i].max() >= 0.9
            passed += 1
    assert passed


def test_a_blast_is_never_left_out():
    classes = ("neutrophil", "blast", "none_of_these", "platelet")
    assert occurring_among(["neutrophil"], classes).tolist() == [True, True, False, False]


def test_what_is_unlike_every_class_is_a_rival_and_always_occurs(shipped_engine):
    engine = replace(shipped_engine, classes=CLASSES, unlike="platelet")
    assert engine.rivals.tolist() == [False, False, True, True]
    occurring = engine.of_classes(["neutrophil"]).occurring
    assert occurring is not None
    assert occurring.tolist() == [True, False, True, False]


def test_even_where_everything_is_accepted_a_left_out_class_is_not(shipped_engine):
    engine = replace(shipped_engine, thresholds=Thresholds(0.0, 0.0, 0.0, 100.0, 100.0))
    assert engine.decide("neutrophil", Signs(1.0, 0.0), *NO_DOUBT, against=1.0) == REVIEW


def test_leaving_a_class_out_accepts_no_cell_of_it(shipped_engine):
    """Whatever the network is sure of: what it would call an immature granulocyte never passes."""
    engine = replace(shipped_engine, thresholds=Thresholds(0.5, 0.0, 0.0, 100.0, 100.0))
    masked = engine.of_classes(MATURE)
    logits = np.random.default_rng(0).normal(0, 3, (2000, len(engine.classes)))
    before, _ = judge_classes(logits, engine)
    after, against = judge_classes(logits, masked)
    best = np.array(engine.classes)[before.argmax(axis=1)]
    for i in np.flatnonzero(~np.isin(best, MATURE)):
        label, confidence = engine.classes[int(after[i].argmax())], float(after[i].max())
        if label == "blast":  # Never left out; a person always looks at it.
            continue
        assert label in MATURE
        signs = Signs(confidence, 0.0)
        assert masked.decide(label, signs, *NO_DOUBT, against=float(against[i])) == REVIEW


def test_a_finer_word_occurs_where_the_wider_does_and_the_other_way_round():
    finer = ("neutrophil", "promyelocyte", "immature_granulocyte")
    assert list(occurring_among(["immature_granulocyte"], finer)) == [False, True, True]
    coarse = ("neutrophil", "immature_granulocyte")
    assert list(occurring_among(["promyelocyte"], coarse)) == [False, True]


def test_where_no_declared_class_is_known_nothing_is_left_out_and_nothing_accepted(shipped_engine):
    engine = shipped_engine.of_classes(["hairy_cell"])
    logits = np.zeros((1, len(engine.classes)))
    assert leave_out(logits, engine.occurring) is logits
    assert judge_classes(logits, engine)[1][0] == 1.0


def test_a_picture_is_read_among_the_classes_that_occur(shipped_engine):
    sure = replace(shipped_engine, thresholds=Thresholds(0.0, 0.0, 0.0, 100.0, 100.0))
    picture = draw_smear(seed=0, width=160, height=120)
    [plain] = read_pixels(picture, sure).cells
    others = [name for name in MATURE if name != plain.label]
    [masked] = read_pixels(picture, sure.of_classes(others)).cells
    occur = {*others, "blast"} & set(sure.classes)
    assert plain.label not in occur
    assert masked.label in occur
    assert masked.disposition == REVIEW
    assert set(masked.probabilities) == occur
    assert sum(masked.probabilities.values()) == pytest.approx(1.0)


def test_a_version_told_of_every_class_reads_as_before(shipped_engine):
    picture = draw_smear(seed=0, width=160, height=120, lobed=True)
    [plain] = read_pixels(picture, shipped_engine).cells
    [again] = read_pixels(picture, shipped_engine.of_classes(shipped_engine.classes)).cells
    assert shipped_engine.of_classes(MATURE).of_classes(None).occurring is None
    assert again.probabilities == pytest.approx(plain.probabilities)
    assert again.disposition == plain.disposition
