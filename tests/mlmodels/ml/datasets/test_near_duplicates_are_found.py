"""The same cell turned, mirrored, moved or scaled is found across a split; others are not."""

import cv2
import numpy as np
import pytest

from mlmodels.ml.datasets.near_duplicates import PairRule, find_pairs, likeness, look_at, propose
from tests.drawn_cells import draw_smear

BEHIND = (236, 231, 226)


def field(seed: int) -> np.ndarray:
    return draw_smear(seed=seed, cells=1, width=320, height=240)


def turned(rgb: np.ndarray, degrees: float, scale: float = 1.0) -> np.ndarray:
    height, width = rgb.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale)
    return cv2.warpAffine(rgb, matrix, (width, height), borderValue=BEHIND)


CHANGES = {
    "the same": lambda rgb: rgb,
    "turned by 33 degrees": lambda rgb: turned(rgb, 33),
    "turned by a quarter": lambda rgb: np.ascontiguousarray(np.rot90(rgb)),
    "mirrored": lambda rgb: np.ascontiguousarray(rgb[:, ::-1]),
    "mirrored and turned": lambda rgb: turned(np.ascontiguousarray(rgb[::-1]), 70),
    "moved": lambda rgb: np.ascontiguousarray(rgb[20:, 30:]),
    "half as large": lambda rgb: cv2.resize(
        rgb, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA
    ),
    "saved with loss": lambda rgb: cv2.imdecode(
        cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, 60])[1], cv2.IMREAD_COLOR
    ),
    "under other light": lambda rgb: np.clip(rgb * 0.85 + 12, 0, 255).astype(np.uint8),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_same_cell_is_found_across_a_split(shipped_engine, change):
    looks = [look_at(field(seed), shipped_engine) for seed in range(4)]
    looks.append(look_at(change(field(2)), shipped_engine))
    pairs = find_pairs(looks, ["train"] * 4 + ["test"])
    assert [(pair.first, pair.second) for pair in pairs] == [(2, 4)]
    assert pairs[0].likeness > 0.75


def test_two_pictures_of_one_split_are_no_pair(shipped_engine):
    looks = [look_at(field(seed), shipped_engine) for seed in (1, 1, 2)]
    assert find_pairs(looks, ["train", "train", "test"]) == []
    assert find_pairs(looks, ["train"] * 3) == []


def test_different_cells_are_no_pairs(shipped_engine):
    looks = [look_at(field(seed), shipped_engine) for seed in range(8)]
    assert find_pairs(looks, ["train", "test"] * 4) == []


def test_the_same_pictures_give_the_same_pairs(shipped_engine):
    looks = [look_at(turned(field(seed), 20 * seed), shipped_engine) for seed in (1, 1, 2, 2)]
    splits = ["train", "test"] * 2
    assert find_pairs(looks, splits) == find_pairs(looks, splits)


def test_each_nucleus_proposes_only_so_many(shipped_engine):
    looks = [look_at(field(seed), shipped_engine) for seed in range(8)]
    splits = ["train", "test"] * 4
    assert len(propose(looks, splits, PairRule(neighbours=1))) <= 8
    assert len(propose(looks, splits, PairRule(neighbours=10))) == 16


def test_an_empty_picture_is_like_none(shipped_engine):
    empty = look_at(np.full((240, 320, 3), BEHIND, np.uint8), shipped_engine)
    assert empty.features.shape[0] == 1
    assert likeness(empty, empty) == 0.0
    assert likeness(empty, look_at(field(1), shipped_engine)) == 0.0
