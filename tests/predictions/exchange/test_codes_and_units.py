"""What results are called in other systems, held against the tables that say so."""

from __future__ import annotations

import pytest

from mlmodels.loinc import AUTOMATED, fault_of
from mlmodels.selectors.labels import labels_for
from predictions.exchange import terms

# Label, % by manual count, count per volume by manual count: LOINC 2.78, loinc.org. Immature
# granulocytes and unidentified cells have no code of a manual count.
CODES = [
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
    ("immature_granulocyte", "38518-7", "51584-1"),
    ("erythroblast", "18309-5", "772-4"),
    ("other_white_cell", "44095-8", ""),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("label", "percent", "count"), CODES, ids=[row[0] for row in CODES])
def test_a_label_has_the_codes_of_a_manual_count(label, percent, count):
    shipped = labels_for(None)[label]
    assert (shipped.loinc_percent, shipped.loinc_count) == (percent, count)


@pytest.mark.django_db
def test_no_label_has_a_code_of_an_analyser_or_one_with_a_wrong_check_digit():
    for label in labels_for(None).values():
        for code in filter(None, (label.loinc_percent, label.loinc_count)):
            assert fault_of(code) == ""


@pytest.mark.parametrize(
    "code",
    [
        terms.PANEL.code, terms.MORPHOLOGY.code, terms.UNIDENTIFIED.code, terms.WHITE_CELLS.code,
        terms.REPORT_DOCUMENT.code,
    ],
)  # fmt: skip
def test_codes_that_stand_in_the_program_have_their_check_digit(code):
    assert fault_of(code) == ""


def test_units_are_those_of_ucum():
    assert set(terms.UNITS) == {"%", "10*9/L", "/100{WBCs}"}


@pytest.mark.parametrize("code", sorted(AUTOMATED))
def test_the_code_of_an_analysers_count_is_none_for_a_label(code):
    assert "analyser" in fault_of(code)
