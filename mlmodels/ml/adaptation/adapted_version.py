"""The folder of an adapted version: its files, and a card that says what was done and measured.

Writes `.keras` and `.tflite` of one network and refuses a pair that disagrees.
"""

from __future__ import annotations

import csv
import shutil
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mlmodels.ml.adaptation.adaptable_network import AdaptableNetwork
from mlmodels.ml.adaptation.adaptation import (
    Fitted,
    adapt,
    answers_as_it_is,
    measured_on_others,
    refuse_too_little,
    tell_step,
)
from mlmodels.ml.adaptation.rehearsal import rare_classes
from mlmodels.ml.adaptation.reviewed_cells import CellCrops, ReviewedCell, cut_reviewed
from mlmodels.ml.evaluation.metrics import Answer, summarise
from mlmodels.ml.inference.attributes import ATTRIBUTES
from mlmodels.ml.inference.engine import FAMILIARITY, Engine, load_engine
from mlmodels.ml.inference.runtimes.choose import FILES
from mlmodels.ml.inference.runtimes.keras_runtime import KerasRuntime
from mlmodels.ml.inference.version_files import file_of
from mlmodels.ml.training.export import TRAINED_ON, compare_runtimes, write_card, write_litert
from mlmodels.ml.training.progress import Tell, tell_nobody

# What a base version measured is not true of the adapted one, so it does not go on its card.
_KEPT_OF_BASE = ("recipe", "seed", "epochs", "dataset_sha256", "packages", "hold_out", "labels")


def adapt_version(
    base: Path,
    cells: Sequence[ReviewedCell],
    root: Path,
    output: Path,
    *,
    name: str,
    version: str,
    profile: str = "",
    classes: Sequence[str] | None = None,
    git_revision: str = "",
    tell: Tell = tell_nobody,
) -> dict[str, Any]:
    """Adapt a version's folder to reviewed cells and write the folder of the new version.

    Args:
        base: folder of the version to start from; its files are verified before they are opened.
        cells: reviewed cells.
        root: what their paths are relative to.
        output: the folder to write.
        name, version: of the adapted model.
        profile: name of the imaging profile, for the card.
        classes: that occur in it; none where every class may. The network still tells all of its
            classes: that cells are named among these is said where it is used.
        git_revision: of the code.
        tell: told what was done, step by step.

    Returns:
        The new card; under `adaptation` what was done, with the figures before and after.

    Raises:
        ManifestInvalid: too few cells, sources or classes.
        ArtifactDamaged: the base is damaged, or the new files disagree.
    """
    engine = load_engine(base, runtime="keras").of_classes(classes)
    crops = cut_reviewed(cells, root, engine.classes, engine.crop_rule, engine.occurring)
    refuse_too_little(crops)
    tell_step(tell, f"{len(crops.truth)} cells of {len(set(crops.sources))} sources")
    before = answers_as_it_is(engine, crops)
    after = measured_on_others(engine, lambda: open_network(base), crops, tell)
    network = open_network(base)
    fitted = adapt(engine, network, crops, tell)
    tell_step(tell, f"chosen: {fitted.setting.in_words()}")
    card = _card(engine, fitted, crops, before, after)
    card |= {"name": name, "version": version, "git_revision": git_revision}
    card["adaptation"] |= {"profile": profile, "classes": list(classes) if classes else None}
    tell_step(tell, card["adaptation"]["acceptance"]["in_words"])
    _write(base, output, engine, network, fitted, crops, card)
    return card


def open_network(folder: Path) -> AdaptableNetwork:
    """The network of a version whose folder `load_engine` has verified."""
    return AdaptableNetwork(file_of(folder, FILES["keras"]))


def adapted_engine(engine: Engine, network: AdaptableNetwork, fitted: Fitted) -> Engine:
    """The adapted version, open in memory."""
    return replace(
        engine,
        runtime=KerasRuntime.of(network.finished()),
        temperature=engine.temperature * fitted.temperature,
        thresholds=fitted.thresholds,
        familiarity=fitted.familiarity,
        attributes=engine.attributes if _same_features(fitted) else None,
    )


