"""A network straight from training as an engine: it drops no cell and doubts none.

For comparing recipes and splits by their most probable class. Never for use on people.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mlmodels.ml.inference.calibration import Thresholds
from mlmodels.ml.inference.engine import Engine
from mlmodels.ml.inference.familiarity import Familiarity
from mlmodels.ml.training.recipe import Recipe

NOTHING_DROPPED = Thresholds(0.5, 0.0, 0.0, 100.0, 100.0)


def uncalibrated_engine(model: Any, recipe: Recipe, classes: tuple[str, ...]) -> Engine:
    """Wrap a trained network; temperature 1, and no cell falls to a threshold.

    Args:
        model: a Keras model of `build_network`.
        recipe: that it was trained with.
        classes: in the order of the logits.
    """
    from mlmodels.ml.inference.runtimes.keras_runtime import KerasRuntime

    return Engine(
        name=recipe.name,
        version="0",
        classes=classes,
        crop_rule=recipe.crop_rule,
        views=recipe.views,
        temperature=1.0,
        thresholds=NOTHING_DROPPED,
        familiarity=_without_opinion(model.output_shape[-1] - len(classes) - 1),
        runtime=KerasRuntime.of(model),
    )


def _without_opinion(feature_count: int) -> Familiarity:
    """Every cell is as familiar as every other."""
    point = np.zeros(1, np.float32)
    return Familiarity(
        np.zeros(feature_count, np.float32),
        np.zeros((feature_count, 1), np.float32),
        point[None],
        point,
    )
