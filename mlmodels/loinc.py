"""LOINC codes: whether one can be right. It knows no table of codes, only their check digit.

Source: LOINC Users' Guide, Mod 10 check digit. It catches a slip of the fingers and proves
nothing: some codes of old releases fail it.
"""

from __future__ import annotations

import re

# Of counts by an analyser (LOINC 2.78): a differential that was read from a film is none.
AUTOMATED = frozenset(
    {"770-8", "736-9", "5905-5", "713-8", "706-2", "71695-1", "53115-2", "58413-6", "57023-4"}
)
_CODE = re.compile(r"[1-9]\d{0,6}-\d", re.ASCII)


def fault_of(code: str) -> str:
    """What is wrong with a LOINC code, in a sentence; empty where nothing is.

    Args:
        code: e.g. "769-0".
    """
    if not _CODE.fullmatch(code):
        return "Write a LOINC code as digits, a hyphen and its check digit, e.g. 769-0."
    number, _, digit = code.partition("-")
    if int(digit) != _check_digit(number):
        return f"{code} is no LOINC code: its check digit is wrong. Copy the code again."
    if code in AUTOMATED:
        return f"{code} is the code of an analyser's count. Give the one of a manual count."
    return ""


def _check_digit(number: str) -> int:
    """The digit after the hyphen: every second from the right doubled, and all digits added up."""
    doubled = "".join(str(2 * int(digit)) for digit in number[::-2])
    return -sum(map(int, doubled + number[-2::-2])) % 10
