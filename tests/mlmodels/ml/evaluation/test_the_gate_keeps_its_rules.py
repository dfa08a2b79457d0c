"""Each rule of the gate, with numbers worked out by hand."""

import pytest

from mlmodels.ml.evaluation.gate import (
    FEWEST_OF_A_CLASS,
    Pair,
    balanced_loss,
    judge_agreement,
    judge_recalls,
    judge_set,
    passes,
    share_classes,
)
from mlmodels.ml.evaluation.metrics import Answer

OTHER = {"a": "b", "b": "a"}


def answer(true: str, right: bool, confidence: float = 0.96, disposition: str = "accepted"):
    """What a version said of a picture."""
    return Answer(true, true if right else OTHER[true], confidence, disposition)


def pairs_of(
    true: str, n: int, *, candidate: int, active: int, confidence: float = 0.96
) -> list[Pair]:
    """`n` pictures, each a source of its own; the first so many named right by each version."""
    return [
        Pair(
            f"{true}{k}",
            answer(true, k < candidate, confidence),
            answer(true, k < active, confidence),
        )
        for k in range(n)
    ]


def verdict(rule: str, pairs: list[Pair]):
    """The row of one rule."""
    return next(row for row in judge_set("set", pairs, ("a", "b")) if row.rule == rule)


def test_the_loss_is_the_mean_of_the_losses_of_the_classes():
    # a: 1 of 2 lost, 50 points; b: none of 4. Their mean is 25 points.
    pairs = pairs_of("a", 2, candidate=1, active=2) + pairs_of("b", 4, candidate=4, active=4)
    assert balanced_loss(pairs, ("a", "b"))[0] == pytest.approx(25)


def test_a_gain_is_a_loss_below_nothing():
    assert balanced_loss(pairs_of("a", 4, candidate=4, active=3), ("a",))[0] == pytest.approx(-25)


def test_the_bound_draws_whole_sources():
    # Of two sources one is lost: drawn twice it is 100 points, in a quarter of the draws.
    lost, kept = pairs_of("a", 2, candidate=1, active=2)[::-1]
    assert balanced_loss([lost, kept], ("a",)) == (pytest.approx(50), pytest.approx(100))
    # As one source they are never drawn apart.
    one = [Pair("same", pair.candidate, pair.active) for pair in (lost, kept)]
    assert balanced_loss(one, ("a",)) == (pytest.approx(50), pytest.approx(50))


def test_the_same_answers_lose_nothing():
    pairs = pairs_of("a", 60, candidate=50, active=50)
    assert balanced_loss(pairs, ("a",)) == (0, 0)
    row = verdict("balanced_accuracy", pairs)
    assert row.holds
    assert row.measured == "83.3 % against 83.3 %: none lost, with 95 % certainty none"


def test_a_loss_of_one_point_holds_and_of_more_does_not():
    # 1 of 200 in each of two classes: half a point in each. The draws of a Poisson number with
    # mean 2 over 400 reach 5 at most in 95 % of them: 1.25 points.
    small = pairs_of("a", 200, candidate=199, active=200) + pairs_of(
        "b", 200, candidate=199, active=200
    )
    assert verdict("balanced_accuracy", small).holds
    more = pairs_of("a", 200, candidate=197, active=200) + pairs_of(
        "b", 200, candidate=198, active=200
    )
    assert not verdict("balanced_accuracy", more).holds


def test_a_loss_that_may_be_larger_than_two_points_does_not_hold():
    # 1 of 100: one point, but a draw holds it up to three times in 95 % of the draws.
    row = verdict("balanced_accuracy", pairs_of("a", 100, candidate=99, active=100))
    assert row.measured.startswith("99.0 % against 100.0 %: 1.0 points lost")
    assert not row.holds


def test_under_fifty_images_say_nothing():
    for rule in ("balanced_accuracy", "calibration", "accepted"):
        row = verdict(rule, pairs_of("a", 49, candidate=49, active=49))
        assert not row.holds
        assert "too few for a statement, which needs 50" in row.measured


