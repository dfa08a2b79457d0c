"""How large things are in a picture: from its red cells, else from what is stained in it.

Red cells are 7.5 µm wide on any film, so they tell what a pixel shows. They are measured at
several sizes of the picture, coarse ones first: at too coarse a size neighbours flow together, at
too fine a one granules and pale centres look like cells. It finds no nuclei.

Source: thresholds chosen on PBC `train`, BCCD and fields tiled of BCCD (docs/model/finding.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mlmodels.ml.inference.finding.field import Field
from mlmodels.ml.inference.finding.look import at_side
from mlmodels.ml.inference.finding.red_cells import (
    RedCells,
    measure_red_cells,
    red_cells_of,
)
from mlmodels.ml.inference.finding.stained import (
    FOREGROUND_BELOW,
    USUAL_RED_CELL_PX,
    stain_score,
    stain_threshold,
)
from mlmodels.ml.inference.preprocess import apply_gains

# Red cells are 6.2 to 8.2 µm wide.
RED_CELL_UM = 7.5
FIRST_SIDE_PX = 360
# From this width of red cells on the first look is enough, px of it. PBC's are 62 px wide in it,
# BCCD's 52; of two fields of BCCD side by side 26.
ENOUGH_PX = 28.0
# So is a middle nucleus of this width, px of it, whatever the red cells are.
ENOUGH_NUCLEUS_PX = 60.0
FINER_SIDES_PX = (360, 720, 1440, 2880, 4320)
# How far a picture is enlarged for a finer look, and the largest one, in megapixels.
MOST_ENLARGED = 4.0
MEASURED_ENLARGED = 3.0
MOST_MEGAPIXELS = 12.0
# What a finer measure needs to be believed.
SMALLEST_MEASURED_PX = 15.0
# Narrower ones are measured once more at twice the size.
SURELY_MEASURED_PX = 22.0
LEAST_ALIKE = 20
LEAST_SHARE = 0.42
LEAST_COVERAGE = 0.12
MOST_CIRCLES = 1500
WINDOW_PX = 1440
# How wide a nucleus is in red cells: usually, and what hardly any is.
USUAL_NUCLEUS = 1.3
NUCLEUS_RANGE = (0.65, 3.3)
# Above it no µm are told: the red cells are most likely something smaller.
WIDEST_NUCLEUS_TOLD = 2.4
SMALLEST_PART_PX = 12
LARGEST_GUESSED_PX = 2880


# Cells are named where a pixel shows so much; the measure is right to within a fifth.
NAMED_UM_PER_PX = (0.05, 0.35)
DOUBTED_UM_PER_PX = (0.04, 0.42)


@dataclass(frozen=True)
class Scale:
    """The size at which a picture's nuclei are looked for.

    Args:
        side_px: the picture's longer side then.
        red_cell_px: diameter of its red cells at that size; None where they were not measured.
        guessed_px: the same, else told from what is stained; None where nothing tells.
        um_per_px: what a pixel of the picture shows, µm; None where no red cells tell.
    """

    side_px: int
    red_cell_px: float | None
    guessed_px: float | None
    um_per_px: float | None


def scale_of(rgb: np.ndarray, first: Field) -> Scale:
    """Measure a picture's scale.

    Args:
        rgb: uint8 array, shape (H, W, 3), the picture.
        first: a look at it at `FIRST_SIDE_PX`.
    """
    coarse = red_cells_of(first)
    diameter = None if coarse is None else coarse.diameter_px
    nucleus = usual_part_px(first.labels)
    longer = max(rgb.shape[:2])
    if _is_enough(coarse, nucleus):
        told = diameter if coarse is not None and coarse.coverage >= LEAST_COVERAGE else None
        return Scale(FIRST_SIDE_PX, diameter, diameter, _um_per_px(told, nucleus, longer))
    if coarse is not None and coarse.is_unmistakable:
        found: float | None = coarse.diameter_px
    else:
        found = _finer_diameter(rgb, first, nucleus)
    if found is None and diameter is not None and (not nucleus or _agree(nucleus, diameter)):
        found = diameter
    if found is None:
        side, guess = _by_nuclei(rgb, first)
        return Scale(side, None, guess, None)
    side = _side_for(found, rgb.shape) if found < ENOUGH_PX else FIRST_SIDE_PX
    there = found * side / FIRST_SIDE_PX
    return Scale(side, there, there, _um_per_px(found, nucleus, longer))


def _um_per_px(diameter: float | None, nucleus: float, longer: int) -> float | None:
    """What a pixel of the picture shows; None where red cells would be too small beside nuclei."""
    if diameter is None or nucleus > WIDEST_NUCLEUS_TOLD * diameter:
        return None
    return RED_CELL_UM * FIRST_SIDE_PX / (diameter * longer)


def doubt_about_scale(um_per_px: float | None) -> str:
    """Why cells cannot be named at a magnification, as sentences for a person; else empty.

    Args:
        um_per_px: what a pixel of the picture shows, as its red cells tell; None if unknown.
    """
    if um_per_px is None or DOUBTED_UM_PER_PX[0] <= um_per_px <= DOUBTED_UM_PER_PX[1]:
        return ""
    low, high = NAMED_UM_PER_PX
    is_low = um_per_px > high
    advice = (
        "Photograph the film with a stronger objective, or do not reduce the picture."
        if is_low
        else "Photograph the film with a weaker objective, or reduce the picture."
    )
    return (
        f"The magnification is too {'low' if is_low else 'high'} for naming: by its red cells a "
        f"pixel of this picture shows {um_per_px:.2g} µm, and cells are named from {low} to "
        f"{high} µm. {advice}"
    )


def usual_part_px(labels: np.ndarray) -> float:
    """Diameter, px, of the middle stained part by area; 0 where nothing is stained.

    Args:
        labels: int32 array, shape (h, w), numbers of stained parts, 0 is none.
    """
    areas = np.sort(np.bincount(labels.ravel())[1:])
    areas = areas[areas >= SMALLEST_PART_PX]
    if not areas.size:
        return 0.0
    held = np.cumsum(areas)
    middle = areas[np.searchsorted(held, held[-1] / 2)]
    return float(2 * np.sqrt(middle / np.pi))


def _is_enough(coarse: RedCells | None, nucleus: float) -> bool:
    """Whether the first look shows cells large enough: its nuclei, or red cells, tell so."""
    if nucleus >= ENOUGH_NUCLEUS_PX:
        return True
    if coarse is None or coarse.diameter_px < ENOUGH_PX:
        return False
    return _agree(nucleus, coarse.diameter_px) or coarse.is_plain


def _agree(nucleus: float, diameter: float) -> bool:
    return NUCLEUS_RANGE[0] * diameter <= nucleus <= NUCLEUS_RANGE[1] * diameter


def _finer_diameter(rgb: np.ndarray, first: Field, nucleus: float) -> float | None:
    """Diameter of red cells, px of the first look, measured on finer ones; None if uncertain.

    The first one that agrees with the nuclei counts, else the one that comes nearest to it; one of
    few pixels is measured once more.
    """
    believed: list[float] = []
    wants_another = False
    for side in FINER_SIDES_PX:
        if side > MEASURED_ENLARGED * max(rgb.shape[:2]):
            break
        measured = _measure_at(rgb, first, side)
        if measured is None or not _is_believed(measured):
            continue
        diameter = measured.diameter_px * FIRST_SIDE_PX / side
        if nucleus > NUCLEUS_RANGE[1] * diameter:
            continue
        if wants_another:
            return min(believed[-1], diameter)
        believed.append(diameter)
        if _agree(nucleus, diameter):
            if measured.diameter_px >= SURELY_MEASURED_PX:
                return diameter
            wants_another = True
    if wants_another or not believed:
        return believed[-1] if believed else None
    if not nucleus:
        return believed[0]
    # None agrees: nuclei that small are blurred in the first look, and measure less than they are.
    return min(believed, key=lambda diameter: abs(np.log(nucleus / diameter / USUAL_NUCLEUS)))


def _measure_at(rgb: np.ndarray, first: Field, side: int) -> RedCells | None:
    """Measure red cells with the picture's longer side brought to a length.

    A part is enough where that is long: the one that holds most.
    """
    part, blackout = rgb, first.blackout
    if side > WINDOW_PX:
        rows, columns = _fullest_part(first, WINDOW_PX / side)
        blackout = first.blackout[rows, columns]
        part = rgb[_times(rows, rgb.shape[0], first), _times(columns, rgb.shape[0], first)]
        side = round(side * max(part.shape[:2]) / max(rgb.shape[:2]))
    balanced, blackout, stained = _stained_at(part, blackout, first.gains, side)
    return measure_red_cells(balanced[..., 1], blackout, stained, most=MOST_CIRCLES)


def _fullest_part(first: Field, share: float) -> tuple[slice, slice]:
    """Rows and columns, px of the first look, of the part of that share that holds most cells."""
    full = first.balanced[..., 1] < FOREGROUND_BELOW
    height, width = (max(1, round(side * share)) for side in full.shape)
    sums = cv2.integral((full & (first.blackout == 0)).astype(np.uint8))
    held = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width]
    held = held + sums[:-height, :-width]
    top, left = (int(at) for at in np.unravel_index(int(held.argmax()), held.shape))
    return slice(top, top + height), slice(left, left + width)


def _times(part: slice, height_px: int, first: Field) -> slice:
    """A stretch of the first look in px of the picture, of which the height is told."""
    zoom = height_px / first.blackout.shape[0]
    return slice(
        round(part.start * zoom), max(round(part.stop * zoom), round(part.start * zoom) + 1)
    )


def _stained_at(
    rgb: np.ndarray, blackout: np.ndarray, gains: np.ndarray, side: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Balanced picture, blackout and what is stained (0 or 1), at a size."""
    small = at_side(rgb, side)
    size = small.shape[1], small.shape[0]
    blackout = cv2.resize(blackout, size, interpolation=cv2.INTER_NEAREST)
    balanced = apply_gains(small, gains)
    score = stain_score(balanced, blackout)
    return balanced, blackout, (score > stain_threshold(score)).astype(np.uint8)