def _same_features(fitted: Fitted) -> bool:
    """Whether the features are those of the base: then its head of attributes still holds."""
    return not (fitted.setting.colour or fitted.setting.statistics)


def _write(
    base: Path,
    output: Path,
    engine: Engine,
    network: AdaptableNetwork,
    fitted: Fitted,
    crops: CellCrops,
    card: dict[str, Any],
) -> None:
    output.mkdir(parents=True, exist_ok=True)
    model = network.finished()
    model.save(output / FILES["keras"])
    write_litert(model, output / FILES["litert"])
    temperature = engine.temperature * fitted.temperature
    card["agreement"] = compare_runtimes(output, engine, crops.pixels, temperature)
    fitted.familiarity.save(output / FAMILIARITY)
    (output / ATTRIBUTES).unlink(missing_ok=True)
    if engine.attributes is not None and _same_features(fitted):
        shutil.copyfile(base / ATTRIBUTES, output / ATTRIBUTES)
        card |= {"attributes": engine.card["attributes"]} if "attributes" in engine.card else {}
    _write_trained_on(base, crops, output / TRAINED_ON)
    write_card(card, output)


def _write_trained_on(base: Path, crops: CellCrops, file: Path) -> None:
    """What trained the base, and the pictures of these cells."""
    pairs = set(zip(crops.sha256, map(str, crops.sources), strict=True))
    with (base / TRAINED_ON).open(newline="", encoding="utf-8") as stream:
        pairs |= {(row["sha256"], row["source"]) for row in csv.DictReader(stream)}
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("sha256", "source"))
        writer.writerows(sorted(pairs))


def _without_alarm(engine: Engine) -> dict[str, Any]:
    """What is said of an alarm of the base: its rule was chosen for the base's own answers."""
    if not engine.card.get("alarm"):
        return {}
    return {
        "known_failures": [
            f"It raises no alarm for films that may hold blasts, as {engine.name} {engine.version} "
            "does: the rule was chosen for that version's answers, and these are others."
        ]
    }


def _card(
    engine: Engine, fitted: Fitted, crops: CellCrops, before: list[Answer], after: list[Answer]
) -> dict[str, Any]:
    names = [engine.classes[int(k)] for k in crops.truth]
    rare = [engine.classes[k] for k in rare_classes(crops.truth, len(engine.classes))]
    occurring = engine.classes_that_occur
    chosen = fitted.options[0]
    return {
        **{key: engine.card[key] for key in _KEPT_OF_BASE if key in engine.card},
        "made_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "engine": {
            **engine.card["engine"],
            "temperature": engine.temperature * fitted.temperature,
            "thresholds": fitted.thresholds.as_dict(),
        },
        **_without_alarm(engine),
        "calibration": {"n": len(names), "right": chosen.right, "by_set": {}},
        "metrics": {},
        "adaptation": {
            "base": f"{engine.name} {engine.version}",
            "base_weights_sha256": engine.weights_sha256,
            "cells": len(names),
            "sources": len(set(crops.sources)),
            "by_class": dict(Counter(names)),
            "classes_without_cells": [c for c in occurring if c not in names],
            "rehearsed": rare if fitted.head is not None else [],
            "acceptance": fitted.acceptable.as_dict(),
            "left_out": crops.left_out,
            "chosen": fitted.setting.in_words(),
            "options": [
                {
                    "what": option.setting.in_words(),
                    "loss": option.loss,
                    "deviation_of_difference": option.deviation,
                    "right": option.right,
                }
                for option in fitted.options
            ],
            "before": summarise(before, engine.classes),
            "after": summarise(after, engine.classes),
            "measured": "Every cell by a version adapted without its source, choice included.",
        },
    }
