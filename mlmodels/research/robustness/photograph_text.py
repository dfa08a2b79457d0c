"""What bad photographs do to an engine, as a section of a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def photograph_markdown(figures: Mapping[str, Any]) -> str:
    """Write the tables.

    Args:
        figures: `model`, `weights_sha256`, `changed` and `as_they_are` (of `tabulate`).

    Returns:
        Markdown, ending with a line break.
    """
    head = f"{figures['model']}, weights SHA-256 `{figures['weights_sha256']}`."
    lines = [head, "", *_changed(figures["changed"]), "", *_as_they_are(figures["as_they_are"])]
    return "\n".join(lines) + "\n"


def _changed(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        "| set | change | pictures | photograph again (95 %) | cell alone | no cell "
        "| accepted, right among them: without limits | with limits |",
        "|---|---|---|---|---|---|---|---|",
        *(
            f"| {row['set']} | {row['change']} | {row['n']} | {_share(row)} "
            f"| {row['told_of_cell']} | {row['no_cell']} "
            f"| {_right(row['accepted'], row['right'], row['with_class'])} "
            f"| {_right(row['accepted_now'], row['right_now'], row['with_class'])} |"
            for row in rows
        ),
    ]


def _as_they_are(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        "| set, unchanged | pictures | photograph again (95 %) | why | cell alone |",
        "|---|---|---|---|---|",
        *(
            f"| {row['set']} | {row['n']} | {_share(row)} | {_why(row['codes'])} "
            f"| {row['told_of_cell']} |"
            for row in rows
        ),
    ]


def _share(row: Mapping[str, Any]) -> str:
    low, high = (100 * end for end in row["interval"])
    return f"{row['told']}, {100 * row['told'] / row['n']:.1f} % ({low:.1f} to {high:.1f})"


def _right(accepted: int, right: int, of: int) -> str:
    share = f"{100 * right / accepted:.1f} %" if accepted else "none right"
    return f"{accepted} of {of}, {share}"


def _why(codes: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {code.replace('_', ' ')}" for code, count in codes.items()) or "none"
