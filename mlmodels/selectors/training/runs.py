"""Training runs: which there are, what a new one would cost, and the state of one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from mlmodels import artifacts, policy
from mlmodels.errors import TrainingRefused, TrainingRunNotFound
from mlmodels.ml.errors import RecipeInvalid
from mlmodels.ml.training.recipe import Recipe, parse_recipe
from mlmodels.models import Dataset, TrainingRun
from mlmodels.selectors.training.recipes import recipes_for_datasets

# Rough, for two cores: pictures located and cut, pictures measured, and the rest.
PICTURES_PER_SECOND, MEASURED_PER_SECOND, FIXED_SECONDS = 40.0, 15.0, 30.0
RUNS_FOR_THE_RATE = 5
LOG_LINES, LOG_BYTES = 14, 8192


@dataclass(frozen=True)
class Cost:
    """What a training would take.

    Args:
        minutes: in all, at least 1.
        crops: that all epochs draw.
        rate: crops a second.
        runs: earlier runs that the rate was measured on; 0 for the recipe's own estimate.
        pictures: of the dataset.
    """

    minutes: int
    crops: int
    rate: float
    runs: int
    pictures: int


def training_runs(viewer: User) -> QuerySet[TrainingRun]:
    """The runs of the viewer's laboratory, newest first."""
    return (
        policy.visible_training_runs(viewer)
        .select_related("dataset", "profile", "candidate", "created_by")
        .defer("candidate__card")
    )


def run_for_viewer(viewer: User, run_id: UUID) -> TrainingRun:
    """One run.

    Raises:
        TrainingRunNotFound: there is none in the viewer's laboratory.
    """
    rows = training_runs(viewer).select_related("laboratory", "base_version")
    run = rows.filter(pk=run_id).first()
    if run is None:
        raise TrainingRunNotFound()
    return run


def frozen_datasets(viewer: User) -> QuerySet[Dataset]:
    """The datasets that may train, newest first."""
    return policy.visible_datasets(viewer).filter(state=Dataset.State.FROZEN)


def training_cost(
    viewer: User, *, dataset_id: UUID | None, recipe_name: str, epochs: int | None
) -> Cost | None:
    """What a training would take on a machine like that of earlier runs; none for no recipe."""
    recipe = next((r for r in recipes_for_datasets() if r.name == recipe_name), None)
    if recipe is None:
        return None
    dataset = frozen_datasets(viewer).filter(pk=dataset_id).first() if dataset_id else None
    pictures = dataset.images.count() if dataset else 0
    measured = dataset.images.filter(split="test").count() if dataset else 0
    crops = sum(
        (stage.epochs if epochs is None else min(stage.epochs, epochs)) * stage.crops_per_epoch
        for stage in recipe.stages
    )
    rate, runs = _rate(viewer, recipe)
    seconds = FIXED_SECONDS + crops / rate
    seconds += pictures / PICTURES_PER_SECOND + measured / MEASURED_PER_SECOND
    return Cost(max(1, round(seconds / 60)), crops, rate, runs, pictures)


def planned_epochs(run: TrainingRun) -> int:
    """How many epochs a run has in all, if none of its stages ends early; 0 where unknown."""
    recipe = recipe_of(run)
    if recipe is None:
        return 0
    most = run.epochs
    return sum(s.epochs if most is None else min(s.epochs, most) for s in recipe.stages)


def recipe_of(run: TrainingRun) -> Recipe | None:
    """The recipe as it stood when the run was asked for; none for an adaptation."""
    try:
        return parse_recipe(run.recipe_text) if run.recipe_text else None
    except RecipeInvalid:
        return None


def log_tail(run: TrainingRun) -> list[str]:
    """The last lines of the run's log."""
    try:
        with (artifacts.run_folder(run.pk) / artifacts.RUN_LOG).open("rb") as log:
            log.seek(0, 2)
            log.seek(max(0, log.tell() - LOG_BYTES))
            text = log.read().decode(errors="replace")
    except OSError:
        return []
    return text.splitlines()[-LOG_LINES:]


def whole_log(run: TrainingRun) -> bytes:
    """The run's log; empty where there is none yet."""
    try:
        return (artifacts.run_folder(run.pk) / artifacts.RUN_LOG).read_bytes()
    except OSError:
        return b""


def state_etag(run: TrainingRun, log: list[str]) -> str:
    """Changes when what the page shows of a run under way does."""
    shown = (run.status, run.progress, run.cancel_requested_at, run.error, run.candidate_id, log)
    return f'"{hashlib.sha256(repr(shown).encode()).hexdigest()[:20]}"'


def folder_of_dataset(reference: str) -> Path:
    """The folder that the operator's command names, by its path or by a dataset's id.

    Raises:
        TrainingRefused: it is neither.
    """
    if Path(reference).is_dir():
        return Path(reference)
    try:
        dataset = Dataset.objects.filter(pk=UUID(reference)).first()
    except ValueError:
        dataset = None
    if dataset is None or not dataset.folder:
        raise TrainingRefused("dataset", "There is no dataset of this id, and no such folder.")
    return artifacts.dataset_folder(dataset.folder)


def _rate(viewer: User, recipe: Recipe) -> tuple[float, int]:
    """Crops a second of the laboratory's last runs of a recipe, and how many they were."""
    per_epoch = {stage.name: stage.crops_per_epoch for stage in recipe.stages}
    last = (
        policy.visible_training_runs(viewer)
        .filter(recipe=recipe.name, status=TrainingRun.Status.SUCCEEDED)
        .prefetch_related("epochs_done")[:RUNS_FOR_THE_RATE]
    )
    epochs = [e for run in last for e in run.epochs_done.all() if e.stage in per_epoch]
    seconds = sum(e.seconds for e in epochs)
    if seconds <= 0:
        return recipe.crops_per_second or 50.0, 0
    return sum(per_epoch[e.stage] for e in epochs) / seconds, len(last)
