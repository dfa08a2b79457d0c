"""Second reads as people see them: what waits, what differs, and how well readers agree."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import BooleanField, Count, ExpressionWrapper, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.policy import Action, allows
from hematovision import leases
from mlmodels.selectors.labels import labels_for
from predictions import policy
from predictions.counts import LabelUse, shown_as
from predictions.models import Sample, SecondRead, SecondReadAnswer
from predictions.quality.agreement import Kappa, Share, agreement, cohens_kappa
from predictions.selectors.dashboards import midnight
from predictions.selectors.quality.control_slides import ControlState, control_state
from predictions.selectors.quality.reading import name_of, told_apart

# More than so many are told as "more than".
MOST_COUNTED = 99
# A cell that nobody read for so long waits no more; what is looked through stays bounded by it.
WAITS_DAYS = 90
# Figures are of so many days, so that they tell of how people read now.
DAYS = 365


@dataclass(frozen=True)
class Today:
    """How far a person is with the cells that are read a second time.

    Args:
        read: that they read today.
        waiting: for them; at most one more than `MOST_COUNTED`.
    """

    read: int
    waiting: int

    @property
    def in_words(self) -> str:
        """Where the present cell stands: "3 of 12 today"."""
        more = "more than " if self.waiting > MOST_COUNTED else ""
        known = self.read + min(self.waiting, MOST_COUNTED)
        return f"{self.read + 1} of {more}{known} today"


@dataclass(frozen=True)
class Disagreement:
    """A signed cell that a second reader named otherwise.

    Args:
        place: of the cell, in words.
        first, second: what both called it, for people.
        first_by: who gave it the name that was signed, for people.
        second_by: the second reader, for people.
        is_own: whether the viewer is the second reader, and so leaves it to another doctor.
    """

    read_id: UUID
    cell_id: UUID
    sample: Sample
    place: str
    first: str
    first_by: str
    second: str
    second_by: str
    is_own: bool
    at: datetime


@dataclass(frozen=True)
class PairFigures:
    """How second reads agree with first labels.

    Args:
        reader: who read a second time, for people.
        first_by: whose the first labels were, for people.
        cannot_tell: reads without a name, in no other figure.
        same: the cells that both named alike, of those that both named.
        kappa: of those.
    """

    reader: str
    first_by: str
    cannot_tell: int
    same: Share
    kappa: Kappa


@dataclass(frozen=True)
class AgainFigures:
    """The second reads of a laboratory, or of one reader, and the control slide's state.

    Args:
        days: that the figures are of.
        rows: everybody's together first where the viewer sees all, then each reader's.
        sees_all: whether these are everybody's.
        disagreements: that no doctor has looked at; none for those who may not amend.
        waiting: cells that wait for this viewer to read them.
        control: the control slide.
    """

    days: int
    rows: list[PairFigures]
    sees_all: bool
    disagreements: int | None
    waiting: int
    control: ControlState


BY_MODEL, BY_PERSON = "accepted by the model", "named by a person"


def waiting_for(viewer: User) -> QuerySet[SecondRead]:
    """What this person may take now, the longest waiting first; none whose turn was long ago."""
    free = leases.unheld() | Q(reader=viewer)
    since = int((timezone.now() - timedelta(days=WAITS_DAYS)).timestamp())
    rows = policy.second_reads_for(viewer).filter(free, state=SecondRead.State.WAITING)
    return rows.filter(turn__gte=since).order_by("turn", "id")


def count_waiting(viewer: User) -> int:
    """How many wait for this person; one more than `MOST_COUNTED` stands for all beyond."""
    return waiting_for(viewer)[: MOST_COUNTED + 1].count()


def second_reads_today(viewer: User) -> Today:
    """How far the viewer is today."""
    answers = SecondReadAnswer.objects.filter(by=viewer, at__gte=midnight(viewer.laboratory))
    return Today(read=answers.count(), waiting=count_waiting(viewer))


def open_disagreements(viewer: User, *, at_most: int = 8) -> tuple[list[Disagreement], int]:
    """What two people named differently and no doctor has looked at, and how many there are."""
    rows = policy.visible_disagreements(viewer).order_by("-turn", "id")
    count = rows.count() if allows(viewer, Action.SIGN_OUT) else 0
    return (_told(viewer, rows[:at_most]) if count else []), count


def disagreements_of(viewer: User, sample: Sample) -> list[Disagreement]:
    """Those of one sample; asked for only where there can be any."""
    could_be = sample.state in (Sample.State.SIGNED, Sample.State.AMENDING)
    if not could_be or not allows(viewer, Action.SIGN_OUT):
        return []
    return _told(
        viewer, policy.visible_disagreements(viewer).filter(sample=sample).order_by("-turn", "id")
    )


def _told(viewer: User, rows: QuerySet[SecondRead]) -> list[Disagreement]:
    found = list(rows.select_related("sample", "answer__by", "first_by", "cell__image"))
    labels = labels_for(viewer.laboratory) if found else {}
    return [
        Disagreement(
            read_id=read.pk,
            cell_id=read.cell_id,
            sample=read.sample,
            place=f"cell {read.cell.position} of {read.cell.image.original_name}",
            first=name_of(labels, read.first_label),
            first_by=read.first_by.display_name if read.first_by else "the model",
            second=name_of(labels, read.answer.label),
            second_by=read.answer.by.display_name,
            is_own=read.answer.by_id == viewer.pk,
            at=read.answer.at,
        )
        for read in found
    ]


# --- Figures -----------------------------------------------------------------------------------


def again_figures(viewer: User) -> AgainFigures:
    """How second reads agree with first labels: one's own, or everybody's for those who may."""
    sees_all = allows(viewer, Action.SEE_QUALITY)
    disagreements = None
    if allows(viewer, Action.SIGN_OUT):
        disagreements = policy.visible_disagreements(viewer).count()
    return AgainFigures(
        days=DAYS,
        rows=_rows(viewer, sees_all=sees_all),
        sees_all=sees_all,
        disagreements=disagreements,
        waiting=count_waiting(viewer),
        control=control_state(viewer),
    )


@dataclass(frozen=True)
class _Pairs:
    """Cells by both names, of one reader and one kind of first label."""

    reader: UUID
    first_by: str
    first: str
    second: str
    cells: int


def _rows(viewer: User, *, sees_all: bool) -> list[PairFigures]:
    pairs = list(_pairs(viewer))
    readers = User.objects.in_bulk({each.reader for each in pairs})
    by_reader: dict[UUID, list[_Pairs]] = defaultdict(list)
    for each in pairs:
        by_reader[each.reader].append(each)
    rows = list(_figures("Everybody", pairs)) if sees_all and len(readers) > 1 else []
    for key, reader in sorted(readers.items(), key=lambda item: item[1].display_name.lower()):
        rows += _figures(reader.display_name, by_reader[key])
    return rows


def _pairs(viewer: User) -> Iterator[_Pairs]:
    """Counted by the database: a year of a large laboratory is some ten thousand rows."""
    is_models = ExpressionWrapper(Q(read__first_by__isnull=True), output_field=BooleanField())
    counted = (
        policy.visible_second_answers(viewer)
        .filter(at__gte=timezone.now() - timedelta(days=DAYS))
        .annotate(is_models=is_models)
        .values_list("by", "is_models", "read__first_label", "label")
        .annotate(cells=Count("pk"))
        .order_by()
    )
    told = told_apart(labels_for(viewer.laboratory))
    for by, by_model, first, second, cells in counted:
        yield _Pairs(
            by,
            BY_MODEL if by_model else BY_PERSON,
            _class(first, told),
            _class(second, told),
            cells,
        )


def _class(code: str, told: Mapping[str, LabelUse]) -> str:
    """What both readers' names are compared as."""
    return shown_as(code, told) if code else ""


def _figures(reader: str, pairs: Sequence[_Pairs]) -> Iterator[PairFigures]:
    for kind in (BY_MODEL, BY_PERSON):
        of_kind = [each for each in pairs if each.first_by == kind]
        if of_kind:
            yield _figures_of(reader, kind, of_kind)


def _figures_of(reader: str, kind: str, pairs: Iterable[_Pairs]) -> PairFigures:
    matrix: Counter[tuple[str, str]] = Counter()
    cannot_tell = 0
    for each in pairs:
        if each.second:
            matrix[each.first, each.second] += each.cells
        else:
            cannot_tell += each.cells
    return PairFigures(reader, kind, cannot_tell, agreement(matrix), cohens_kappa(matrix))
