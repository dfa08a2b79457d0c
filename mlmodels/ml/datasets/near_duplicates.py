"""Finds pictures on both sides of a split that show the same cell: turned, mirrored, moved, scaled.

The engine's features propose pairs; local features and one affine map per pair decide. It reads
no files and resolves nothing: what to do with a pair, a person says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from mlmodels.ml.inference.crops import cut_crop, cut_square
from mlmodels.ml.inference.engine import Engine
from mlmodels.ml.inference.finding.field import Field
from mlmodels.ml.inference.finding.localize import locate
from mlmodels.ml.inference.preprocess import black_corners

WORKING_SIDE_PX = 360
MOST_NUCLEI = 3
CONTRAST = 0.02
RATIO = 0.85
RIDGE = 0.003
REPROJECTION_PX = 4.0
RANSAC_ROUNDS = 500
SCALE_RANGE = (0.25, 4.0)
MOST_STRETCH = 2.0
LEAST_OVERLAP = 0.08
BLUR_SIGMA_PX = 2.0
_CHUNK = 512


@dataclass(frozen=True)
class PairRule:
    """When two pictures count as near-duplicates.

    Args:
        neighbours: how many pictures of the other splits each nucleus proposes.
        keypoints: local features kept of a picture, at most.
        matches: local features that have to agree on one affine map, at least.
        likeness: correlation of the aligned pictures, 0 to 1, at least.

    Source: chosen on the sources of two folds of the public four-class set
    (docs/model/near_duplicates.md).
    """

    neighbours: int = 10
    keypoints: int = 250
    matches: int = 8
    likeness: float = 0.75


@dataclass(frozen=True)
class Look:
    """What is kept of one picture.

    Args:
        features: float16 array, shape (M, F), of its largest nuclei, at least one row.
        grey: uint8 array, shape (h, w), the green channel at working size.
        seen: bool array, shape (h, w), false where the picture has no content.
        points: float32 array, shape (P, 2), (x, y) of local features, px of `grey`.
        descriptors: uint8 array, shape (P, 128), SIFT's.
    """

    features: np.ndarray
    grey: np.ndarray
    seen: np.ndarray
    points: np.ndarray
    descriptors: np.ndarray


@dataclass(frozen=True)
class Pair:
    """Two pictures that seem to show the same cell.

    Args:
        first, second: places of the pictures, first < second.
        likeness: correlation of the aligned pictures, 0 to 1.
    """

    first: int
    second: int
    likeness: float


def look_at(rgb: np.ndarray, engine: Engine, rule: PairRule = PairRule()) -> Look:
    """Take from a picture what comparing needs.

    Args:
        rgb: uint8 array, shape (H, W, 3), 0 to 255, oriented RGB.
        engine: gives the features; averaged over the eight ways to lay a crop down.
        rule: how many local features are kept.
    """
    return replace(local_look(rgb, rule), features=_features(rgb, engine))


def local_look(rgb: np.ndarray, rule: PairRule = PairRule()) -> Look:
    """Take from a picture what comparing two of them needs, without an engine's features.

    Args:
        rgb: uint8 array, shape (H, W, 3), 0 to 255, oriented RGB.
        rule: how many local features are kept.

    Source: SIFT, Lowe 2004, IJCV 60:91.
    """
    small = _at_working_size(rgb)
    grey = np.ascontiguousarray(small[..., 1])
    seen = cv2.dilate(black_corners(small), np.ones((9, 9), np.uint8)) == 0
    sift = cv2.SIFT_create(  # type: ignore[attr-defined]
        nfeatures=rule.keypoints, contrastThreshold=CONTRAST
    )
    keypoints, descriptors = sift.detectAndCompute(grey, seen.astype(np.uint8))
    if descriptors is None:
        descriptors = np.zeros((0, 128))
    points = np.array([point.pt for point in keypoints], np.float32).reshape(-1, 2)
    # One more than asked for can come back where two share a place.
    return Look(
        features=np.zeros((0, 0), np.float16),
        grey=grey,
        seen=seen,
        points=points[: rule.keypoints],
        descriptors=descriptors[: rule.keypoints].astype(np.uint8),
    )


def find_pairs(
    looks: Sequence[Look],
    splits: Sequence[str],
    rule: PairRule = PairRule(),
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> list[Pair]:
    """The pairs of pictures of different splits that show the same cell, the most alike first.

    Args:
        looks: of all pictures.
        splits: name of each picture's split.
        rule: thresholds.
        tell: told how many of the proposed pairs are compared.
    """
    proposed = propose(looks, splits, rule)
    found = []
    for done, (first, second) in enumerate(proposed):
        if done % 50 == 0:
            tell(done, len(proposed))
        like = likeness(looks[first], looks[second], rule)
        if like >= rule.likeness:
            found.append(Pair(first, second, like))
    return sorted(found, key=lambda pair: (-pair.likeness, pair.first, pair.second))


def propose(
    looks: Sequence[Look], splits: Sequence[str], rule: PairRule = PairRule()
) -> list[tuple[int, int]]:
    """Pairs of different splits worth comparing: the nearest ones by the engine's features.

    Args:
        looks, splits, rule: as in `find_pairs`.

    Returns:
        (first, second) with first < second, each once, in order.
    """
    if len(set(splits)) < 2:
        return []
    owner = np.repeat(np.arange(len(looks)), [len(look.features) for look in looks])
    space = _whitened(np.concatenate([look.features for look in looks]).astype(np.float32))
    side = np.array(splits)[owner]
    pairs: set[tuple[int, int]] = set()
    for split in sorted(set(splits)):
        here, there = np.flatnonzero(side == split), np.flatnonzero(side != split)
        wanted = min(rule.neighbours, len(there))
        for begin in range(0, len(here), _CHUNK):
            part = here[begin : begin + _CHUNK]
            nearness = space[part] @ space[there].T
            nearest = np.argpartition(-nearness, wanted - 1, axis=1)[:, :wanted]
            ones, others = owner[part].repeat(wanted), owner[there[nearest.ravel()]]
            low, high = np.minimum(ones, others), np.maximum(ones, others)
            pairs.update(zip(low.tolist(), high.tolist(), strict=True))
    return sorted(pairs)


def likeness(first: Look, second: Look, rule: PairRule = PairRule()) -> float:
    """How alike two pictures are once one is laid over the other, mirrored where need be.

    Returns:
        Correlation of the smoothed green channels where both have content, 0 to 1; 0 where no
        affine map carries enough local features from one to the other.

    Source: RANSAC, Fischler and Bolles 1981, CACM 24:381.
    """
    found = [_map_between(first, second, mirrored, rule) for mirrored in (False, True)]
    supported = [entry for entry in found if entry is not None]
    if not supported:
        return 0.0
    affine, _ = max(supported, key=lambda entry: entry[1])
    return _correlation(first, second, affine)


def _whitened(features: np.ndarray) -> np.ndarray:
    """Directions of length 1 in which what all cells share counts little: float32 (N, F).

    Without the ridge, directions that a few pictures happen to span would count as much as any.
    """
    centred = features - features.mean(axis=0)
    if len(centred) < centred.shape[1]:
        _, lengths, rows = np.linalg.svd(centred, full_matrices=False)
        values, vectors = lengths[::-1] ** 2 / len(centred), rows[::-1].T
    else:
        values, vectors = np.linalg.eigh(centred.T @ centred / len(centred))
    ridge = max(RIDGE * float(values[-1]), 1e-12)
    white = (centred @ vectors) / np.sqrt(np.maximum(values, 0) + ridge)
    return white / np.maximum(np.linalg.norm(white, axis=1, keepdims=True), 1e-9)


def _at_working_size(rgb: np.ndarray) -> np.ndarray:
    height, width = rgb.shape[:2]
    scale = WORKING_SIDE_PX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.resize(rgb, size, interpolation=method)


def _features(rgb: np.ndarray, engine: Engine) -> np.ndarray:
    """Features of the largest nuclei; of the middle of the picture where there is none."""
    seen = locate(rgb)
    crops = [cut_crop(rgb, seen, n, engine.crop_rule) for n in seen.nuclei[:MOST_NUCLEI]]
    batch = np.stack(crops or [_middle(rgb, seen, engine.crop_rule.side_px)])
    turned = np.ascontiguousarray(batch.transpose(0, 2, 1, 3))
    return ((engine.run(batch)[2] + engine.run(turned)[2]) / 2).astype(np.float16)


def _middle(rgb: np.ndarray, seen: Field, side_px: int) -> np.ndarray:
    height, width = rgb.shape[:2]
    side = min(height, width)
    return cut_square(rgb, seen, ((width - side) // 2, (height - side) // 2), side, side_px)


def _mirrored_places() -> np.ndarray:
    """Where each of SIFT's 128 numbers stands in the descriptor of the mirrored picture.

    They are 4 rows and 4 columns of 8 directions, laid out along the point's own direction:
    a mirror swaps the rows across that direction and turns each angle round.
    """
    places = np.arange(128).reshape(4, 4, 8)
    return places[::-1][:, :, -np.arange(8) % 8].reshape(-1)


MIRRORED = _mirrored_places()


def _map_between(
    first: Look, second: Look, mirrored: bool, rule: PairRule
) -> tuple[np.ndarray, int] | None:
    """The affine map from the first to the second picture, and how many points agree on it."""
    ours, theirs = _matches(first, second, mirrored)
    if len(ours) < rule.matches:
        return None
    # Its draws come from a generator of OpenCV's own, which starts anew with each call.
    affine, agreeing = cv2.estimateAffine2D(
        first.points[ours],
        second.points[theirs],
        method=cv2.RANSAC,
        ransacReprojThreshold=REPROJECTION_PX,
        maxIters=RANSAC_ROUNDS,
        confidence=0.99,
    )
    if affine is None or int(agreeing.sum()) < rule.matches:
        return None
    largest, smallest = np.linalg.svd(affine[:, :2], compute_uv=False)
    possible = SCALE_RANGE[0] <= smallest and largest <= SCALE_RANGE[1]
    if not possible or largest > MOST_STRETCH * smallest:
        return None
    return affine, int(agreeing.sum())


def _matches(first: Look, second: Look, mirrored: bool) -> tuple[np.ndarray, np.ndarray]:
    """Places of local features whose nearest one is clearly nearer than the second nearest."""
    if len(first.points) < 1 or len(second.points) < 2:
        return np.zeros(0, int), np.zeros(0, int)
    a = first.descriptors.astype(np.float32)
    b = second.descriptors[:, MIRRORED if mirrored else slice(None)].astype(np.float32)
    # OpenCV rather than a matrix product: that one starts threads which busy machines wait for.
    distances, places = cv2.batchDistance(a, b, cv2.CV_32F, normType=cv2.NORM_L2SQR, K=2)
    clear = distances[:, 0] < RATIO**2 * distances[:, 1]
    return np.flatnonzero(clear), places[clear, 0]


def _correlation(first: Look, second: Look, affine: np.ndarray) -> float:
    """Pearson's correlation over the content that both pictures share, 0 where that is little."""
    height, width = first.grey.shape
    inverse = cv2.WARP_INVERSE_MAP
    laid = cv2.warpAffine(second.grey, affine, (width, height), flags=cv2.INTER_LINEAR | inverse)
    seen = second.seen.astype(np.uint8)
    shared = cv2.warpAffine(seen, affine, (width, height), flags=cv2.INTER_NEAREST | inverse) > 0
    shared &= first.seen
    if shared.mean() < LEAST_OVERLAP:
        return 0.0
    ours = cv2.GaussianBlur(first.grey, (0, 0), BLUR_SIGMA_PX)[shared].astype(np.float64)
    theirs = cv2.GaussianBlur(laid, (0, 0), BLUR_SIGMA_PX)[shared].astype(np.float64)
    if ours.std() < 1.0 or theirs.std() < 1.0:
        return 0.0
    return float(np.clip(np.corrcoef(ours, theirs)[0, 1], 0.0, 1.0))
