"""What counts in a differential, what stands apart, what is flagged, and what is said in words."""

from decimal import Decimal

import pytest

from predictions.differential import (
    Differential,
    LabelUse,
    Row,
    Tally,
    WhiteCellCount,
    work_out,
)
from predictions.intervals import Interval, Patient
from tests.factories.intervals import shipped_intervals, shipped_limits

INTERVALS = shipped_intervals()
LIMITS = shipped_limits()
LABELS = [
    LabelUse("neutrophil", "Neutrophil", "NE", "granulocytes", counts=True),
    LabelUse("eosinophil", "Eosinophil", "EO", "granulocytes", counts=True),
    LabelUse("basophil", "Basophil", "BA", "granulocytes", counts=True),
    LabelUse("lymphocyte", "Lymphocyte", "LY", "lymphocytes and monocytes", counts=True),
    LabelUse("monocyte", "Monocyte", "MO", "lymphocytes and monocytes", counts=True),
    LabelUse("immature_granulocyte", "Immature granulocyte", "IG", "immature", counts=True),
    LabelUse("erythroblast", "Erythroblast", "ER", "red-cell precursors", counts=False),
    LabelUse("platelet", "Platelet", "PL", "platelets", counts=False),
    LabelUse("band", "Band neutrophil", "BN", "granulocytes", True, "neutrophil", apart=False),
    LabelUse("myelocyte", "Myelocyte", "MY", "immature", True, "immature_granulocyte"),
    LabelUse("blast", "Blast", "BL", "blasts", counts=True),
    LabelUse("smudge_cell", "Smudge cell", "SM", "not counted", counts=False),
    LabelUse("not_a_cell", "Not a cell", "NC", "not counted", counts=False),
]
BANDS_APART = [
    LabelUse("band", "Band neutrophil", "BN", "granulocytes", True, "neutrophil")
    if label.code == "band"
    else label
    for label in LABELS
]
ADULT = Patient("female", 40 * 365)
ORDINARY = {
    "neutrophil": Tally(reviewed=10, accepted=50),
    "lymphocyte": Tally(accepted=30),
    "monocyte": Tally(accepted=6),
    "eosinophil": Tally(accepted=3),
    "basophil": Tally(reviewed=1),
}


def differential(tallies, **more) -> Differential:
    """The differential of an adult by the shipped intervals; `more` says what is different."""
    given = {
        "unidentified": 0,
        "labels": LABELS,
        "intervals": INTERVALS,
        "limits": LIMITS,
        "patient": ADULT,
        "white_cells": None,
        "target": 100,
        "always_review": (),
    }
    return work_out(tallies, **{**given, **more})


def row_of(result: Differential, label: str) -> Row:
    return next(row for row in result.rows if row.label == label)


def white_cells(value: str, is_corrected: bool = True) -> WhiteCellCount:
    return WhiteCellCount(Decimal(value), is_corrected)


def test_accepted_and_reviewed_cells_count_and_those_to_review_do_not():
    result = differential({**ORDINARY, "monocyte": Tally(reviewed=2, accepted=4, to_review=7)})
    monocytes = row_of(result, "monocyte")
    assert (monocytes.count, monocytes.to_review) == (6, 7)
    assert (result.counted, result.to_review, result.target) == (100, 7, 100)
    assert monocytes.percent == 6.0


def test_what_a_person_must_always_see_counts_only_once_somebody_has_looked():
    tallies = {**ORDINARY, "blast": Tally(reviewed=1, accepted=3, to_review=2)}
    result = differential(tallies, always_review={"blast"})
    assert (row_of(result, "blast").count, row_of(result, "blast").to_review) == (1, 5)
    assert (result.counted, result.to_review) == (101, 5)


def test_a_row_carries_its_wilson_interval_and_its_reference_interval():
    tallies = {"neutrophil": Tally(accepted=93), "lymphocyte": Tally(accepted=7)}
    lymphocytes = row_of(differential(tallies), "lymphocyte")
    assert (lymphocytes.low, lymphocytes.high) == pytest.approx((3.432, 13.750), abs=0.0005)
    assert lymphocytes.interval is not None
    assert (lymphocytes.interval.low, lymphocytes.interval.high) == (20, 40)
    assert lymphocytes.flag == "L"


