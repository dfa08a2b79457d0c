"""Which rows of datasets, trainings and models a person sees."""

from django.db.models import Q, QuerySet

from accounts.models import Laboratory, User
from accounts.policy import Action, allows
from mlmodels.errors import PromotionRefused
from mlmodels.models import (
    Dataset,
    GateCheck,
    ImagingProfile,
    Label,
    ModelVersion,
    TrainingRun,
)


def visible_datasets(viewer: User) -> QuerySet[Dataset]:
    """The datasets of the viewer's laboratory, for those who manage them."""
    if not allows(viewer, Action.MANAGE_DATASETS):
        return Dataset.objects.none()
    return Dataset.objects.filter(laboratory_id=viewer.laboratory_id)


def visible_training_runs(viewer: User) -> QuerySet[TrainingRun]:
    """The training runs of the viewer's laboratory, for those who train."""
    if not allows(viewer, Action.TRAIN_MODELS):
        return TrainingRun.objects.none()
    return TrainingRun.objects.filter(laboratory_id=viewer.laboratory_id)


def visible_versions(viewer: User) -> QuerySet[ModelVersion]:
    """What is shipped, and the model versions of the viewer's laboratory."""
    if not allows(viewer, Action.SEE_MODELS):
        return ModelVersion.objects.none()
    return versions_of(viewer.laboratory)


def versions_of(laboratory: Laboratory) -> QuerySet[ModelVersion]:
    """What a laboratory may use: what is shipped, and its own."""
    return ModelVersion.objects.filter(Q(laboratory__isnull=True) | Q(laboratory=laboratory))


def visible_gate_checks(viewer: User) -> QuerySet[GateCheck]:
    """The gate checks of the viewer's laboratory, for those who read model cards."""
    if not allows(viewer, Action.SEE_MODELS):
        return GateCheck.objects.none()
    return GateCheck.objects.filter(laboratory_id=viewer.laboratory_id)


def refuse_unusable(version: ModelVersion) -> None:
    """Let only a version pass that was neither rejected nor retired."""
    if version.is_retired:
        raise PromotionRefused(retired_in_words(version))
    if not version.is_usable:
        raise PromotionRefused(f"{version} was rejected, so it is not used any more.")


def retired_in_words(version: ModelVersion) -> str:
    """Why a retired version opens no more."""
    return (
        f"{version} is retired: it does not come with the program any more, and its files are "
        "gone. Choose another version."
    )


def retired_base_in_words(version: ModelVersion) -> str:
    """Why an adaptation of a retired version cannot go on."""
    return (
        f"{version} is retired: it does not come with the program any more, so it cannot be "
        "adapted. Ask for the adaptation anew; it begins with the version that is active now."
    )


def refuse_other_profile(version: ModelVersion, profile: ImagingProfile | None) -> None:
    """Let a version that was adapted to one profile pass for that profile alone."""
    if version.profile_id is not None and version.profile != profile:
        raise PromotionRefused(
            f"{version} was adapted to the imaging profile {version.profile}. "
            "Choose it for that profile alone."
        )


def visible_profiles(viewer: User) -> QuerySet[ImagingProfile]:
    """The imaging profiles of the viewer's laboratory."""
    if not allows(viewer, Action.SEE_RESULTS):
        return ImagingProfile.objects.none()
    return ImagingProfile.objects.filter(laboratory_id=viewer.laboratory_id)


def visible_labels(viewer: User) -> QuerySet[Label]:
    """The shipped labels and those of the viewer's laboratory, for those who manage them."""
    if not allows(viewer, Action.MANAGE_LABORATORY):
        return Label.objects.none()
    return Label.objects.filter(Q(laboratory__isnull=True) | Q(laboratory_id=viewer.laboratory_id))
