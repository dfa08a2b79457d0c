"""A run that was stopped goes on as if it had not been, and its version can be used."""

from dataclasses import replace

import numpy as np
import pytest

from mlmodels.ml.datasets.manifest import read_manifest
from mlmodels.ml.errors import RecipeInvalid
from mlmodels.ml.evaluation.evaluation import load_trained_on, predict_rows, report
from mlmodels.ml.inference.engine import load_engine
from mlmodels.ml.training.export import finish_version
from mlmodels.ml.training.loop import RunPlan, train, with_overrides
from mlmodels.ml.training.progress import Progress

pytestmark = pytest.mark.slow


class Killed(Exception):
    """Stands for the end of the process."""


@pytest.fixture(scope="module")
def plan(tiny_recipe, drawn_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    return RunPlan(tiny_recipe, drawn_data, folder / "whole", folder, hold_out="fold0", threads=1)


@pytest.fixture(scope="module")
def whole(plan):
    return train(plan)


def test_a_killed_run_ends_with_the_weights_of_an_uninterrupted_one(plan, whole):
    def die_in_the_second_epoch(progress: Progress) -> None:
        if progress.epoch == 2:
            raise Killed

    broken = replace(plan, output=plan.output.with_name("broken"))
    with pytest.raises(Killed):
        train(broken, die_in_the_second_epoch)
    resumed, _ = train(broken)
    for one, other in zip(whole[0].variables, resumed.variables, strict=True):
        assert np.allclose(one.numpy(), other.numpy(), atol=1e-5), one.path
    rows = (broken.output / "metrics.csv").read_text().splitlines()
    assert [row.split(",")[1] for row in rows] == ["epoch", "1", "2"]


def test_a_run_folder_of_another_run_is_refused(plan, whole):
    other = replace(plan, recipe=with_overrides(plan.recipe, seed=99, epochs=None))
    with pytest.raises(RecipeInvalid, match="another run"):
        train(other)


def test_the_version_of_a_run_knows_what_it_was_trained_on(plan, whole):
    folder = plan.output / "version"
    model, data = whole
    card = finish_version(
        model,
        data,
        plan.recipe,
        name="tiny",
        version="0.0.1",
        data_root=plan.data_root,
        output=folder,
        hold_out="fold0",
        git_revision="",
    )
    assert card["agreement"]["same_class"] == 1.0
    engine = load_engine(folder, runtime="litert")
    # Barely trained weights may call anything no cell; here every find counts.
    engine = replace(engine, thresholds=replace(engine.thresholds, objectness=0.0))
    rows = read_manifest(plan.data_root / "manifest.csv")
    predictions = predict_rows(rows, plan.data_root, engine, load_trained_on(folder))
    figures = report(predictions, engine.classes, weights_sha256=engine.weights_sha256)
    assert figures["n"] == 4
    assert figures["trained_on"]["n"] == 12
    assert all(p.trained_on == (p.row.split != "fold0") for p in predictions)
    assert all(p.cells_found == 1 for p in predictions)
