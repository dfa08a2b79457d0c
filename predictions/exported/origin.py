"""Where a dataset of signed cells comes from, in a few sentences. Pure."""

from __future__ import annotations

from dataclasses import dataclass

# As the page of a dataset holds (`mlmodels/services/datasets/sending.py`).
LONGEST = 1000


@dataclass(frozen=True)
class Origin:
    """What is told of the cells of a dataset.

    Args:
        span: when their reports were signed, in words.
        profiles: names of the imaging profiles; empty for all.
        cells, samples, patients: how many.
        by_two, by_one, by_nobody: cells that two people or more, one, or nobody but the model had
            named when the report was signed.
        named, agreed: cells that people named, and those that the model had called so.
        interval: of that share, 95 %, 0 to 1.
        classes: code, agreed and named of each class, the largest first.
    """

    span: str
    profiles: tuple[str, ...]
    cells: int
    samples: int
    patients: int
    by_two: int
    by_one: int
    by_nobody: int
    named: int
    agreed: int
    interval: tuple[float, float]
    classes: tuple[tuple[str, int, int], ...]


def origin_in_words(origin: Origin) -> str:
    """At most `LONGEST` characters; classes that have no room are left out from the end."""
    taken_with = ", ".join(origin.profiles) or "all imaging profiles"
    text = (
        f"Made of signed reviews: reports {origin.span}, {taken_with}. "
        f"{origin.cells} cells of {origin.samples} samples of {origin.patients} patients: "
        f"{origin.by_two} named by two people or more, {origin.by_one} by one, "
        f"{origin.by_nobody} by the model and signed with the report. "
        "Patients are sources under drawn codes."
    )[: LONGEST - 300]
    if not origin.named:
        return text
    low, high = (f"{100 * bound:.1f}" for bound in origin.interval)
    text += (
        f" Of the {origin.named} cells that people named, the model had called {origin.agreed} so "
        f"({100 * origin.agreed / origin.named:.1f} %, 95 % interval {low} to {high} %)"
    )
    by_class = ""
    for code, agreed, named in origin.classes:
        more = f"{', ' if by_class else ': '}{code} {agreed} of {named}"
        if named and len(text) + len(by_class) + len(more) < LONGEST:
            by_class += more
    return f"{text}{by_class}."
