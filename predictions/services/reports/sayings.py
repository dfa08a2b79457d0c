"""What a signer says beside the figures, as it can stand on a report for good."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from predictions.errors import SignatureInvalid
from predictions.models import Signature
from predictions.reports.content import ReportFinding, ReportFindings, ReportMorphology
from predictions.selectors.reports.contents import Said

# Of what phrases are, in the order of the report.
GROUPS: Mapping[str, str] = {
    "red_cells": "Red cells",
    "platelets": "Platelets",
    "white_cells": "White cells",
}
# Palmer 2015 (ICSH), Int J Lab Hematol 37:287; without one where a finding is there or is not.
GRADES = ("", "1+", "2+", "3+")
LONGEST_TEXT, LONGEST_PHRASE, MOST_PHRASES = 4000, 120, 30

# By group, the phrases with their grades.
Phrases = Mapping[str, Sequence[tuple[str, str]]]


def said_by_signer(
    *, comment: str, morphology: str, phrases: Phrases, limited_count_reason: str
) -> Said:
    """What was said, checked.

    Raises:
        SignatureInvalid: a text is too long or cannot be printed, or a grade is none of ICSH's.
    """
    return Said(
        comment=printable_text("comment", comment, LONGEST_TEXT),
        morphology=ReportMorphology(
            groups=tuple(_groups(phrases)),
            text=printable_text("morphology", morphology, LONGEST_TEXT),
        ),
        limited_count_reason=printable_text(
            "limited_count_reason", limited_count_reason, LONGEST_PHRASE
        ),
    )


def meaning_of(text: str) -> Signature.Meaning:
    """The meaning of a signature by its word.

    Raises:
        SignatureInvalid: it is none of the words.
    """
    if text not in Signature.Meaning.values:
        words = ", ".join(Signature.Meaning.values)
        raise SignatureInvalid("meaning", f"Say what the signature means: one of {words}.")
    return Signature.Meaning(text)


def _groups(phrases: Phrases) -> list[ReportFindings]:
    unknown = set(phrases) - set(GROUPS)
    if unknown:
        raise SignatureInvalid("morphology", f"Phrases are of {', '.join(GROUPS)}.")
    return [
        ReportFindings(name=name, findings=tuple(_findings(phrases[code])))
        for code, name in GROUPS.items()
        if phrases.get(code)
    ]


def _findings(pairs: Sequence[tuple[str, str]]) -> list[ReportFinding]:
    if len(pairs) > MOST_PHRASES:
        raise SignatureInvalid("morphology", f"Use at most {MOST_PHRASES} phrases of one kind.")
    found = []
    for phrase, grade in pairs:
        text = printable_text("morphology", phrase, LONGEST_PHRASE)
        if not text:
            raise SignatureInvalid("morphology", "A phrase has no words. Take it out, or say it.")
        if grade not in GRADES:
            raise SignatureInvalid("morphology", "Grades are 1+, 2+ and 3+, or none.")
        found.append(ReportFinding(text=text, grade=grade))
    return found


def printable_text(field: str, value: str, longest: int) -> str:
    """A text as it can be printed, its ends trimmed.

    Raises:
        SignatureInvalid: it is too long, or holds what no page can show.
    """
    text = unicodedata.normalize("NFC", value).strip().replace("\r\n", "\n")
    if len(text) > longest:
        raise SignatureInvalid(field, f"Use at most {longest} characters here.")
    if any(unicodedata.category(each) in ("Cc", "Cs") and each not in "\n\t" for each in text):
        raise SignatureInvalid(field, "This text holds a character that cannot be printed.")
    return text
