"""What a white cell looks like, attribute by attribute, from the network's own features.

A linear head beside the network: it changes no class, and says nothing where it is not sure.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from mlmodels.ml.errors import ArtifactDamaged, ManifestInvalid
from mlmodels.ml.inference.calibration import softmax

ATTRIBUTES = "attributes.npz"
TABLE = "attributes.csv"
# The share of the words told that is to be right.
WANTED = 0.9
# A value that fewer of a class's cells show is not said of that class.
LEAST_SHARE = 0.01
# Stands where no probability makes a value worth saying.
NEVER = 2.0


@dataclass(frozen=True)
class AttributeValue:
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
        families: (attribute, family) of each, e.g. "segmented" for all values that begin with
            "segmented-"; what is said where no single value is sure.
        family_least: float32 (G,), the same for the family's values together.
        shares: float32 (C, V), how many of the class's training cells show the value, 0 to 1.
    """

    columns: tuple[tuple[str, str], ...]
    classes: tuple[str, ...]
    weights: np.ndarray
    bias: np.ndarray
    least: np.ndarray
    families: tuple[tuple[str, str], ...]
    family_least: np.ndarray
    shares: np.ndarray

    @property
    def attributes(self) -> tuple[str, ...]:
        """Their names, in the order of the columns."""
        return tuple(dict.fromkeys(attribute for attribute, _ in self.columns))

    def read(self, features: np.ndarray) -> list[dict[str, AttributeValue]]:
        """The most probable value of every attribute, sure or not.

        Args:
            features: float array, shape (N, F).

        Returns:
            For each cell, by attribute.
        """
        return self._read(self._probabilities(features))

    def _read(self, p: np.ndarray) -> list[dict[str, AttributeValue]]:
        read: list[dict[str, AttributeValue]] = [{} for _ in p]
        for attribute, block in self._blocks.items():
            for row, of_cell in zip(read, p, strict=True):
                best = block[int(of_cell[block].argmax())]
                row[attribute] = AttributeValue(self.columns[best][1], float(of_cell[best]))
        return read

    def say(self, features: np.ndarray, labels: list[str]) -> list[dict[str, AttributeValue]]:
        """What is sure enough to be told a person.

        Args:
            features: float array, shape (N, F).
            labels: the class that each cell was given.

        Returns:
            For each cell, by attribute: the value with at least its least probability, else its
            family, if cells of the class are known to show it. Nothing for other classes.
        """
        told = []
        p = self._probabilities(features)
        read = self._read(p)
        for label, row, of_cell in zip(labels, read, p, strict=True):
            sure = {name: self._sure(name, value, of_cell, label) for name, value in row.items()}
            told.append({name: value for name, value in sure.items() if value is not None})
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
            family_attribute=np.array([attribute for attribute, _ in self.families], dtype=np.str_),
            family=np.array([family for _, family in self.families], dtype=np.str_),
            family_least=self.family_least,
            shares=self.shares,
        )

    def _probabilities(self, features: np.ndarray) -> np.ndarray:
        """float64 (N, V): those of one attribute add up to 1."""
        logits = np.asarray(features, dtype=np.float32) @ self.weights + self.bias
        p = np.empty(logits.shape)
        for block in self._blocks.values():
            p[:, block] = softmax(logits[:, block])
        return p

    @cached_property
    def _blocks(self) -> dict[str, list[int]]:
        """Places of each attribute's columns."""
        return {
            attribute: [k for k, (name, _) in enumerate(self.columns) if name == attribute]
            for attribute in self.attributes
        }

    def _sure(
        self, attribute: str, best: AttributeValue, p: np.ndarray, label: str
    ) -> AttributeValue | None:
        """The best value, else its family, else nothing."""
        if label not in self.classes:
            return None
        shares = self.shares[self.classes.index(label)]
        place = self.columns.index((attribute, best.value))
        if shares[place] >= LEAST_SHARE and best.probability >= self.least[place]:
            return best
        for (name, family), least in zip(self.families, self.family_least, strict=True):
            if name == attribute and belongs(best.value, family):
                members = family_members(self.columns, (name, family))
                together = float(p[members].sum())
                if shares[members].sum() >= LEAST_SHARE and together >= least:
                    return AttributeValue(family, together)
        return None


def belongs(value: str, said: str) -> bool:
    """Whether a value is what was said, or of the family that was said."""
    return value == said or value.startswith(f"{said}-")


def family_members(columns: Sequence[tuple[str, str]], family: tuple[str, str]) -> list[int]:
    """Places of a family's columns."""
    attribute, name = family
    return [k for k, (a, value) in enumerate(columns) if a == attribute and belongs(value, name)]


def load_attributes(file: Path) -> AttributeHead:
    """Read what `AttributeHead.save` wrote; no pickled objects are accepted.

    Raises:
        ArtifactDamaged: an array is missing, or their shapes do not fit.
    """
    try:
        with np.load(file, allow_pickle=False) as arrays:
            head = AttributeHead(
                _pairs(arrays["attribute"], arrays["value"]),
                tuple(arrays["classes"].tolist()),
                arrays["weights"].astype(np.float32),
                arrays["bias"].astype(np.float32),
                arrays["least"].astype(np.float32),
                _pairs(arrays["family_attribute"], arrays["family"]),
                arrays["family_least"].astype(np.float32),
                arrays["shares"].astype(np.float32),
            )
    except (KeyError, ValueError, OSError) as error:
        raise ArtifactDamaged(
            f"{file.name} cannot be read. Restore the version's folder."
        ) from error
    width = len(head.columns)
    shapes = (head.bias.shape, head.least.shape, head.family_least.shape, head.shares.shape)
    wanted = ((width,), (width,), (len(head.families),), (len(head.classes), width))
    if shapes != wanted or head.weights.shape[1:] != (width,):
        raise ArtifactDamaged(
            f"The arrays of {file.name} do not fit. Restore the version's folder."
        )
    return head


def _pairs(first: np.ndarray, second: np.ndarray) -> tuple[tuple[str, str], ...]:
    return tuple(zip(map(str, first), map(str, second), strict=True))


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
