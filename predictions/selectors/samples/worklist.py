"""The worklist: which samples wait, for whom, and how far each is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum

from accounts.models import User
from accounts.policy import Action, allows
from mlmodels.selectors.labels import labels_for
from predictions import policy
from predictions.models import Sample, SampleLabel, SmearImage
from predictions.selectors.laboratory.diseases import has_disease
from predictions.selectors.samples.rules import rules_of
from predictions.selectors.samples.samples import samples_newest_first

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# More than the column holds no cursor of ours names.
_MOST_CELLS = 2**31 - 1


class Order(StrEnum):
    """What comes first in the worklist."""

    URGENT = "urgent"
    NEWEST = "newest"
    OLDEST = "oldest"
    MOST_TO_REVIEW = "most_to_review"


# Columns of each order, all of them downwards or all upwards, so that a page can begin anywhere.
_COLUMNS = {
    Order.URGENT: ("-priority", "-created_at", "-id"),
    Order.NEWEST: ("-created_at", "-id"),
    Order.OLDEST: ("created_at", "id"),
    Order.MOST_TO_REVIEW: ("-cells_to_review", "-created_at", "-id"),
}


@dataclass(frozen=True)
class Filters:
    """What a person wants to see; what is empty narrows nothing.

    Args:
        label: code that a cell of the sample carries now, or `ImageLabel.UNIDENTIFIED`.
        first_day, last_day: of the laboratory, on which samples came.
        uploader: who uploaded an image of the sample.
        profile: of an image of the sample.
        awaits_me: what the viewer's role has to look at next.
        disease: code that a doctor said of the sample; nobody else finds samples by it.
    """

    state: str = ""
    priority: str = ""
    label: str = ""
    first_day: date | None = None
    last_day: date | None = None
    uploader: UUID | None = None
    profile: UUID | None = None
    awaits_me: bool = False
    disease: str = ""
    order: Order = Order.URGENT

    def in_words(self) -> dict[str, str]:
        """Those that narrow, by name, as the trail keeps them."""
        return {name: str(value) for name, value in asdict(self).items() if value}


@dataclass(frozen=True)
class WorklistRow:
    """A sample, and how far it is.

    Args:
        counted: white cells that count in its differential: reviewed, or accepted by the model.
        target: how many the laboratory wants counted.
    """

    sample: Sample
    counted: int
    target: int


@dataclass(frozen=True)
class WorklistPage:
    """Some rows, and where the neighbouring pages begin.

    Args:
        before, after: cursors of the pages before and after; empty where there is none.
    """

    rows: list[WorklistRow]
    before: str = ""
    after: str = ""


def worklist(viewer: User, filters: Filters = Filters()) -> QuerySet[Sample]:
    """The viewer's samples, narrowed and put in order."""
    samples = samples_newest_first(viewer).filter(*_conditions(viewer, filters))
    return samples.order_by(*_COLUMNS[filters.order])


def samples_by_state(viewer: User) -> dict[str, int]:
    """How many of the viewer's samples are in each state: one count along an index."""
    counted = policy.visible_samples(viewer).order_by().values("state").annotate(n=Count("pk"))
    found = {row["state"]: row["n"] for row in counted}
    return {state: found.get(state, 0) for state in Sample.State.values}


def worklist_page(
    viewer: User,
    filters: Filters = Filters(),
    *,
    after: str = "",
    before: str = "",
    size: int = 50,
) -> WorklistPage:
    """One page of the worklist.

    Args:
        after: cursor; what follows it. What is no cursor of this order asks for the first page.
        before: cursor; what comes ahead of it.
    """
    samples, columns = worklist(viewer, filters), _COLUMNS[filters.order]
    follows, precedes = _read_cursor(after, columns), _read_cursor(before, columns)
    if follows is not None:
        found = list(samples.filter(_beyond(columns, follows))[: size + 1])
        has_before, has_after = True, len(found) > size
        found = found[:size]
    elif precedes is not None:
        turned = tuple(map(_turned, columns))
        found = list(samples.filter(_beyond(turned, precedes)).order_by(*turned)[: size + 1])
        has_before, has_after = len(found) > size, True
        found = found[:size][::-1]
    else:
        found = list(samples[: size + 1])
        has_before, has_after = False, len(found) > size
        found = found[:size]
    return WorklistPage(
        rows=worklist_rows(viewer, found),
        before=_cursor(found[0], columns) if found and has_before else "",
        after=_cursor(found[-1], columns) if found and has_after else "",
    )


