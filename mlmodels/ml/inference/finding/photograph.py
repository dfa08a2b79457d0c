"""Whether a photograph shows its cells well enough to name them: focus, pixels and light.

It doubts the photograph, not the film: what it says can be mended at the microscope, and nothing
of a picture (or of a cell) that it doubts is accepted. It changes no box and no crop.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlmodels.ml.inference.finding.exposure import Exposure, exposure_of
from mlmodels.ml.inference.finding.field import Field, Nucleus
from mlmodels.ml.inference.finding.sharpness import edge_width, edges_of
from mlmodels.ml.inference.preprocess import WHITE_LEVEL

# Codes; those of cells are reasons of `CellFinding`.
OUT_OF_FOCUS, LOW_RESOLUTION = "out_of_focus", "low_resolution"
OVEREXPOSED, UNDEREXPOSED = "overexposed", "underexposed"
# From 10 % to 90 % of a step that a Gaussian of deviation 1 made soft.
RISE = 2.563
# How far about its nucleus a cell's edges are looked for: as far as its crop reaches.
CROP_REACH = 0.95
# Of a larger look a part tells the focus: some ten cells each way.
PART_PX = 640


@dataclass(frozen=True)
class Measures:
    """What was measured of a picture, or of one cell.

    Args:
        blur: width of its edges from 10 to 90 %, in widths of a nucleus or red cell, whichever is
            larger; NaN where there are no edges.
        detail_px: width of that nucleus or red cell, px of the file; NaN where there is neither.
        white: share of what touches the nucleus that is blown out, of a picture its median
            nucleus, 0 to 1.
        white_share: blown-out share of the whole picture, 0 to 1; of a cell 0.
        clipped: blown-out share of the nucleus, of a picture its median nucleus, 0 to 1.
        levels: between nucleus and ground, of a picture its median nucleus; NaN without one.
        ground: level of green of the film's ground as photographed, at least 59 (the white
            balance goes no further), at most 255.
    """

    blur: float
    detail_px: float
    white: float
    white_share: float
    clipped: float
    levels: float
    ground: float


@dataclass(frozen=True)
class PhotographLimits:
    """Beyond what nothing is accepted.

    Source: chosen on perturbed pictures of PBC, the four-class photographs and MLL
    (docs/model/robustness.md, "Quality of the photograph").
    """

    most_blur: float = 0.10
    most_blur_of_cell: float = 0.12
    least_detail_px: float = 20.0
    most_white: float = 0.25
    most_white_share: float = 0.9
    most_clipped: float = 0.5
    least_levels: float = 40.0
    least_ground: float = 70.0


@dataclass(frozen=True)
class Photograph:
    """What is said of a photograph.

    Args:
        code: why it should be taken again; empty where it is good enough.
        sentence: the same for a person, with what to do.
        of_cells: a code for each nucleus of the field, in its order; empty where it is good enough.
        measured: of the picture.
        measured_of_cells: of each nucleus.
    """

    code: str
    sentence: str
    of_cells: tuple[str, ...]
    measured: Measures
    measured_of_cells: tuple[Measures, ...]

    def reason(self, i: int) -> str:
        """Why nucleus `i` is not accepted, its own reason before the picture's; else empty."""
        return self.of_cells[i] or self.code


class EdgesOfField:
    """The edges of a look, measured in a part about its largest nucleus, and at cells elsewhere.

    Args:
        field: the look.
        zoom: px of the picture in a px of it.
    """

    def __init__(self, field: Field, zoom: float) -> None:
        self._field, self._zoom = field, zoom
        height, width = field.labels.shape
        x, y = field.nuclei[0].centre if field.nuclei else (zoom * width / 2, zoom * height / 2)
        self._top, self._left = _start(y / zoom, height), _start(x / zoom, width)
        self._edges = edges_of(
            field,
            (slice(self._top, self._top + PART_PX), slice(self._left, self._left + PART_PX)),
        )

    def width(self) -> float:
        """Of the part, see `edge_width`."""
        return edge_width(self._edges)

    def width_at(self, nucleus: Nucleus) -> float:
        """Of the crop around a nucleus."""
        height, width = self._field.labels.shape
        reach = CROP_REACH * nucleus.side_px
        (x0, x1), (y0, y1) = (
            (max(0, int((at - reach) / self._zoom)), min(most, int((at + reach) / self._zoom) + 1))
            for at, most in zip(nucleus.centre, (width, height), strict=True)
        )
        top, left = y0 - self._top, x0 - self._left
        bottom, right = y1 - self._top, x1 - self._left
        if min(top, left) >= 0 and max(bottom, right) <= PART_PX:
            return edge_width(self._edges, (slice(top, bottom), slice(left, right)))
        return edge_width(edges_of(self._field, (slice(y0, y1), slice(x0, x1))))


def _start(middle: float, length: int) -> int:
    """Where a stretch of `PART_PX` about a place begins, inside a length where that is longer."""
    return max(0, min(round(middle - PART_PX / 2), length - PART_PX))


