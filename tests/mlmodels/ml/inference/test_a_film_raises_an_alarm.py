"""A film's alarm, on probabilities whose suspicion is worked out by hand."""

import math
from dataclasses import replace

import pytest

from mlmodels.ml.inference.alarm import AlarmRule, Band, Film

RULE = AlarmRule(
    classes=("blast", "immature"),
    against=("neutrophil",),
    not_white=("platelet",),
    objectness=0.5,
    strangeness=0.05,
    bands=(Band(60.0, 5.0, 0.01), Band(100.0, 5.0, 0.1)),
    chance=0.05,
    least_cells=2,
)


def test_suspicion_is_the_odds_against_a_neutrophil_and_what_strangeness_adds():
    p = {"neutrophil": 0.01, "blast": 0.3, "immature": 0.1, "lymphocyte": 0.59}
    assert RULE.suspicion(p, 80.0, 1.0) == pytest.approx(math.log(40) + 4.0)


def test_a_class_that_a_version_lacks_counts_for_nothing():
    p = {"neutrophil": 0.5, "immature": 0.5}
    assert RULE.suspicion(p, 0.0, 1.0) == pytest.approx(0.0)


def test_probabilities_beyond_what_a_network_can_say_are_all_alike():
    none, hardly = ({"neutrophil": x, "immature": 0.9} for x in (0.0, 1e-9))
    found = RULE.suspicion(none, 0.0, 1.0)
    assert found is not None
    assert found < 14
    assert found == RULE.suspicion(hardly, 0.0, 1.0)


def test_what_is_no_white_cell_or_no_cell_is_not_judged():
    assert RULE.suspicion({"platelet": 0.6, "immature": 0.4}, 99.0, 1.0) is None
    assert RULE.suspicion({"neutrophil": 0.4, "immature": 0.6}, 99.0, 0.4) is None


def test_that_all_cells_of_a_film_are_strange_makes_none_of_them_suspicious():
    cell = {"neutrophil": 0.1, "immature": 0.9}
    for percentile in (10.0, 99.0):
        found, least = (
            RULE.suspicion(cell, percentile, 1.0),
            RULE.least_suspicion(Film(9, percentile)),
        )
        beyond = (found or 0.0) - least
        assert beyond == pytest.approx(math.log(9) - 5.0)


def test_a_film_is_as_foreign_as_the_percentile_in_its_middle():
    assert RULE.film([(20.0, 9.0), (30.0, -3.0), (90.0, 1.0)]) == Film(3, 30.0)


def test_a_film_may_be_as_foreign_as_the_suspicion_in_its_middle():
    rule = replace(RULE, strangeness=0.0, foreign_by="suspicion", bands=(Band(-6.4, -2.0, 0.002),))
    film = rule.film([(20.0, 9.0), (30.0, -7.0), (90.0, -6.5)])
    assert film == Film(3, -6.5)
    assert rule.least_suspicion(film) == -2.0


# P(at least k of 100, 1 % each): 0.0794 for 3, 0.0184 for 4; P(at least k of 100, 10 % each):
# 0.0726 for 15, 0.0399 for 16 (binomial tables).
@pytest.mark.parametrize(("median", "limit"), [(50.0, 4), (60.0, 4), (60.1, 16), (100.0, 16)])
def test_a_foreign_film_may_hold_more_suspicious_cells(median, limit):
    assert RULE.judge(0, Film(100, median)).limit == limit


def test_one_blast_more_than_healthy_films_hold_raises_the_alarm():
    assert not RULE.judge(3, Film(100, 50.0)).is_raised
    assert RULE.judge(4, Film(100, 50.0)).is_raised


def test_a_film_of_few_cells_needs_a_larger_part_of_them():
    assert not RULE.judge(1, Film(5, 50.0)).is_raised
    assert RULE.judge(2, Film(5, 50.0)).is_raised
    # P(at least 2 of 5, 10 % each) is 0.081, of 3 it is 0.0086.
    assert RULE.judge(0, Film(5, 90.0)).limit == 3


def test_a_film_without_a_white_cell_raises_no_alarm():
    assert not RULE.judge(0, RULE.film([])).is_raised


def test_a_film_of_many_cells_is_judged_as_well():
    # Mean 1,000 and deviation 30: the 95 % quantile is 1,049.3 and a half.
    assert RULE.limit(10_000, 0.1) == 1_050


def test_a_share_of_all_cells_never_raises_an_alarm():
    assert RULE.limit(10, 1.0) == 11


def test_a_card_gives_back_the_rule_that_was_written_on_it():
    assert AlarmRule.of_card({"alarm": RULE.as_dict()}) == RULE


def test_a_card_may_name_bands_by_their_percentile_as_the_first_ones_did():
    stored = RULE.as_dict()
    del stored["foreign_by"]
    stored["bands"] = [
        {"percentile": b.upto, "score": b.score, "share": b.share} for b in RULE.bands
    ]
    assert AlarmRule.of_card({"alarm": stored}) == RULE


def test_a_card_without_a_rule_raises_no_alarm():
    assert AlarmRule.of_card({"engine": {}}) is None


def test_the_least_number_of_cells_holds_however_seldom_healthy_films_show_one():
    assert replace(RULE, bands=(Band(100.0, 5.0, 0.0),)).judge(0, Film(30, 50.0)).limit == 2