def worklist_rows(viewer: User, samples: Sequence[Sample]) -> list[WorklistRow]:
    """Rows for samples, in their order, with one query for the cells of all of them."""
    counting = [
        code for code, label in labels_for(viewer.laboratory).items() if label.in_denominator
    ]
    cells: Counter[UUID] = Counter()
    rows = SampleLabel.objects.filter(sample__in=samples, code__in=counting)
    for row in rows.values("sample").annotate(cells=Sum(F("reviewed") + F("accepted"))):
        cells[row["sample"]] = row["cells"]
    target = rules_of(viewer.laboratory).target_cells
    return [WorklistRow(sample, cells[sample.pk], target) for sample in samples]


def _created_between(viewer: User, first_day: date | None, last_day: date | None) -> Q:
    """Samples that came on these days of the laboratory."""
    zone, came = viewer.laboratory.zone, Q()
    if first_day is not None:
        came &= Q(created_at__gte=datetime.combine(first_day, time.min, tzinfo=zone))
    if last_day is not None:
        day_after = last_day + timedelta(days=1)
        came &= Q(created_at__lt=datetime.combine(day_after, time.min, tzinfo=zone))
    return came


def _conditions(viewer: User, filters: Filters) -> list[Q | Exists]:
    conditions: list[Q | Exists] = [_created_between(viewer, filters.first_day, filters.last_day)]
    if filters.state:
        conditions.append(Q(state=filters.state))
    if filters.priority:
        conditions.append(Q(priority=filters.priority))
    if filters.label:
        labels = SampleLabel.objects.filter(sample=OuterRef("pk"), code=filters.label)
        found = Q(reviewed__gt=0) | Q(accepted__gt=0) | Q(to_review__gt=0)
        conditions.append(Exists(labels.filter(found)))
    if filters.uploader:
        conditions.append(_has_image(uploaded_by=filters.uploader))
    if filters.profile:
        conditions.append(_has_image(imaging_profile=filters.profile))
    if filters.disease:
        conditions.append(has_disease(viewer, [filters.disease]))
    if filters.awaits_me:
        conditions.append(_awaits(viewer))
    return conditions


def _has_image(**fields: Any) -> Exists:
    return Exists(SmearImage.objects.filter(sample=OuterRef("pk"), **fields))


def _awaits(viewer: User) -> Q:
    """Who signs has to sign; who only reviews has to review."""
    if allows(viewer, Action.SIGN_OUT):
        return Q(state=Sample.State.READY)
    if allows(viewer, Action.REVIEW_CELLS):
        return Q(state=Sample.State.IN_REVIEW, cells_to_review__gt=0)
    return Q(pk__in=[])


# --- Pages: a cursor names the last row seen, by the columns of the order ------------------------


def _cursor(sample: Sample, columns: Sequence[str]) -> str:
    return "-".join(_written(getattr(sample, column.lstrip("-"))) for column in columns)


def _written(value: Any) -> str:
    if isinstance(value, datetime):
        return str((value - _EPOCH) // timedelta(microseconds=1))
    return value.hex if isinstance(value, UUID) else str(value)


def _read_cursor(text: str, columns: Sequence[str]) -> list[Any] | None:
    parts = text.split("-")
    if len(parts) != len(columns):
        return None
    try:
        return [_READ[name.lstrip("-")](part) for name, part in zip(columns, parts, strict=True)]
    except (ValueError, OverflowError):
        return None


_READ: dict[str, Any] = {
    "priority": Sample.Priority,
    "created_at": lambda text: _EPOCH + timedelta(microseconds=int(text)),
    "id": lambda text: UUID(hex=text),
    "cells_to_review": lambda text: min(int(text), _MOST_CELLS),
}


def _turned(column: str) -> str:
    return column[1:] if column.startswith("-") else f"-{column}"


def _beyond(columns: Sequence[str], place: Sequence[Any]) -> Q:
    """What comes after a place in this order.

    The condition on the first column says nothing new; with it an index is entered.
    """
    names = [column.lstrip("-") for column in columns]
    side = "lt" if columns[0].startswith("-") else "gt"
    steps = [
        Q(**dict(zip(names[:n], place[:n], strict=True)), **{f"{names[n]}__{side}": place[n]})
        for n in range(len(names))
    ]
    return reduce(or_, steps) & Q(**{f"{names[0]}__{side}e": place[0]})
