"""What is said of one cell: from the network's answer to a class, a disposition and words.

It finds no cells and leaves none out.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mlmodels.ml.inference.attributes import AttributeValue
from mlmodels.ml.inference.calibration import (
    ACCEPTED,
    REVIEW,
    UNIDENTIFIED,
    Signs,
    Thresholds,
    evidence_of,
    sigmoid,
    softmax,
)
from mlmodels.ml.inference.crops import Box
from mlmodels.ml.inference.engine import Engine
from mlmodels.ml.inference.finding.field import Field, Nucleus
from mlmodels.ml.inference.finding.marks import is_crossed
from mlmodels.ml.inference.finding.red_cells import sizes_in_red_cells
from mlmodels.ml.inference.finding.scale import FIRST_SIDE_PX
from mlmodels.ml.inference.occurring import against_acceptance, leave_out
from mlmodels.ml.inference.size_evidence import weigh_sizes

# Why a picture keeps a cell from being accepted, whatever the network says of it.
TOO_SMALL, MARKED = "too_small", "marked"
# Cells are named from 30 px on; their boxes are fitted to within some 8 %.
SMALLEST_NAMED_PX = 28
# Where a pixel shows less, only platelets and specks are so small, and they are so in truth.
SMALL_CELLS_FROM_UM_PER_PX = 0.2


@dataclass(frozen=True)
class CellFinding:
    """One cell of an image.

    Args:
        box: the cell, px of the oriented image.
        label: the most probable class, even where the cell is unidentified.
        confidence: calibrated probability of that class, 0 to 1.
        probabilities: by class, adding up to 1; of the classes that occur, where the engine was
            told which do: so a reading keeps what it could choose from.
        disposition: "accepted", "review" or "unidentified".
        nucleus_area_px: area of the nucleus, px² of the oriented image; 0 where a person drew the
            box and nothing in it is stained.
        nucleus_in_red_cells: diameter of the nucleus over that of the red cells around it; None
            where these could not be measured, or the picture's border cuts the nucleus off.
        objectness: how surely this is a cell at all, 0 to 1.
        familiarity_percentile: of its out-of-distribution score among the cells that
            calibrated the version, 0 to 100.
        features: float16 array, shape (F,).
        attributes: what the cell looks like, by attribute, as far as the version is sure;
            nothing of an unidentified cell.
        reason: why the picture, not the network, keeps it from being accepted: `TOO_SMALL`,
            `MARKED`, a code of `finding/photograph.py` or empty.
        signs: all of what spoke for and against its class.
        of_all: the probabilities with no class left out: an alarm is raised by these.
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
    reason: str = ""
    signs: Signs = field(default=Signs(0.0, 100.0), repr=False, compare=False)
    of_all: dict[str, float] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class Weighed:
    """What is thought of the nuclei of a field, in their order.

    Args:
        probabilities: float64 (N, K), calibrated, sizes in red cells counted in; 0 for classes that
            do not occur.
        of_all: the same with no class left out.
        against: float64 (N,), of `against_acceptance`.
        scores: float64 (N,), objectness.
        percentiles: float64 (N,), of out-of-distribution scores.
        evidence: float64 (N,), of `evidence_of`, whatever the size and whichever classes occur.
        rivals: float64 (N,), see `Signs.rival`; whichever classes occur.
        sizes: float64 (N,), in red cells; NaN where unknown.
        features: float32 (N, F).
    """

    probabilities: np.ndarray
    of_all: np.ndarray
    against: np.ndarray
    scores: np.ndarray
    percentiles: np.ndarray
    evidence: np.ndarray
    rivals: np.ndarray
    sizes: np.ndarray
    features: np.ndarray


