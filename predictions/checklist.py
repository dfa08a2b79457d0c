"""What still stops a sample's next step, in sentences that say what to do.

Pure: facts in, what is missing out. Who may take the step, and from which state, the policy says.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from predictions.counts import MINIMUM_CELLS

# More of the counted cells than this, all stages together, and somebody looks for blasts.
SUSPECT_IMMATURE_PERCENT = 2


@dataclass(frozen=True)
class Missing:
    """One thing that stops the next step.

    Args:
        code: a stable word for programs.
        message: what to do, for a person.
    """

    code: str
    message: str


@dataclass(frozen=True)
class CaseFacts:
    """All that is asked of a sample before it goes on.

    Args:
        images_unfinished: images that are waiting or being read.
        images_failed: images without a result that nobody has dismissed.
        cells_waiting: cells added by hand that the engine has not named yet.
        counted: white cells that count.
        to_review: cells that a person must look at and nobody has, those among them that a model
            once accepted although their class asks for a person always.
        unidentified: cells that neither the model nor a person has named.
        unidentified_limit_percent: so many to 100 counted ones at most.
        untold_values: critical values of which nobody has been told, as they are reported.
        blasts: cells that a person or the model has called a blast.
        immature_granulocytes: cells shown as one, or as one of its stages.
        is_acknowledged: whether a doctor has looked at as many blasts and immature granulocytes.
        alarm_cells: cells that make a version's alarm; 0 without one.
        alarm_unseen: those among them that no doctor has acknowledged.
        reviewers: keys of those who did the review: who named cells, or, where nobody had to,
            who sent the sample on.
        asks_for_second_person: whether who signs may not be the only one of them.
    """

    images_unfinished: int
    images_failed: int
    cells_waiting: int
    counted: int
    to_review: int
    unidentified: int
    unidentified_limit_percent: int
    untold_values: tuple[str, ...]
    blasts: int
    immature_granulocytes: int
    is_acknowledged: bool
    alarm_cells: int
    alarm_unseen: int
    reviewers: frozenset[str]
    asks_for_second_person: bool

    @property
    def suspects_blasts(self) -> bool:
        """Whether the film gives reason to look for blasts."""
        limit = SUSPECT_IMMATURE_PERCENT * self.counted
        return self.blasts > 0 or 100 * self.immature_granulocytes > limit

    @property
    def is_alarming(self) -> bool:
        """Whether a doctor still has to say that they looked at what one suspects."""
        return self.alarm_unseen > 0 or self.awaits_look_for_blasts

    @property
    def awaits_look_for_blasts(self) -> bool:
        """Whether blasts are suspected and no doctor has said that they looked."""
        return self.suspects_blasts and not self.is_acknowledged

    @property
    def is_limited(self) -> bool:
        """Whether so few cells are counted that a reason has to be given."""
        return self.counted < MINIMUM_CELLS


def for_doctor(facts: CaseFacts) -> list[Missing]:
    """What stops a sample in review from being sent to the doctor."""
    return list(_for_doctor(facts))


def for_signing(
    facts: CaseFacts, *, signer: str = "", limited_count_reason: str = ""
) -> list[Missing]:
    """What stops a sample from being signed.

    Args:
        signer: key of who would sign; empty where nobody is about to.
        limited_count_reason: why fewer cells than a report asks for are enough.
    """
    return [
        *_for_doctor(facts),
        *_of_images_and_cells(facts, limited_count_reason),
        *_of_people(facts, signer),
    ]


def _for_doctor(facts: CaseFacts) -> Iterator[Missing]:
    if facts.images_unfinished:
        yield Missing(
            "unfinished",
            f"{_number(facts.images_unfinished, 'image is', 'images are')} still being read. Wait "
            "for the results.",
        )
    if facts.cells_waiting:
        yield Missing(
            "cells_waiting",
            f"The model has yet to read {_number(facts.cells_waiting, 'cell', 'cells')} added by "
            "hand. Wait a moment.",
        )
    if facts.to_review:
        yield Missing(
            "to_review",
            f"{_number(facts.to_review, 'cell asks', 'cells ask')} for a person's look. Confirm "
            "or change the label of each.",
        )
    elif not facts.counted:
        yield Missing(
            "no_white_cell",
            "No white cell is counted. Add images or cells, or cancel the sample with a reason.",
        )


def _of_images_and_cells(facts: CaseFacts, limited_count_reason: str) -> Iterator[Missing]:
    if facts.images_failed:
        yield Missing(
            "failed_images",
            f"{_number(facts.images_failed, 'image has', 'images have')} failed. Run each again, "
            "or dismiss it with a reason.",
        )
    if 100 * facts.unidentified > facts.unidentified_limit_percent * facts.counted:
        yield Missing(
            "unidentified",
            f"{_number(facts.unidentified, 'cell is', 'cells are')} unidentified, more than "
            f"{facts.unidentified_limit_percent} to 100 counted ones. Name some of them.",
        )
    if facts.is_limited and not limited_count_reason.strip():
        yield Missing(
            "few_cells",
            f"{_number(facts.counted, 'cell is', 'cells are')} counted, fewer than "
            f"{MINIMUM_CELLS}. Count more, or give a reason why fewer are enough.",
        )


def _of_people(facts: CaseFacts, signer: str) -> Iterator[Missing]:
    if facts.asks_for_second_person and signer and is_alone(signer, facts.reviewers):
        yield Missing(
            "second_person",
            "You alone reviewed this sample, and your laboratory asks for a second person. Send "
            "it back for a review, or let another doctor sign.",
        )
    for value in facts.untold_values:
        yield Missing(
            "critical_value",
            f"{value} is a critical value. Tell the ward, and record whom you told and when.",
        )
    if facts.alarm_unseen:
        looked_at = _number(facts.alarm_cells, "cell that makes", "cells that make")
        yield Missing(
            "alarm",
            "This film may hold blasts or other cells that the model does not name. A doctor looks "
            f"at the {looked_at} this alarm and acknowledges it.",
        )
    if facts.awaits_look_for_blasts:
        yield Missing(
            "blasts",
            f"Blasts are suspected: {_suspicion(facts)}. A doctor looks at these cells and "
            "acknowledges it.",
        )


def is_alone(signer: str, reviewers: Collection[str]) -> bool:
    """Whether nobody but the signer stands behind the review."""
    return not set(reviewers) - {signer}


def _suspicion(facts: CaseFacts) -> str:
    reasons = []
    if facts.blasts:
        reasons.append(_number(facts.blasts, "cell is called a blast", "cells are called blasts"))
    if facts.immature_granulocytes:
        reasons.append(
            _number(facts.immature_granulocytes, "immature granulocyte", "immature granulocytes")
            + f" to {facts.counted} counted cells"
        )
    return ", ".join(reasons)


def _number(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