@pytest.mark.parametrize(("lost", "holds"), [(0, True), (3, True), (4, False)])
def test_a_class_may_lose_three_points_of_recall(lost, holds):
    pairs = pairs_of("a", 100, candidate=90 - lost, active=90)
    [row] = judge_recalls({"set": pairs}, ("a",))
    assert row.holds is holds
    assert row.n == 100


def test_a_class_that_no_set_holds_enough_of_fails():
    few = pairs_of("a", FEWEST_OF_A_CLASS - 1, candidate=9, active=9)
    [row] = judge_recalls({"one": few, "two": []}, ("a",))
    assert not row.holds
    assert row.measured == "9 images in any set: too few for a statement, which needs 10"


def test_a_class_is_judged_by_the_sets_that_hold_enough_of_it():
    few, enough = pairs_of("a", 3, candidate=0, active=3), pairs_of("a", 10, candidate=9, active=9)
    rows = judge_recalls({"few": few, "enough": enough}, ("a",))
    assert [(row.set, row.holds) for row in rows] == [("enough", True)]


def test_calibration_is_the_candidates():
    # All right at a confidence of 0.96: the gap is 0.04; at 0.94 it is 0.06.
    assert verdict("calibration", pairs_of("a", 60, candidate=60, active=0)).holds
    row = verdict("calibration", pairs_of("a", 60, candidate=60, active=60, confidence=0.94))
    assert row.measured == "0.060"
    assert not row.holds


@pytest.mark.parametrize(("lost", "holds"), [(0, True), (1, True), (2, False)])
def test_selective_accuracy_may_lose_half_a_point(lost, holds):
    row = verdict("accepted", pairs_of("a", 200, candidate=200 - lost, active=200))
    assert row.holds is holds


def test_accepting_next_to_nothing_is_no_answer():
    accepted = pairs_of("a", 60, candidate=60, active=60)
    rest = [
        Pair(f"r{k}", answer("a", True, disposition="review"), answer("a", True))
        for k in range(300)
    ]
    row = verdict("accepted", accepted + rest)
    assert "accepts under 20 %" in row.measured
    assert not row.holds


def test_under_fifty_accepted_say_nothing():
    pairs = pairs_of("a", 60, candidate=60, active=60)
    doubtful = [
        Pair(p.source, answer("a", True, disposition="review"), p.active) for p in pairs[:11]
    ]
    row = verdict("accepted", doubtful + pairs[11:])
    assert row.measured.startswith("49 accepted by the candidate: too few")
    assert not row.holds


def test_versions_are_compared_on_the_classes_of_both():
    classes = share_classes(("b", "a", "new"), ("a", "b", "old"))
    assert classes.shared == ("a", "b")
    assert classes.only_candidate == ("new",)
    assert classes.only_active == ("old",)


def test_versions_are_compared_on_the_classes_that_occur_where_a_profile_declares_them():
    classes = share_classes(("b", "a", "promyelocyte"), ("a", "b", "promyelocyte"), ["a", "c"])
    assert classes.shared == ("a",)
    finer = share_classes(("b", "promyelocyte"), ("b", "promyelocyte"), ["immature_granulocyte"])
    assert finer.shared == ("promyelocyte",)


def test_the_two_files_have_to_agree():
    said = {"n": 500, "same_class": 1.0, "largest_difference": 0.0001}
    assert judge_agreement({"agreement": said}).holds
    assert not judge_agreement({"agreement": {**said, "same_class": 0.998}}).holds
    assert not judge_agreement({}).holds


def test_all_rules_have_to_hold_and_there_have_to_be_some():
    good = judge_agreement({"agreement": {"n": 5, "same_class": 1.0, "largest_difference": 0.0}})
    assert passes([good, good])
    assert not passes([good, judge_agreement({})])
    assert not passes([])
