"""The end of a training: calibrate, choose thresholds, write the version's files, compare them.

Writes `.keras` and `.tflite` of one network and refuses a pair that disagrees.
"""

from __future__ import annotations

import csv
import json
import tempfile
import time
from dataclasses import dataclass, replace
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any

import numpy as np

from mlmodels.ml.agreement import LARGEST_DIFFERENCE, SAME_CLASS
from mlmodels.ml.attribute_fitting import fit_for_run
from mlmodels.ml.attributes import ATTRIBUTES
from mlmodels.ml.augment import augment
from mlmodels.ml.calibration import (
    Thresholds,
    accept_threshold,
    cell_threshold,
    fit_temperature,
    sigmoid,
    softmax,
)
from mlmodels.ml.crop_store import NO_CELL
from mlmodels.ml.crops import CropRule, cut_crop
from mlmodels.ml.engine import CARD, CHECKSUMS, FAMILIARITY, Engine, file_sha256
from mlmodels.ml.errors import ArtifactDamaged
from mlmodels.ml.familiarity import UNFITTED, Familiarity, fit_familiarity
from mlmodels.ml.images import decode_image
from mlmodels.ml.localize import locate
from mlmodels.ml.recipe import Calibration, Recipe
from mlmodels.ml.runtimes.choose import FILES, open_runtime
from mlmodels.ml.training_data import TrainingData

FAMILIAR_CELLS = 1600
TRAINED_ON = "trained_on.csv"
PACKAGES = (
    "tensorflow-cpu",
    "tensorflow",
    "keras",
    "ai-edge-litert",
    "numpy",
    "opencv-python-headless",
    "pillow",
)


@dataclass(frozen=True)
class Answers:
    """What the network says of pictures cut as in use.

    Args:
        truth: int array (N,), the class's place.
        logits: float32 (N, K); cell: float32 (N,); features: float32 (N, F).
        crops: uint8 (N, side, side, 3).
        sets: name of the set of each, str array (N,).
    """

    truth: np.ndarray
    logits: np.ndarray
    cell: np.ndarray
    features: np.ndarray
    crops: np.ndarray
    sets: np.ndarray


def finish_version(
    model: Any,
    data: TrainingData,
    recipe: Recipe,
    *,
    name: str,
    version: str,
    data_root: Path,
    output: Path,
    hold_out: str,
    git_revision: str,
) -> dict[str, Any]:
    """Turn a trained network into a version's folder.

    Args:
        model: the trained Keras model.
        data, recipe: what it was trained with.
        name, version: of the model; they go on the card.
        data_root: the data folder.
        output: the folder to write.
        hold_out: the split left out, or empty.
        git_revision: of the code.

    Returns:
        The card.

    Raises:
        ArtifactDamaged: the two files disagree.
    """
    from mlmodels.ml.runtimes.keras_runtime import KerasRuntime

    output.mkdir(parents=True, exist_ok=True)
    bare = Engine(
        name=name,
        version=version,
        classes=data.classes,
        crop_rule=CropRule(recipe.crop.scale, recipe.architecture.input_px),
        views=recipe.views,
        temperature=1.0,
        thresholds=Thresholds(0.5, 0.0, 0.0, 100.0, 100.0),
        familiarity=UNFITTED,
        runtime=KerasRuntime.of(model),
    )
    inner = ask(bare, data, data.inner, data_root)
    changed = ask_changed(bare, data, data.inner, recipe)
    known = ask(bare, data, _some_training_cells(data), data_root)
    familiarity = fit_familiarity(known.features, known.truth, inner.features)
    temperature, thresholds = choose_thresholds(inner, changed, familiarity, recipe)
    familiarity.save(output / FAMILIARITY)
    described = fit_for_run(bare, data, data_root)
    (output / ATTRIBUTES).unlink(missing_ok=True)
    if described:
        described[0].save(output / ATTRIBUTES)
    model.save(output / FILES["keras"])
    write_litert(model, output / FILES["litert"])
    agreement = compare_runtimes(output, bare, inner.crops, temperature)
    write_trained_on(data, output / TRAINED_ON)
    card = _card(bare, data, recipe, inner, temperature, thresholds)
    card |= {"agreement": agreement, "hold_out": hold_out, "git_revision": git_revision}
    card |= {"attributes": described[1]} if described else {}
    write_card(card, output)
    return card


