"""The way of one image: decode, locate, crop, classify, calibrate, decide.

A pure function of bytes and a loaded engine. It stores nothing and knows no sample.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import numpy as np

from mlmodels.ml.inference.attributes import AttributeValue
from mlmodels.ml.inference.boxes import without_overlaps
from mlmodels.ml.inference.calibration import (
    ACCEPTED,
    REVIEW,
    UNIDENTIFIED,
    Thresholds,
    sigmoid,
    softmax,
)
from mlmodels.ml.inference.cell_boundary import cell_boxes
from mlmodels.ml.inference.crops import Box, CropRule, cut_crop
from mlmodels.ml.inference.engine import Engine, load_engine
from mlmodels.ml.inference.images import ImageLimits, Picture, read_picture
from mlmodels.ml.inference.localize import Field, Nucleus, locate
from mlmodels.ml.inference.quality import doubt_about_field
from mlmodels.ml.inference.red_cells import sizes_in_red_cells
from mlmodels.ml.inference.size_evidence import weigh_sizes

__all__ = [
    "Box",
    "CellFinding",
    "Engine",
    "Findings",
    "ImageLimits",
    "load_engine",
    "read_image",
    "read_pixels",
]


@dataclass(frozen=True)
class CellFinding:
    """One cell of an image.

    Args:
        box: the cell, px of the oriented image.
        label: the most probable class, even where the cell is unidentified.
        confidence: calibrated probability of that class, 0 to 1.
        probabilities: by class, adding up to 1.
        disposition: "accepted", "review" or "unidentified".
        nucleus_area_px: area of the nucleus, px² of the oriented image.
        nucleus_in_red_cells: diameter of the nucleus over that of the red cells around it; None
            where these could not be measured, or the picture's border cuts the nucleus off.
        objectness: how surely this is a cell at all, 0 to 1.
        familiarity_percentile: of its out-of-distribution score among the cells that
            calibrated the version, 0 to 100.
        features: float16 array, shape (F,).
        attributes: what the cell looks like, by attribute, as far as the version is sure;
            nothing of an unidentified cell.
    """

    box: Box
    label: str
    confidence: float
    probabilities: dict[str, float]
    disposition: str
    nucleus_area_px: float
    objectness: float
    familiarity_percentile: float
    features: np.ndarray = field(repr=False, compare=False)
    attributes: dict[str, AttributeValue] = field(default_factory=dict)
    nucleus_in_red_cells: float | None = None


@dataclass(frozen=True)
class Findings:
    """What was found in an image.

    Args:
        cells: the principal cell first, the others by descending nucleus area; last, finds that
            of an objectness below the version's, where the picture itself is not doubted.
        timings_ms: of decode, locate, crop, classify and decide, ms.
        field_note: why the picture may be no stained blood film, as a sentence; else empty.
            No cell of such a picture is accepted.
    """

    cells: tuple[CellFinding, ...]
    timings_ms: dict[str, float]
    field_note: str = ""


def read_image(data: bytes, engine: Engine, limits: ImageLimits = ImageLimits()) -> Findings:
    """Find and name the cells of an image file.

    Args:
        data: the whole file.
        engine: a loaded version.
        limits: what is read at most.

    Returns:
        The findings; no cells where there are none.

    Raises:
        RejectedImage: the bytes are not an acceptable picture.
    """
    start = time.perf_counter()
    picture = read_picture(data, limits, may_reduce=True)
    middle = time.perf_counter()
    seen = locate(picture.rgb)
    if picture.reduced_by > 1 and _is_too_coarse(seen, engine.crop_rule):
        picture = read_picture(data, limits)
        seen = locate(picture.rgb)
    marks = {"decode": 1000 * (middle - start), "locate": 1000 * (time.perf_counter() - middle)}
    findings = _read(picture.rgb, seen, engine)
    return replace(
        findings,
        cells=tuple(_enlarged(cell, picture) for cell in findings.cells),
        timings_ms={**marks, **findings.timings_ms},
    )


def read_pixels(rgb: np.ndarray, engine: Engine) -> Findings:
    """Find and name the cells of a decoded picture.

    Args:
        rgb: uint8 array, shape (H, W, 3), oriented RGB.
        engine: a loaded version.

    Returns:
        The findings, without the time of decoding.
    """
    start = time.perf_counter()
    seen = locate(rgb)
    located = 1000 * (time.perf_counter() - start)
    findings = _read(rgb, seen, engine)
    return replace(findings, timings_ms={"locate": located, **findings.timings_ms})


def _read(rgb: np.ndarray, seen: Field, engine: Engine) -> Findings:
    """Name the cells of a picture whose nuclei are found."""
    marks = [time.perf_counter()]
    crops = [cut_crop(rgb, seen, nucleus, engine.crop_rule) for nucleus in seen.nuclei]
    marks.append(time.perf_counter())
    answers = engine.run(np.stack(crops)) if crops else None
    marks.append(time.perf_counter())
    cells: tuple[CellFinding, ...] = ()
    note = doubt_about_field(seen)
    if answers is not None:
        cells = _judge(rgb.shape, seen, answers, engine, doubted=bool(note))
    marks.append(time.perf_counter())
    spans = 1000 * np.diff(marks)
    names = ("crop", "classify", "decide")
    return Findings(cells, dict(zip(names, map(float, spans), strict=True)), note)


def _is_too_coarse(seen: Field, rule: CropRule) -> bool:
    """Whether a crop of a reduced picture would have to be enlarged for the network."""
    return any(rule.scale * nucleus.side_px < rule.side_px for nucleus in seen.nuclei)


def _enlarged(cell: CellFinding, picture: Picture) -> CellFinding:
    """A cell of a reduced picture, in pixels of the picture as it is in its file."""
    by, box = picture.reduced_by, cell.box
    if by == 1:
        return cell
    x, y = box.x * by, box.y * by
    width = min(box.width * by, picture.width_px - x)
    height = min(box.height * by, picture.height_px - y)
    area = cell.nucleus_area_px * by**2
    return replace(cell, box=Box(x, y, width, height), nucleus_area_px=area)


def principal_first(
    finds: list[tuple[Nucleus, int]], *, width_px: int, height_px: int
) -> list[tuple[Nucleus, int]]:
    """Order finds: largest nucleus first; of equal ones the nearest to the picture's centre.

    Args:
        finds: nuclei, each with its place in the engine's answers.
        width_px, height_px: size of the picture.
    """

    def rank(find: tuple[Nucleus, int]) -> tuple[float, float]:
        x, y = find[0].centre
        return -find[0].area_px, (x - width_px / 2) ** 2 + (y - height_px / 2) ** 2

    return sorted(finds, key=rank)


def _judge(
    shape: tuple[int, ...],
    seen: Field,
    answers: tuple[np.ndarray, np.ndarray, np.ndarray],
    engine: Engine,
    *,
    doubted: bool,
) -> tuple[CellFinding, ...]:
    """Leave out what is most likely no cell, calibrate, decide, put the principal cell first.

    A find of low objectness comes last. Of a doubted field no cell is accepted, and a find of
    low objectness is left out, too. Of finds of one cell, such as lobes that lie too far apart to
    be one nucleus, the first in that order is kept: a sure one before one that may be no cell,
    then the larger nucleus, which is more of the cell's own and sets the crop's scale.
    """
    logits, cell_logits, features = answers
    scores = sigmoid(cell_logits)
    sizes = sizes_in_red_cells(seen)
    if engine.size_limits is not None:
        logits = weigh_sizes(logits, sizes, engine.size_limits)
    probabilities = softmax(logits, engine.temperature)
    percentiles = engine.familiarity.percentiles(features)
    size = {"width_px": shape[1], "height_px": shape[0]}
    limit = engine.thresholds.objectness
    least = limit if doubted else engine.thresholds.least_shown
    finds = [(nucleus, i) for i, nucleus in enumerate(seen.nuclei) if scores[i] >= least]
    ordered = sorted(principal_first(finds, **size), key=lambda find: bool(scores[find[1]] < limit))
    boxes = cell_boxes(seen, [nucleus for nucleus, _ in ordered], **size)
    cells = []
    for place in without_overlaps(boxes):
        nucleus, i = ordered[place]
        p = probabilities[i]
        best = int(p.argmax())
        doubts = float(percentiles[i]), nucleus.edge_share, float(scores[i])
        disposition = engine.decide(engine.classes[best], float(p[best]), *doubts)
        if doubted and disposition == ACCEPTED:
            disposition = REVIEW
        cells.append(
            CellFinding(
                box=boxes[place],
                label=engine.classes[best],
                confidence=float(p[best]),
                probabilities=dict(zip(engine.classes, map(float, p), strict=True)),
                disposition=disposition,
                nucleus_area_px=nucleus.area_px,
                objectness=float(scores[i]),
                familiarity_percentile=float(percentiles[i]),
                features=features[i].astype(np.float16),
                attributes=_seen(engine, features[i], engine.classes[best], disposition),
                nucleus_in_red_cells=_told(sizes[i], nucleus, engine.thresholds),
            )
        )
    return tuple(cells)


def _told(size: float, nucleus: Nucleus, thresholds: Thresholds) -> float | None:
    """The size of a whole nucleus; what is left of one that is cut off tells nobody anything."""
    if np.isnan(size) or nucleus.edge_share > thresholds.edge_share:
        return None
    return float(size)


def _seen(
    engine: Engine, features: np.ndarray, label: str, disposition: str
) -> dict[str, AttributeValue]:
    """What the cell looks like; nothing where the engine does not know what it is."""
    if engine.attributes is None or disposition == UNIDENTIFIED:
        return {}
    return engine.attributes.say(features[None], [label])[0]
