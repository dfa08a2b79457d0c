"""One step of what people say of near-duplicates: done, and kept with the rows as they were.

What is said, and of which pictures, the callers decide. They hold the dataset's row lock and
have seen that it may change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from django.utils import timezone

from accounts.models import AuditAction, User
from hematovision import leases
from hematovision.queue import enqueue_on_commit
from mlmodels.models import Dataset, DatasetImage, NearDuplicate, NearDuplicateAct
from mlmodels.selectors.datasets.near_duplicates import open_pairs
from mlmodels.services.datasets.changes import record_change

_Check, _Kind = Dataset.DuplicateCheck, NearDuplicateAct.Kind
_OPEN = NearDuplicate.Resolution.OPEN
PART = 500
RESOLUTION = {
    _Kind.ONE_SOURCE: NearDuplicate.Resolution.SAME_GROUP,
    _Kind.NOT_THE_SAME: NearDuplicate.Resolution.NOT_THE_SAME,
}
_IMAGE = ("path", "sha256", "label", "source", "split", "width_px", "height_px")


@dataclass(frozen=True)
class SourcesMerged:
    """Sources that become one.

    Args:
        sources: whose pictures move.
        source, split: what they all get.
        why: in words.
        images: keys of pictures that show what it is about.
    """

    sources: tuple[str, ...]
    source: str
    split: str
    why: str
    images: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """What is to be done at once.

    Args:
        kind: what was said.
        pairs: keys of the unresolved pairs that it answers.
        merges: for one source.
        left_out: keys of the pictures that leave the dataset.
        groups: how many it is about.
        at_least: the likeness from which on all pairs are taken; none for one group or pair.
        told: what else a person should read afterwards.
    """

    kind: NearDuplicateAct.Kind
    pairs: Sequence[UUID]
    merges: Sequence[SourcesMerged] = ()
    left_out: Sequence[UUID] = ()
    groups: int = 1
    at_least: float | None = None
    told: dict[str, Any] = field(default_factory=dict)


def take_step(dataset: Dataset, actor: User, step: Step) -> NearDuplicateAct:
    """Change the rows, keep them as they were, and write it all down.

    What was moved is compared again as soon as no pair is open.
    """
    now = timezone.now()
    resolved = _resolve(dataset, actor, step, now)
    moved, told = _merge(dataset, step.merges)
    left_out, gone_pairs = _leave_out(dataset, step.left_out)
    number = dataset.near_duplicate_acts.count() + 1
    act = NearDuplicateAct.objects.create(
        dataset=dataset,
        number=number,
        kind=step.kind,
        at_least=step.at_least,
        groups=step.groups,
        pairs=len(step.pairs),
        moved=sum(merge["moved"] for merge in told),
        left_out=len(left_out),
        told={**step.told, "merges": told},
        before={
            "resolved": resolved,
            "moved": moved,
            "left_out": left_out,
            "pairs": gone_pairs,
        },
        done_by=actor,
        done_at=now,
    )
    end_other_work(dataset, compare_again=act.moved > 0)
    record_change(dataset, actor, AuditAction.DUPLICATE_RESOLVED, _in_audit(act))
    return act


def _resolve(dataset: Dataset, actor: User, step: Step, now: Any) -> list[str]:
    resolution = RESOLUTION.get(step.kind)
    if resolution is None:
        return []
    for keys in in_parts(step.pairs):
        dataset.near_duplicates.filter(pk__in=keys).update(
            resolution=resolution, resolved_by=actor, resolved_at=now
        )
    return [str(key) for key in step.pairs]


def _merge(
    dataset: Dataset, merges: Sequence[SourcesMerged]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Give all pictures of merged sources one source and split; which were moved, and told."""
    if not merges:
        return [], []
    target = {source: merge for merge in merges for source in merge.sources}
    blocks: dict[tuple[str, str], dict[str, Any]] = {}
    changed, numbers = [], dict.fromkeys(map(id, merges), 0)
    for pk, source, split in dataset.images.values_list("pk", "source", "split"):
        merge = target.get(source)
        if merge is None or (source, split) == (merge.source, merge.split):
            continue
        block = blocks.setdefault(
            (source, split),
            {"source": [source, merge.source], "split": [split, merge.split], "images": []},
        )
        block["images"].append(str(pk))
        numbers[id(merge)] += split != merge.split
        changed.append(DatasetImage(pk=pk, source=merge.source, split=merge.split))
    DatasetImage.objects.bulk_update(changed, ["source", "split"], batch_size=PART)
    told = [
        {
            "sources": list(merge.sources),
            "source": merge.source,
            "split": merge.split,
            "why": merge.why,
            "images": list(merge.images),
            "moved": numbers[id(merge)],
        }
        for merge in merges
    ]
    return list(blocks.values()), told


def _leave_out(
    dataset: Dataset, keys: Sequence[UUID]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Take pictures out of the dataset; their rows, and those of their pairs, as they were.

    Their files stay until the dataset is frozen.
    """
    gone = dataset.images.filter(pk__in=keys)
    images = [
        {"id": str(image.pk), **{name: getattr(image, name) for name in _IMAGE}} for image in gone
    ]
    pairs = dataset.near_duplicates.filter(first__in=keys) | dataset.near_duplicates.filter(
        second__in=keys
    )
    rows = [
        {
            "id": str(pair.pk),
            "first": str(pair.first_id),
            "second": str(pair.second_id),
            "likeness": pair.likeness,
            "resolution": pair.resolution,
            "resolved_by": str(pair.resolved_by_id) if pair.resolved_by_id else None,
            "resolved_at": pair.resolved_at.isoformat() if pair.resolved_at else None,
        }
        for pair in pairs.order_by("pk")
    ]
    gone.delete()
    return images, rows


def end_other_work(dataset: Dataset, *, compare_again: bool) -> None:
    """Tell whoever compares or freezes meanwhile, by a new fence, that the rows are others now."""
    if compare_again:
        dataset.duplicate_check = _Check.WAITING
    dataset.fence, dataset.lease_until, dataset.attempts = dataset.fence + 1, None, 0
    dataset.progress_done = dataset.progress_total = 0
    dataset.save(
        update_fields=[
            "duplicate_check",
            "fence",
            "lease_until",
            "attempts",
            "progress_done",
            "progress_total",
        ]
    )
    # A comparison waits for people first: it is sent once nothing is left to resolve.
    if dataset.duplicate_check == _Check.WAITING and not open_pairs(dataset).exists():
        send_check(dataset)


def send_check(dataset: Dataset) -> None:
    """Ask a worker to compare the dataset."""
    Dataset.objects.filter(pk=dataset.pk).update(**leases.just_sent())
    enqueue_on_commit("mlmodels.check_duplicates", dataset_id=str(dataset.pk))


def _in_audit(act: NearDuplicateAct) -> dict[str, Any]:
    changes: dict[str, Any] = {
        "act": [None, act.number],
        "answer": [None, act.kind],
        "pairs": [None, act.pairs],
    }
    if act.at_least is not None:
        changes["at_least"] = [None, act.at_least]
    if act.before["moved"]:
        changes["moved"] = [
            {**block, "images": len(block["images"])} for block in act.before["moved"]
        ]
    if act.before["left_out"]:
        changes["removed"] = [[image["path"] for image in act.before["left_out"]], None]
    return changes


Item = TypeVar("Item")


def in_parts(items: Iterable[Item]) -> Iterator[list[Item]]:
    """A few hundred at a time: databases take only so many values in one question."""
    rest = iter(items)
    while part := list(islice(rest, PART)):
        yield part
