"""A version's network with whole numbers of eight bits inside, beside the float one.

Written where a recipe asks for it, calibrated by itself, and kept only where it says the same
(decision 0025). It trains nothing and leaves the float files as they are.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mlmodels.ml.inference.calibration import ACCEPTED
from mlmodels.ml.inference.engine import FAMILIARITY_INT8, Engine, load_engine
from mlmodels.ml.inference.pipeline import read_pixels
from mlmodels.ml.inference.runtimes.choose import FILES, INT8, INT8_FILE, open_runtime
from mlmodels.ml.inference.version_files import file_of
from mlmodels.ml.pictures.reading import decode_image
from mlmodels.ml.training.calibration.version_calibration import ask, ask_changed, calibrate
from mlmodels.ml.training.crop_cache import NO_CELL
from mlmodels.ml.training.data import TrainingData
from mlmodels.ml.training.recipe import Recipe

# What is asked of it, on so many cells: the same class and the same acceptance (decision 0025).
LEAST_SAME_CLASS, LEAST_SAME_ACCEPTANCE = 0.995, 0.99
CELLS = 2000
# Training cells whose crops tell the range of each layer's numbers, each once as in use and once
# changed as in the recipe's mildest stage. More of them moved nothing (docs/model/speed.md).
RANGE_CELLS = 200


@dataclass(frozen=True)
class Sameness:
    """How far two engines of one version say the same.

    Args:
        n: pictures in which at least one of the two found a cell.
        same_class: of these, in how many the principal cell has the same class in both.
        same_acceptance: in how many both accept it, or both do not.
    """

    n: int
    same_class: int
    same_acceptance: int

    @property
    def holds(self) -> bool:
        """Whether the one may stand for the other."""
        return (
            self.n > 0
            and self.same_class >= LEAST_SAME_CLASS * self.n
            and self.same_acceptance >= LEAST_SAME_ACCEPTANCE * self.n
        )

    def in_words(self) -> str:
        """What was measured, as a sentence of a card."""
        said = (
            f"on {self.n} cells the network of eight bits names {self.same_class} as the float "
            f"one does ({LEAST_SAME_CLASS:.1%} are wanted) and accepts alike "
            f"{self.same_acceptance} ({LEAST_SAME_ACCEPTANCE:.0%} are wanted)"
        )
        end = "It is used where it is asked for" if self.holds else "So the float one is used"
        return f"{said[0].upper()}{said[1:]}. {end}."


def add_eight_bits(
    folder: Path, data: TrainingData, recipe: Recipe, data_root: Path
) -> dict[str, Any]:
    """Write the network of eight bits into a finished version's folder, if it says the same.

    Args:
        folder: a whole version; its checksums are written anew by whoever calls.
        data, recipe: that it was trained with.
        data_root: the data folder.

    Returns:
        For the card, under `eight_bits`: what was measured, whether it is used and why, and,
        where it is, the settings of the engine that were chosen for it. Without it neither its
        file nor its familiarity stays in the folder.

    Raises:
        ArtifactDamaged: the version is not whole.
    """
    drop_eight_bits(folder)
    floats = load_engine(folder, runtime="litert")
    training = _training_cells(data)
    # What set the ranges is not what they are judged by.
    ranging, rest = training[:RANGE_CELLS], training[RANGE_CELLS:]
    compared = np.concatenate([_cells(data, data.calibration), rest])[:CELLS]
    write_int8(
        file_of(folder, FILES["keras"]),
        folder / INT8_FILE,
        _range_crops(floats, data, ranging, recipe, data_root),
    )
    bare = replace(floats, runtime=open_runtime(folder, INT8))
    chosen = calibrate(bare, data, recipe, data_root)
    settings = chosen.settings(data.classes)
    eight = replace(
        bare,
        temperature=chosen.temperature,
        thresholds=chosen.thresholds,
        familiarity=chosen.familiarity,
        size_limits=chosen.size_limits,
    )
    found = sameness(floats, eight, [data_root / data.crops[i].path for i in compared])
    said = {"used": found.holds, "why": found.in_words(), "range_cells": len(ranging)}
    said |= {name: getattr(found, name) for name in ("n", "same_class", "same_acceptance")}
    if not found.holds:
        drop_eight_bits(folder)
        return said
    chosen.familiarity.save(folder / FAMILIARITY_INT8)
    return {**said, "engine": settings, "calibration": chosen.figures()}


def drop_eight_bits(folder: Path) -> None:
    """Take the network of eight bits, and what is its own, out of a version's folder."""
    for name in (INT8_FILE, FAMILIARITY_INT8):
        (folder / name).unlink(missing_ok=True)


def write_int8(keras_file: Path, file: Path, crops: np.ndarray) -> None:
    """Write a network as LiteRT with whole numbers of eight bits.

    Weights have a scale for each channel, what flows between layers one for each layer; crops
    go in and answers come out as floats, as with the other file.

    Args:
        keras_file: the network.
        file: is written.
        crops: uint8 array, shape (N, side, side, 3), whose layers' smallest and largest numbers
            are the ranges; at least one.

    Source: Jacob 2018 (arXiv 1712.05877); one scale a channel: Krishnamoorthi 2018
    (arXiv 1806.08342).
    """
    import keras
    import tensorflow as tf

    def ranges() -> Iterator[list[np.ndarray]]:
        for crop in crops:
            yield [crop[np.newaxis].astype(np.float32)]

    model = keras.saving.load_model(keras_file, compile=False, safe_mode=True)
    with tempfile.TemporaryDirectory() as folder:
        model.export(folder, format="tf_saved_model", verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = ranges
        file.write_bytes(converter.convert())


def sameness(floats: Engine, eight: Engine, pictures: Sequence[Path]) -> Sameness:
    """Let two engines read pictures as in use, and count where they say the same.

    Args:
        floats, eight: each with its own calibration.
        pictures: files of which the principal cell counts; one found by neither is left out.
    """
    said = []
    for picture in pictures:
        rgb = decode_image(picture.read_bytes())
        cells = [read_pixels(rgb, engine).cells for engine in (floats, eight)]
        if any(cells):
            said.append([(c[0].label, c[0].disposition == ACCEPTED) if c else None for c in cells])
    both = [(one, other) for one, other in said if one and other]
    return Sameness(
        n=len(said),
        same_class=sum(one[0] == other[0] for one, other in both),
        same_acceptance=sum(one[1] == other[1] for one, other in both),
    )


def _cells(data: TrainingData, places: np.ndarray) -> np.ndarray:
    """The places in `data.crops` at which there is a cell."""
    return np.array([i for i in places if data.crops[i].label != NO_CELL], int)


def _training_cells(data: TrainingData) -> np.ndarray:
    """Places of the training cells, those of each set and class in turn."""
    groups: dict[tuple[str, str], list[int]] = {}
    for i in _cells(data, data.training):
        groups.setdefault((data.crops[i].set, data.crops[i].label), []).append(int(i))
    turns = sorted((turn, name, i) for name, of in groups.items() for turn, i in enumerate(of))
    return np.array([i for _, _, i in turns], int)


def _range_crops(
    engine: Engine, data: TrainingData, places: np.ndarray, recipe: Recipe, root: Path
) -> np.ndarray:
    """Crops of cells as in use, and the same cells mildly changed."""
    mild = recipe.stages[-1].augmentation or recipe.augmentation
    as_in_use = ask(engine, data, places, root).crops
    changed = ask_changed(engine, data, places, replace(recipe, augmentation=mild)).crops
    return np.concatenate([as_in_use, changed])
