"""What a differential amounts to: by which rule, how surely, and by the absolute count or not."""

from decimal import Decimal

import pytest

from predictions.differential import LabelUse, Tally, WhiteCellCount, work_out
from predictions.findings import offer, shipped, words_of_findings
from predictions.intervals import Patient
from tests.factories.intervals import shipped_intervals, shipped_limits
from tests.factories.reports.findings import shipped_finding_limits

LABELS = [
    LabelUse("neutrophil", "Neutrophil", "NE", "granulocytes", counts=True),
    LabelUse("band", "Band neutrophil", "BN", "granulocytes", True, "neutrophil"),
    LabelUse("eosinophil", "Eosinophil", "EO", "granulocytes", counts=True),
    LabelUse("basophil", "Basophil", "BA", "granulocytes", counts=True),
    LabelUse("lymphocyte", "Lymphocyte", "LY", "lymphocytes", counts=True),
    LabelUse("monocyte", "Monocyte", "MO", "monocytes", counts=True),
    LabelUse("immature_granulocyte", "Immature granulocyte", "IG", "immature", counts=True),
    LabelUse("myelocyte", "Myelocyte", "MY", "immature", True, "immature_granulocyte"),
    LabelUse("blast", "Blast", "BL", "blasts", counts=True),
    LabelUse("erythroblast", "Erythroblast", "ER", "red-cell precursors", counts=False),
]
ADULT = Patient("female", 40 * 365)
# 200 cells without anything beyond an interval.
ORDINARY = {"neutrophil": 120, "lymphocyte": 60, "monocyte": 12, "eosinophil": 6, "basophil": 2}


def offered(cells, *, wbc=None, patient=ADULT, limits=None):
    """What is offered for cells that a person named, by code."""
    differential = work_out(
        {code: Tally(reviewed=count) for code, count in cells.items()},
        unidentified=0,
        labels=LABELS,
        intervals=shipped_intervals(),
        limits=shipped_limits(),
        patient=patient,
        white_cells=None if wbc is None else WhiteCellCount(Decimal(wbc), is_corrected=True),
        target=200,
        always_review=(),
    )
    return offer(differential, limits=limits or shipped_finding_limits(), patient=patient)


def codes(cells, **more):
    return [finding.code for finding in offered(cells, **more).findings]


def finding(code, cells, **more):
    return offered(cells, **more).by_code()[code]


def test_an_ordinary_differential_has_no_finding():
    assert codes(ORDINARY) == []
    assert codes(ORDINARY, wbc="7.0") == []


def test_nothing_is_found_where_nothing_is_counted():
    assert codes({}) == []


def test_a_percentage_alone_gives_a_relative_finding_with_its_rule_in_numbers():
    # Wilson of 180 in 200: 85.1 to 93.4; above 80 as a whole.
    found = finding("neutrophilia", {"neutrophil": 180, "lymphocyte": 20})
    assert (found.words, found.certainty, found.basis) == (
        "Relative neutrophilia",
        "likely",
        "relative",
    )
    assert found.rule == (
        "Neutrophil 90.0 % (95 % interval of counting 85.1 to 93.4), above the reference interval "
        "40 to 80. No white cell count is known: the absolute count may be ordinary."
    )
    assert "Dacie & Lewis" in found.source
    assert "infection" in found.consider


def test_a_count_too_small_to_tell_is_said_to_be_one():
    # Wilson of 164 in 200: 76.1 to 86.7; it reaches back below 80.
    found = finding("neutrophilia", {"neutrophil": 164, "lymphocyte": 36})
    assert found.certainty == "possible"
    assert found.words == "Possible relative neutrophilia: the count is too small to tell"


def test_an_absolute_count_goes_before_the_percentage():
    # 0.9 of 12.0 is 10.8; of 85.1 % it is 10.2, above 7.0.
    found = finding("neutrophilia", {"neutrophil": 180, "lymphocyte": 20}, wbc="12.0")
    assert (found.words, found.certainty, found.basis) == ("Neutrophilia", "likely", "absolute")
    assert found.rule == (
        "Neutrophil 10.80 × 10⁹/L (95 % interval of counting 10.21 to 11.21), above the reference "
        "interval 2 to 7."
    )


def test_a_percentage_whose_absolute_count_is_ordinary_is_relative():
    found = finding("neutrophilia", {"neutrophil": 180, "lymphocyte": 20}, wbc="6.0")
    assert found.basis == "relative"
    assert found.words == "Relative neutrophilia"
    assert "The absolute count 5.40 × 10⁹/L lies within its reference interval 2 to 7." in (
        found.rule
    )


def test_what_is_many_in_percent_and_few_in_all_is_said_by_the_absolute_count():
    # 80 % of 1.0 are lymphocytes: 0.8, below 1.0, though 80 is above 40.
    found = codes({"neutrophil": 40, "lymphocyte": 160}, wbc="1.0")
    assert "lymphocytosis" not in found
    assert "lymphopenia" in found
    assert "leucopenia" in found


@pytest.mark.parametrize(
    ("cells", "wbc", "code"),
    [
        ({"lymphocyte": 150, "neutrophil": 50}, None, "lymphocytosis"),
        ({"neutrophil": 185, "lymphocyte": 15}, "9.0", "lymphopenia"),
        ({"neutrophil": 120, "lymphocyte": 40, "monocyte": 40}, "9.0", "monocytosis"),
        ({"neutrophil": 140, "lymphocyte": 60}, "9.0", "monocytopenia"),
        ({"neutrophil": 120, "lymphocyte": 50, "eosinophil": 30}, "7.0", "eosinophilia"),
        ({"neutrophil": 120, "lymphocyte": 60, "basophil": 20}, None, "basophilia"),
        ({"neutrophil": 40, "lymphocyte": 160}, "7.0", "neutropenia"),
    ],
)
def test_each_class_beyond_its_interval_is_named(cells, wbc, code):
    assert code in codes(cells, wbc=wbc)


