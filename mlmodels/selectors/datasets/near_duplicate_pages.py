"""The page of a dataset's near-duplicates: groups with their pictures, and what was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet

from accounts.models import User
from mlmodels import policy
from mlmodels.errors import DatasetNotFound
from mlmodels.models import Dataset, DatasetImage, NearDuplicateAct
from mlmodels.selectors.datasets.near_duplicates import (
    AT_LEAST,
    DuplicateGroup,
    Sweep,
    duplicate_groups,
    sweep_of,
    why_there,
)

GROUPS, ACTS, MERGES = 10, 10, 40
# Of one group; the others come as these are settled.
MOST_PICTURES, MOST_PAIRS = 48, 40


@dataclass(frozen=True)
class ShownPair:
    """A pair with its pictures."""

    pk: UUID
    first: DatasetImage
    second: DatasetImage
    likeness: float


@dataclass(frozen=True)
class ShownGroup:
    """A group with what its card shows.

    Args:
        group: what it is.
        images: its pictures, at most `MOST_PICTURES`.
        pairs: its open pairs, at most `MOST_PAIRS`.
        why: where its sources go and why.
    """

    group: DuplicateGroup
    images: tuple[DatasetImage, ...]
    pairs: tuple[ShownPair, ...]
    why: str


@dataclass(frozen=True)
class NearDuplicatesPage:
    """The near-duplicates of a dataset.

    Args:
        groups: one page of `DuplicateGroup`.
        shown: these with their pictures.
        open_pairs, conflicting: how many pairs are open, and groups with several classes.
        sweep: what could be done at once.
        acts: one page of what was done, the newest first.
    """

    dataset: Dataset
    groups: Page
    shown: tuple[ShownGroup, ...]
    open_pairs: int
    conflicting: int
    sweep: Sweep
    acts: Page

    @property
    def last_act(self) -> NearDuplicateAct | None:
        """The newest act, where it stands."""
        newest = next(iter(self.acts), None)
        stands = newest is not None and self.acts.number == 1 and newest.undone_at is None
        return newest if stands else None


def near_duplicates_page(
    viewer: User,
    dataset_id: UUID,
    *,
    at_least: float = AT_LEAST,
    group_page: str = "",
    act_page: str = "",
) -> NearDuplicatesPage:
    """The groups of a dataset that are open, and what was done about others.

    Args:
        at_least: the likeness from which on all pairs could be accepted, 0 to 1.

    Raises:
        DatasetNotFound: there is no such dataset in the viewer's laboratory.
    """
    dataset = policy.visible_datasets(viewer).defer("report").filter(pk=dataset_id).first()
    if dataset is None:
        raise DatasetNotFound()
    groups = duplicate_groups(dataset) if dataset.state == Dataset.State.OPEN else []
    page = Paginator(groups, GROUPS).get_page(group_page)
    return NearDuplicatesPage(
        dataset=dataset,
        groups=page,
        shown=_shown(list(page)),
        open_pairs=sum(group.open_pairs for group in groups),
        conflicting=sum(group.is_conflicting for group in groups),
        sweep=sweep_of(groups, at_least),
        acts=Paginator(acts_of(dataset), ACTS).get_page(act_page),
    )


def _shown(groups: Sequence[DuplicateGroup]) -> tuple[ShownGroup, ...]:
    wanted = {}
    for group in groups:
        open_ones = [pair for pair in group.pairs if pair.is_open][:MOST_PAIRS]
        wanted[group.key] = (group.images[:MOST_PICTURES], open_ones)
    keys = {
        key
        for images, pairs in wanted.values()
        for key in (*images, *(side for pair in pairs for side in (pair.first, pair.second)))
    }
    images = DatasetImage.objects.in_bulk(keys)
    return tuple(
        ShownGroup(
            group=group,
            images=tuple(images[key] for key in wanted[group.key][0]),
            pairs=tuple(
                ShownPair(pair.pk, images[pair.first], images[pair.second], pair.likeness)
                for pair in wanted[group.key][1]
            ),
            why=why_there(group.merge),
        )
        for group in groups
    )


def acts_of(dataset: Dataset) -> QuerySet[NearDuplicateAct]:
    """What was done about near-duplicates, the newest first, without the rows it changed."""
    return dataset.near_duplicate_acts.select_related("done_by", "undone_by").defer(
        "told", "before"
    )


@dataclass(frozen=True)
class ActPage:
    """One act with the list of what it did.

    Args:
        merges: one page of the sources that became one, with some pictures of each.
        left_out: paths of the pictures that left the dataset.
    """

    act: NearDuplicateAct
    dataset: Dataset
    merges: Page
    left_out: tuple[str, ...]


def act_page(viewer: User, dataset_id: UUID, act_id: UUID, *, page: str = "") -> ActPage:
    """What one act did.

    Raises:
        DatasetNotFound: there is no such dataset or act in the viewer's laboratory.
    """
    acts = NearDuplicateAct.objects.filter(
        dataset__in=policy.visible_datasets(viewer), dataset_id=dataset_id, pk=act_id
    )
    act = acts.select_related("dataset", "done_by", "undone_by").first()
    if act is None:
        raise DatasetNotFound()
    merges = Paginator(act.told["merges"], MERGES).get_page(page)
    images = DatasetImage.objects.in_bulk(
        {UUID(key) for merge in merges for key in merge["images"]}
    )
    for merge in merges:
        shown = (images.get(UUID(key)) for key in merge["images"])
        merge["shown"] = [image for image in shown if image is not None]
    left_out = tuple(image["path"] for image in act.before["left_out"])
    return ActPage(act, act.dataset, merges, left_out)
