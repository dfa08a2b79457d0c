"""Which boxes show the same cell: of one list, and of two."""

from __future__ import annotations

from collections.abc import Sequence

from mlmodels.ml.inference.crops import Box

# From this overlap on two boxes are of one cell.
SAME_CELL = 0.5


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


def without_overlaps(boxes: Sequence[Box]) -> list[int]:
    """The places of boxes that are left when each cell has one: the first of those that overlap.

    Args:
        boxes: of one picture, in px, the one to keep first.

    Returns:
        Places in `boxes`, in their order; a box is left out where one that is kept overlaps it
        by `SAME_CELL` or more.
    """
    kept: list[int] = []
    for place, box in enumerate(boxes):
        if all(overlap(box, boxes[other]) < SAME_CELL for other in kept):
            kept.append(place)
    return kept
