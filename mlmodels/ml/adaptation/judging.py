"""What a version, or a state of its network on the way to one, says of reviewed cells.

By the functions that name cells in use. Nothing is fitted here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mlmodels.ml.adaptation.reviewed_cells import CellCrops
from mlmodels.ml.evaluation.metrics import Answer
from mlmodels.ml.inference.calibration import Signs, evidence_of, sigmoid, softmax
from mlmodels.ml.inference.cell_naming import judge_classes
from mlmodels.ml.inference.engine import Engine
from mlmodels.ml.inference.size_evidence import weigh_sizes


@dataclass(frozen=True)
class Seen:
    """Answers of one state of the network.

    Args:
        logits: float array (N, K), as `weighed` gives them.
        by_size: float array (N, K), what of them the cells' sizes say.
        cell: float array (N,).
        features: float array (N, F).
        layer: weights (F, K) and bias (K,) of the last layer, divided by the version's temperature;
            none where it does not look at the features themselves.
    """

    logits: np.ndarray
    by_size: np.ndarray
    cell: np.ndarray
    features: np.ndarray
    layer: tuple[np.ndarray, np.ndarray] | None = None

    def part(self, places: np.ndarray) -> Seen:
        return replace(
            self,
            logits=self.logits[places],
            by_size=self.by_size[places],
            cell=self.cell[places],
            features=self.features[places],
        )


def weighed(engine: Engine, logits: np.ndarray, cells: CellCrops) -> tuple[np.ndarray, np.ndarray]:
    """Logits divided by the version's temperature, sizes counted in; and what sizes say of them."""
    by_size = np.zeros_like(logits)
    if engine.size_limits is not None:
        by_size = weigh_sizes(logits, cells.sizes, engine.size_limits) - logits
    return (logits + by_size) / engine.temperature, by_size / engine.temperature


@dataclass(frozen=True)
class Verdict:
    """An answer, and how much of its confidence counts for accepting it."""

    answer: Answer
    counting: float


def judge(engine: Engine, logits: np.ndarray, seen: Seen, cells: CellCrops) -> list[Verdict]:
    """Answers of a version, by the functions that name cells in use.

    Args:
        engine: its thresholds, familiarity and classes that occur; its temperature is what the
            base's is multiplied with, by which the logits are divided already.
        logits: float array (N, K), last layer corrected.
        seen: what else the network says of the cells.
        cells: as many.
    """
    p, against = judge_classes(logits, engine)
    percentiles = engine.familiarity.percentiles(seen.features)
    evidence = evidence_of(logits - seen.by_size, engine.temperature)
    rivals = softmax(logits, engine.temperature)[:, engine.rivals].sum(axis=1)
    scores = sigmoid(seen.cell)
    found = []
    for i, row in enumerate(p):
        true = engine.classes[int(cells.truth[i])]
        if scores[i] < engine.thresholds.least_shown:
            found.append(Verdict(Answer(true, "", 0.0, ""), 0.0))
            continue
        label, confidence = engine.classes[int(row.argmax())], float(row.max())
        signs = Signs(confidence, float(percentiles[i]), float(evidence[i]), float(rivals[i]))
        doubts = float(cells.edge_share[i]), float(scores[i])
        disposition = engine.decide(label, signs, *doubts, against=float(against[i]))
        counting = confidence * (1 - float(against[i]))
        found.append(Verdict(Answer(true, label, confidence, disposition), counting))
    return found
