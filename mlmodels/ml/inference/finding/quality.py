"""Whether a picture looks like a stained blood film at all, before its cells may be accepted.

It judges colours and light of the whole field, which are the same whatever cell is in it. What
only a film shows weighs more than colours, which lamps and stains give (`structure`). It says
nothing about a cell, and a film it doubts is still read.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from mlmodels.ml.inference.finding.field import Field
from mlmodels.ml.inference.finding.stained import FOREGROUND_BELOW
from mlmodels.ml.inference.finding.structure import (
    ONE_STAIN_DEG,
    degrees_between_stains,
    is_filled_by_nuclei,
    shows_red_cells,
    shows_two_stains,
)
from mlmodels.ml.inference.finding.surround import is_round

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
DARK_BELOW, DARK_GROUND = 100.0, 0.3
LEAST_SPREAD = 16.0
MASK_UP_TO = 8.0
LEAST_COLOUR = 12.0
LEAST_VIOLET, ONE_TINT, MOST_COLOUR_OF_TINT = 8.0, 6.0, 42.0
# Where nuclei fill the picture: docs/model/finding.md, "Films that were doubted".
LEAST_BACKGROUND_BESIDE_NUCLEI = 0.03
MOST_COLOUR_BETWEEN_NUCLEI = 110.0
MOST_GRASS_BESIDE_NUCLEI = 0.4
MOST_WARM_COLOUR = 90.0
NOT_BRIGHT = "nothing in it is as bright as the background of a film"
TOO_GREEN = "parts of it are greener than anything on a stained film"
TOO_STRONG = "its colours are stronger than those of a stain"
NO_BACKGROUND = "it has no pale, even background"


@dataclass(frozen=True)
class FieldLook:
    """Colours and light of a field, of its white-balanced picture.

    Args:
        corner_share: of the picture that is black up to its border, 0 to 1.
        background_share: of the rest that is as bright as the background of a film, 0 to 1.
        green_share, yellow_share: of what is darker, where red, or blue, is clearly less than
            green, 0 to 1.
        grass_share: of the same, where red and blue are clearly less than green, 0 to 1.
        colour: mean of the largest minus the smallest channel of what is darker, levels.
        warm_colour: the same of what of it has less blue than red or green; 0 where hardly any has.
        background_colour: the same of what is not darker, its 90th percentile, levels.
        gain: the largest of the three that the white balance needed.
        violet: green below red and blue, its 99th percentile, levels.
        one_tint: how far red or blue are from what green alone foretells, levels.
        middle_level: median of the brightest channel, as it was photographed, 0 to 255.
        ground: place of the most frequent brightness between the darkest and the brightest, 0 to 1.
        spread: between darkest and brightest, of the channel that has most, levels.
    """

    corner_share: float
    background_share: float
    green_share: float
    yellow_share: float
    grass_share: float
    colour: float
    warm_colour: float
    background_colour: float
    gain: float
    violet: float
    one_tint: float
    middle_level: float
    ground: float
    spread: float


def look_at_field(field: Field) -> FieldLook:
    """Measure a field's colours and light.

    Args:
        field: what `locate` said of the picture.
    """
    step = max(STEP, max(field.blackout.shape) // 120)
    seen = field.blackout[::step, ::step] == 0
    pixels = field.balanced[::step, ::step][seen].astype(np.int16)
    corner_share = 1 - float(seen.mean())
    gain = float(field.gains.max())
    if not len(pixels):
        nothing = dict.fromkeys((each.name for each in fields(FieldLook)), 0.0)
        return FieldLook(**{**nothing, "corner_share": corner_share, "gain": gain})
    red, green, blue = pixels.T
    least = np.minimum(np.minimum(red, green), blue)
    colour = np.maximum(np.maximum(red, green), blue) - least
    dark = green < FOREGROUND_BELOW
    enough = np.count_nonzero(dark) > LEAST_FOREGROUND * len(pixels)
    warm = dark & (blue < np.maximum(red, green))
    is_warm = np.count_nonzero(warm) > LEAST_FOREGROUND * len(pixels)
    greenest = green - np.maximum(red, blue)
    rest = colour[~dark]
    middle, ground = _light(pixels / field.gains)
    low, high = np.percentile(pixels, [0.5, 99.5], axis=0)
    return FieldLook(
        corner_share=corner_share,
        background_share=float((least >= BACKGROUND_FROM).mean()),
        green_share=float((green - red > GREENER_THAN_RED)[dark].mean()) if enough else 0.0,
        yellow_share=float((green - blue > GREENER_THAN_BLUE)[dark].mean()) if enough else 0.0,
        grass_share=float((greenest > GREENER_THAN_RED)[dark].mean()) if enough else 0.0,
        colour=float(colour[dark].mean()) if enough else 0.0,
        warm_colour=float(colour[warm].mean()) if is_warm else 0.0,
        background_colour=float(np.percentile(rest, 90)) if rest.size else 0.0,
        gain=gain,
        violet=float(np.percentile(np.minimum(red, blue) - green, 99)),
        one_tint=max(_apart_from(green, red), _apart_from(green, blue)),
        middle_level=middle,
        ground=ground,
        spread=float((high - low).max()),
    )


def _light(raw: np.ndarray) -> tuple[float, float]:
    """Middle level, and place of the ground, of pixels as they were photographed."""
    brightest = np.clip(raw.max(axis=1), 0, 255)
    darkest, middle, most = np.percentile(brightest, [1, 50, 99.5])
    counts = np.bincount(brightest.astype(int), minlength=256)
    mode = int(np.convolve(counts, np.ones(9), "same").argmax())
    ground = (mode - darkest) / max(most - darkest, 1.0)
    return float(middle), float(ground)


def _apart_from(green: np.ndarray, other: np.ndarray) -> float:
    """Standard deviation of a channel around the parabola in green that fits it best."""
    x = green / 255.0
    powers = np.stack([np.ones_like(x), x, x**2], axis=1)
    found, *_ = np.linalg.lstsq(powers, other.astype(np.float64), rcond=None)
    return float(np.std(other - powers @ found))


def doubt_about_field(field: Field) -> str:
    """Why a picture may be no stained blood film, as a sentence for a person; else empty.

    Args:
        field: what `locate` said of the picture.

    Source: thresholds from training pictures, also perturbed, with room beyond the most
    extreme of them (docs/model/experiments.md, "Is it a film").
    """
    look = look_at_field(field)
    reason = _doubt_about_light(look, field) or _doubt_about_colours(look, field)
    return f"This does not look like a stained blood film: {reason}." if reason else ""


def _doubt_about_light(look: FieldLook, field: Field) -> str:
    """Of pictures in which nobody could see a film: what they are, and what to send instead."""
    is_black = look.corner_share > MOST_CORNER_SHARE and not is_round(field.blackout)
    if look.spread < LEAST_SPREAD and (look.corner_share == 1 or not is_black):
        return (
            "it is blank, the same colour everywhere. Check the light path and the file, and "
            "photograph the film again"
        )
    is_film = look.background_share >= LEAST_BACKGROUND_SHARE and look.gain < MOST_GAIN
    if is_black and is_film and _is_masked(field):
        return "more than half of it is black"
    if is_black or (look.middle_level < DARK_BELOW and look.ground < DARK_GROUND):
        return (
            "its ground is dark, as in fluorescence, in dark field or in a negative. Photograph "
            "a stained film in bright light, or save the picture as a positive"
        )
    if look.colour < LEAST_COLOUR or _is_tinted(look, field):
        return (
            "it has no colours, or only one tint. Cells are told apart by their stain, so upload "
            "the photograph in colour"
        )
    return ""


def _is_tinted(look: FieldLook, field: Field) -> bool:
    """Whether a picture has one tint, as sepia, and not the two of nuclei and red cells."""
    seems = look.violet < LEAST_VIOLET and look.one_tint < ONE_TINT
    if not seems or look.colour >= MOST_COLOUR_OF_TINT:
        return False
    apart = degrees_between_stains(field)
    return apart is None or apart < ONE_STAIN_DEG


def _is_masked(field: Field) -> bool:
    """Whether what is black has no light of its own, as what a program left out."""
    return float(np.median(field.balanced[field.blackout > 0])) <= MASK_UP_TO


def _doubt_about_colours(look: FieldLook, field: Field) -> str:
    """Of pictures whose colours no film has, unless they show what only a film does."""
    reason = _odd_colours(look)
    if not reason or shows_red_cells(field, look.background_share):
        return ""
    if is_filled_by_nuclei(field):
        return _odd_colours_of_nuclei(look)
    if reason == TOO_GREEN and shows_two_stains(field, look.background_share):
        # A lamp with little red makes nuclei blue-green, yet nothing green.
        return _odd_colours(replace(look, green_share=look.grass_share))
    return reason


def _odd_colours(look: FieldLook) -> str:
    reasons = (
        (look.gain > MOST_GAIN, NOT_BRIGHT),
        (look.green_share > MOST_GREEN_SHARE, TOO_GREEN),
        (
            look.yellow_share > MOST_YELLOW_SHARE,
            "much of it is yellow or green, which stained cells are not",
        ),
        (look.colour > MOST_COLOUR, TOO_STRONG),
        (
            look.background_share < LEAST_BACKGROUND_SHARE
            or look.background_colour > MOST_COLOUR_OF_BACKGROUND,
            NO_BACKGROUND,
        ),
    )
    return next((words for applies, words in reasons if applies), "")


def _odd_colours_of_nuclei(look: FieldLook) -> str:
    """The same where nuclei fill the picture: blue and violet are strong, the ground is scarce."""
    reasons = (
        (look.gain > MOST_GAIN, NOT_BRIGHT),
        (look.grass_share > MOST_GRASS_BESIDE_NUCLEI, TOO_GREEN),
        (look.warm_colour > MOST_WARM_COLOUR, TOO_STRONG),
        (
            look.background_share < LEAST_BACKGROUND_BESIDE_NUCLEI
            or look.background_colour > MOST_COLOUR_BETWEEN_NUCLEI,
            NO_BACKGROUND,
        ),
    )
    return next((words for applies, words in reasons if applies), "")