def test_the_five_main_classes_have_a_row_without_a_cell_and_others_only_with_one():
    result = differential({"blast": Tally(to_review=1), "myelocyte": Tally()})
    assert [(row.label, row.count) for row in result.rows] == [
        ("neutrophil", 0),
        ("eosinophil", 0),
        ("basophil", 0),
        ("lymphocyte", 0),
        ("monocyte", 0),
        ("blast", 0),
    ]


def test_without_a_counted_cell_there_is_no_percentage_and_no_flag():
    result = differential({"blast": Tally(to_review=1)}, white_cells=white_cells("7.0"))
    for row in result.rows:
        assert (row.percent, row.low, row.high, row.absolute) == (None, None, None, None)
        assert (row.flag, row.absolute_flag) == ("", "")
    assert result.critical == ()


def test_the_rows_add_up_to_the_cells_counted():
    tallies = {**ORDINARY, "band": Tally(reviewed=4), "myelocyte": Tally(reviewed=2)}
    for labels in (LABELS, BANDS_APART):
        result = differential(tallies, labels=labels)
        assert sum(row.count for row in result.rows) == result.counted == 106


def test_bands_are_counted_with_neutrophils_unless_the_laboratory_reports_them():
    tallies = {**ORDINARY, "band": Tally(reviewed=4, to_review=1)}
    together = row_of(differential(tallies), "neutrophil")
    assert (together.count, together.to_review) == (64, 1)
    apart = differential(tallies, labels=BANDS_APART)
    assert (row_of(apart, "neutrophil").count, row_of(apart, "band").count) == (60, 4)


def test_where_bands_stand_apart_the_interval_holds_for_both_and_a_note_says_so():
    tallies = {"neutrophil": Tally(accepted=70), "band": Tally(reviewed=15)}
    tallies["lymphocyte"] = Tally(accepted=15)
    result = differential(tallies, labels=BANDS_APART, white_cells=white_cells("6.0"))
    neutrophils = row_of(result, "neutrophil")
    assert (neutrophils.interval, neutrophils.interval_not_applied) == (None, True)
    assert (neutrophils.flag, neutrophils.absolute) == ("", Decimal("4.20"))
    assert row_of(result, "band").flag == "H"
    assert (
        "Neutrophil with band neutrophil: 85 cells, 85.0 % (above the reference interval 40 to 80)"
        ", 5.10 × 10⁹/L (within the reference interval 2 to 7)."
    ) in result.notes


def test_stages_of_an_immature_granulocyte_are_judged_together():
    result = differential({**ORDINARY, "myelocyte": Tally(reviewed=2)})
    assert "immature_granulocyte" not in [row.label for row in result.rows]
    assert (
        "Immature granulocyte with myelocyte: 2 cells, 2.0 % "
        "(above the reference interval 0 to 0.9)."
    ) in result.notes


def test_an_absolute_count_has_two_decimals_halves_up():
    tallies = {"neutrophil": Tally(accepted=199), "lymphocyte": Tally(accepted=1)}
    result = differential(tallies, white_cells=white_cells("7.0"))
    # 7.0 × 199 / 200 = 6.965, 7.0 × 1 / 200 = 0.035.
    assert row_of(result, "neutrophil").absolute == Decimal("6.97")
    assert row_of(result, "lymphocyte").absolute == Decimal("0.04")


def test_without_a_white_cell_count_there_is_no_absolute_count():
    neutrophils = row_of(differential(ORDINARY), "neutrophil")
    assert (neutrophils.absolute, neutrophils.absolute_interval) == (None, None)
    assert not neutrophils.is_relative


def test_a_percentage_out_of_its_interval_is_relative_where_the_count_is_inside():
    tallies = {"neutrophil": Tally(accepted=85), "lymphocyte": Tally(accepted=15)}
    result = differential(tallies, white_cells=white_cells("7.0"))
    neutrophils, lymphocytes = row_of(result, "neutrophil"), row_of(result, "lymphocyte")
    # 5.95, inside 2 to 7; 1.05, inside 1 to 3.
    assert (neutrophils.flag, neutrophils.absolute_flag, neutrophils.is_relative) == ("H", "", True)
    assert (lymphocytes.flag, lymphocytes.absolute_flag, lymphocytes.is_relative) == ("L", "", True)


def test_a_percentage_is_not_relative_where_the_count_is_outside_as_well():
    tallies = {"neutrophil": Tally(accepted=85), "lymphocyte": Tally(accepted=15)}
    neutrophils = row_of(differential(tallies, white_cells=white_cells("20.0")), "neutrophil")
    assert (neutrophils.flag, neutrophils.absolute_flag) == ("H", "H")
    assert not neutrophils.is_relative


