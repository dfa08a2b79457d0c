"""A training run as a notebook that runs it again."""

from __future__ import annotations

from django.conf import settings

from mlmodels.errors import TrainingRefused
from mlmodels.ml.training.reports.notebook import notebook_of
from mlmodels.models import TrainingRun
from mlmodels.selectors.training.run_reports import report_of


def notebook_of_run(run: TrainingRun) -> str:
    """The notebook of a training that has ended with a candidate.

    Raises:
        TrainingRefused: it has not, or is an adaptation, which has no recipe.
    """
    if run.candidate is None or not run.recipe_text:
        raise TrainingRefused("", "Only a training that ended with a candidate has a notebook.")
    report = report_of(run)
    made_with = run.provenance
    return notebook_of(
        title=f"{run.candidate}, {run.finished_at:%d %B %Y}",
        recipe_name=run.recipe,
        recipe_text=run.recipe_text,
        seed=run.seed,
        epochs=run.epochs,
        threads=int(made_with.get("threads", settings.TRAINING_THREADS)),
        recorded={
            "dataset": run.dataset.name if run.dataset else "",
            "manifest_sha256": made_with.get("dataset_sha256", ""),
            "dataset_sha256": run.candidate.card.get("dataset_sha256", ""),
            "recipe_sha256": made_with.get("recipe_sha256", ""),
            "seed": run.seed,
            "git_revision": made_with.get("git_revision", ""),
            "packages": made_with.get("packages", {}),
            "base_weights": made_with.get("base_weights", ""),
            "base_weights_sha256": made_with.get("base_weights_sha256", ""),
            "measured_on": report.measured_on,
            "accuracy": report.figures["accuracy"] if report.figures else None,
        },
        failures=report.failures,
    )
