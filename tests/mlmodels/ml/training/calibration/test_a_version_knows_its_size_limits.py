"""A recipe that lets sizes count ends in a version with limits; others and older ones have none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from mlmodels.ml.classes import CLASSES
from mlmodels.ml.datasets.manifest import Row, write_manifest
from mlmodels.ml.inference.engine import load_engine
from mlmodels.ml.training.export import finish_version
from mlmodels.ml.training.loop import RunPlan, train
from mlmodels.ml.training.recipe import Recipe
from tests.drawn_cells import BACKGROUND, NUCLEUS, RED_CELL, encode
from tests.factories.models import make_version_folder


@pytest.fixture(scope="module")
def two_sizes(tmp_path_factory) -> Path:
    """Drawn fields of red cells, each with a nucleus of half or of one and a half their width."""
    root = tmp_path_factory.mktemp("two_sizes")
    rows = []
    for number in range(100):
        label, radius_px = (("platelet", 12), ("neutrophil", 36))[number % 2]
        name = f"{number:02}.png"
        (root / name).write_bytes(encode(a_field(radius_px + number % 3), "PNG"))
        rows.append(Row(name, label, f"slide {number}", "train", "photograph"))
    write_manifest(rows, root / "manifest.csv")
    return root


def a_field(nucleus_px: int) -> np.ndarray:
    """Red cells of a radius of 24 px in rows, and a round nucleus in the middle."""
    picture = np.full((350, 480, 3), BACKGROUND, np.uint8)
    for x in (45, 125, 365, 440):
        for y in (40, 130, 220, 310):
            cv2.circle(picture, (x, y), 24, RED_CELL, -1, cv2.LINE_AA)
    cv2.circle(picture, (240, 175), nucleus_px, NUCLEUS, -1, cv2.LINE_AA)
    return picture


@pytest.fixture(scope="module")
def learned(tiny_recipe, two_sizes, tmp_path_factory):
    """A network trained on those fields; what its version is calibrated by is said afterwards."""
    run = tmp_path_factory.mktemp("run")
    return train(RunPlan(tiny_recipe, two_sizes, run, run, threads=1))


def limits_of(learned, recipe: Recipe, data_root: Path, version: Path) -> np.ndarray | None:
    about = {"name": "tiny", "version": "0.0.1", "hold_out": "", "git_revision": ""}
    model, data = learned
    finish_version(model, data, recipe, data_root=data_root, output=version, **about)
    return load_engine(version, runtime="litert").size_limits


@pytest.mark.slow
def test_small_classes_get_a_limit_and_others_none(learned, tiny_recipe, two_sizes, tmp_path):
    calibration = replace(tiny_recipe.calibration, size_percentile=90.0)
    recipe = replace(tiny_recipe, calibration=calibration)
    limits = limits_of(learned, recipe, two_sizes, tmp_path / "version")
    assert limits is not None
    platelet = CLASSES.index("platelet")
    # The widest that was drawn has a radius of 14 px.
    assert limits[platelet] == pytest.approx(14 / 24, rel=0.15)
    assert np.isinf(np.delete(limits, platelet)).all()


@pytest.mark.slow
def test_without_a_percentile_sizes_do_not_count(learned, tiny_recipe, two_sizes, tmp_path):
    assert limits_of(learned, tiny_recipe, two_sizes, tmp_path / "version") is None


def test_a_version_from_before_has_none(tmp_path):
    def as_it_was(card: dict) -> None:
        del card["engine"]["size_limits"]

    older = make_version_folder(tmp_path / "older", as_it_was)
    assert load_engine(older, runtime="litert").size_limits is None