def test_a_count_at_a_critical_limit_is_told_with_the_limit():
    tallies = {"neutrophil": Tally(accepted=10), "lymphocyte": Tally(accepted=90)}
    result = differential(tallies, white_cells=white_cells("2.0"))
    told = [(one.label, one.name, one.value, one.limit, one.flag) for one in result.critical]
    assert told == [
        ("wbc", "White cells", Decimal("2.0"), "at or below 2.0 × 10⁹/L", "LL"),
        ("neutrophil", "Neutrophil", Decimal("0.20"), "below 0.5 × 10⁹/L", "LL"),
    ]
    neutrophils = row_of(result, "neutrophil")
    assert (neutrophils.flag, neutrophils.absolute_flag) == ("L", "LL")
    assert result.white_cells is not None
    assert result.white_cells.flag == "LL"


def test_a_percentage_alone_is_never_critical():
    result = differential({"lymphocyte": Tally(accepted=100)})
    assert row_of(result, "neutrophil").flag == "L"
    assert result.critical == ()


def test_neutrophils_are_critical_with_their_bands():
    tallies = {"neutrophil": Tally(accepted=20), "band": Tally(reviewed=10)}
    tallies["lymphocyte"] = Tally(accepted=70)
    # 0.40 without bands, 0.60 with them: not below 0.5.
    rich = differential(tallies, labels=BANDS_APART, white_cells=white_cells("2.01"))
    assert (row_of(rich, "neutrophil").absolute, rich.critical) == (Decimal("0.40"), ())
    assert row_of(rich, "neutrophil").absolute_flag == ""
    poor = differential(tallies, labels=BANDS_APART, white_cells=white_cells("1.5"))
    assert [(one.name, one.value) for one in poor.critical] == [
        ("White cells", Decimal("1.5")),
        ("Neutrophil with band neutrophil", Decimal("0.45")),
    ]
    assert row_of(poor, "neutrophil").absolute_flag == "LL"


def test_the_white_cell_count_is_corrected_for_erythroblasts_with_its_formula():
    result = differential(
        {**ORDINARY, "erythroblast": Tally(reviewed=8)}, white_cells=white_cells("17.4", False)
    )
    found = result.white_cells
    assert found is not None
    assert (found.value, found.corrected, found.was_corrected) == (
        Decimal("17.4"),
        Decimal("16.1"),
        True,
    )
    assert found.formula == "17.4 × 100 / (100 + 8) = 16.1"
    assert found.flag == "H"
    # 60 of 100 of the corrected count.
    assert row_of(result, "neutrophil").absolute == Decimal("9.66")


def test_the_formula_can_be_followed_where_the_share_is_no_whole_number():
    tallies = {"neutrophil": Tally(accepted=150), "erythroblast": Tally(reviewed=5)}
    result = differential(tallies, white_cells=white_cells("17.40", False))
    assert result.white_cells is not None
    # 3.33 to 100, shown and used with one decimal.
    assert result.white_cells.formula == "17.40 × 100 / (100 + 3.3) = 16.84"


@pytest.mark.parametrize(
    ("erythroblasts", "is_corrected"),
    [(Tally(reviewed=8), True), (Tally(), False), (Tally(to_review=8), False)],
)
def test_the_white_cell_count_stays_where_there_is_nothing_to_correct(erythroblasts, is_corrected):
    result = differential(
        {**ORDINARY, "erythroblast": erythroblasts}, white_cells=white_cells("17.4", is_corrected)
    )
    assert result.white_cells is not None
    assert result.white_cells.corrected == Decimal("17.4")
    assert (result.white_cells.formula, result.white_cells.was_corrected) == ("", False)


def test_what_is_no_white_cell_stands_apart_to_a_hundred_white_cells():
    tallies = {
        **ORDINARY,
        "erythroblast": Tally(reviewed=2, to_review=1),
        "platelet": Tally(accepted=25),
        "not_a_cell": Tally(reviewed=4),
    }
    result = differential(tallies)
    assert result.counted == 100
    assert [
        (one.label, one.count, one.to_review, one.per_100, one.flag) for one in result.apart
    ] == [
        ("erythroblast", 2, 1, 2.0, "H"),
        ("platelet", 25, 0, 25.0, ""),
        ("not_a_cell", 4, 0, 4.0, ""),
    ]


