"""Whether a picture looks like a stained blood film at all, before its cells may be accepted.

It judges colours and light of the whole field, which are the same whatever cell is in it. It
says nothing about a cell, and a film it doubts is still read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlmodels.ml.inference.finding.localize import FOREGROUND_BELOW, Field

# A pixel of background: no channel of the white-balanced picture below this.
BACKGROUND_FROM = 205
# Every third pixel each way: 10,000 of a field, more than its colours need.
STEP = 3
LEAST_FOREGROUND = 0.02
# No film absorbs red or blue more than green, but for the edges that a lens colours.
GREENER_THAN_RED = 8
GREENER_THAN_BLUE = 25
# What real fields reach, and what is too much: docs/model/experiments.md, "Is it a film".
MOST_CORNER_SHARE = 0.5
LEAST_BACKGROUND_SHARE = 0.08
MOST_GREEN_SHARE = 0.10
MOST_YELLOW_SHARE = 0.40
MOST_COLOUR = 110.0
MOST_COLOUR_OF_BACKGROUND = 55.0
MOST_GAIN = 3.5


@dataclass(frozen=True)
class FieldLook:
    """Colours and light of a field, of its white-balanced picture.

    Args:
        corner_share: of the picture that is black up to its border, 0 to 1.
        background_share: of the rest that is as bright as the background of a film, 0 to 1.
        green_share, yellow_share: of what is darker, where red, or blue, is clearly less than
            green, 0 to 1.
        colour: mean of the largest minus the smallest channel of what is darker, levels.
        background_colour: the same of what is not darker, its 90th percentile, levels.
        gain: the largest of the three that the white balance needed.
    """

    corner_share: float
    background_share: float
    green_share: float
    yellow_share: float
    colour: float
    background_colour: float
    gain: float


def look_at_field(field: Field) -> FieldLook:
    """Measure a field's colours and light.

    Args:
        field: what `locate` said of the picture.
    """
    seen = field.blackout[::STEP, ::STEP] == 0
    pixels = field.balanced[::STEP, ::STEP][seen].astype(np.int16)
    corner_share = 1 - float(seen.mean())
    gain = float(field.gains.max())
    if not len(pixels):
        return FieldLook(corner_share, 0.0, 0.0, 0.0, 0.0, 0.0, gain)
    red, green, blue = pixels.T
    least = np.minimum(np.minimum(red, green), blue)
    colour = np.maximum(np.maximum(red, green), blue) - least
    dark = green < FOREGROUND_BELOW
    enough = np.count_nonzero(dark) > LEAST_FOREGROUND * len(pixels)
    rest = colour[~dark]
    return FieldLook(
        corner_share=corner_share,
        background_share=float((least >= BACKGROUND_FROM).mean()),
        green_share=float((green - red > GREENER_THAN_RED)[dark].mean()) if enough else 0.0,
        yellow_share=float((green - blue > GREENER_THAN_BLUE)[dark].mean()) if enough else 0.0,
        colour=float(colour[dark].mean()) if enough else 0.0,
        background_colour=float(np.percentile(rest, 90)) if rest.size else 0.0,
        gain=gain,
    )


def doubt_about_field(field: Field) -> str:
    """Why a picture may be no stained blood film, as a sentence for a person; else empty.

    Args:
        field: what `locate` said of the picture.

    Source: thresholds from training pictures, also perturbed, with room beyond the most
    extreme of them (docs/model/experiments.md, "Is it a film").
    """
    look = look_at_field(field)
    reasons = (
        (look.corner_share > MOST_CORNER_SHARE, "more than half of it is black"),
        (look.gain > MOST_GAIN, "nothing in it is as bright as the background of a film"),
        (
            look.green_share > MOST_GREEN_SHARE,
            "parts of it are greener than anything on a stained film",
        ),
        (
            look.yellow_share > MOST_YELLOW_SHARE,
            "much of it is yellow or green, which stained cells are not",
        ),
        (look.colour > MOST_COLOUR, "its colours are stronger than those of a stain"),
        (
            look.background_share < LEAST_BACKGROUND_SHARE
            or look.background_colour > MOST_COLOUR_OF_BACKGROUND,
            "it has no pale, even background",
        ),
    )
    reason = next((words for applies, words in reasons if applies), "")
    return f"This does not look like a stained blood film: {reason}." if reason else ""
