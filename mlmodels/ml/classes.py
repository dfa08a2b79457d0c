"""The classes the shipped networks tell apart. What else a person may say is a table of labels."""

from __future__ import annotations

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


def class_key(name: str) -> str:
    """The one spelling of a class name: lower case with underscores.

    Args:
        name: as a folder or a manifest has it, e.g. "Immature Granulocyte" or "NEUTROPHIL".

    Returns:
        e.g. "immature_granulocyte".
    """
    return "_".join(name.strip().lower().replace("-", " ").replace("_", " ").split())