def test_a_label_that_the_laboratory_does_not_know_is_shown_and_not_counted():
    result = differential({**ORDINARY, "hairy_cell": Tally(reviewed=3, to_review=1)})
    assert result.counted == 100
    assert [(one.label, one.name, one.count) for one in result.apart] == [
        ("hairy_cell", "Hairy cell", 3)
    ]
    assert result.to_review == 1
    assert any("“hairy_cell” is no label of this laboratory" in note for note in result.notes)


def test_unidentified_cells_are_told_and_not_counted():
    result = differential(ORDINARY, unidentified=6)
    assert (result.counted, result.unidentified, result.unidentified_percent) == (100, 6, 6.0)
    assert any(note.startswith("6 cells are unidentified") for note in result.notes)
    assert not any("unidentified" in note for note in differential(ORDINARY, unidentified=5).notes)


def test_an_unknown_age_flags_nothing_and_says_why():
    tallies = {"neutrophil": Tally(accepted=10), "lymphocyte": Tally(accepted=90)}
    result = differential(tallies, patient=Patient(), white_cells=white_cells("12.0"))
    for row in result.rows:
        assert (row.interval, row.interval_not_applied, row.flag) == (None, True, "")
        assert (row.absolute_interval, row.absolute_flag) == (None, "")
    assert result.white_cells is not None
    assert (result.white_cells.flag, result.white_cells.interval_not_applied) == ("", True)
    assert (
        "Reference intervals are not applied to neutrophil, eosinophil, basophil, lymphocyte, "
        "monocyte, white cells: they differ by age, which is not known."
    ) in result.notes


def test_a_critical_value_is_told_at_an_unknown_age_as_well():
    tallies = {"neutrophil": Tally(accepted=2), "lymphocyte": Tally(accepted=98)}
    result = differential(tallies, patient=Patient(), white_cells=white_cells("12.0"))
    assert [(one.label, one.flag) for one in result.critical] == [("neutrophil", "LL")]


def test_a_child_has_the_intervals_of_its_age():
    tallies = {"neutrophil": Tally(accepted=35), "lymphocyte": Tally(accepted=60)}
    tallies["monocyte"] = Tally(accepted=5)
    child = differential(tallies, patient=Patient("male", 500))
    assert [row.flag for row in child.rows] == ["", "", "", "", ""]
    adult = differential(tallies)
    assert (row_of(adult, "neutrophil").flag, row_of(adult, "lymphocyte").flag) == ("L", "H")


def test_sex_is_asked_for_where_only_sexes_differ():
    intervals = [
        Interval("monocyte", "%", Decimal(2), Decimal(10), "a book", sex="female"),
        Interval("monocyte", "%", Decimal(3), Decimal(12), "a book", sex="male"),
    ]
    result = differential(ORDINARY, intervals=intervals, patient=Patient("other", 9000))
    assert row_of(result, "monocyte").interval_not_applied
    assert (
        "Reference intervals are not applied to monocyte: they differ by sex, and the sample says "
        "neither female nor male."
    ) in result.notes


@pytest.mark.parametrize(
    ("value", "is_told"), [("1.4", True), ("1.5", False), ("30.0", False), ("30.1", True)]
)
def test_very_few_and_very_many_white_cells_ask_for_more_review(value, is_told):
    notes = differential(ORDINARY, white_cells=white_cells(value)).notes
    said = "WBC below 1.5 or above 30 × 10⁹/L: extended or manual review advised." in notes
    assert said is is_told


@pytest.mark.parametrize(("smudges", "is_told"), [(10, False), (11, True)])
def test_many_smudge_cells_are_noted(smudges, is_told):
    notes = differential({**ORDINARY, "smudge_cell": Tally(reviewed=smudges)}).notes
    assert any(note.startswith("More than 10 smudge cells") for note in notes) is is_told


def test_a_count_below_a_hundred_is_called_limited():
    result = differential({"neutrophil": Tally(accepted=99)})
    assert "Limited count: 99 white cells, fewer than 100." in result.notes
    assert not any(note.startswith("Limited") for note in differential(ORDINARY).notes)


def test_what_the_intervals_leave_out_is_said_wherever_there_is_one():
    said = "The 95 % intervals cover the error of counting only, not cells named wrongly."
    assert said in differential(ORDINARY).notes
    assert said not in differential({}).notes
