"""Chance says which cells of a case are read a second time, in the transaction of its signature."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from django.db.models import F, Q

from predictions.models import Cell, Report, Sample, SecondRead, SecondReadDraw
from predictions.selectors.samples.rules import always_reviewed, rules_of

# The system's own source of chance: nobody can foretell which cells are looked at twice.
_CHANCE = secrets.SystemRandom()
# Over so many seconds the cells of several cases mix.
MIXED_OVER_S = 3 * 24 * 3600

_Kind = SecondRead.Kind


def draw_second_reads(report: Report) -> SecondReadDraw | None:
    """Draw cells of a case that is being signed for the first time; a later version draws none.

    Args:
        report: as it was just written, with its sample held.

    Returns:
        The record of the draw, with its rates, also where nothing was drawn.
    """
    if report.version > 1:
        return None
    rules = rules_of(report.sample.laboratory)
    accepted, rare = _cells_of(report.sample, always_reviewed(rules))
    drawn = {
        _Kind.ACCEPTED: share_by_chance(accepted, rules.second_read_percent),
        _Kind.RARE: share_by_chance(rare, rules.second_read_rare_percent),
    }
    draw = SecondReadDraw.objects.create(
        report=report,
        accepted_cells=len(accepted),
        accepted_percent=rules.second_read_percent,
        accepted_drawn=len(drawn[_Kind.ACCEPTED]),
        rare_cells=len(rare),
        rare_percent=rules.second_read_rare_percent,
        rare_drawn=len(drawn[_Kind.RARE]),
        at=report.at,
    )
    SecondRead.objects.bulk_create(_reads(draw, report.sample, drawn))
    return draw


def share_by_chance(cells: Sequence[UUID], percent: int) -> list[UUID]:
    """So many percent of the cells, drawn by chance.

    What is over a whole number is one cell more as often as it says: of ten cells, 3 % is one
    cell in three cases of ten, so that small cases give their share.
    """
    whole, over = divmod(len(cells) * percent, 100)
    return _CHANCE.sample(cells, whole + (secrets.randbelow(100) < over))


def _cells_of(sample: Sample, rare: frozenset[str]) -> tuple[list[UUID], list[UUID]]:
    """The cells that the model accepted and nobody named, and those of rare classes."""
    is_accepted = Q(last_review_number=0, disposition=Cell.Disposition.ACCEPTED)
    cells = Cell.objects.filter(
        is_accepted | Q(present_label__in=rare),
        image__sample=sample,
        job_id=F("image__newest_result_id"),
    )
    by_chance: tuple[list[UUID], list[UUID]] = ([], [])
    for key, label in cells.order_by().values_list("pk", "present_label"):
        by_chance[label in rare].append(key)
    return by_chance


def _reads(
    draw: SecondReadDraw, sample: Sample, drawn: Mapping[SecondRead.Kind, Sequence[UUID]]
) -> Iterator[SecondRead]:
    """The rows of what was drawn, each with its first label and whose word that was."""
    kinds = {key: kind for kind, cells in drawn.items() for key in cells}
    named_by = _named_by(drawn[_Kind.RARE])
    cells = Cell.objects.filter(pk__in=kinds).order_by() if kinds else Cell.objects.none()
    signed_at = int(draw.at.timestamp())
    for key, label, version in cells.values_list("pk", "present_label", "job__model_version"):
        yield SecondRead(
            laboratory_id=sample.laboratory_id,
            sample_id=sample.pk,
            draw_id=draw.pk,
            cell_id=key,
            kind=kinds[key],
            first_label=label,
            first_by_id=named_by.get(key),
            model_version_id=version,
            turn=signed_at + secrets.randbelow(MIXED_OVER_S),
        )


def _named_by(cells: Sequence[UUID]) -> dict[UUID, UUID]:
    """Whose word each cell carries, where it is a person's."""
    if not cells:
        return {}
    rows = Cell.objects.filter(pk__in=cells).defer("probabilities", "attributes")
    deciding = {cell.pk: cell.deciding_review for cell in rows.prefetch_related("reviews")}
    return {key: review.by_id for key, review in deciding.items() if review}