def _is_believed(measured: RedCells) -> bool:
    return (
        measured.diameter_px >= SMALLEST_MEASURED_PX
        and measured.alike >= LEAST_ALIKE
        and measured.share >= LEAST_SHARE
        and measured.coverage >= LEAST_COVERAGE
    )


def _by_nuclei(rgb: np.ndarray, first: Field) -> tuple[int, float | None]:
    """The side to look at, and the width of red cells there, by the size of nuclei alone."""
    longer = max(rgb.shape[:2])
    at = min(longer, LARGEST_GUESSED_PX)
    if at <= FIRST_SIDE_PX:
        return FIRST_SIDE_PX, None
    stained = _stained_at(rgb, first.blackout, first.gains, at)[2]
    usual = usual_part_px(cv2.connectedComponents(stained, connectivity=8)[1])
    guess = usual / USUAL_NUCLEUS * FIRST_SIDE_PX / at
    if not guess or guess >= ENOUGH_PX:
        return FIRST_SIDE_PX, None
    side = min(longer, _side_for(guess, rgb.shape))
    return side, guess * side / FIRST_SIDE_PX


def _side_for(diameter: float, shape: tuple[int, ...]) -> int:
    """The longer side at which red cells are as wide as usual, as far as the picture allows.

    Args:
        diameter: of red cells, px of the first look.
        shape: of the picture.
    """
    height, width = shape[:2]
    longer = max(height, width)
    wanted = FIRST_SIDE_PX * USUAL_RED_CELL_PX / diameter
    most = longer * (MOST_MEGAPIXELS * 1_000_000 / (height * width)) ** 0.5
    return max(FIRST_SIDE_PX, round(min(wanted, most, MOST_ENLARGED * longer)))
