"""The way of one image: decode, locate, crop, classify, calibrate, decide.

A pure function of bytes and a loaded engine. It stores nothing and knows no sample.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from mlmodels.ml.inference.boxes import without_overlaps
from mlmodels.ml.inference.cell_naming import CellFinding, name_cell, reason_of, weigh
from mlmodels.ml.inference.crops import Box, CropRule, cut_crop
from mlmodels.ml.inference.drawn_box import field_of_box, refuse_useless
from mlmodels.ml.inference.engine import Engine, load_engine
from mlmodels.ml.inference.finding.cell_boundary import cell_boxes
from mlmodels.ml.inference.finding.field import Field, Nucleus
from mlmodels.ml.inference.finding.localize import locate
from mlmodels.ml.inference.finding.marks import find_marks, paint_over
from mlmodels.ml.inference.finding.photograph import (
    LOW_RESOLUTION,
    Photograph,
    PhotographLimits,
    judge_photograph,
)
from mlmodels.ml.inference.finding.quality import doubt_about_field
from mlmodels.ml.inference.finding.scale import doubt_about_scale
from mlmodels.ml.pictures.picture import ImageLimits, Picture
from mlmodels.ml.pictures.reading import ReadPicture, read_picture

__all__ = [
    "Box",
    "CellFinding",
    "Engine",
    "Findings",
    "ImageLimits",
    "load_engine",
    "read_box",
    "read_image",
    "read_pixels",
]

CELLS_AT_ONCE = 64


@dataclass(frozen=True)
class Findings:
    """What was found in an image.

    Args:
        cells: the principal cell first, the others by descending nucleus area; last, finds that
            of an objectness below the version's, where the picture itself is not doubted.
        timings_ms: of decode, locate, crop, classify and decide, ms.
        field_note: why the picture may be no stained blood film, or cannot be read in full, in
            sentences; else empty. No cell of such a picture is accepted.
        photograph_again: why its photograph should be taken again, a code of
            `finding/photograph.py`; else empty. `field_note` says it in a sentence.
    """

    cells: tuple[CellFinding, ...]
    timings_ms: dict[str, float]
    field_note: str = ""
    photograph_again: str = ""


def read_image(
    data: bytes,
    engine: Engine,
    limits: ImageLimits = ImageLimits(),
    *,
    read: ReadPicture = read_picture,
) -> Findings:
    """Find and name the cells of an image file.

    Args:
        data: the whole file.
        engine: a loaded version.
        limits: what is read at most.
        read: decodes; `read_picture_apart` where people sent the file.

    Returns:
        The findings; no cells where there are none.

    Raises:
        RejectedImage: the bytes are not an acceptable picture.
    """
    start = time.perf_counter()
    picture = read(data, limits, may_reduce=True)
    middle = time.perf_counter()
    clean, seen = _seen_without_marks(picture.rgb)
    if picture.reduced_by > 1 and _is_too_coarse(seen, engine.crop_rule):
        picture = read(data, limits)
        clean, seen = _seen_without_marks(picture.rgb)
    spans = {"decode": 1000 * (middle - start), "locate": 1000 * (time.perf_counter() - middle)}
    findings = _read(clean, seen, engine, reduced_by=picture.reduced_by)
    return replace(
        findings,
        cells=tuple(_enlarged(cell, picture) for cell in findings.cells),
        timings_ms={**spans, **findings.timings_ms},
    )


def read_pixels(
    rgb: np.ndarray, engine: Engine, *, limits: PhotographLimits = PhotographLimits()
) -> Findings:
    """Find and name the cells of a decoded picture.

    Args:
        rgb: uint8 array, shape (H, W, 3), oriented RGB.
        engine: a loaded version.
        limits: what its photograph must show at least.

    Returns:
        The findings, without the time of decoding.
    """
    start = time.perf_counter()
    clean, seen = _seen_without_marks(rgb)
    located = 1000 * (time.perf_counter() - start)
    findings = _read(clean, seen, engine, limits=limits)
    return replace(findings, timings_ms={"locate": located, **findings.timings_ms})


def read_box(
    data: bytes,
    box: Box,
    engine: Engine,
    limits: ImageLimits = ImageLimits(),
    *,
    read: ReadPicture = read_picture,
) -> CellFinding:
    """Name one cell of an image file whose box a person drew.

    Args:
        data: the whole file.
        box: the outline of the cell, px of the oriented picture.
        engine: a loaded version.
        limits: what is read at most.
        read: decodes; `read_picture_apart` where people sent the file.

    Returns:
        The cell in that very box, also where it is most likely none; that is said by its
        objectness and disposition, as of a cell that was found.

    Raises:
        RejectedImage: the bytes are not an acceptable picture.
        BoxRefused: the box reaches beyond the picture or is too small.
    """
    rgb = read(data, limits).rgb
    height, width = rgb.shape[:2]
    refuse_useless(box, width_px=width, height_px=height)
    clean, whole = _seen_without_marks(rgb)
    seen = field_of_box(whole, box, longer_px=max(width, height))
    crop = cut_crop(clean, seen, seen.nuclei[0], engine.crop_rule)
    weighed = weigh(seen, engine.run(crop[np.newaxis]), engine)
    photograph = judge_photograph(clean, seen)
    doubted = bool(doubt_about_field(seen) or doubt_about_scale(seen.um_per_px) or photograph.code)
    reason = reason_of(box, seen) or photograph.reason(0)
    return name_cell(weighed, 0, seen.nuclei[0], box, engine, doubted=doubted, reason=reason)


def _seen_without_marks(rgb: np.ndarray) -> tuple[np.ndarray, Field]:
    """The picture without what is drawn on it, and what is seen in it then."""
    marks = find_marks(rgb)
    clean = rgb if marks is None else paint_over(rgb, marks)
    return clean, replace(locate(clean), marks=marks)


def _read(
    rgb: np.ndarray,
    seen: Field,
    engine: Engine,
    *,
    reduced_by: int = 1,
    limits: PhotographLimits = PhotographLimits(),
) -> Findings:
    """Name the cells of a picture whose nuclei are found."""
    spans = {"crop": 0.0, "classify": 0.0}
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    # A thousand crops, four views of each, would fill a gigabyte.
    for start in range(0, len(seen.nuclei), CELLS_AT_ONCE):
        first = time.perf_counter()
        some = seen.nuclei[start : start + CELLS_AT_ONCE]
        crops = np.stack([cut_crop(rgb, seen, nucleus, engine.crop_rule) for nucleus in some])
        second = time.perf_counter()
        parts.append(engine.run(crops))
        spans["crop"] += 1000 * (second - first)
        spans["classify"] += 1000 * (time.perf_counter() - second)
    last = time.perf_counter()
    cells: tuple[CellFinding, ...] = ()
    no_film = doubt_about_field(seen)
    um_per_px = None if seen.um_per_px is None else seen.um_per_px / reduced_by
    photograph = judge_photograph(rgb, seen, reduced_by=reduced_by, limits=limits)
    scale = doubt_about_scale(um_per_px)
    # Of a scale that is too small, too, one sentence is enough.
    too_small = bool(scale) and photograph.code == LOW_RESOLUTION
    of_photograph = "" if too_small else photograph.sentence
    notes = [no_film, scale, of_photograph, _left_out(seen)]
    note = " ".join(filter(None, notes))
    if parts:
        logits, cell_logits, features = (np.concatenate(each) for each in zip(*parts, strict=True))
        answers = logits, cell_logits, features
        cells = _judge(
            rgb.shape,
            seen,
            answers,
            engine,
            photograph,
            doubted=bool(note),
            is_film=not no_film,
        )
    spans["decide"] = 1000 * (time.perf_counter() - last)
    return Findings(cells, spans, note, photograph.code)


def _left_out(seen: Field) -> str:
    if not seen.left_out:
        return ""
    return (
        f"It holds {len(seen.nuclei) + seen.left_out:,} stained parts, of which the "
        f"{len(seen.nuclei):,} largest were read. Cut it into smaller fields."
    )


def _is_too_coarse(seen: Field, rule: CropRule) -> bool:
    """Whether a reduced picture shows too little: a crop would have to be enlarged for the network,
    or there is no cell, and one may be too small to be seen in it."""
    sides = [rule.scale * nucleus.side_px for nucleus in seen.nuclei]
    return min(sides, default=0) < rule.side_px


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
    photograph: Photograph,
    *,
    doubted: bool,
    is_film: bool,
) -> tuple[CellFinding, ...]:
    """Leave out what is most likely no cell, name the others, put the principal cell first.

    A find of low objectness comes last. Of a doubted field no cell is accepted; where it may be
    no film a find of low objectness is left out, too. Of finds of one cell, such as lobes that lie
    too far apart to be one nucleus, the first in that order is kept: a sure one before one that may
    be no cell, then the larger nucleus, which is more of the cell's own and sets the crop's scale.
    """
    weighed = weigh(seen, answers, engine)
    scores = weighed.scores
    size = {"width_px": shape[1], "height_px": shape[0]}
    limit = engine.thresholds.objectness
    least = engine.thresholds.least_shown if is_film else limit
    finds = [(nucleus, i) for i, nucleus in enumerate(seen.nuclei) if scores[i] >= least]
    ordered = sorted(principal_first(finds, **size), key=lambda find: bool(scores[find[1]] < limit))
    boxes = cell_boxes(seen, [nucleus for nucleus, _ in ordered], **size)
    return tuple(
        name_cell(
            weighed,
            ordered[k][1],
            ordered[k][0],
            boxes[k],
            engine,
            doubted=doubted,
            reason=reason_of(boxes[k], seen) or photograph.reason(ordered[k][1]),
        )
        for k in without_overlaps(boxes)
    )
