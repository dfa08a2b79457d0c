"""Fitting the head of attributes: on training pictures, all chosen on the calibration split.

Needs no gradient of the network, only its features of pictures read as in use.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from mlmodels.ml.inference.attributes import (
    NEVER,
    TABLE,
    WANTED,
    AttributeHead,
    belongs,
    read_attribute_table,
)
from mlmodels.ml.inference.calibration import softmax
from mlmodels.ml.inference.crops import cut_crop
from mlmodels.ml.inference.engine import Engine
from mlmodels.ml.inference.finding.localize import locate
from mlmodels.ml.pictures.reading import decode_image
from mlmodels.ml.training.calibration.fitting import fit_temperature
from mlmodels.ml.training.crop_cache import NO_CELL, Crop
from mlmodels.ml.training.data import TrainingData
from mlmodels.ml.training.linear_head import LinearHead, fit_linear_head
from mlmodels.ml.whole_files import written_whole

logger = logging.getLogger(__name__)

COMPONENTS = 64
STRENGTHS = (0.003, 0.01, 0.03)
FEWEST = 2
AT_ONCE = 32


class Picture(Protocol):
    """What is asked of a picture whose features are wanted."""

    @property
    def path(self) -> str: ...
    @property
    def sha256(self) -> str: ...


@dataclass(frozen=True)
class Described:
    """Cells with known attributes.

    Args:
        features: float32 (N, F).
        labels: class of each.
        values: value by attribute of each.
    """

    features: np.ndarray
    labels: tuple[str, ...]
    values: tuple[dict[str, str], ...]

    def truth(self, attribute: str, names: Sequence[str]) -> np.ndarray:
        """int array (N,), the value's place in `names`; -1 where it is not known or another."""
        place = {name: k for k, name in enumerate(names)}
        return np.array([place.get(row.get(attribute, ""), -1) for row in self.values], dtype=int)


def fit_for_run(
    engine: Engine,
    data: TrainingData,
    root: Path,
    *,
    cache: Path | None = None,
) -> tuple[AttributeHead, dict[str, Any]] | None:
    """Fit the head on the pictures of a run that carry attributes.

    Args:
        engine: only its runtime, views and crop rule are used.
        data: of the run; no picture outside its training and calibration split is looked at.
        root: the data folder.
        cache: where features are kept, if at all.

    Returns:
        The head and what the card says of it; nothing where too few pictures carry attributes.
    """
    known = _tables(data, root)
    parts = []
    for places in (data.training, data.calibration):
        cells = {c.path: c for c in (data.crops[i] for i in places) if c.label != NO_CELL}
        kept = [crop for path, crop in cells.items() if known.get(path)]
        if len(kept) < FEWEST:
            return None
        parts.append(describe(engine, kept, known, root, cache=cache))
    return fit_attribute_head(*parts)


def describe(
    engine: Engine,
    crops: Sequence[Crop],
    known: dict[str, dict[str, str]],
    root: Path,
    *,
    cache: Path | None = None,
) -> Described:
    """Features of pictures, located and cut as in use, beside what is known of them.

    Args:
        engine: only its runtime, views and crop rule are used.
        crops: one for each picture.
        known: value by attribute, by path.
        root: the data folder.
        cache: where features are kept, under a name that follows from weights and pictures.
    """
    features, found = picture_features(engine, crops, root, cache=cache)
    kept = [crop for crop, there in zip(crops, found, strict=True) if there]
    return Described(
        features[found],
        tuple(crop.label for crop in kept),
        tuple(known[crop.path] for crop in kept),
    )


def fit_attribute_head(
    training: Described, calibration: Described
) -> tuple[AttributeHead, dict[str, Any]]:
    """Fit one regularised multinomial logistic regression an attribute.

    Args:
        training: cells that fit the weights.
        calibration: cells that choose penalty, temperature and least probabilities.

    Returns:
        The head, and for the card: counts, and by attribute the strength chosen, the values,
        and macro-F1 on the calibration cells, which chose strength and temperature.
    """
    centre, directions = principal_directions(training.features)
    z, z_calibration = (
        ((part.features - centre) @ directions).astype(np.float64)
        for part in (training, calibration)
    )
    blocks: list[_Block] = []
    told = {}
    for attribute in sorted({name for row in training.values for name in row}):
        names = sorted({row[attribute] for row in training.values if attribute in row})
        block, score = _fit_block(
            attribute,
            names,
            (z, training.truth(attribute, names)),
            (z_calibration, calibration.truth(attribute, names)),
        )
        blocks.append(block)
        told[attribute] = {"values": names, "strength": block.strength, "inner_macro_f1": score}
    return _joined(blocks, centre, directions, training), {
        "n": len(training.labels),
        "n_inner": len(calibration.labels),
        "wanted": WANTED,
        "per_attribute": told,
    }


