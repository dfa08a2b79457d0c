"""What people do with training runs: ask for one, cancel it, let it go on."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import AuditAction, User
from accounts.policy import Action, require
from accounts.services.audit import record_event
from hematovision import leases
from hematovision.queue import enqueue_on_commit
from mlmodels import policy
from mlmodels.errors import TrainingRefused, TrainingRunNotFound
from mlmodels.ml.training.recipe import Recipe
from mlmodels.models import Dataset, ImagingProfile, TrainingRun
from mlmodels.selectors.training.recipes import recipes_for_datasets
from mlmodels.selectors.versions.active import active_version
from mlmodels.services.training import claims

LARGEST_SEED = 2**31 - 1
MOST_EPOCHS = 200

_Status = TrainingRun.Status


def request_training(
    *, actor: User, dataset_id: UUID, recipe: str, epochs: int | None, seed: int
) -> TrainingRun:
    """Ask for a training on a frozen dataset.

    Args:
        recipe: the name of one that trains on a dataset.
        epochs: at most so many a stage; none for as many as the recipe has.
        seed: of everything random.

    Raises:
        TrainingRefused: the dataset is not to be had or not frozen, there is no such recipe, or
            a number is out of range.
    """
    require(actor, Action.TRAIN_MODELS)
    chosen = _recipe(recipe)
    _refuse_out_of_range("epochs", epochs, 1, MOST_EPOCHS)
    _refuse_out_of_range("seed", seed, 0, LARGEST_SEED)
    with transaction.atomic():
        dataset = policy.visible_datasets(actor).filter(pk=dataset_id).first()
        if dataset is None:
            raise TrainingRefused("dataset", "There is no such dataset in your laboratory.")
        if dataset.state != Dataset.State.FROZEN:
            raise TrainingRefused(
                "dataset", "Only a frozen dataset can train. Freeze it on its page first."
            )
        return _queue(
            actor,
            kind=TrainingRun.Kind.TRAINING,
            dataset=dataset,
            recipe=recipe,
            recipe_text=chosen.text,
            epochs=epochs,
            seed=seed,
            provenance={
                "recipe_sha256": chosen.sha256,
                "dataset_sha256": dataset.manifest_sha256,
            },
        )


def request_adaptation(*, actor: User, profile_id: UUID) -> TrainingRun:
    """Ask for the adaptation of the profile's active version to the profile.

    Raises:
        TrainingRefused: there is no such profile or no active version, or the profile is being
            adapted already.
    """
    require(actor, Action.TRAIN_MODELS)
    with transaction.atomic():
        profile = (
            ImagingProfile.objects.select_for_update()
            .filter(laboratory_id=actor.laboratory_id, pk=profile_id)
            .first()
        )
        if profile is None:
            raise TrainingRefused("profile", "There is no such profile in your laboratory.")
        if profile.training_runs.exclude(status__in=TrainingRun.FINAL).exists():
            raise TrainingRefused(
                "profile", "This profile is being adapted already. Wait for the end of that run."
            )
        base = active_version(actor.laboratory, profile)
        if base is None:
            raise TrainingRefused("profile", "No model is active, so there is nothing to adapt.")
        return _queue(
            actor,
            kind=TrainingRun.Kind.ADAPTATION,
            profile=profile,
            base_version=base,
            classes=profile.classes,
            recipe="",
        )


def cancel_run(*, actor: User, run_id: UUID) -> TrainingRun:
    """Let a run end: at once where nobody holds it, else its worker ends it within seconds.

    Raises:
        TrainingRunNotFound: there is no such run in the actor's laboratory.
        TrainingRefused: it has ended already.
    """
    require(actor, Action.TRAIN_MODELS)
    with transaction.atomic():
        run = _locked(actor, run_id)
        if run.is_final:
            raise TrainingRefused("", f"This training has {_ended(run)} already.")
        run.cancel_requested_at = run.cancel_requested_at or timezone.now()
        run.save(update_fields=["cancel_requested_at"])
        record_event(
            action=AuditAction.TRAINING_CANCELLED,
            actor=actor,
            laboratory=actor.laboratory,
            obj=run,
        )
        if claims.cancel_unheld(run):
            run.refresh_from_db()
    return run


def resume_run(*, actor: User, run_id: UUID) -> TrainingRun:
    """Let a failed or cancelled run go on after its last epoch.

    Raises:
        TrainingRunNotFound: there is no such run in the actor's laboratory.
        TrainingRefused: it has not ended so, or adapts a version that is retired.
    """
    require(actor, Action.TRAIN_MODELS)
    with transaction.atomic():
        run = _locked(actor, run_id)
        if run.status not in (_Status.FAILED, _Status.CANCELLED):
            raise TrainingRefused("", "Only a training that failed or was cancelled can go on.")
        if run.base_version is not None and run.base_version.is_retired:
            raise TrainingRefused("", policy.retired_base_in_words(run.base_version))
        before = run.status
        run.status, run.error, run.error_code = _Status.QUEUED, "", ""
        run.cancel_requested_at = run.finished_at = None
        run.attempts, run.sends, run.last_sent_at = 0, 1, timezone.now()
        run.progress = {}
        run.save()
        enqueue_on_commit("mlmodels.run_training", run_id=str(run.pk))
        record_event(
            action=AuditAction.TRAINING_REQUESTED,
            actor=actor,
            laboratory=actor.laboratory,
            obj=run,
            changes={"status": [before, run.status]},
        )
    return run


def _queue(actor: User, **values: Any) -> TrainingRun:
    """Make the row and send its message, inside the caller's transaction."""
    run = TrainingRun.objects.create(
        laboratory=actor.laboratory, created_by=actor, **leases.just_sent(), **values
    )
    enqueue_on_commit("mlmodels.run_training", run_id=str(run.pk))
    record_event(
        action=AuditAction.TRAINING_REQUESTED,
        actor=actor,
        laboratory=actor.laboratory,
        obj=run,
        changes={
            "kind": [None, run.kind],
            "recipe": [None, run.recipe],
            "dataset": [None, str(run.dataset_id or "")],
            "profile": [None, str(run.profile_id or "")],
            "classes": [None, run.classes],
            "epochs": [None, run.epochs],
            "seed": [None, run.seed],
        },
    )
    return run


def _recipe(name: str) -> Recipe:
    for recipe in recipes_for_datasets():
        if recipe.name == name:
            return recipe
    raise TrainingRefused("recipe", "There is no such recipe for datasets. Choose one of the list.")


def _refuse_out_of_range(field: str, value: int | None, low: int, high: int) -> None:
    if value is not None and not low <= value <= high:
        raise TrainingRefused(field, f"Give a whole number from {low} to {high}.")


def _locked(actor: User, run_id: UUID) -> TrainingRun:
    rows = policy.visible_training_runs(actor).select_for_update(of=("self",))
    run = rows.select_related("laboratory", "base_version").filter(pk=run_id).first()
    if run is None:
        raise TrainingRunNotFound()
    return run


def _ended(run: TrainingRun) -> str:
    return "been cancelled" if run.status == _Status.CANCELLED else run.get_status_display()
