"""An admin puts a control slide together: by chance from what two people agree on, or by hand."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef
from django.utils import timezone

from accounts.models import AuditAction, Laboratory, User
from accounts.policy import Action, require
from accounts.services.audit import record_event
from mlmodels.selectors.labels import labels_for
from predictions import policy
from predictions.errors import ControlSlideNotFound, ControlSlideRefused, SampleNotFound
from predictions.models import (
    CellReview,
    ControlCell,
    ControlSlide,
    Sample,
    SampleLabel,
    SecondReadAnswer,
)
from predictions.selectors.quality.control_drafts import signed_cells

_CHANCE = secrets.SystemRandom()
# So many of the newest signed samples of a class are looked through, and at most so many of their
# cells, twice, are drawn from.
SAMPLES, MOST_AGREED = 200, 20_000
LONGEST_NAME = 60


@transaction.atomic
def new_control_slide(*, actor: User, name: str) -> ControlSlide:
    """Begin to put a control slide together; a laboratory has one such at a time.

    Raises:
        ControlSlideRefused: one is being put together, or the name cannot be kept.
    """
    require(actor, Action.MANAGE_LABORATORY)
    _hold(actor)
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or "\x00" in name:
        raise ControlSlideRefused(
            f"Give the slide a name of 1 to {LONGEST_NAME} characters.", http_status=400
        )
    if policy.visible_control_slides(actor).filter(started_at=None).exists():
        raise ControlSlideRefused("A control slide is being put together already. Finish that one.")
    slide = ControlSlide.objects.create(
        laboratory_id=actor.laboratory_id, name=name, created_by=actor
    )
    _record(actor, slide, {"name": [None, name]})
    return slide


@transaction.atomic
def draw_control_cells(*, actor: User, slide_id: UUID, quotas: Mapping[str, int]) -> dict[str, int]:
    """Draw the slide's cells by chance, so many of each class, in place of what it holds.

    Of the laboratory's signed samples, those cells are drawn from that two people called so.

    Args:
        quotas: cells by code of a label, adding to at most those of a slide.

    Returns:
        By class how many fewer were to be had than were asked for.

    Raises:
        ControlSlideNotFound: there is no such slide in the actor's laboratory.
        ControlSlideRefused: it was started, or the quotas cannot be.
    """
    require(actor, Action.MANAGE_LABORATORY)
    slide = _draft_under_lock(actor, slide_id)
    _refuse_quotas(actor, quotas)
    missing: dict[str, int] = {}
    chosen: list[ControlCell] = []
    for code, wanted in quotas.items():
        agreed = agreed_cells(actor, code) if wanted else []
        drawn = _CHANCE.sample(agreed, min(wanted, len(agreed)))
        chosen += [ControlCell(slide=slide, cell_id=key, label=code) for key in drawn]
        if len(drawn) < wanted:
            missing[code] = wanted - len(drawn)
    ControlCell.objects.filter(slide=slide).delete()
    ControlCell.objects.bulk_create(chosen)
    _record(actor, slide, {"drawn": [None, len(chosen)]})
    return missing


def agreed_cells(actor: User, code: str) -> list[UUID]:
    """Cells of signed samples that are called so by two people at least, the newest samples'."""
    labels = SampleLabel.objects.filter(
        laboratory_id=actor.laboratory_id,
        code=code,
        reviewed__gt=0,
        sample__state=Sample.State.SIGNED,
    )
    samples = list(
        labels.order_by("-sample__state_changed_at").values_list("sample", flat=True)[:SAMPLES]
    )
    reviews = CellReview.objects.filter(
        cell__image__sample__in=samples,
        cell__job=F("cell__image__newest_result"),
        cell__present_label=code,
        to_label=code,
    )
    by_reviews = reviews.values("cell").annotate(people=Count("by", distinct=True))
    # Of a second reader and a reviewer; a cell is read a second time but once.
    reviewed_so = CellReview.objects.filter(cell=OuterRef("read__cell"), to_label=code)
    answers = SecondReadAnswer.objects.filter(
        Exists(reviewed_so.exclude(by=OuterRef("by"))),
        read__sample__in=samples,
        read__cell__job=F("read__cell__image__newest_result"),
        read__cell__present_label=code,
        label=code,
    )
    # Where there are more than can be looked at, chance says which.
    found = {
        *by_reviews.filter(people__gt=1).order_by("?").values_list("cell", flat=True)[:MOST_AGREED],
        *answers.order_by("?").values_list("read__cell", flat=True)[:MOST_AGREED],
    }
    return sorted(found)