def judge_photograph(
    rgb: np.ndarray,
    field: Field,
    *,
    reduced_by: int = 1,
    limits: PhotographLimits = PhotographLimits(),
) -> Photograph:
    """Say whether a photograph, and each of its cells, shows enough.

    Args:
        rgb: uint8 array, shape (H, W, 3), the oriented picture.
        field: what `locate` said of it.
        reduced_by: how many px of the file, each way, a px of `rgb` stands for.
        limits: beyond what it is doubted.
    """
    zoom = max(rgb.shape[:2]) / max(field.labels.shape)
    edges, exposure = EdgesOfField(field, zoom), exposure_of(rgb, field)
    whole = _of_field(field, edges, exposure, zoom, reduced_by)
    code = fault_of(whole, limits, most_blur=limits.most_blur)
    cells = tuple(
        _of_cell(field, i, edges, exposure, zoom, reduced_by) for i in range(len(field.nuclei))
    )
    of_cells = (fault_of(cell, limits, most_blur=limits.most_blur_of_cell) for cell in cells)
    return Photograph(code, _sentence(code, whole, limits), tuple(of_cells), whole, cells)


def fault_of(measured: Measures, limits: PhotographLimits, *, most_blur: float) -> str:
    """The code of what is wrong most plainly; empty where nothing is. What is NaN is not doubted.

    Args:
        measured: of a picture or a cell.
        limits: beyond what it is doubted.
        most_blur: of these limits, the one of pictures or of cells.
    """
    if (
        measured.white > limits.most_white
        or measured.white_share > limits.most_white_share
        or measured.clipped > limits.most_clipped
    ):
        return OVEREXPOSED
    if measured.levels < limits.least_levels or measured.ground < limits.least_ground:
        return UNDEREXPOSED
    if measured.detail_px < limits.least_detail_px:
        return LOW_RESOLUTION
    return OUT_OF_FOCUS if measured.blur > most_blur else ""


def _of_field(
    field: Field, edges: EdgesOfField, exposure: Exposure, zoom: float, reduced_by: int
) -> Measures:
    largest = max((nucleus.side_px for nucleus in field.nuclei), default=0.0)
    ruler = _ruler(field, largest, zoom)
    return Measures(
        blur=RISE * edges.width() / ruler,
        detail_px=ruler * zoom * reduced_by,
        white=_median(exposure.white_around, 0.0),
        white_share=exposure.white_share,
        clipped=_median(exposure.clipped, 0.0),
        levels=_median(exposure.levels[~np.isnan(exposure.levels)], float("nan")),
        ground=_ground(field),
    )


def _ground(field: Field) -> float:
    return float(min(255.0, WHITE_LEVEL / field.gains[1]))


def _median(values: np.ndarray, otherwise: float) -> float:
    return float(np.median(values)) if values.size else otherwise


def _of_cell(
    field: Field, i: int, edges: EdgesOfField, exposure: Exposure, zoom: float, reduced_by: int
) -> Measures:
    nucleus = field.nuclei[i]
    ruler = _ruler(field, nucleus.side_px, zoom)
    return Measures(
        blur=RISE * edges.width_at(nucleus) / ruler,
        detail_px=ruler * zoom * reduced_by,
        white=float(exposure.white_around[i]),
        white_share=0.0,
        clipped=float(exposure.clipped[i]),
        levels=float(exposure.levels[i]),
        ground=_ground(field),
    )


def _ruler(field: Field, nucleus_px: float, zoom: float) -> float:
    """Width of a red cell, or of a nucleus where that is larger, px of the look; NaN without."""
    return max(nucleus_px / zoom, field.red_cell_px or 0.0) or float("nan")


def _sentence(code: str, measured: Measures, limits: PhotographLimits) -> str:
    """What was seen, with a figure, and what to do."""
    if code == OUT_OF_FOCUS:
        width = measured.blur * measured.detail_px
        return (
            f"The picture is out of focus: its edges are {width:.0f} px wide, "
            f"{100 * measured.blur:.0f} % of a cell's nucleus. Focus and photograph this field "
            "again."
        )
    if code == LOW_RESOLUTION:
        return (
            f"The picture has too few pixels: a nucleus is {measured.detail_px:.0f} px wide, and "
            f"{limits.least_detail_px:.0f} are needed. Photograph this field again at the "
            "camera's full size, and do not shrink the file."
        )
    if code == OVEREXPOSED:
        blown = {
            "the picture": measured.white_share,
            "its nuclei": measured.clipped,
            "what touches its nuclei": measured.white,
        }
        what = max(blown, key=lambda part: blown[part])
        return (
            f"The picture is overexposed: {100 * blown[what]:.0f} % of {what} is blown out. Lower "
            "the light or the exposure time and photograph this field again."
        )
    if code == UNDEREXPOSED:
        nuclei = "" if np.isnan(measured.levels) else f", {measured.levels:.0f} above its nuclei"
        return (
            f"The picture is underexposed: its ground is at {measured.ground:.0f} of 255 levels"
            f"{nuclei}. Raise the light or the exposure time and photograph this field again."
        )
    return ""
