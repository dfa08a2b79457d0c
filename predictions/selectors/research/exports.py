"""What was exported for research, and what was made a dataset: as people read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from predictions import policy
from predictions.errors import ExportNotFound
from predictions.models import CellExport
from predictions.selectors.imaging.history import (
    NO_PROFILE,
    UNIDENTIFIED,
    label_choices,
    profile_choices,
)
from predictions.selectors.laboratory.diseases import diseases_to_group_by

SHOWN = 50
_MOST_NAMED = 4


@dataclass(frozen=True)
class Choices:
    """What cells can be chosen by, each a key with its words.

    Args:
        profiles: imaging profiles, none of them where the laboratory has none.
        labels: what a cell can be called.
        diseases: what doctors can say that a patient has.
    """

    profiles: list[tuple[str, str]]
    labels: list[tuple[str, str]]
    diseases: list[tuple[str, str]]


@dataclass(frozen=True)
class ExportRow:
    """One line of a list.

    Args:
        wanted: what was asked for, in words.
    """

    export: CellExport
    wanted: str

    @property
    def percent_done(self) -> int:
        """How far it is."""
        found = self.export.images_found
        return 100 * self.export.images_done // found if found else 0


@dataclass(frozen=True)
class ExportList:
    """The newest ones.

    Args:
        are_more: whether older ones are left out.
    """

    rows: list[ExportRow]
    are_more: bool

    @property
    def is_working(self) -> bool:
        """Whether a worker writes one, or is about to."""
        return any(not row.export.is_final for row in self.rows)


def choices_for(viewer: User) -> Choices:
    """What the viewer's laboratory has to choose from."""
    labels = [(code, name) for code, name in label_choices(viewer) if code != UNIDENTIFIED]
    return Choices(profile_choices(viewer), labels, diseases_to_group_by(viewer))


def export_list(viewer: User, kind: CellExport.Kind, choices: Choices) -> ExportList:
    """The newest exports of a kind, and how far each is."""
    rows = list(exports_newest_first(viewer, kind)[: SHOWN + 1])
    shown = [ExportRow(row, _in_words(row.wanted, choices)) for row in rows[:SHOWN]]
    return ExportList(shown, len(rows) > SHOWN)


def exports_newest_first(viewer: User, kind: CellExport.Kind) -> QuerySet[CellExport]:
    """The exports of a kind that the viewer may see, without what only a worker needs."""
    rows = policy.visible_exports(viewer).filter(kind=kind)
    return rows.select_related("asked_by", "dataset").defer("plan").order_by("-asked_at", "-id")


def export_for_viewer(viewer: User, export_id: UUID) -> CellExport:
    """One export for research.

    Raises:
        ExportNotFound: there is none in the viewer's laboratory.
    """
    found = exports_newest_first(viewer, CellExport.Kind.RESEARCH).filter(pk=export_id).first()
    if found is None:
        raise ExportNotFound()
    return found


def _in_words(wanted: dict[str, Any], choices: Choices) -> str:
    profiles, labels = dict(choices.profiles), dict(choices.labels)
    diseases = dict(choices.diseases)
    of_profiles = [
        "no profile" if key == NO_PROFILE else profiles.get(key, "a profile that is gone")
        for key in wanted.get("profiles", ())
    ]
    of_diseases = [diseases.get(code, code) for code in wanted.get("diseases", ())]
    of_labels = [labels.get(code, code) for code in wanted.get("labels", ())]
    return " · ".join(
        [
            span_in_words(_day(wanted.get("first_day")), _day(wanted.get("last_day"))),
            ", ".join(of_profiles) or "all profiles",
            _some(of_labels) or "all labels",
            *([", ".join(of_diseases)] if of_diseases else []),
            *(["with disease labels"] if wanted.get("with_diseases") else []),
        ]
    )


def _some(labels: list[str]) -> str:
    return ", ".join(labels) if len(labels) <= _MOST_NAMED else f"{len(labels)} labels"


def span_in_words(first: date | None, last: date | None) -> str:
    """From when to when reports were signed."""
    if first and last:
        return f"signed {_written(first)} to {_written(last)}"
    if first:
        return f"signed since {_written(first)}"
    return f"signed until {_written(last)}" if last else "signed at any time"


def _written(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