def ask(engine: Engine, data: TrainingData, places: np.ndarray, root: Path) -> Answers:
    """Let the network answer for pictures of the run, located and cut as in use.

    Args:
        engine: only its runtime, views and crop rule are used.
        data: of the run.
        places: in `data.crops`; those of no cell are passed over.
        root: the data folder.
    """
    crops, truth, sets = [], [], []
    for i in places:
        crop = data.crops[i]
        if crop.label == NO_CELL:
            continue
        rgb = decode_image((root / crop.path).read_bytes())
        seen = locate(rgb)
        crops.append(cut_crop(rgb, seen, seen.nuclei[0], engine.crop_rule))
        truth.append(data.classes.index(crop.label))
        sets.append(crop.set)
    stacked = np.stack(crops)
    return Answers(np.array(truth), *engine.run(stacked), crops=stacked, sets=np.array(sets))


def ask_changed(engine: Engine, data: TrainingData, places: np.ndarray, recipe: Recipe) -> Answers:
    """Let the network answer for pictures as another microscope might have shown them.

    Args:
        engine: only its runtime and views are used.
        data: of the run.
        places: in `data.crops`; those of no cell are passed over.
        recipe: each picture is changed once by its augmentation, the same with every run.
    """
    rng = np.random.default_rng(recipe.seed)
    ratio = recipe.crop.scale / recipe.crop.wide_scale
    cells = [i for i in places if data.crops[i].label != NO_CELL]
    crops = []
    for i in cells:
        name, place = data.places[i]
        wide = np.asarray(data.stores[name].pixels[place])
        side = recipe.architecture.input_px
        crops.append(augment(wide, ratio, side, recipe.augmentation, rng))
    stacked = np.stack(crops)
    truth = np.array([data.classes.index(data.crops[i].label) for i in cells])
    sets = np.array([data.crops[i].set for i in cells])
    return Answers(truth, *engine.run(stacked), crops=stacked, sets=sets)


def choose_thresholds(
    inner: Answers, changed: Answers, familiarity: Familiarity, recipe: Recipe
) -> tuple[float, Thresholds]:
    """Temperature and thresholds from the inner part alone.

    Args:
        inner: answers for the calibration cells.
        changed: answers for the same cells in changed colours, light and sharpness.
        familiarity: its percentiles are those of the calibration cells as they are, so that
            cells of another microscope lie beyond them.
        recipe: what is wanted of them.

    Returns:
        The temperature, and the thresholds. A cell is accepted from the confidence on that
        keeps enough right among the familiar cells, of those as they are and of the changed
        ones; a set counts as much as another, however many pictures it has. A cell is
        unidentified below half of it.
    """
    c = recipe.calibration
    temperature = fit_temperature(inner.logits, inner.truth, _set_weights(inner.sets))
    accept = max(
        _accept_threshold(answers, temperature, familiarity, c) for answers in (inner, changed)
    )
    return temperature, Thresholds(
        accept_probability=accept,
        identify_probability=accept / 2,
        cell_score=cell_threshold(sigmoid(inner.cell), c.lost_cells),
        unusual_percentile=c.unusual_percentile,
        unfamiliar_percentile=c.unfamiliar_percentile,
    )


def _accept_threshold(
    answers: Answers, temperature: float, familiarity: Familiarity, c: Calibration
) -> float:
    near = familiarity.percentiles(answers.features) <= c.unusual_percentile
    p = softmax(answers.logits[near], temperature)
    right = p.argmax(axis=1) == answers.truth[near]
    weights = _set_weights(answers.sets[near])
    return accept_threshold(p.max(axis=1), right, c.accepted_accuracy, weights)


def _set_weights(sets: np.ndarray) -> np.ndarray:
    """The weight of each cell with which every set counts alike; shape (N,)."""
    names, counts = np.unique(sets, return_counts=True)
    return (1 / counts)[np.searchsorted(names, sets)]