def macro_f1(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Mean F1 of the values that occur in `truth`.

    Args:
        truth, predicted: int or str arrays (N,), N at least 1.
    """
    scores = []
    for value in np.unique(truth):
        hits = int(((truth == value) & (predicted == value)).sum())
        scores.append(2 * hits / int((truth == value).sum() + (predicted == value).sum()))
    return float(np.mean(scores))


def least_probability(probability: np.ndarray, right: np.ndarray, wanted: float) -> float:
    """The lowest probability from which on a share `wanted` is right, one wrong cell added.

    The added cell keeps few lucky answers from counting: at 0.9 it takes nine right ones.

    Args:
        probability: float array (N,), of cells given one value.
        right: bool array (N,).
        wanted: share that must be right, 0 to 1.

    Returns:
        A probability, at least 0.5; `NEVER` where none will do.
    """
    order = np.argsort(-probability, kind="stable")
    share = np.cumsum(right[order]) / np.arange(2, len(order) + 2)
    enough = np.flatnonzero(share >= wanted)
    return max(0.5, float(probability[order][enough[-1]])) if enough.size else NEVER


def _tables(data: TrainingData, root: Path) -> dict[str, dict[str, str]]:
    """What is known of pictures of the run's sets, by path."""
    files = [root / TABLE] + [root / "cells" / name / TABLE for name in sorted(data.crop_caches)]
    known: dict[str, dict[str, str]] = {}
    for file in files:
        known |= read_attribute_table(file)
    return known


def picture_features(
    engine: Engine,
    pictures: Sequence[Picture],
    root: Path,
    *,
    cache: Path | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """What the network makes of each picture's principal cell, before it names a class.

    Args:
        engine: only its runtime, views and crop rule are used.
        pictures: path and hash of each.
        root: what the paths are relative to.
        cache: where features are kept, if at all.

    Returns:
        features float32 (N, F), and bool (N,), whether a cell was found.
    """
    text = "\n".join([engine.weights_sha256, str(engine.views), str(engine.crop_rule)])
    text += "".join(f"\n{picture.sha256}" for picture in pictures)
    key = hashlib.sha256(text.encode()).hexdigest()[:16]
    file = cache / f"features-{key}.npz" if cache and engine.weights_sha256 else None
    if file and file.is_file():
        with np.load(file, allow_pickle=False) as arrays:
            return arrays["features"], arrays["found"]
    parts, found = [], []
    for start in range(0, len(pictures), AT_ONCE):
        cut = [_principal_crop(engine, root / p.path) for p in pictures[start : start + AT_ONCE]]
        there = [crop is not None for crop in cut]
        side = engine.crop_rule.side_px
        blank = np.zeros((side, side, 3), np.uint8)
        parts.append(engine.run(np.stack([blank if c is None else c for c in cut]))[2])
        found += there
        if start % (20 * AT_ONCE) == 0:
            logger.info("%s of %s pictures read for their features", start, len(pictures))
    features, whole = np.concatenate(parts).astype(np.float32), np.array(found, dtype=bool)
    if file:
        with written_whole(file) as stream:
            np.savez(stream, features=features, found=whole)
    return features, whole


def _principal_crop(engine: Engine, file: Path) -> np.ndarray | None:
    rgb = decode_image(file.read_bytes())
    seen = locate(rgb)
    if not seen.nuclei:
        return None
    return cut_crop(rgb, seen, seen.nuclei[0], engine.crop_rule)


def principal_directions(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean (F,) and the first principal directions (F, C) of training features."""
    x = np.asarray(features, dtype=np.float64)
    centre = x.mean(axis=0)
    _, vectors = np.linalg.eigh((x - centre).T @ (x - centre))
    count = min(COMPONENTS, len(x) - 1, x.shape[1])
    return centre, vectors[:, ::-1][:, :count]


@dataclass(frozen=True)
class _Block:
    """The head of one attribute on principal components, and from when on its values are said."""

    attribute: str
    names: list[str]
    head: LinearHead
    strength: float
    temperature: float
    least: list[float]
    families: dict[str, float]


def _fit_block(
    attribute: str,
    names: list[str],
    training: tuple[np.ndarray, np.ndarray],
    calibration: tuple[np.ndarray, np.ndarray],
) -> tuple[_Block, float]:
    """The block with the least log loss on the calibration cells, and its macro-F1 on them."""
    (z, truth), (z_calibration, truth_calibration) = (
        (x[t >= 0], t[t >= 0]) for x, t in (training, calibration)
    )
    tried = []
    for strength in STRENGTHS:
        head = _with_shares(fit_linear_head(z, truth, len(names), c=strength), truth)
        logits = head.logits(z_calibration)
        temperature = fit_temperature(logits, truth_calibration)
        p = softmax(logits, temperature)
        loss = -np.log(np.maximum(p[np.arange(len(p)), truth_calibration], 1e-12)).mean()
        tried.append((float(loss), strength, head, temperature, p))
    _, strength, head, temperature, p = min(tried, key=lambda one: one[:2])
    best = p.argmax(axis=1)
    least = [
        least_probability(p[best == k, k], truth_calibration[best == k] == k, WANTED)
        for k in range(len(names))
    ]
    families = {f: _family_least(names, f, p, truth_calibration, least) for f in _families(names)}
    block = _Block(attribute, names, head, strength, temperature, least, families)
    return block, macro_f1(truth_calibration, best) if len(best) else 0.0


def _families(names: Sequence[str]) -> list[str]:
    """What stands before a hyphen in more than one value: "segmented", "unsegmented"."""
    counts = Counter(name.partition("-")[0] for name in names if "-" in name)
    return sorted(family for family, count in counts.items() if count > 1)


def _family_least(
    names: Sequence[str], family: str, p: np.ndarray, truth: np.ndarray, least: Sequence[float]
) -> float:
    """From when on a family is said: chosen on cells of which no single value is sure enough."""
    members = [k for k, name in enumerate(names) if belongs(name, family)]
    best = p.argmax(axis=1)
    open_cells = np.isin(best, members) & (p.max(axis=1) < np.asarray(least)[best])
    together = p[open_cells][:, members].sum(axis=1)
    return least_probability(together, np.isin(truth[open_cells], members), WANTED)


def _with_shares(head: LinearHead, truth: np.ndarray) -> LinearHead:
    """A head fitted with all values counting the same, told how common each one is.

    Bayes' rule: the logarithm of each value's share among the training cells is added.
    """
    counts = np.bincount(truth, minlength=len(head.bias))
    return replace(head, bias=head.bias + np.log(counts / counts.sum()))


def _joined(
    blocks: Sequence[_Block], centre: np.ndarray, directions: np.ndarray, training: Described
) -> AttributeHead:
    """All blocks as one matrix on bare features: centring, scaling and temperature folded in."""
    columns = [(block.attribute, name) for block in blocks for name in block.names]
    families = {(b.attribute, f): least for b in blocks for f, least in b.families.items()}
    weights, bias = [], []
    for block in blocks:
        h = block.head
        slope = directions @ (h.weights / h.deviation[:, None]) / block.temperature
        start = (h.bias - (h.mean / h.deviation) @ h.weights) / block.temperature
        weights.append(slope)
        bias.append(start - centre @ slope)
    classes = sorted(set(training.labels))
    labels = np.array(training.labels)
    shown = np.array([[row.get(a) == value for a, value in columns] for row in training.values])
    shares = np.stack([shown[labels == label].mean(axis=0) for label in classes])
    return AttributeHead(
        tuple(columns),
        tuple(classes),
        np.concatenate(weights, axis=1).astype(np.float32),
        np.concatenate(bias).astype(np.float32),
        np.concatenate([block.least for block in blocks]).astype(np.float32),
        tuple(families),
        np.array(list(families.values()), dtype=np.float32),
        shares.astype(np.float32),
    )