def test_few_eosinophils_or_basophils_mean_nothing():
    assert codes({"neutrophil": 130, "lymphocyte": 58, "monocyte": 12}, wbc="7.0") == []


def test_a_severe_neutropenia_takes_the_place_of_a_plain_one_where_it_is_sure():
    # 10 of 200 of 3.0 are 0.15; Wilson's upper bound 9.0 % gives 0.27.
    sure = codes({"neutrophil": 10, "lymphocyte": 190}, wbc="3.0")
    assert "severe_neutropenia" in sure
    assert "neutropenia" not in sure
    # 30 of 200 of 3.0 are 0.45, and up to 20.6 % of 3.0, 0.62, can be.
    unsure = offered({"neutrophil": 30, "lymphocyte": 170}, wbc="3.0").by_code()
    assert unsure["severe_neutropenia"].certainty == "possible"
    assert unsure["neutropenia"].certainty == "likely"


def test_the_laboratory_s_own_limit_is_the_one_that_counts():
    cells = {"neutrophil": 30, "lymphocyte": 170}
    own = shipped_finding_limits(severe_neutropenia="0.2")
    assert "severe_neutropenia" not in codes(cells, wbc="3.0", limits=own)


def test_hypereosinophilia_is_told_by_the_absolute_count_alone():
    cells = {"neutrophil": 80, "lymphocyte": 40, "eosinophil": 80}
    assert "hypereosinophilia" in codes(cells, wbc="9.0")
    assert "hypereosinophilia" not in codes(cells)


def test_stages_of_immature_granulocytes_make_a_left_shift_together():
    found = finding("left_shift", {"neutrophil": 130, "lymphocyte": 58, "myelocyte": 12})
    assert found.words == "Left shift by the relative count"
    assert found.certainty == "likely"
    assert "Davis" in found.source
    one = finding("left_shift", {"neutrophil": 120, "lymphocyte": 78, "myelocyte": 2})
    assert one.certainty == "possible"


def test_a_left_shift_by_bands_alone_says_that_it_is_a_weak_sign():
    found = finding("left_shift", {"neutrophil": 70, "band": 60, "lymphocyte": 70})
    assert "above the limit 10 %" in found.rule
    assert "Bands are a weak sign" in found.rule
    # Bands are neutrophils: 120 of 200 are within 40 to 80 %.
    ordinary = {"neutrophil": 60, "band": 60, "lymphocyte": 60, "monocyte": 20}
    assert codes(ordinary) == ["left_shift"]


def test_immature_granulocytes_with_erythroblasts_are_a_leucoerythroblastic_picture():
    cells = {**ORDINARY, "immature_granulocyte": 12, "erythroblast": 5}
    found = codes(cells)
    assert found == ["leucoerythroblastic", "erythroblasts", "left_shift"]
    assert finding("leucoerythroblastic", cells).certainty == "likely"
    with_bands = {**ORDINARY, "neutrophil": 60, "band": 60, "erythroblast": 5}
    assert "leucoerythroblastic" not in codes(with_bands)


def test_what_is_ordinary_in_newborns_is_no_finding():
    cells = {**ORDINARY, "immature_granulocyte": 12, "erythroblast": 5}
    found = codes(cells, patient=Patient("female", 3))
    assert not {"left_shift", "erythroblasts", "leucoerythroblastic"} & set(found)


def test_what_may_be_ordinary_in_newborns_is_said_to_be_not_judged():
    cells = {**ORDINARY, "immature_granulocyte": 100, "erythroblast": 60}
    not_judged = offered(cells, patient=Patient("female", 20)).not_judged
    assert {"Immature granulocyte", "Erythroblast"} <= set(not_judged)
    assert "Erythroblast" not in offered(cells, patient=Patient("female", 15000)).not_judged


def test_erythroblasts_of_unknown_age_are_told_with_what_is_not_known():
    found = finding("erythroblasts", {**ORDINARY, "erythroblast": 5}, patient=Patient())
    assert found.certainty == "seen"
    assert "The age is not known" in found.rule
    child = finding("erythroblasts", {**ORDINARY, "erythroblast": 5}, patient=Patient("", 2000))
    assert "No interval is known for this age" in child.rule


def test_blasts_are_told_first_and_as_seen():
    found = offered({**ORDINARY, "blast": 1, "immature_granulocyte": 12}).findings
    assert (found[0].code, found[0].certainty) == ("blasts", "seen")
    assert "1 of 213 counted white cells" in found[0].rule


def test_a_limited_count_is_a_finding_and_its_others_are_at_most_what_it_can_tell():
    found = offered({"neutrophil": 45, "lymphocyte": 5}).by_code()
    assert found["limited_count"].rule == "50 white cells counted, fewer than 100."
    assert found["neutrophilia"].certainty == "possible"


def test_without_an_age_nothing_is_judged_by_intervals_and_that_is_said():
    found = offered({"neutrophil": 180, "lymphocyte": 20}, patient=Patient())
    assert found.findings == ()
    assert found.not_judged[:2] == ("Neutrophil", "Eosinophil")


def test_every_finding_has_words_a_source_and_what_is_considered_next():
    for row in words_of_findings().values():
        assert row["words"]
        assert row["source"]
        assert row["consider"].endswith(".")
        assert "diagnos" not in row["consider"]
    assert {row["unit"] for row in shipped()["limits"]} <= {"10*9/L", "%", "d"}