def write_litert(model: Any, file: Path) -> None:
    """Write a network as LiteRT, 32-bit floats, free batch size.

    Goes through a SavedModel: converting the traced function itself loses the weights of a
    Keras 3 model without a word (docs/model/experiments.md, "Export").
    """
    import tensorflow as tf

    with tempfile.TemporaryDirectory() as folder:
        model.export(folder, format="tf_saved_model", verbose=False)
        file.write_bytes(tf.lite.TFLiteConverter.from_saved_model(folder).convert())


def compare_runtimes(
    folder: Path, engine: Engine, crops: np.ndarray, temperature: float
) -> dict[str, float]:
    """Check that both files of a version say the same.

    Args:
        folder: holds both files.
        engine: views and classes.
        crops: uint8 (N, side, side, 3), cells to compare on.
        temperature: of the probabilities that are compared.

    Returns:
        n, share of the same class, largest difference of a probability.

    Raises:
        ArtifactDamaged: same class on less than 99.9 %, or a probability differs by over 0.01.
    """
    answers = []
    for name in FILES:
        opened = replace(engine, runtime=open_runtime(folder, name))
        answers.append(softmax(opened.run(crops)[0], temperature))
    same = float((answers[0].argmax(axis=1) == answers[1].argmax(axis=1)).mean())
    difference = float(np.abs(answers[0] - answers[1]).max())
    if same < SAME_CLASS or difference > LARGEST_DIFFERENCE:
        raise ArtifactDamaged(
            f"The Keras and LiteRT files disagree: same class on {same:.2%}, "
            f"probabilities differ by up to {difference:.4f}. Nothing was registered."
        )
    return {"n": len(crops), "same_class": same, "largest_difference": difference}


def write_trained_on(data: TrainingData, file: Path) -> None:
    """List hash and source of every picture that trained or calibrated the version."""
    used = np.concatenate([data.training, data.inner])
    pairs = sorted({(data.crops[i].sha256, data.crops[i].source) for i in used})
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("sha256", "source"))
        writer.writerows(pairs)


def write_card(card: dict[str, Any], folder: Path) -> None:
    """Write the card, then the checksums of every file of the folder."""
    text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
    (folder / CARD).write_text(text, encoding="utf-8")
    names = [CARD, FAMILIARITY, *FILES.values(), TRAINED_ON]
    names += [ATTRIBUTES] if (folder / ATTRIBUTES).is_file() else []
    lines = [f"{file_sha256(folder / name)}  {name}\n" for name in sorted(names)]
    (folder / CHECKSUMS).write_text("".join(lines), encoding="utf-8")


def _some_training_cells(data: TrainingData) -> np.ndarray:
    """At most `FAMILIAR_CELLS` training cells, the same number of each set and class."""
    groups: dict[tuple[str, str], list[int]] = {}
    for i in data.training:
        groups.setdefault((data.crops[i].set, data.crops[i].label), []).append(int(i))
    groups = {key: places for key, places in groups.items() if key[1] != NO_CELL}
    each = max(2, FAMILIAR_CELLS // len(groups))
    chosen = [p for places in groups.values() for p in places[:: max(1, len(places) // each)]]
    return np.array(sorted(chosen))


def _card(
    engine: Engine,
    data: TrainingData,
    recipe: Recipe,
    inner: Answers,
    temperature: float,
    thresholds: Thresholds,
) -> dict[str, Any]:
    p = softmax(inner.logits, temperature)
    right = p.argmax(axis=1) == inner.truth
    by_set = {
        str(s): {"n": int((inner.sets == s).sum()), "right": int(right[inner.sets == s].sum())}
        for s in np.unique(inner.sets)
    }
    return {
        "name": engine.name,
        "version": engine.version,
        "made_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "recipe": {"name": recipe.name, "version": recipe.version, "sha256": recipe.sha256},
        "seed": recipe.seed,
        "epochs": [stage.epochs for stage in recipe.stages],
        "dataset_sha256": data.sha256,
        "packages": _packages(),
        "engine": {
            "classes": list(engine.classes),
            "input_px": engine.crop_rule.side_px,
            "crop_scale": engine.crop_rule.scale,
            "views": engine.views,
            "temperature": temperature,
            "thresholds": thresholds.as_dict(),
        },
        "calibration": {"n": len(right), "right": int(right.sum()), "by_set": by_set},
        "metrics": {},
    }


def _packages() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = package_version(name)
        except ModuleNotFoundError:
            continue
    return found
