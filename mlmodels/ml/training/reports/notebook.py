"""A training run as a Jupyter notebook that runs the recipe again from the dataset's manifest.

Plain JSON of format 4.5; its code uses `mlmodels.ml` alone, without database or web.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

FORMAT, MINOR = 4, 5

_INTRO = """# Training run {title}

From data to verdict: this notebook trains the recipe `{recipe}` again, with the same seed, on the
same dataset, and compares what comes out with what the run came to.

You need the program's folder (with its packages installed) and the dataset's folder (pictures and
`manifest.csv`). Say where they are by the environment variables `HEMATOVISION` and `DATASET`, or
change the next cell. On the same machine, with the same packages and number of threads, the
numbers are the same; elsewhere they are close."""

_PLACES = """import logging
import os
import sys
from pathlib import Path

PROGRAM = Path(os.environ.get("HEMATOVISION", ".")).resolve()
DATASET = Path(os.environ.get("DATASET", "dataset")).resolve()
RUN = Path(os.environ.get("RUN", "rerun")).resolve()
WEIGHTS = Path(os.environ.get("BASE_WEIGHTS_DIR", "weights")).resolve()
sys.path.insert(0, str(PROGRAM))
# What is done is told below the cell that does it.
logging.basicConfig(format="%(message)s", stream=sys.stdout)
logging.getLogger("mlmodels").setLevel(logging.INFO)

# What the run was made with and what it came to.
RECORDED = {recorded}
RECORDED"""

_RECIPE = """from mlmodels.ml.training.recipe import parse_recipe
from mlmodels.ml.training.loop import with_overrides

RECIPE_TEXT = {text}
recipe = with_overrides(parse_recipe(RECIPE_TEXT), seed={seed}, epochs={epochs})
print(recipe.name, recipe.version, recipe.sha256)
for stage in recipe.stages:
    print(stage)"""

_DATA = """from collections import Counter

from mlmodels.ml.datasets.manifest import rows_of_folder
from mlmodels.ml.training.data import classes_of

rows = rows_of_folder(DATASET)
classes = classes_of(rows)
counts = Counter((row.label, row.split) for row in rows)
for (label, split), count in sorted(counts.items()):
    print(f"{{label:24}} {{split:12}} {{count:6}}")"""

_PREPARE = """from mlmodels.ml.training.loop import RunPlan, prepare

plan = RunPlan(
    recipe=recipe,
    data_root=DATASET,
    output=RUN,
    cache=RUN / "kept",
    threads={threads},
    classes=classes,
    weights=WEIGHTS,
    follows_calibration=True,
    repeatable=True,
)
data = prepare(plan)
print("the same pictures as then:", data.sha256 == RECORDED["dataset_sha256"])"""

_AUGMENT = """import numpy as np
from PIL import Image

from mlmodels.ml.training.augment import augment
from mlmodels.ml.training.reports.run_report import contact_sheet

place = int(data.training[0])
name, number = data.places[place]
wide = data.crop_caches[name].pixels[number]
rng = np.random.default_rng(recipe.seed)
ratio = recipe.crop.scale / recipe.crop.wide_scale
changed = [augment(wide, ratio, recipe.crop_rule, recipe.augmentation, rng) for _ in range(6)]
Image.fromarray(contact_sheet(changed))"""

_TRAIN = """from mlmodels.ml.training.loop import train

model, data = train(plan, data=data)"""

_CURVES = """print((RUN / "metrics.csv").read_text())"""

_FINISH = """from mlmodels.ml.training.export import finish_version

card = finish_version(
    model,
    data,
    recipe,
    name=recipe.name,
    version="rerun",
    data_root=DATASET,
    output=RUN / "version",
    hold_out="",
    git_revision="",
)
card["engine"]"""

_MEASURE = """from mlmodels.ml.inference.engine import load_engine
from mlmodels.ml.evaluation.evaluation import load_trained_on, predict_rows
from mlmodels.ml.evaluation.metrics import summarise

engine = load_engine(RUN / "version", runtime="litert", threads={threads})
if RECORDED["measured_on"] == "test":
    measured = [row for row in rows if row.split == "test"]
else:
    calibrating = {{data.crops[i].path for i in data.calibration}}
    measured = [row for row in rows if row.path in calibrating]
predictions = predict_rows(measured, DATASET, engine, load_trained_on(RUN / "version"))
figures = summarise([p.answer for p in predictions], engine.classes)
print("accuracy now: ", figures["accuracy"], figures["intervals"]["accuracy"])
print("accuracy then:", RECORDED["accuracy"])"""

_TABLE = """for name, row in figures["per_class"].items():
    if row["n"]:
        low, high = row["recall_interval"]
        recall = f"recall {{row['recall']:.3f}} ({{low:.3f}} to {{high:.3f}})"
        print(f"{{name:24}} n {{row['n']:5}}  {{recall}}")
print(figures["confusion_matrix"]["classes"])
for row in figures["confusion_matrix"]["rows"]:
    print(row)"""


def notebook_of(
    *,
    title: str,
    recipe_name: str,
    recipe_text: str,
    seed: int,
    epochs: int | None,
    threads: int,
    recorded: Mapping[str, Any],
    failures: Sequence[str],
) -> str:
    """The notebook of a run.

    Args:
        title: for its head.
        recipe_name, recipe_text: of the recipe as it stood.
        seed, epochs: the overrides; `epochs` none for the recipe's own.
        threads: of TensorFlow.
        recorded: what the run was made with and came to, JSON-ready; `dataset_sha256`,
            `measured_on` and `accuracy` are read by the code.
        failures: sentences of the run's page.

    Returns:
        JSON text.
    """
    said = "\n".join(f"- {sentence}" for sentence in failures)
    cells = [
        ("markdown", _INTRO.format(title=title, recipe=recipe_name)),
        ("code", _PLACES.format(recorded=repr(dict(recorded)))),
        ("markdown", "## The recipe\n\nAll that decides what a training does."),
        ("code", _RECIPE.format(text=repr(recipe_text), seed=seed, epochs=epochs)),
        ("markdown", "## The data\n\nWhole sources stand in one split: none is on both sides."),
        ("code", _DATA.format()),
        ("markdown", "## The crops\n\nEach cell is found by its stain and cut out, as in use."),
        ("code", _PREPARE.format(threads=threads)),
        ("markdown", "## Augmentation\n\nOne cell as an epoch might see it, six times."),
        ("code", _AUGMENT),
        ("markdown", "## Training"),
        ("code", _TRAIN),
        ("markdown", "### The curves, epoch by epoch"),
        ("code", _CURVES),
        ("markdown", "## Calibration and files\n\nTemperature and thresholds, Keras and LiteRT."),
        ("code", _FINISH),
        ("markdown", "## The verdict\n\nBy the very function that reads images in use."),
        ("code", _MEASURE.format(threads=threads)),
        ("code", _TABLE.format()),
        ("markdown", f"## What this model is bad at\n\n{said}"),
    ]
    return json.dumps(
        {
            "nbformat": FORMAT,
            "nbformat_minor": MINOR,
            "metadata": {
                "kernelspec": {
                    "display_name": "Python 3",
                    "language": "python",
                    "name": "python3",
                },
                "language_info": {"name": "python"},
            },
            "cells": [_cell(number, kind, text) for number, (kind, text) in enumerate(cells)],
        },
        indent=1,
    )


def _cell(number: int, kind: str, text: str) -> dict[str, Any]:
    cell: dict[str, Any] = {
        "id": f"cell-{number}",
        "cell_type": kind,
        "metadata": {},
        "source": text.splitlines(keepends=True),
    }
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})
