"""The end of a training: write the version's files and its card, and compare the files.

Writes `.keras` and `.tflite` of one network and refuses a pair that disagrees.
"""

from __future__ import annotations

import csv
import json
import tempfile
import time
from dataclasses import replace
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any

import numpy as np

from mlmodels.ml.errors import ArtifactDamaged
from mlmodels.ml.evaluation.agreement import LARGEST_DIFFERENCE, SAME_CLASS
from mlmodels.ml.inference.attributes import ATTRIBUTES
from mlmodels.ml.inference.calibration import (
    Thresholds,
    softmax,
)
from mlmodels.ml.inference.engine import CARD, FAMILIARITY, FAMILIARITY_INT8, Engine
from mlmodels.ml.inference.familiarity import UNFITTED
from mlmodels.ml.inference.runtimes.choose import FILES, INT8_FILE, open_runtime
from mlmodels.ml.inference.version_files import CHECKSUMS, file_of, file_sha256
from mlmodels.ml.training.attribute_fitting import fit_for_run
from mlmodels.ml.training.calibration.version_calibration import Calibrated, calibrate
from mlmodels.ml.training.data import TrainingData
from mlmodels.ml.training.eight_bits import add_eight_bits, drop_eight_bits
from mlmodels.ml.training.recipe import Recipe

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
    from mlmodels.ml.inference.runtimes.keras_runtime import KerasRuntime

    output.mkdir(parents=True, exist_ok=True)
    drop_eight_bits(output)
    bare = Engine(
        name=name,
        version=version,
        classes=data.classes,
        crop_rule=recipe.crop_rule,
        views=recipe.views,
        temperature=1.0,
        thresholds=Thresholds(0.5, 0.0, 0.0, 100.0, 100.0),
        familiarity=UNFITTED,
        runtime=KerasRuntime.of(model),
    )
    chosen = calibrate(bare, data, recipe, data_root)
    chosen.familiarity.save(output / FAMILIARITY)
    described = fit_for_run(bare, data, data_root)
    (output / ATTRIBUTES).unlink(missing_ok=True)
    if described:
        described[0].save(output / ATTRIBUTES)
    model.save(output / FILES["keras"])
    write_litert(model, output / FILES["litert"])
    agreement = compare_runtimes(output, bare, chosen.calibration.crops, chosen.temperature)
    write_trained_on(data, output / TRAINED_ON)
    card = _card(bare, data, recipe, chosen)
    card |= {"agreement": agreement, "hold_out": hold_out, "git_revision": git_revision}
    card |= {"attributes": described[1]} if described else {}
    write_card(card, output)
    if recipe.eight_bits:
        card["eight_bits"] = add_eight_bits(output, data, recipe, data_root)
        write_card(card, output)
    return card


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
    used = np.concatenate([data.training, data.calibration])
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
    names += [n for n in (ATTRIBUTES, INT8_FILE, FAMILIARITY_INT8) if (folder / n).is_file()]
    lines = [f"{file_sha256(file_of(folder, name))}  {name}\n" for name in sorted(names)]
    (folder / CHECKSUMS).write_text("".join(lines), encoding="utf-8")


def _card(engine: Engine, data: TrainingData, recipe: Recipe, chosen: Calibrated) -> dict[str, Any]:
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
            **_mean_lab(engine),
            "views": engine.views,
            **chosen.settings(data.classes),
        },
        "calibration": chosen.figures(),
        **chosen.card_parts(),
        "metrics": {},
    }


def _mean_lab(engine: Engine) -> dict[str, list[float]]:
    mean = engine.crop_rule.mean_lab
    return {} if mean is None else {"crop_mean_lab": list(mean)}


def _packages() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = package_version(name)
        except ModuleNotFoundError:
            continue
    return found
