"""Standard phrases of what a film looks like, to pick from; free text stands beside them.

Names and grades follow ICSH (Palmer 2015, Int J Lab Hematol 37:287): 1+ few, 2+ moderate,
3+ many, of some findings only whether they are there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

Phrases = Mapping[str, list[str]]

GROUPS: Mapping[str, str] = {
    "red_cells": "Red cells",
    "platelets": "Platelets",
    "white_cells": "White cells",
}
GRADES = ("1+", "2+", "3+")


@cache
def standard_phrases() -> Phrases:
    """By group, in the order in which a report names them."""
    text = (Path(__file__).parent / "phrases.json").read_text(encoding="utf-8")
    phrases: Phrases = json.loads(text)
    return phrases
