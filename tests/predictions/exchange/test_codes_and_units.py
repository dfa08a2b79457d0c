"""What results are called in other systems: the codes and units that stand in the program.

The codes of the labels are held against their table in tests/mlmodels/test_loinc.py.
"""

from __future__ import annotations

import pytest

from mlmodels.loinc import fault_of
from predictions.exchange import terms


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
