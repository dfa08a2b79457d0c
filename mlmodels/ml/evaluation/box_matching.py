"""Which boxes of two lists show the same cell."""

from __future__ import annotations

from collections.abc import Sequence

from mlmodels.ml.inference.crops import Box


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes, 0 to 1."""
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / (one.width * one.height + other.width * other.height - both)


def match_boxes(ones: Sequence[Box], others: Sequence[Box], least: float) -> dict[int, int]:
    """Pairs of boxes that overlap enough, each box at most once, the best pair first.

    Args:
        ones, others: boxes of one picture, in px.
        least: overlap that a pair needs, 0 to 1. Of pairs that overlap alike the one that
            stands first in its list goes first.

    Returns:
        Place in `others` by place in `ones`, in the order of pairing.
    """
    pairs = sorted(
        (-overlap(one, other), i, j) for i, one in enumerate(ones) for j, other in enumerate(others)
    )
    matched: dict[int, int] = {}
    taken: set[int] = set()
    for less, i, j in pairs:
        if -less >= least and i not in matched and j not in taken:
            matched[i] = j
            taken.add(j)
    return matched