@transaction.atomic
def choose_control_cells(
    *, actor: User, slide_id: UUID, sample_id: UUID, cell_ids: Collection[UUID]
) -> ControlSlide:
    """Let the slide hold these cells of a sample, and no others of it.

    Raises:
        ControlSlideNotFound, SampleNotFound: there is none in the actor's laboratory.
        ControlSlideRefused: it was started, or would hold too many, or a cell cannot be on it.
    """
    require(actor, Action.MANAGE_LABORATORY)
    slide = _draft_under_lock(actor, slide_id)
    sample = policy.visible_samples(actor).filter(pk=sample_id).first()
    if sample is None:
        raise SampleNotFound()
    cells = list(signed_cells(actor, sample).filter(pk__in=cell_ids)) if cell_ids else []
    if len(cells) < len(set(cell_ids)):
        raise ControlSlideRefused(
            "Some of these cells are not signed as they are now. Load the page again."
        )
    held = ControlCell.objects.filter(slide=slide)
    of_sample = held.filter(cell__image__sample=sample)
    before = of_sample.count()
    after = held.count() - before + len(cells)
    if after > slide.CELLS:
        raise ControlSlideRefused(
            f"With these cells the slide would hold {after}; it holds exactly {slide.CELLS}. "
            f"Take {after - slide.CELLS} out."
        )
    ControlCell.objects.filter(pk__in=list(of_sample.values_list("pk", flat=True))).delete()
    ControlCell.objects.bulk_create(
        ControlCell(slide=slide, cell=cell, label=cell.present_label) for cell in cells
    )
    _record(actor, slide, {"cells_of_a_sample": [before, len(cells)], "sample": str(sample.pk)})
    return slide


@transaction.atomic
def start_control_slide(*, actor: User, slide_id: UUID) -> ControlSlide:
    """Freeze a slide: from now on it is the one that is read, in place of the one before.

    Raises:
        ControlSlideNotFound: there is no such slide in the actor's laboratory.
        ControlSlideRefused: it was started, or it does not hold as many signed cells as it must.
    """
    require(actor, Action.MANAGE_LABORATORY)
    slide = _draft_under_lock(actor, slide_id)
    cells = ControlCell.objects.filter(slide=slide)
    if (held := cells.count()) != slide.CELLS:
        raise ControlSlideRefused(
            f"The slide holds {held} cells; it needs exactly {slide.CELLS}. Draw or choose again."
        )
    as_signed = cells.filter(
        cell__image__sample__state=Sample.State.SIGNED,
        cell__job=F("cell__image__newest_result"),
        cell__present_label=F("label"),
    )
    if stale := slide.CELLS - as_signed.count():
        raise ControlSlideRefused(
            f"{stale} of its cells are not signed as they are now: their samples were amended or "
            "retracted since. Choose others in their place, or draw again."
        )
    now = timezone.now()
    in_use = ControlSlide.objects.filter(
        laboratory_id=slide.laboratory_id, started_at__isnull=False, retired_at=None
    )
    retired = in_use.first()
    in_use.update(retired_at=now)
    slide.started_at, slide.started_by = now, actor
    slide.save(update_fields=["started_at", "started_by"])
    _record(
        actor,
        slide,
        {"started": [None, slide.name], "replaces": [None, str(retired.pk) if retired else None]},
    )
    return slide


def _refuse_quotas(actor: User, quotas: Mapping[str, int]) -> None:
    if unknown := set(quotas) - labels_for(actor.laboratory).keys():
        raise ControlSlideRefused(
            f"Your laboratory has no label {min(unknown)}. Load the page again.", http_status=400
        )
    total = sum(quotas.values())
    if min(quotas.values(), default=0) < 0 or not 0 < total <= ControlSlide.CELLS:
        raise ControlSlideRefused(
            f"Ask for 1 to {ControlSlide.CELLS} cells in all; these are {total}.", http_status=400
        )


def _hold(actor: User) -> None:
    """Of two admins the second one sees what the first has done."""
    Laboratory.objects.select_for_update(no_key=True).get(pk=actor.laboratory_id)


def _draft_under_lock(actor: User, slide_id: UUID) -> ControlSlide:
    _hold(actor)
    slide = policy.visible_control_slides(actor).filter(pk=slide_id).first()
    if slide is None:
        raise ControlSlideNotFound()
    if not slide.is_draft:
        raise ControlSlideRefused(
            "This control slide was started, so it stays as it is. Put a new one together."
        )
    return slide


def _record(actor: User, slide: ControlSlide, changes: Mapping[str, object]) -> None:
    record_event(
        action=AuditAction.CONTROL_SLIDE_CHANGED,
        actor=actor,
        laboratory=actor.laboratory,
        obj=slide,
        changes=dict(changes),
    )
