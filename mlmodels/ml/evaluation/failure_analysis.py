"""What a measured model is bad at, in sentences, for people who do not read tables.

Plain rules over the figures of a run; the words are for a person, the numbers are the figures'.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FEW, WEAK_RECALL, LARGE_ECE, OFTEN = 30, 0.9, 0.05, 0.05
MOST_CONFUSIONS = 3
NO_CELL_FOUND = "no_cell_found"


def failures(
    report: Mapping[str, Any], names: Mapping[str, str], *, known: tuple[str, ...]
) -> list[str]:
    """Say what a model is bad at.

    Args:
        report: what `run_report.write_report` wrote.
        names: of classes, by code; a code that is not there is written in words.
        known: codes of the classes that a model could be asked for.

    Returns:
        Sentences, the weightiest first.
    """
    figures = report["figures"]
    said = [
        *_on_what_it_was_measured(report),
        *_weak_classes(figures, names),
        *_confusions(figures, names),
        *_missed(figures),
        *_wrong_but_sure(report),
        *_few(figures, names),
        *_unknown(figures, names, known),
    ]
    return said or ["Nothing stands out in these figures; that is no proof on other microscopes."]


def worst_classes(figures: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Classes with pictures, the lowest recall first."""
    rows = [(code, row) for code, row in figures["per_class"].items() if row["n"]]
    return sorted(rows, key=lambda row: (row[1]["recall"], -row[1]["n"]))


def _on_what_it_was_measured(report: Mapping[str, Any]) -> list[str]:
    if report["measured_on"] == "test":
        return []
    return [
        "The dataset has no test split: these figures are of the pictures that chose the "
        "thresholds, and flatter the model. Give the next dataset a test split."
    ]


def _weak_classes(figures: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    said = []
    for code, row in worst_classes(figures)[:MOST_CONFUSIONS]:
        if row["recall"] >= WEAK_RECALL:
            break
        low, high = row["recall_interval"]
        said.append(
            f"It names {round(row['recall'] * row['n'])} of {row['n']} pictures of "
            f"{_name(code, names)} rightly ({_percent(row['recall'])}, 95 % interval "
            f"{_percent(low)} to {_percent(high)})."
        )
    return said


def _confusions(figures: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    table = figures["confusion_matrix"]
    codes = table["classes"]
    found = []
    for true, row in zip(codes, table["rows"], strict=False):
        for predicted, count in zip(codes, row, strict=True):
            if true != predicted and predicted != NO_CELL_FOUND and count > OFTEN * sum(row):
                found.append((count, sum(row), true, predicted))
    return [
        f"It takes {_name(true, names)} for {_name(predicted, names)} {count} of {n} times."
        for count, n, true, predicted in sorted(found, reverse=True)[:MOST_CONFUSIONS]
    ]


def _missed(figures: Mapping[str, Any]) -> list[str]:
    missed, n = figures["no_cell_found"], figures["n"]
    if not missed:
        return []
    return [f"In {missed} of {n} pictures it finds no cell at all."]


def _wrong_but_sure(report: Mapping[str, Any]) -> list[str]:
    said, ece = [], report["figures"]["ece"]
    if report["wrong_accepted"]:
        said.append(
            f"{report['wrong_accepted']} of its {report['accepted']} accepted answers are wrong: "
            "it was sure, and a person would have to notice."
        )
    if report["figures"]["n"] and not report["accepted"]:
        said.append("It accepts no answer of its own: a person has to look at every cell.")
    if ece > LARGE_ECE:
        said.append(
            f"Its confidence is off by {100 * ece:.1f} points on average; below 5 would be honest."
        )
    return said


def _few(figures: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    few = [
        f"{_name(code, names)} ({row['n']})"
        for code, row in figures["per_class"].items()
        if 0 < row["n"] < FEW
    ]
    if not few:
        return []
    return [f"Fewer than {FEW} pictures were measured of {', '.join(few)}: that says little."]


def _unknown(
    figures: Mapping[str, Any], names: Mapping[str, str], known: tuple[str, ...]
) -> list[str]:
    missing = [_name(code, names) for code in known if code not in figures["per_class"]]
    if not missing:
        return []
    return [
        f"It has never seen {', '.join(missing)}: such a cell gets the name of another class, or "
        "is left unidentified."
    ]


def _name(code: str, names: Mapping[str, str]) -> str:
    return (names.get(code) or code.replace("_", " ")).lower()


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
