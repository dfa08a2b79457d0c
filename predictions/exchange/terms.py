"""The words that laboratories' systems share: code systems, units, and which codes may be sent.

One column of LOINC throughout, that of manual counts, since a person verified every result: codes
of analysers' counts would say that a machine counted. Names the terms; it knows no message.

Sources: LOINC 2.78 (loinc.org), UCUM (ucum.org), HL7 Terminology (terminology.hl7.org).
"""

from __future__ import annotations

from dataclasses import dataclass

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
OBSERVATION_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
DIAGNOSTIC_SERVICE = "http://terminology.hl7.org/CodeSystem/v2-0074"
ABSENT_REASON = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
PARTICIPANT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
SIGNATURE_TYPE = "urn:iso-astm:E1762-95:2013"
VERIFICATION_SIGNATURE = "1.2.840.10065.1.12.1.5"


@dataclass(frozen=True)
class Term:
    """A code of LOINC with its name."""

    code: str
    display: str


# A differential by whatever method, for a model proposed and a person verified.
PANEL = Term("69738-3", "Differential panel, method unspecified - Blood")
MORPHOLOGY = Term("18314-5", "Morphology [Interpretation] in Blood Narrative")
UNIDENTIFIED = Term("44095-8", "Unidentified cells/Leukocytes in Blood")
# What an analyser's count of white cells is sent as everywhere: it is the analyser's.
WHITE_CELLS = Term("6690-2", "Leukocytes [#/volume] in Blood by Automated count")
REPORT_DOCUMENT = Term("11502-2", "Laboratory report")

INTERPRETATIONS = {
    "L": "Low",
    "H": "High",
    "LL": "Critical low",
    "HH": "Critical high",
    "A": "Abnormal",
    "AA": "Critical abnormal",
    "N": "Normal",
}


@dataclass(frozen=True)
class Unit:
    """A unit of UCUM, and how people write it."""

    code: str
    shown: str


PERCENT = Unit("%", "%")
GIGA_PER_LITRE = Unit("10*9/L", "×10⁹/L")
PER_100_WHITE_CELLS = Unit("/100{WBCs}", "/100 WBC")
UNITS = {unit.code: unit for unit in (PERCENT, GIGA_PER_LITRE, PER_100_WHITE_CELLS)}


@dataclass(frozen=True)
class LabelCodes:
    """The codes of one label, as the laboratory keeps them.

    Args:
        percent, count: LOINC codes of its share and of its absolute count; empty for none, and
            then it is sent by the laboratory's own code alone.
    """

    percent: str = ""
    count: str = ""
