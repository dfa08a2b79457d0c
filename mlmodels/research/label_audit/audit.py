"""Labels doubted by a model that did not train on their pictures. It changes none of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mlmodels.ml.datasets.manifest import Row
from mlmodels.ml.datasets.splits import assign_folds
from mlmodels.ml.inference.calibration import softmax
from mlmodels.ml.training.attribute_fitting import principal_directions
from mlmodels.ml.training.linear_head import fit_linear_head

# A label is contradicted where another class has at least this probability.
CONTRADICTED = 0.9
# Of the data against the penalty: heads of attributes on such features need no temperature there.
STRENGTH = 0.1


@dataclass(frozen=True)
class Doubt:
    """A source whose label is contradicted.

    Args:
        source: as the manifest has it.
        paths: of its pictures, relative to the data folder.
        label: as the manifest has it.
        instead: the class that the model names.
        probability: of `instead`, mean over the pictures, 0 to 1.
        label_probability: of `label`, likewise.
        agreeing: of how many of the pictures the model names `instead`.
    """

    source: str
    paths: tuple[str, ...]
    label: str
    instead: str
    probability: float
    label_probability: float
    agreeing: int


def two_fold_probabilities(
    features: np.ndarray, rows: Sequence[Row], classes: Sequence[str]
) -> np.ndarray:
    """Class probabilities of each picture by a linear head that did not see its source.

    Args:
        features: float array (N, F).
        rows: of the pictures; each label is one of `classes`.
        classes: in the order of the columns.

    Returns:
        float64 (N, K): fitted on one half of the sources, told of the other.
    """
    labels = [row.label for row in rows]
    truth = np.array([list(classes).index(label) for label in labels])
    half = assign_folds([row.source for row in rows], labels, 2)
    told = np.zeros((len(rows), len(classes)))
    for k in (0, 1):
        centre, directions = principal_directions(features[half != k])
        z = (features - centre) @ directions
        head = fit_linear_head(z[half != k], truth[half != k], len(classes), c=STRENGTH)
        told[half == k] = softmax(head.logits(z[half == k]))
    return told


def contradicted_labels(
    rows: Sequence[Row], probabilities: np.ndarray, classes: Sequence[str]
) -> list[Doubt]:
    """The sources whose label another class contradicts, the most doubtful first.

    Args:
        rows: of pictures of one set.
        probabilities: float array (N, K), of models that did not train on the picture's source;
            a row of zeros where no cell was found, which says nothing of the label.
        classes: in the order of the columns.
    """
    groups: dict[tuple[str, str], list[int]] = {}
    for place, row in enumerate(rows):
        if probabilities[place].any():
            groups.setdefault((row.source, row.label), []).append(place)
    doubts = []
    for (source, label), places in groups.items():
        mean = probabilities[places].mean(axis=0)
        best = int(mean.argmax())
        if classes[best] == label or mean[best] < CONTRADICTED:
            continue
        named = probabilities[places].argmax(axis=1)
        doubts.append(
            Doubt(
                source=source,
                paths=tuple(rows[i].path for i in places),
                label=label,
                instead=classes[best],
                probability=float(mean[best]),
                label_probability=float(mean[list(classes).index(label)]),
                agreeing=int((named == best).sum()),
            )
        )
    return sorted(doubts, key=lambda doubt: (-doubt.probability, doubt.source))
