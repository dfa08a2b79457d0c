"""Puts back what a step about near-duplicates changed, exactly, or says what is in the way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import AuditAction, User
from accounts.policy import Action, require
from mlmodels.errors import DatasetNotFound, DatasetStateRefused
from mlmodels.models import Dataset, DatasetImage, NearDuplicate, NearDuplicateAct
from mlmodels.services.datasets.changes import locked_dataset, record_change, refuse_not_open
from mlmodels.services.datasets.near_duplicate_acts import (
    PART,
    RESOLUTION,
    end_other_work,
    in_parts,
)

_OPEN = NearDuplicate.Resolution.OPEN


def undo_act(*, actor: User, dataset_id: UUID, act_id: UUID) -> NearDuplicateAct:
    """Put sources, splits, pictures and pairs back as they were before an act, exactly.

    Raises:
        DatasetNotFound: there is no such dataset or act in the actor's laboratory.
        DatasetStateRefused: the dataset is not open, somebody undid it already, or something
            else changed these rows since.
    """
    require(actor, Action.MANAGE_DATASETS)
    with transaction.atomic():
        dataset = locked_dataset(actor, dataset_id)
        refuse_not_open(dataset)
        acts = dataset.near_duplicate_acts.select_related("undone_by")
        act = acts.filter(pk=act_id).first()
        if act is None:
            raise DatasetNotFound()
        if act.undone_by is not None:
            raise DatasetStateRefused(
                f"This was undone already, by {act.undone_by.display_name}. Load the page again."
            )
        if not _stands(dataset, act):
            raise DatasetStateRefused(_why_not_undone(dataset, act))
        _restore(dataset, act)
        act.undone_by, act.undone_at = actor, timezone.now()
        act.save(update_fields=["undone_by", "undone_at"])
        # What comes back was not compared with what was moved meanwhile.
        end_other_work(dataset, compare_again=bool(act.moved or act.left_out))
        changes = {"act": [act.number, None], "answer": [act.kind, None]}
        record_change(dataset, actor, AuditAction.DATASET_CHANGED, changes)
    return act


def _stands(dataset: Dataset, act: NearDuplicateAct) -> bool:
    """Whether every row is as the act left it, so that it can be put back."""
    before = act.before
    places = {
        str(pk): (source, split, path)
        for pk, source, split, path in dataset.images.values_list("pk", "source", "split", "path")
    }
    after = dict(places)
    for block in before["moved"]:
        (old_source, source), (old_split, split) = block["source"], block["split"]
        for key in block["images"]:
            if places.get(key, ())[:2] != (source, split):
                return False
            after[key] = (old_source, old_split, places[key][2])
    for image in before["left_out"]:
        after[image["id"]] = (image["source"], image["split"], image["path"])
    sides = {pair[side] for pair in before["pairs"] for side in ("first", "second")}
    # Pictures of one source come back to each other, or not at all.
    parted = {image["source"] for image in before["left_out"]} & _moved_away_after(dataset, act)
    return (
        not parted
        and len({path for _, _, path in after.values()}) == len(after)
        and sides <= after.keys()
        and _sources_are_whole(after.values(), _sources_of(before))
        and _one_source_stays_one(dataset, before, after)
        and _resolved_by(dataset, act) == len(before["resolved"])
    )


def _sources_are_whole(places: Iterable[tuple[str, str, str]], names: set[str]) -> bool:
    """Whether no source that comes back would stand in several splits."""
    splits: dict[str, str] = {}
    return all(
        splits.setdefault(source, split) == split for source, split, _ in places if source in names
    )


def _one_source_stays_one(
    dataset: Dataset, before: dict[str, Any], after: dict[str, tuple[str, str, str]]
) -> bool:
    """Whether pictures that other acts took as one source would still have one."""
    taken = dataset.near_duplicates.filter(resolution=NearDuplicate.Resolution.SAME_GROUP)
    own = set(before["resolved"])
    return all(
        after[str(first)][0] == after[str(second)][0]
        for pk, first, second in taken.values_list("pk", "first_id", "second_id")
        if str(pk) not in own
    )


def _sources_of(before: dict[str, Any]) -> set[str]:
    moved = {name for block in before["moved"] for name in block["source"]}
    return moved | {image["source"] for image in before["left_out"]}


def _resolved_by(dataset: Dataset, act: NearDuplicateAct) -> int:
    """How many of its pairs are still resolved as the act did it."""
    as_left = dataset.near_duplicates.filter(
        resolution=RESOLUTION.get(NearDuplicateAct.Kind(act.kind), _OPEN),
        resolved_by=act.done_by_id,
        resolved_at=act.done_at,
    )
    return sum(as_left.filter(pk__in=keys).count() for keys in in_parts(act.before["resolved"]))


def _restore(dataset: Dataset, act: NearDuplicateAct) -> None:
    before = act.before
    back = [
        DatasetImage(pk=UUID(key), source=block["source"][0], split=block["split"][0])
        for block in before["moved"]
        for key in block["images"]
    ]
    DatasetImage.objects.bulk_update(back, ["source", "split"], batch_size=PART)
    DatasetImage.objects.bulk_create(
        (DatasetImage(dataset=dataset, **image) for image in before["left_out"]), batch_size=PART
    )
    keys = {"first": "first_id", "second": "second_id", "resolved_by": "resolved_by_id"}
    NearDuplicate.objects.bulk_create(
        (
            NearDuplicate(
                dataset=dataset, **{keys.get(name, name): value for name, value in pair.items()}
            )
            for pair in before["pairs"]
        ),
        batch_size=PART,
    )
    for part in in_parts(before["resolved"]):
        dataset.near_duplicates.filter(pk__in=part).update(
            resolution=_OPEN, resolved_by=None, resolved_at=None
        )


def _later(dataset: Dataset, act: NearDuplicateAct) -> QuerySet[NearDuplicateAct]:
    """What was done after an act and stands, the newest first."""
    return dataset.near_duplicate_acts.filter(number__gt=act.number, undone_at__isnull=True)


def _moved_away_after(dataset: Dataset, act: NearDuplicateAct) -> set[str]:
    """Names of the sources that gave their pictures to another one after an act."""
    befores = _later(dataset, act).values_list("before", flat=True)
    return {block["source"][0] for before in befores for block in before["moved"]}


def _why_not_undone(dataset: Dataset, act: NearDuplicateAct) -> str:
    """Name the newest act that has to be undone first, where one is in the way."""
    ours = _touched(act)
    for other in _later(dataset, act).select_related("done_by"):
        if ours & _touched(other):
            return (
                f"Act {other.number} ({other.get_kind_display()}, by "
                f"{other.done_by.display_name}) changed some of the same pictures after act "
                f"{act.number}. Undo act {other.number} first."
            )
    return (
        f"Something else changed these pictures after act {act.number}, so they cannot be put "
        "back exactly. Answer their groups anew, or delete the dataset and import it again."
    )


def _touched(act: NearDuplicateAct) -> set[str]:
    """Keys of the pictures and pairs that an act changed, and names of the sources."""
    before = act.before
    images = {key for block in before["moved"] for key in block["images"]}
    images |= {image["id"] for image in before["left_out"]}
    pairs = {*before["resolved"], *(pair["id"] for pair in before["pairs"])}
    sides = {pair[side] for pair in before["pairs"] for side in ("first", "second")}
    return images | pairs | sides | {f"source {name}" for name in _sources_of(before)}
