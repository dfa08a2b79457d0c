"""The classes the shipped networks tell apart. What else a person may say is a table of labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mlmodels.ml.names import name_key

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

# A person looks at these whatever the confidence. They are rare and an error is grave: where one
# white cell in hundreds is of a class, most that are named so are others, however seldom others
# are; and an immature granulocyte or an erythroblast is what a network without blasts takes a
# blast for. Of an analyser's proposals none was right in seven such classes, blasts, all stages of
# immature granulocytes and erythroblasts among them; studies of another ask for a person, too.
# Sources: doi 10.1515/cclm-2022-0829; PMC12433294.
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


def always_reviewed(added: Iterable[str] = ()) -> frozenset[str]:
    """The classes that a person always looks at: those above, and what a version's card adds."""
    return ALWAYS_REVIEWED | frozenset(added)


def class_among(label: str, classes: Sequence[str]) -> str:
    """The class that a label is among those of a network; the label itself where it is none."""
    return label if label in classes else WIDER_CLASS.get(label, label)


def wider_classes(*cards: Mapping[str, Any]) -> dict[str, str]:
    """What is a kind of what: those above, and what versions say of their own classes.

    Args:
        cards: of versions; `labels` of a card describes its classes by code, see
            `mlmodels.services.versions.class_labels`.
    """
    said = {
        code: str(about["wider"])
        for card in cards
        for code, about in card.get("labels", {}).items()
        if about.get("wider")
    }
    return WIDER_CLASS | said


def told_as(label: str, told: Iterable[str], wider: Mapping[str, str] = WIDER_CLASS) -> str:
    """What a class is called where only some are told apart.

    Args:
        label: a class.
        told: the classes that are told apart.
        wider: what is a kind of what.

    Returns:
        The label itself, or its wider class where that one alone is told: a promyelocyte is an
        immature granulocyte to who knows no stages.
    """
    told = set(told)
    whole = wider.get(label, label)
    return whole if label not in told and whole in told else label


def class_in_words(code: str) -> str:
    """A class that no label names, readable: "hairy_cell" is "Hairy cell"."""
    return code.replace("_", " ").capitalize()


def class_key(name: str) -> str:
    """The one spelling of a class name: lower case with underscores, in the one form of names.

    Args:
        name: as a folder or a manifest has it, e.g. "Immature Granulocyte" or "NEUTROPHIL".

    Returns:
        e.g. "immature_granulocyte".
    """
    return "_".join(name_key(name).replace("-", " ").replace("_", " ").split())
