"""The numbers of an alarm rule, chosen on cells whose suspicion is plain."""

from dataclasses import replace

import numpy as np
import pytest

from mlmodels.ml.errors import RecipeInvalid
from mlmodels.ml.training.calibration import alarm_films
from mlmodels.ml.training.calibration.alarm_choice import choose_rule, folds_of, rules_by_fold
from mlmodels.ml.training.calibration.alarm_films import CellAnswers
from mlmodels.ml.training.recipe import Alarm, load_recipe, parse_recipe

CLASSES = ("neutrophil", "lymphocyte", "immature_granulocyte")
ALARM = Alarm(
    set="patients",
    grave=("blast",),
    classes=("blast", "immature_granulocyte"),
    against=("neutrophil",),
    bands=(60.0, 100.0),
    strangeness=0.0,
)


def cells(truth, odds, *, source="one", percentile=30.0):
    """Cells called `truth`, with these natural odds of immature granulocyte to neutrophil."""
    odds = np.atleast_1d(np.asarray(odds, float))
    n = len(odds)
    immature = 1 / (1 + np.exp(-odds))
    return CellAnswers(
        classes=CLASSES,
        truth=np.array([truth] * n),
        source=np.array([source] * n),
        probabilities=np.stack([1 - immature, np.zeros(n), immature], axis=1),
        percentile=np.full(n, percentile),
        objectness=np.ones(n),
    )


def joined(*parts):
    arrays = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("truth", "source", "probabilities", "percentile", "objectness")
    }
    return CellAnswers(CLASSES, **arrays)


HEALTHY = joined(cells("neutrophil", [-5.0] * 98 + [3.0] * 2), cells("lymphocyte", [-2.0] * 50))
PATIENTS = joined(
    *(cells("blast", [6.0] * 5, source=f"p{n}") for n in range(10)),
    *(cells("neutrophil", [-5.0] * 5, source=f"p{n}") for n in range(10)),
)


def test_the_score_lies_between_healthy_cells_and_blasts():
    rule = choose_rule({"home": HEALTHY}, PATIENTS, ALARM, 0.5)
    assert 3.0 < rule.bands[0].score <= 6.0
    assert rule.bands[0].share == ALARM.least_share


def test_only_classes_that_the_version_has_stand_in_its_rule():
    rule = choose_rule({"home": HEALTHY}, PATIENTS, ALARM, 0.5)
    assert rule.classes == ("immature_granulocyte",)


def test_a_foreign_set_loosens_only_the_band_that_it_reaches():
    foreign = joined(
        cells("neutrophil", [-5.0] * 50 + [8.0] * 10, percentile=90.0),
        cells("lymphocyte", [-5.0] * 30, percentile=90.0),
    )
    near, far = choose_rule({"home": HEALTHY, "abroad": foreign}, PATIENTS, ALARM, 0.5).bands
    assert near.share == ALARM.least_share
    assert far.share == pytest.approx(0.11, abs=0.03)


def test_a_fold_is_measured_by_a_rule_that_its_patients_did_not_choose():
    # In one fold alone blasts look like lymphocytes: the others do not know of it.
    folds = folds_of(PATIENTS)
    hidden = PATIENTS.part(folds == folds[0])
    odd = replace(
        PATIENTS,
        probabilities=np.where(
            ((folds == folds[0]) & (PATIENTS.truth == "blast"))[:, None],
            cells("x", [0.5]).probabilities,
            PATIENTS.probabilities,
        ),
    )
    rules = rules_by_fold({"home": HEALTHY}, odd, ALARM, 0.5)
    assert len(hidden.truth)
    assert rules[folds[0]] == choose_rule(
        {"home": HEALTHY}, odd.part(folds != folds[0]), ALARM, 0.5
    )


def test_films_are_counted_by_dose():
    rule = choose_rule({"home": HEALTHY}, PATIENTS, ALARM, 0.5)
    blasts = PATIENTS.part(PATIENTS.truth == "blast")
    rng = np.random.default_rng(1)
    found = {
        dose: alarm_films.alarmed([rule], [HEALTHY], [blasts], dose, 20, rng) for dose in (0, 20)
    }
    assert (found[0]["alarmed"], found[20]["alarmed"]) == (0, 20)
    assert found[20]["interval"] == pytest.approx([0.8389, 1.0], abs=1e-4)


def test_a_film_has_the_mix_of_healthy_people_whatever_classes_a_set_lacks():
    places = {"neutrophil": np.array([0]), "lymphocyte": np.array([1]), "monocyte": np.array([2])}
    films = alarm_films.draw_films(places, 2, np.random.default_rng(1))
    assert [int((films[0] == place).sum()) for place in range(3)] == [63, 31, 6]


@pytest.mark.parametrize(
    "line", ["bands = [80.0, 60.0, 100.0]", "bands = [60.0]", "chance = 0.0", "least_cells = 0"]
)
def test_a_recipe_with_an_impossible_alarm_is_refused(line):
    text = load_recipe("mobilenet_v2_safe").text
    name = line.split()[0]
    lines = [line if each.startswith(f"{name} =") else each for each in text.splitlines()]
    with pytest.raises(RecipeInvalid, match=name):
        parse_recipe("\n".join(lines))


def test_a_recipe_without_the_section_chooses_no_alarm():
    assert load_recipe("mobilenet_v2_sized").alarm is None


def test_without_bands_each_set_gets_one_up_to_half_way_to_the_next():
    foreign = cells("neutrophil", [-5.0] * 50, percentile=90.0)
    sets = {"home": HEALTHY, "abroad": foreign}
    rule = choose_rule(sets, PATIENTS, replace(ALARM, bands=()), 0.5)
    assert [band.upto for band in rule.bands] == [30.0, 60.0, 100.0]


def test_of_scores_that_alarm_as_many_films_the_highest_is_taken():
    rule = choose_rule({"home": HEALTHY}, PATIENTS, ALARM, 0.5)
    assert rule.bands[0].score == 6.0
