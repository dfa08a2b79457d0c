"""What a white cell looks like, attribute by attribute, from the network's own features.

A linear head beside the network: it changes no class, and says nothing where it is not sure.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mlmodels.ml.calibration import softmax
from mlmodels.ml.errors import ArtifactDamaged, ManifestInvalid

ATTRIBUTES = "attributes.npz"
TABLE = "attributes.csv"
# A value that fewer of a class's cells show is not said of that class.
LEAST_SHARE = 0.01
# Stands where no probability makes a value worth saying.
NEVER = 2.0


@dataclass(frozen=True)
class Reading:
    """One attribute of one cell.

    Args:
        value: e.g. "segmented-bilobed".
        probability: calibrated, 0 to 1.
    """

    value: str
    probability: float


@dataclass(frozen=True)
class AttributeHead:
    """What is stored in `attributes.npz`. A column is one value of one attribute.

    Args:
        columns: (attribute, value) of each column; an attribute's columns stand together.
        classes: the cell classes that the attributes exist for.
        weights: float32 (F, V); bias: float32 (V,). They give calibrated logits.
        least: float32 (V,), the probability from which on the value is said.
        shares: float32 (C, V), how many of the class's training cells show the value, 0 to 1.
    """

    columns: tuple[tuple[str, str], ...]
    classes: tuple[str, ...]
    weights: np.ndarray
    bias: np.ndarray
    least: np.ndarray
    shares: np.ndarray

    @property
    def attributes(self) -> tuple[str, ...]:
        """Their names, in the order of the columns."""
        return tuple(dict.fromkeys(attribute for attribute, _ in self.columns))

    def read(self, features: np.ndarray) -> list[dict[str, Reading]]:
        """The most probable value of every attribute, sure or not.

        Args:
            features: float array, shape (N, F).

        Returns:
            For each cell, by attribute.
        """
        return [
            {self.columns[k][0]: Reading(self.columns[k][1], p) for k, p in row}
            for row in self._best(features)
        ]

    def say(self, features: np.ndarray, labels: list[str]) -> list[dict[str, Reading]]:
        """What is sure enough to be told a person.

        Args:
            features: float array, shape (N, F).
            labels: the class that each cell was given.

        Returns:
            For each cell, by attribute: the values with at least their least probability that
            cells of the class are known to show. Nothing for other classes.
        """
        told: list[dict[str, Reading]] = []
        for label, row in zip(labels, self._best(features), strict=True):
            if label not in self.classes:
                told.append({})
                continue
            common = self.shares[self.classes.index(label)] >= LEAST_SHARE
            sure = [(k, p) for k, p in row if common[k] and p >= self.least[k]]
            told.append({self.columns[k][0]: Reading(self.columns[k][1], p) for k, p in sure})
        return told

    def usual(self, label: str) -> dict[str, str]:
        """The commonest value of every attribute in a class; nothing for other classes."""
        if label not in self.classes:
            return {}
        shares = self.shares[self.classes.index(label)]
        ordered = sorted(zip(shares, self.columns, strict=True), key=lambda one: one[0])
        return {attribute: value for _, (attribute, value) in ordered}

    def save(self, file: Path) -> None:
        """Write as `.npz`."""
        np.savez_compressed(
            file,
            attribute=np.array([attribute for attribute, _ in self.columns]),
            value=np.array([value for _, value in self.columns]),
            classes=np.array(self.classes),
            weights=self.weights,
            bias=self.bias,
            least=self.least,
            shares=self.shares,
        )

    def _best(self, features: np.ndarray) -> list[list[tuple[int, float]]]:
        """For each cell the best column of every attribute, with its probability."""
        logits = np.asarray(features, dtype=np.float32) @ self.weights + self.bias
        rows: list[list[tuple[int, float]]] = [[] for _ in range(len(logits))]
        for attribute in self.attributes:
            block = [k for k, (name, _) in enumerate(self.columns) if name == attribute]
            p = softmax(logits[:, block])
            for row, best, probabilities in zip(rows, p.argmax(axis=1), p, strict=True):
                row.append((block[best], float(probabilities[best])))
        return rows


def load_attributes(file: Path) -> AttributeHead:
    """Read what `AttributeHead.save` wrote; no pickled objects are accepted.

    Raises:
        ArtifactDamaged: an array is missing, or their shapes do not fit.
    """
    try:
        with np.load(file, allow_pickle=False) as arrays:
            head = AttributeHead(
                tuple(zip(arrays["attribute"].tolist(), arrays["value"].tolist(), strict=True)),
                tuple(arrays["classes"].tolist()),
                arrays["weights"].astype(np.float32),
                arrays["bias"].astype(np.float32),
                arrays["least"].astype(np.float32),
                arrays["shares"].astype(np.float32),
            )
    except (KeyError, ValueError, OSError) as error:
        raise ArtifactDamaged(
            f"{file.name} cannot be read. Restore the version's folder."
        ) from error
    width = len(head.columns)
    fits = head.weights.ndim == 2 and head.weights.shape[1] == len(head.bias) == width
    if not fits or head.shares.shape != (len(head.classes), width) or len(head.least) != width:
        raise ArtifactDamaged(
            f"The arrays of {file.name} do not fit. Restore the version's folder."
        )
    return head


def read_attribute_table(file: Path) -> dict[str, dict[str, str]]:
    """Read an `attributes.csv`: `path`, perhaps `split_hint`, and a column for each attribute.

    Returns:
        By path, value by attribute; what is empty is left out. Nothing where there is no file.

    Raises:
        ManifestInvalid: there is no column `path`.
    """
    if not file.is_file():
        return {}
    with file.open(newline="", encoding="utf-8") as stream:
        reader = csv.DictReader(stream)
        if "path" not in (reader.fieldnames or ()):
            raise ManifestInvalid(f"{file.name} has no column `path`.")
        return {
            row["path"]: {
                name: value
                for name, value in row.items()
                if name not in ("path", "split_hint") and value
            }
            for row in reader
        }
