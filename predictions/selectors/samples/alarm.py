"""Whether a sample's cells raise an alarm, and by which of them.

What a version suspects of a cell was stored with it; how many such cells are too many, its card
says (`mlmodels/ml/inference/alarm.py`). People count over the version as they do everywhere, with
one difference: only a doctor's word takes a cell out of an alarm, anybody's puts one in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from math import inf
from typing import Any
from uuid import UUID

from django.db.models import F, Q

from accounts.models import Role
from mlmodels.ml.inference.alarm import AlarmRule
from mlmodels.models import ModelVersion
from predictions.models import Cell, Sample

BLAST = "blast"


@dataclass(frozen=True)
class SampleAlarm:
    """An alarm of a sample.

    Args:
        cells: those that make it, the most suspicious first.
        unseen: how many of them no doctor has acknowledged.
        acknowledged_by, acknowledged_at: who last did, and when; none where nobody did.
    """

    cells: tuple[UUID, ...]
    unseen: int
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None

    @property
    def digest(self) -> str:
        """A word for its cells: another one as soon as they are others."""
        return digest_of(self.cells)


def digest_of(cells: Iterable[UUID]) -> str:
    """A word for the cells of an alarm."""
    return sha256("".join(sorted(map(str, cells))).encode()).hexdigest()[:16]


def alarm_of(sample: Sample) -> SampleAlarm | None:
    """The alarm of a sample that the caller may see; none where there is none."""
    if not sample.alarm_cells:
        return None
    seen = sample.acknowledgements.filter(cells__isnull=False).select_related("by").last()
    return SampleAlarm(
        cells=alarming_cells(sample),
        unseen=sample.alarm_unseen or 0,
        acknowledged_by=seen.by.display_name if seen else "",
        acknowledged_at=seen.at if seen else None,
    )


def alarming_cells(sample: Sample) -> tuple[UUID, ...]:
    """The cells of the sample's newest results that raise an alarm, the most suspicious first.

    Nothing where they raise none, and where no version that read them has a rule for it.
    """
    by_version: dict[Any, list[Any]] = defaultdict(list)
    for row in _rows(sample):
        by_version[row.job__model_version].append(row)
    if all(row.suspicion is None for rows in by_version.values() for row in rows):
        return ()
    versions = ModelVersion.objects.only("card").in_bulk(by_version.keys() - {None})
    found: list[Any] = []
    is_raised = False
    for key, rows in by_version.items():
        rule = AlarmRule.of_card(versions[key].card) if key in versions else None
        film = rule.film(_judged(rows)) if rule else None
        least = rule.least_suspicion(film) if rule and film else inf
        suspicious = [row for row in rows if _is_suspicious(row, least)]
        found += suspicious
        is_raised |= any(map(_is_called_blast, suspicious))
        if rule and film:
            is_raised |= rule.judge(len(suspicious), film).is_raised
    return tuple(row.id for row in sorted(found, key=_turn)) if is_raised else ()


def alarm_columns(sample: Sample) -> dict[str, int | None]:
    """What a sample's row says of its alarm, worked out from its cells."""
    cells = alarming_cells(sample)
    unseen = len(set(cells) - acknowledged_cells(sample)) if cells else None
    return {"alarm_cells": len(cells) or None, "alarm_unseen": unseen}


def acknowledged_cells(sample: Sample) -> set[UUID]:
    """The cells that a doctor has looked at, in any acknowledgement of the sample."""
    rows = sample.acknowledgements.filter(cells__isnull=False)
    return {UUID(cell) for cells in rows.values_list("cells", flat=True) for cell in cells or ()}


def cells_of_sample(sample: Sample, cells: Iterable[str]) -> list[UUID]:
    """Those of some cells, by their keys, that the sample still shows."""
    shown = Cell.objects.filter(
        image__sample=sample, job=F("image__newest_result"), pk__in=list(cells)
    )
    return list(shown.values_list("pk", flat=True))


def _rows(sample: Sample) -> Iterable[Any]:
    """The cells that a version judged, and those that people call blasts."""
    judged = Q(suspicion__isnull=False) | Q(present_label=BLAST, last_review_number__gt=0)
    return Cell.objects.filter(
        judged, image__sample=sample, job=F("image__newest_result")
    ).values_list(
        "id",
        "suspicion",
        "familiarity_percentile",
        "present_label",
        "named_by_role",
        "last_review_number",
        "job__model_version",
        named=True,
    )


def _judged(rows: Iterable[Any]) -> list[tuple[float, float]]:
    """Of each cell that a version judged how unfamiliar and how suspicious it was."""
    return [
        (row.familiarity_percentile, row.suspicion)
        for row in rows
        if row.suspicion is not None and row.familiarity_percentile is not None
    ]


def _is_suspicious(row: Any, least: float) -> bool:
    if _is_called_blast(row):
        return True
    if row.named_by_role == Role.DOCTOR or row.suspicion is None:
        return False
    return bool(row.suspicion >= least)


def _is_called_blast(row: Any) -> bool:
    return bool(row.last_review_number and row.present_label == BLAST)


def _turn(row: Any) -> tuple[float, str]:
    """What a person called a blast first, then by suspicion."""
    return (-inf if _is_called_blast(row) else -row.suspicion), str(row.id)
