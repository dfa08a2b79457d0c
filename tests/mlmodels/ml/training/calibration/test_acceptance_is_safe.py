"""From where on a class is accepted, on cells whose answers are worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from mlmodels.ml.errors import RecipeInvalid
from mlmodels.ml.inference.calibration import Acceptance
from mlmodels.ml.training.calibration.safe_acceptance import (
    NEVER,
    Answers,
    accepted,
    choose_acceptance,
    choose_identify_rival,
    fold_of,
    measured_on_others,
)
from mlmodels.ml.training.recipe import Safety, load_recipe, parse_recipe

SAFETY = Safety("films", ("monocyte",), grave=("blast",), dangerous=("smudge",))


def answers(*cells, patient="one", evidence=None, rival=None, shown=None):
    """Cells as (what people called it, confidence, percentile), all named monocyte."""
    truth, confidence, percentile = zip(*cells, strict=True)
    n = len(cells)
    return Answers(
        np.array(truth),
        np.array([patient] * n),
        np.array(["monocyte"] * n),
        np.array(confidence),
        np.array(percentile),
        np.full(n, np.inf) if evidence is None else np.array(evidence),
        np.zeros(n) if rival is None else np.array(rival),
        np.ones(n, bool),
        np.zeros(n, bool) if shown is None else np.array(shown),
    )


def test_the_most_cells_are_accepted_that_leave_every_blast_to_a_person():
    found = choose_acceptance(
        answers(("monocyte", 0.999, 5), ("monocyte", 0.96, 5), ("blast", 0.94, 5)), SAFETY
    )
    assert found == {"monocyte": Acceptance(0.95, 10.0)}


def test_a_blast_that_is_as_sure_is_kept_off_by_its_strangeness():
    found = choose_acceptance(
        answers(("monocyte", 0.999, 45), ("monocyte", 0.999, 55), ("blast", 0.99995, 58)), SAFETY
    )
    assert found["monocyte"].percentile == 50


def test_a_class_that_cannot_be_told_from_blasts_is_never_accepted():
    cells = answers(("monocyte", 0.99, 50), ("blast", 0.99995, 1))
    assert not accepted(cells, choose_acceptance(cells, SAFETY)).any()


def test_what_another_doubt_keeps_from_being_accepted_is_not_counted():
    cells = answers(("monocyte", 0.999, 5))
    doubted = Answers(**{**vars(cells), "acceptable": np.array([False])})
    assert not accepted(doubted, {"monocyte": Acceptance(0.0, 100.0)}).any()


def test_evidence_and_rivals_are_chosen_where_the_recipe_names_them():
    asked = replace(SAFETY, signs=("evidence", "rival"))
    cells = [("monocyte", 0.95, 5), ("monocyte", 0.95, 5), ("blast", 0.9999, 1), ("blast", 0.95, 1)]
    known = answers(*cells, evidence=[9, 8, 7, 9.5], rival=[0.01, 0.02, 0.001, 0.3])
    found = choose_acceptance(known, asked)
    assert accepted(known, found).tolist() == [True, True, False, False]
    assert found["monocyte"].confidence == 0


def test_the_probability_of_a_rival_is_bounded_where_the_recipe_names_it():
    asked = replace(SAFETY, signs=("rival",))
    cells = [("monocyte", 0.95, 5), ("monocyte", 0.95, 5), ("blast", 0.99, 5)]
    found = choose_acceptance(answers(*cells, rival=[0.001, 0.01, 0.02]), asked)
    assert 0.01 <= found["monocyte"].rival < 0.02


def test_a_class_without_a_cell_that_may_be_accepted_never_is():
    asked = replace(SAFETY, signs=("evidence", "rival"))
    assert choose_acceptance(answers(("blast", 0.99, 5)), asked) == {"monocyte": NEVER}


def test_an_unknown_sign_is_refused():
    text = load_recipe("mobilenet_v2_safe").text.replace('"rival"', '"mood"')
    with pytest.raises(RecipeInvalid, match="signs"):
        parse_recipe(text)


def test_enough_of_what_is_accepted_must_be_right():
    wide = Safety("films", ("monocyte", "lymphocyte"), grave=(), dangerous=())
    sure = [("monocyte", 0.9999, 5)] * 20
    found = choose_acceptance(answers(*sure, *[("lymphocyte", 0.96, 5)] * 2), wide)
    assert found["monocyte"].confidence > 0.96


def test_a_roughly_labelled_class_is_no_error():
    rough = Safety("films", ("monocyte", "eosinophil"), (), (), doubtful=("eosinophil",))
    found = choose_acceptance(answers(("monocyte", 0.91, 5), ("eosinophil", 0.96, 5)), rough)
    assert found["monocyte"].confidence == 0.9


def test_a_patient_is_measured_by_what_others_chose():
    one, two = "a", next(name for name in "bcdefgh" if fold_of(name) != fold_of("a"))
    known = answers(("monocyte", 0.999, 5), patient=one)
    other = answers(("blast", 0.999, 5), patient=two)
    both = Answers(**{k: np.concatenate([v, vars(other)[k]]) for k, v in vars(known).items()})
    found = measured_on_others(both, SAFETY)["by_class"]
    # The patient with the blast alone leaves nothing to accept; the other one has none to warn.
    assert found["blast"]["accepted"] == 1
    assert found["monocyte"]["accepted"] == 0


def test_a_recipe_says_what_is_dangerous():
    safety = load_recipe("mobilenet_v2_safe").safety
    assert safety is not None
    assert "blast" in safety.grave
    assert load_recipe("mobilenet_v2_sized").safety is None


def test_an_unknown_field_of_safety_is_refused():
    text = load_recipe("mobilenet_v2_safe").text.replace("most_grave", "most_brave")
    with pytest.raises(RecipeInvalid, match="most_brave"):
        parse_recipe(text)


BLASTS = [("blast", 0.8, 50)] * 4
SHOWS = replace(SAFETY, shown=("blast",), least_shown=0.75)


def test_so_many_blasts_are_unidentified_that_enough_are_shown():
    cells = answers(*BLASTS, rival=[0.5, 0.3, 0.2, 0.1])
    limit = choose_identify_rival(cells, SHOWS)
    assert 0.1 < limit < 0.2
    assert (cells.rival > limit).sum() == 3


def test_those_that_are_shown_by_their_class_count():
    cells = answers(*BLASTS, rival=[0.9, 0.3, 0.2, 0.1], shown=[True, False, False, False])
    assert (cells.rival > choose_identify_rival(cells, SHOWS)).sum() == 3
    three = answers(*BLASTS, rival=[0.9, 0.9, 0.9, 0.1], shown=[True, True, True, False])
    assert choose_identify_rival(three, SHOWS) == 1.0


def test_where_nothing_is_asked_nothing_is_hidden():
    assert choose_identify_rival(answers(*BLASTS, rival=[0.9] * 4), SAFETY) == 1.0


def test_what_is_shown_is_measured_on_other_patients():
    others = {fold_of(f"p{n}"): f"p{n}" for n in range(50)}
    first, second = list(others.values())[:2]
    one = answers(*BLASTS, patient=first, rival=[0.5, 0.4, 0.3, 0.2])
    two = answers(*BLASTS, patient=second, rival=[0.9, 0.8, 0.1, 0.1])
    both = Answers(
        **{name: np.concatenate([getattr(one, name), getattr(two, name)]) for name in vars(one)}
    )
    # By the second, 0.1 and less; by the first, below 0.3.
    assert measured_on_others(both, SHOWS)["by_class"]["blast"]["shown"] == 4 + 2