def weigh(
    seen: Field, answers: tuple[np.ndarray, np.ndarray, np.ndarray], engine: Engine
) -> Weighed:
    """Calibrate the network's answers for the nuclei of a field.

    Args:
        seen: the field.
        answers: as `Engine.run` gave them, in the order of the field's nuclei.
        engine: that gave them.
    """
    logits, cell_logits, features = answers
    evidence = evidence_of(logits, engine.temperature)
    sizes = sizes_in_red_cells(seen)
    if engine.size_limits is not None:
        logits = weigh_sizes(logits, sizes, engine.size_limits)
    probabilities, against = judge_classes(logits, engine)
    of_all = softmax(logits, engine.temperature)
    return Weighed(
        probabilities=probabilities,
        of_all=of_all,
        against=against,
        scores=sigmoid(cell_logits),
        percentiles=engine.familiarity.percentiles(features),
        evidence=evidence,
        rivals=of_all[:, engine.rivals].sum(axis=1),
        sizes=sizes,
        features=features,
    )


def judge_classes(logits: np.ndarray, engine: Engine) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of logits among the classes that occur, and what that leaves out of account.

    Args:
        logits: float array, shape (N, K), sizes counted in.
        engine: its temperature, and the classes that occur.

    Returns:
        float64 (N, K), rows add up to 1; and (N,), of `against_acceptance`.
    """
    against = against_acceptance(softmax(logits, engine.temperature), engine.occurring)
    return softmax(leave_out(logits, engine.occurring), engine.temperature), against


def name_cell(
    weighed: Weighed,
    i: int,
    nucleus: Nucleus,
    box: Box,
    engine: Engine,
    *,
    doubted: bool,
    reason: str = "",
) -> CellFinding:
    """Decide about one nucleus.

    Args:
        weighed: what is thought of the nuclei of its field.
        i: its place there.
        nucleus, box: it, and its cell.
        engine: a loaded version.
        doubted: whether the picture may be no film; then no cell of it is accepted.
        reason: of `CellFinding`.
    """
    p = weighed.probabilities[i]
    label, confidence = engine.classes[int(p.argmax())], float(p.max())
    percentile, objectness = float(weighed.percentiles[i]), float(weighed.scores[i])
    signs = Signs(confidence, percentile, float(weighed.evidence[i]), float(weighed.rivals[i]))
    disposition = engine.decide(
        label,
        signs,
        nucleus.edge_share,
        objectness,
        against=float(weighed.against[i]),
    )
    if (doubted or reason) and disposition == ACCEPTED:
        disposition = REVIEW
    if reason == TOO_SMALL:
        disposition = UNIDENTIFIED
    return CellFinding(
        box=box,
        label=label,
        confidence=confidence,
        probabilities=_by_class(p, engine),
        disposition=disposition,
        nucleus_area_px=nucleus.area_px,
        objectness=objectness,
        familiarity_percentile=percentile,
        features=weighed.features[i].astype(np.float16),
        attributes=_seen(engine, weighed.features[i], label, disposition),
        nucleus_in_red_cells=_told(weighed.sizes[i], nucleus, engine.thresholds),
        reason=reason,
        signs=signs,
        of_all=dict(zip(engine.classes, map(float, weighed.of_all[i]), strict=True)),
    )


def reason_of(box: Box, seen: Field) -> str:
    """Why a cell of a picture is not accepted whatever the network says; empty where it may be.

    Args:
        box: the cell, px of the picture.
        seen: what `locate` said of that picture, with what is drawn on it.
    """
    if seen.um_per_px is None:
        shows_small_cells = max(seen.labels.shape) > FIRST_SIDE_PX
    else:
        shows_small_cells = seen.um_per_px > SMALL_CELLS_FROM_UM_PER_PX
    if shows_small_cells and max(box.width, box.height) < SMALLEST_NAMED_PX:
        return TOO_SMALL
    return MARKED if seen.marks is not None and is_crossed(box, seen.marks) else ""


def _by_class(p: np.ndarray, engine: Engine) -> dict[str, float]:
    named = dict(zip(engine.classes, map(float, p), strict=True))
    return {name: named[name] for name in engine.classes_that_occur}


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
