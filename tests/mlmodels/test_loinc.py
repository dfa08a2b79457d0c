"""LOINC codes: the table of manual counts, its check digits, and what the labels carry of it."""

import pytest

from mlmodels.loinc import AUTOMATED, fault_of
from mlmodels.selectors.labels import labels_for

# Label, code of the percentage, code of the count: manual counts, both columns (LOINC 2.78).
MANUAL = [
    ("neutrophil", "23761-0", "753-4"),
    ("segmented", "769-0", "768-2"),
    ("band", "764-1", "763-3"),
    ("lymphocyte", "737-7", "732-8"),
    ("monocyte", "744-3", "743-5"),
    ("eosinophil", "714-6", "712-0"),
    ("basophil", "707-0", "705-4"),
    ("metamyelocyte", "740-1", "739-3"),
    ("myelocyte", "749-2", "748-4"),
    ("promyelocyte", "783-1", "781-5"),
    ("blast", "709-6", "708-8"),
    # There is no manual code for all immature granulocytes together: these name no method.
    ("immature_granulocyte", "38518-7", "51584-1"),
    # Per 100 white cells, and the count.
    ("erythroblast", "18309-5", "772-4"),
    ("other_white_cell", "44095-8", ""),
    ("platelet", "", "778-1"),
]
NO_METHOD = [
    "26511-6", "26499-4", "26505-8", "30451-9", "26508-2", "26507-4", "26478-8", "26474-7",
    "26485-3", "26484-6", "26450-7", "26449-9", "30180-4", "26444-0", "28541-1", "30433-7",
    "26498-6", "30446-9", "26524-9", "26523-1", "26446-5", "30376-8", "19048-8", "30392-5",
    "51586-6", "804-5", "26464-8", "6690-2", "49498-9",
    "26515-7", "777-3", "49497-1", "69738-3", "24318-8", "57782-5", "58410-2",
    "33255-1", "11156-7", "5909-7", "18314-5", "11502-2",
]  # fmt: skip


@pytest.mark.parametrize(
    "code", [*(code for row in MANUAL for code in row[1:] if code), *NO_METHOD]
)
def test_a_published_code_has_the_right_check_digit(code):
    assert fault_of(code) == ""


@pytest.mark.parametrize("code", sorted(AUTOMATED))
def test_a_code_of_an_analysers_count_is_refused_as_such(code):
    assert "analyser's count" in fault_of(code)


@pytest.mark.parametrize("code", ["24318-6", "14869-6", "14196-4", "769-1", "679-0"])
def test_a_mistyped_code_is_found_by_its_check_digit(code):
    assert fault_of(code).startswith(f"{code} is no LOINC code")


@pytest.mark.parametrize("code", ["", "769", "769-", "-0", "769-00", "7 69-0", "769−0", "٧٦٩-0"])
def test_what_is_not_written_like_a_code_is_told_how_one_is(code):
    assert fault_of(code).startswith("Write a LOINC code")


@pytest.mark.django_db
def test_the_shipped_labels_carry_the_codes_of_manual_counts_and_no_others():
    labels = labels_for(None)
    carried = {
        (code, label.loinc_percent, label.loinc_count)
        for code, label in labels.items()
        if label.loinc_percent or label.loinc_count
    }
    assert carried == set(MANUAL)
