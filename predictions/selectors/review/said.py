"""Everything that was ever said of a cell, and why the model wants a person's look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import User
from mlmodels.ml.classes import always_reviewed
from mlmodels.models import ModelVersion
from predictions.models import Cell, CellReview, ImageLabel

MODEL = "model"


@dataclass(frozen=True)
class Saying:
    """One thing that was said of a cell.

    Args:
        role: "model", or the person's role at that time.
        label: the code; of the model, unidentified where it did not name the cell.
        counts: whether this is what the cell is called now.
        by, at: of a person.
        before: what the cell was called when the person spoke.
        remark: the person's.
        is_remark: a technician's word after a doctor's, which changes nothing.
        is_carried: said of the same cell of an older result.
        confidence, disposition: the model's; no confidence where it named nothing.
    """

    role: str
    label: str
    counts: bool
    by: User | None = None
    at: datetime | None = None
    before: str = ""
    remark: str = ""
    is_remark: bool = False
    is_carried: bool = False
    confidence: float | None = None
    disposition: str = ""


def said_of(cell: Cell) -> list[Saying]:
    """Everything that was said of a cell, in order; fetch `reviews` with `by` ahead for lists."""
    deciding = cell.deciding_review
    said = [] if _is_unread(cell) else [_models(cell)]
    has_doctor = False
    for review in cell.reviews.all() if cell.is_reviewed else []:
        said.append(_persons(review, counts=review == deciding, after_a_doctor=has_doctor))
        has_doctor = has_doctor or review.is_doctors
    return said


def _is_unread(cell: Cell) -> bool:
    """Whether the model has said nothing of it: added by hand, and not read, or not to be read."""
    return cell.label == ImageLabel.UNIDENTIFIED


def _models(cell: Cell) -> Saying:
    is_named = cell.disposition != Cell.Disposition.UNIDENTIFIED
    return Saying(
        role=MODEL,
        label=cell.label if is_named else ImageLabel.UNIDENTIFIED,
        counts=not cell.is_reviewed,
        confidence=cell.confidence if is_named else None,
        disposition=cell.disposition,
    )


def _persons(review: CellReview, *, counts: bool, after_a_doctor: bool) -> Saying:
    return Saying(
        role=review.by_role,
        label=review.to_label,
        counts=counts,
        by=review.by,
        at=review.at,
        before=review.from_label,
        remark=review.remark,
        is_remark=after_a_doctor and not review.is_doctors,
        is_carried=review.carried_from_id is not None,
    )


def why_a_person(cell: Cell, version: ModelVersion | None) -> str:
    """The one reason for which the model asks for a person, in words; empty where it does not.

    Args:
        version: that made the result, whose thresholds decided; none where it is not known.
    """
    if cell.awaits_engine:
        return "added by hand, not yet read by the model"
    if _is_unread(cell):
        return "added by hand, the model could not read it"
    if cell.reason and cell.disposition != Cell.Disposition.ACCEPTED:
        return str(Cell.Reason(cell.reason).label)
    engine = (version.card if version else {}).get("engine", {})
    if cell.disposition == Cell.Disposition.UNIDENTIFIED:
        return _why_unidentified(cell, engine)
    if cell.disposition == Cell.Disposition.REVIEW:
        return _why_review(cell, engine)
    return ""


def _why_unidentified(cell: Cell, engine: dict[str, Any]) -> str:
    """As the engine decides: too little of a cell, too strange, or no class likely enough."""
    limits = engine.get("thresholds", {})
    percentile = cell.familiarity_percentile
    if cell.label == engine.get("unlike"):
        return "unlike the classes that the model names"
    if cell.objectness < limits.get("cell_score", 0):
        return "most likely no cell"
    if percentile is not None and percentile > limits.get("unfamiliar_percentile", 100):
        return "unlike what the model knows"
    if cell.confidence < limits.get("identify_probability", 0):
        return "no class is likely enough"
    if _rivals_of(cell, engine) > limits.get("identify_rival", 1):
        return "may be immature or a blast"
    return "cut off at the border" if _is_at_border(cell) else "the model does not name it"


def _rivals_of(cell: Cell, engine: dict[str, Any]) -> float:
    """How probable the classes are that a person always looks at; nought where it is one."""
    rivals = always_reviewed(engine.get("always_reviewed", ()))
    if cell.label in rivals:
        return 0.0
    return float(sum(p for name, p in cell.probabilities.items() if name in rivals))


def _is_at_border(cell: Cell) -> bool:
    image = cell.image
    right, bottom = cell.x_px + cell.width_px, cell.y_px + cell.height_px
    return min(cell.x_px, cell.y_px) == 0 or right >= image.width_px or bottom >= image.height_px


def _why_review(cell: Cell, engine: dict[str, Any]) -> str:
    """As the engine decides: by what holds for every class, then by what does for its own."""
    limits = engine.get("thresholds", {})
    percentile = 0.0 if cell.familiarity_percentile is None else cell.familiarity_percentile
    if percentile > limits.get("unusual_percentile", 100):
        return "looks unusual to the model"
    if cell.confidence < limits.get("accept_probability", 0):
        return "not sure enough"
    own = limits.get("by_class", {}).get(cell.label)
    if own and {"evidence", "rival"} & set(own):
        return "a cell that people must see may look like this"
    if own and (cell.confidence < own["confidence"] or percentile > own["percentile"]):
        return "a blast may look like this"
    if cell.label in always_reviewed(engine.get("always_reviewed", ())):
        return "rare, so a person always looks"
    return "a person must look"
