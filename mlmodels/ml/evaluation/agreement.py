"""How far the two files of a version must say the same, and whether a card states that they do."""

from __future__ import annotations

from typing import Any

# The same class on so many of the cells compared, and no probability further apart than this:
# what the project asks of an export (docs/model/card.md, "How it decides").
SAME_CLASS = 0.999
LARGEST_DIFFERENCE = 0.01


def runtimes_agree(card: dict[str, Any]) -> bool:
    """Whether a version's card states an agreement that is good enough.

    Args:
        card: with `agreement`: {"n": cells compared, "same_class": share, 0 to 1,
            "largest_difference": of two probabilities, 0 to 1}.

    Returns:
        False as well where nothing is stated, or nothing was compared.
    """
    try:
        said = card["agreement"]
        return bool(
            said["n"] > 0
            and said["same_class"] >= SAME_CLASS
            and said["largest_difference"] <= LARGEST_DIFFERENCE
        )
    except (KeyError, TypeError):
        return False
