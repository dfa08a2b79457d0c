"""Agreement of two readers: figures against numbers worked out by hand, or published."""

import pytest

from predictions.quality.agreement import (
    ClassAgreement,
    Kappa,
    Share,
    agreement,
    by_class,
    cohens_kappa,
    matrix_of,
    overruled,
)

# What a model called 50 cells, and what a person did.
BY_HAND = {
    ("neutrophil", "neutrophil"): 20,
    ("neutrophil", "band"): 5,
    ("band", "neutrophil"): 10,
    ("band", "band"): 15,
}


def square(*rows: tuple[int, ...]) -> dict[tuple[str, str], int]:
    return {(str(i), str(j)): n for i, row in enumerate(rows) for j, n in enumerate(row)}


def test_pairs_are_counted():
    pairs = [("a", "a"), ("a", "b"), ("a", "a")]
    assert matrix_of(pairs) == {("a", "a"): 2, ("a", "b"): 1}


def test_agreement_is_what_both_name_alike_and_the_rest_is_overruled():
    assert agreement(BY_HAND) == Share(35, 50)
    assert overruled(BY_HAND) == Share(15, 50)
    assert agreement(BY_HAND).value == pytest.approx(0.7)


def test_each_class_has_sensitivity_precision_and_what_was_overruled():
    neutrophil, band = by_class(BY_HAND)
    assert neutrophil == ClassAgreement("neutrophil", first=25, second=30, both=20)
    assert neutrophil.sensitivity == Share(20, 30)
    assert neutrophil.precision == Share(20, 25)
    assert neutrophil.overruled == Share(5, 25)
    assert (band.sensitivity, band.precision) == (Share(15, 20), Share(15, 25))


def test_a_class_that_only_one_reader_names_has_a_row():
    [unidentified, blast] = sorted(
        by_class({("unidentified", "blast"): 4, ("basophil", "basophil"): 0}),
        key=lambda row: row.second,
    )
    assert (unidentified.first, unidentified.second, unidentified.both) == (4, 0, 0)
    assert unidentified.sensitivity.value is None
    assert unidentified.overruled.value == 1.0
    assert (blast.first, blast.second) == (0, 4)
    assert blast.precision.value is None
    assert blast.sensitivity == Share(0, 4)


def test_a_share_has_wilsons_interval():
    assert Share(7, 100).interval == pytest.approx((0.03432, 0.13750), abs=5e-6)
    assert Share(0, 0).interval == (0.0, 1.0)


def test_kappa_is_that_worked_out_by_hand():
    # Observed 0.7, by chance 0.5 · 0.6 + 0.5 · 0.4 = 0.5. The variance: 0.4 · (0.5 - 1.1 · 0.3)²
    # + 0.3 · (0.5 - 0.9 · 0.3)² + 0.3² · (0.1 · 1.1² + 0.2 · 0.9²) - (0.35 - 1 + 0.7)² = 0.0504,
    # over 50 · 0.5⁴ = 3.125; its root is 0.12700.
    kappa = cohens_kappa(BY_HAND)
    assert kappa.pairs == 50
    assert kappa.value == pytest.approx(0.4)
    assert kappa.low == pytest.approx(0.4 - 1.959964 * 0.126996, abs=1e-5)
    assert kappa.high == pytest.approx(0.4 + 1.959964 * 0.126996, abs=1e-5)


def test_kappa_is_that_of_two_dermatologists():
    # SAS/STAT User's Guide, The FREQ Procedure, "Agreement Study": simple kappa of 88 patients
    # 0.3449, asymptotic standard error 0.0724, 95 % limits 0.2030 and 0.4868.
    kappa = cohens_kappa(square((10, 4, 1, 0), (5, 10, 12, 2), (2, 4, 12, 5), (0, 2, 6, 13)))
    assert kappa.value == pytest.approx(0.3449, abs=5e-5)
    assert (kappa.low, kappa.high) == pytest.approx((0.2030, 0.4868), abs=5e-5)
    assert kappa.pairs == 88


def test_kappa_is_that_of_fleiss():
    # Fleiss, Statistical Methods for Rates and Proportions (1981), p. 213: 100 subjects, 0.68.
    kappa = cohens_kappa(square((75, 1, 4), (5, 4, 1), (0, 0, 10)))
    assert kappa.value == pytest.approx(0.68, abs=5e-3)


def test_pairs_and_their_matrix_have_one_kappa():
    pairs = [pair for pair, cells in BY_HAND.items() for _ in range(cells)]
    assert cohens_kappa(pairs) == cohens_kappa(iter(pairs)) == cohens_kappa(BY_HAND)


def test_without_a_pair_there_is_no_kappa():
    assert cohens_kappa([]) == cohens_kappa({}) == Kappa(None, None, None, 0)


def test_where_everything_has_one_name_there_is_no_kappa():
    assert cohens_kappa({("neutrophil", "neutrophil"): 40}) == Kappa(None, None, None, 40)


def test_full_agreement_is_1_and_claims_no_interval():
    assert cohens_kappa(square((2, 0), (0, 1))) == Kappa(1.0, None, None, 3)


def test_agreement_as_by_chance_is_0():
    kappa = cohens_kappa(square((5, 5), (5, 5)))
    assert kappa.value == pytest.approx(0.0)
    assert kappa.low is not None
    assert kappa.high == pytest.approx(-kappa.low)


def test_an_interval_stays_between_minus_1_and_1():
    for matrix in (square((3, 1), (0, 30)), square((0, 4), (5, 1))):
        kappa = cohens_kappa(matrix)
        assert kappa.low is not None
        assert kappa.value is not None
        assert kappa.high is not None
        assert -1 <= kappa.low <= kappa.value <= kappa.high <= 1


def test_an_empty_row_of_a_matrix_changes_nothing():
    wider = BY_HAND | {("blast", "neutrophil"): 0, ("blast", "blast"): 0}
    assert cohens_kappa(wider) == cohens_kappa(BY_HAND)
    assert by_class(wider) == by_class(BY_HAND)
