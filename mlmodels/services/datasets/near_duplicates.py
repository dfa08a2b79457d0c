"""What people say of a dataset's near-duplicates: of a pair, of a group, of all that are alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import transaction

from accounts.models import AuditAction, User
from accounts.policy import Action, require
from mlmodels.errors import DatasetNotFound, DatasetRefused, DatasetStateRefused
from mlmodels.ml.datasets.near_duplicate_groups import Merge
from mlmodels.models import Dataset, NearDuplicate, NearDuplicateAct
from mlmodels.selectors.datasets.near_duplicates import (
    LEAST_AT_LEAST,
    MOST_AT_LEAST,
    DuplicateGroup,
    Sweep,
    duplicate_groups,
    sweep_of,
    why_there,
)
from mlmodels.services.datasets.changes import locked_dataset, record_change, refuse_not_open
from mlmodels.services.datasets.near_duplicate_acts import (
    SourcesMerged,
    Step,
    send_check,
    take_step,
)

_Check, _Kind = Dataset.DuplicateCheck, NearDuplicateAct.Kind
_Resolution = NearDuplicate.Resolution
# Of what a merge is about, so many pictures stand on the list of what was done.
_SHOWN = 6


def resolve_pair(
    *, actor: User, dataset_id: UUID, pair_id: UUID, resolution: str
) -> NearDuplicateAct:
    """Say what a pair is, and change the dataset accordingly.

    `keep_first` and `keep_second` take the other picture out of the dataset. `same_group` moves
    every picture of the second's source to the first's source and split. `not_the_same` leaves
    both where they are.

    Raises:
        DatasetNotFound: there is no such dataset or pair in the actor's laboratory.
        DatasetStateRefused: the dataset is not open, or somebody resolved the pair already.
        DatasetRefused: there is no such resolution.
    """
    require(actor, Action.MANAGE_DATASETS)
    if resolution not in set(_Resolution) - {_Resolution.OPEN}:
        raise DatasetRefused("resolution", "Choose one of the four answers.")
    with transaction.atomic():
        dataset = locked_dataset(actor, dataset_id)
        refuse_not_open(dataset)
        pair = dataset.near_duplicates.select_related("first", "second").filter(pk=pair_id).first()
        if pair is None:
            raise DatasetNotFound()
        if pair.resolution != _Resolution.OPEN:
            raise DatasetStateRefused(
                f"This pair was resolved already: {pair.get_resolution_display()}. "
                "Load the page again."
            )
        return take_step(dataset, actor, _step_of_pair(pair, _Resolution(resolution)))


def _step_of_pair(pair: NearDuplicate, resolution: NearDuplicate.Resolution) -> Step:
    first, second = pair.first, pair.second
    if resolution == _Resolution.NOT_THE_SAME:
        return Step(_Kind.NOT_THE_SAME, [pair.pk])
    if resolution == _Resolution.SAME_GROUP:
        merged = SourcesMerged(
            sources=(second.source,),
            source=first.source,
            split=first.split,
            why=f"{first.split}, where the first picture of the pair is",
            images=(str(first.pk), str(second.pk)),
        )
        return Step(_Kind.ONE_SOURCE, [pair.pk], merges=[merged])
    removed = second if resolution == _Resolution.KEEP_FIRST else first
    return Step(_Kind.KEEP_ONE, [pair.pk], left_out=[removed.pk])


def resolve_group(
    *, actor: User, dataset_id: UUID, seen: str, answer: str, keep: str = ""
) -> NearDuplicateAct:
    """Say in one step what all pictures of a group are, and change the dataset accordingly.

    Args:
        seen: the key of the group as it was looked at.
        answer: `one_source` gives all its sources one name and one split; `keep_one` takes all
            pictures but one out of the dataset; `not_the_same` leaves all where they are.
        keep: for `keep_one`, the key of the picture that stays.

    Raises:
        DatasetNotFound: there is no such dataset in the actor's laboratory.
        DatasetStateRefused: the dataset is not open, or the group is another one by now.
        DatasetRefused: there is no such answer, or no such picture in the group.
    """
    require(actor, Action.MANAGE_DATASETS)
    if answer not in set(_Kind):
        raise DatasetRefused("answer", "Choose one of the three answers.")
    with transaction.atomic():
        dataset = locked_dataset(actor, dataset_id)
        refuse_not_open(dataset)
        group = next((g for g in duplicate_groups(dataset) if g.key == seen), None)
        if group is None:
            raise DatasetStateRefused(_changed_since(dataset, "This group"))
        return take_step(dataset, actor, _step_of_group(group, _Kind(answer), keep))


def _step_of_group(group: DuplicateGroup, kind: NearDuplicateAct.Kind, keep: str) -> Step:
    if kind == _Kind.NOT_THE_SAME:
        return Step(kind, group.unresolved)
    if kind == _Kind.ONE_SOURCE:
        return Step(kind, group.unresolved, merges=[_merged(group.merge, group.images)])
    others = [key for key in group.images if str(key) != keep]
    if len(others) == len(group.images):
        raise DatasetRefused("keep", "Choose the picture of the group that stays.")
    return Step(kind, group.unresolved, left_out=others)


def accept_alike(*, actor: User, dataset_id: UUID, at_least: float, seen: str) -> NearDuplicateAct:
    """Take all pairs that are alike enough as one source each, in one step.

    Groups whose pictures have several classes are left to be looked at one by one.

    Args:
        at_least: the least likeness of the pairs, `LEAST_AT_LEAST` to `MOST_AT_LEAST`.
        seen: the key of what was looked at.

    Raises:
        DatasetNotFound: there is no such dataset in the actor's laboratory.
        DatasetRefused: the likeness is beyond its limits.
        DatasetStateRefused: the dataset is not open, no pair is as alike, or what would be done
            is not what was looked at.
    """
    require(actor, Action.MANAGE_DATASETS)
    if not LEAST_AT_LEAST <= at_least <= MOST_AT_LEAST:
        raise DatasetRefused(
            "at_least", f"Give a likeness from {LEAST_AT_LEAST:.2f} to {MOST_AT_LEAST:.2f}."
        )
    with transaction.atomic():
        dataset = locked_dataset(actor, dataset_id)
        refuse_not_open(dataset)
        sweep = sweep_of(duplicate_groups(dataset), at_least)
        if sweep.key != seen:
            raise DatasetStateRefused(_changed_since(dataset, "What would be accepted"))
        if not sweep.pairs:
            raise DatasetStateRefused(
                f"No pair of one class is alike by {at_least:g} or more. Choose a lower "
                "likeness, or answer the groups one by one."
            )
        return take_step(dataset, actor, _step_of_sweep(sweep))


def _step_of_sweep(sweep: Sweep) -> Step:
    return Step(
        _Kind.ONE_SOURCE,
        sweep.pairs,
        merges=[_merged(merge, sweep.images[merge.source]) for merge in sweep.merges],
        groups=sweep.groups,
        at_least=sweep.at_least,
        told={"settled": sweep.settled, "conflicting": sweep.conflicting},
    )


def _merged(merge: Merge, images: Sequence[UUID]) -> SourcesMerged:
    return SourcesMerged(
        sources=merge.sources,
        source=merge.source,
        split=merge.split,
        why=why_there(merge),
        images=_as_text(images[:_SHOWN]),
    )


def _as_text(keys: Iterable[UUID]) -> tuple[str, ...]:
    return tuple(str(key) for key in keys)


def _changed_since(dataset: Dataset, what: str) -> str:
    """Tell the second of two people who did something first."""
    newest = dataset.near_duplicate_acts.select_related("done_by", "undone_by").first()
    by = (newest.undone_by or newest.done_by).display_name if newest else ""
    who = f"; the last to say or undo something was {by}" if by else ""
    return (
        f"{what} changed since you loaded the page{who}. Nothing was done. "
        "Load the page again and look at what is left."
    )


def ask_for_check(*, actor: User, dataset_id: UUID) -> Dataset:
    """Search for near-duplicates again, after a search that failed.

    Raises:
        DatasetNotFound: there is no such dataset in the actor's laboratory.
        DatasetStateRefused: the search did not fail.
    """
    require(actor, Action.MANAGE_DATASETS)
    with transaction.atomic():
        dataset = locked_dataset(actor, dataset_id)
        refuse_not_open(dataset)
        if dataset.duplicate_check != _Check.FAILED:
            raise DatasetStateRefused("The search for near-duplicates has not failed.")
        dataset.duplicate_check, dataset.error = _Check.WAITING, ""
        dataset.save(update_fields=["duplicate_check", "error"])
        send_check(dataset)
        record_change(
            dataset, actor, AuditAction.DATASET_CHANGED, {"duplicate_check": ["failed", "waiting"]}
        )
    return dataset
