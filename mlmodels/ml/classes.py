"""The classes the shipped networks tell apart. What else a person may say is a table of labels."""

from __future__ import annotations

from collections.abc import Sequence

CLASSES: tuple[str, ...] = (
    "neutrophil",
    "eosinophil",
    "basophil",
    "lymphocyte",
    "monocyte",
    "immature_granulocyte",
    "erythroblast",
    "platelet",
)

# What a person may say more finely than the networks do, and the class that it is there.
# Source of the bands: Palmer 2015 (ICSH), Int J Lab Hematol 37:287.
WIDER_CLASS: dict[str, str] = {
    "band": "neutrophil",
    "promyelocyte": "immature_granulocyte",
    "myelocyte": "immature_granulocyte",
    "metamyelocyte": "immature_granulocyte",
}

# Never accepted without a person, however sure a network is: these are rare, and an error is
# grave. Right in 98 of 100 balanced pictures, an answer for a class of 1 % of all cells is wrong
# in two of three (Bayes: 0.01 of 0.98 against 0.99 of 0.02).
ALWAYS_REVIEWED: frozenset[str] = frozenset(
    {
        "immature_granulocyte",
        "promyelocyte",
        "myelocyte",
        "metamyelocyte",
        "blast",
        "erythroblast",
        "basophil",
        "plasma_cell",
    }
)


def class_among(label: str, classes: Sequence[str]) -> str:
    """The class that a label is among those of a network; the label itself where it is none."""
    return label if label in classes else WIDER_CLASS.get(label, label)


def class_key(name: str) -> str:
    """The one spelling of a class name: lower case with underscores.

    Args:
        name: as a folder or a manifest has it, e.g. "Immature Granulocyte" or "NEUTROPHIL".

    Returns:
        e.g. "immature_granulocyte".
    """
    return "_".join(name.strip().lower().replace("-", " ").replace("_", " ").split())
