"""The control slide that is read: who has read it this month, one reading, and what came of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db.models import Count

from accounts.models import User
from accounts.policy import Action, allows
from mlmodels.models import Label
from mlmodels.selectors.labels import labels_for
from predictions import policy
from predictions.counts import shown_as
from predictions.errors import ControlReadingNotFound
from predictions.models import (
    Cell,
    ControlAnswer,
    ControlCell,
    ControlReading,
    ControlSlide,
)
from predictions.quality.control_chart import (
    ClassResult,
    Verdict,
    failed_in_a_row,
    judge,
    verdict,
)
from predictions.selectors.quality.reading import CellToRead, name_of, told_apart

# In one month: one that failed is read once more.
MOST_ATTEMPTS = 2
# A reading that was begun may be finished so many days into the month after its own.
DAYS_TO_FINISH = 7


# --- Where it stands ---------------------------------------------------------------------------


@dataclass(frozen=True)
class ReaderState:
    """A reader and the control slide.

    Args:
        months_reading: the newest of this month; none where it is not begun.
        last: the newest finished one.
        open: one that was begun and may be finished, of this month or the one before.
        unfinished: the newest that was begun and can be finished no more, if it is newer than
            the last finished one.
        failures: how many of the last ones failed one after the other.
    """

    reader: User
    months_reading: ControlReading | None
    last: ControlReading | None
    open: ControlReading | None
    unfinished: ControlReading | None
    failures: int

    @property
    def has_read(self) -> bool:
        """Whether this month's is read to its end."""
        return self.months_reading is not None and self.months_reading.is_finished

    @property
    def failed_twice(self) -> bool:
        """Whether doctors and admins are to know."""
        return self.failures >= 2


@dataclass(frozen=True)
class ControlState:
    """The laboratory's control slide in its present month.

    Args:
        slide: the one that is read; none where none was started.
        month: the first day of the present one.
        readers: those whom the viewer sees.
        sees_all: whether these are all readers.
        mine: the viewer's own, for those who read it.
    """

    slide: ControlSlide | None
    month: date
    readers: list[ReaderState]
    sees_all: bool
    mine: ReaderState | None

    @property
    def read_by(self) -> int:
        """How many have read it this month."""
        return sum(each.has_read for each in self.readers)

    @property
    def failed_twice(self) -> list[ReaderState]:
        """Those whose last two readings failed."""
        return [each for each in self.readers if each.failed_twice]

    @property
    def waits(self) -> bool:
        """Whether the viewer has it to read, or to read again."""
        if self.slide is None or self.mine is None:
            return False
        return bool(self.mine.open) or self.mine.months_reading is None or self.may_read_again

    @property
    def may_read_again(self) -> bool:
        """Whether the viewer's reading of this month failed, and another is left."""
        reading = self.mine.months_reading if self.mine else None
        if self.mine is None or self.mine.open or reading is None or reading.passed is not False:
            return False
        return reading.attempt < MOST_ATTEMPTS


def this_month(viewer: User) -> date:
    """The first day of the laboratory's present month."""
    return viewer.laboratory.today.replace(day=1)


def last_day_to_finish(reading: ControlReading) -> date:
    """The day after which a reading that was begun takes no more answers."""
    next_month = (reading.month + timedelta(days=31)).replace(day=1)
    return next_month + timedelta(days=DAYS_TO_FINISH - 1)


def is_over(viewer: User, reading: ControlReading) -> bool:
    """Whether a reading, with its slide, was left unfinished and can be finished no more."""
    if reading.is_finished:
        return False
    is_late = viewer.laboratory.today > last_day_to_finish(reading)
    return is_late or reading.slide.retired_at is not None


def control_state(viewer: User) -> ControlState:
    """Who has read the control slide this month, and how it went."""
    slide = policy.control_slide_in_use(viewer)
    sees_all = allows(viewer, Action.SEE_QUALITY)
    month = this_month(viewer)
    if slide is None:
        return ControlState(None, month, [], sees_all, None)
    readings: dict[UUID, list[ControlReading]] = defaultdict(list)
    rows = (
        policy.visible_control_readings(viewer)
        .filter(slide=slide)
        .select_related("slide")
        .defer("order")
    )
    for reading in rows.order_by("month", "attempt"):
        readings[reading.reader_id].append(reading)
    readers = policy.readers_of(viewer.laboratory) if sees_all else [viewer]
    states = [_reader_state(viewer, reader, readings[reader.pk], month) for reader in readers]
    reads = allows(viewer, Action.READ_AGAIN)
    mine = next((each for each in states if reads and each.reader.pk == viewer.pk), None)
    return ControlState(slide, month, states, sees_all, mine)


def _reader_state(
    viewer: User, reader: User, readings: Sequence[ControlReading], month: date
) -> ReaderState:
    finished = [each for each in readings if each.is_finished]
    unfinished = [each for each in readings if not each.is_finished]
    left = [each for each in unfinished if is_over(viewer, each)]
    of_month = [each for each in readings if each.month == month]
    return ReaderState(
        reader=reader,
        months_reading=of_month[-1] if of_month else None,
        last=finished[-1] if finished else None,
        open=next((each for each in unfinished if each not in left), None),
        unfinished=left[-1] if left and left[-1] == readings[-1] else None,
        failures=failed_in_a_row([bool(each.passed) for each in finished]),
    )


# --- One reading -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Turn:
    """The cell that comes next in a reading.

    Args:
        number: its place in this reading, from 0.
        answered: how many were read before.
        cell: none once all are read, or the reading is over.
        is_over: whether it was left unfinished and can be finished no more.
    """

    reading: ControlReading
    number: int
    answered: int
    cell: CellToRead | None
    is_over: bool

    @property
    def in_words(self) -> str:
        """Where it stands: "17 of 200"."""
        return f"{self.answered + 1} of {len(self.reading.order)}"


@dataclass(frozen=True)
class NamedResult:
    """One class of a finished reading, with its name for people."""

    name: str
    short_name: str
    result: ClassResult


@dataclass(frozen=True)
class ReadingResult:
    """What came of a reading.

    Args:
        rows: each class by its limits.
        verdict: the whole of it.
        failures: how many of the reader's last readings failed in a row, up to this one.
    """

    reading: ControlReading
    rows: list[NamedResult]
    verdict: Verdict
    failures: int
    is_own: bool

    @property
    def failed(self) -> list[NamedResult]:
        """The classes outside their limits."""
        return [row for row in self.rows if not row.result.passed]


def own_reading(viewer: User, reading_id: UUID) -> ControlReading:
    """A reading of the viewer's own.

    Raises:
        ControlReadingNotFound: it is another's, or there is none.
    """
    reading = _reading(viewer, reading_id)
    if reading.reader_id != viewer.pk:
        raise ControlReadingNotFound()
    return reading


def next_turn(viewer: User, reading_id: UUID) -> Turn:
    """The next cell of the viewer's own reading.

    Raises:
        ControlReadingNotFound: it is another's, or there is none.
    """
    reading = own_reading(viewer, reading_id)
    read = set(map(str, reading.answers.values_list("cell", flat=True)))
    number = next((n for n, key in enumerate(reading.order) if key not in read), -1)
    over = is_over(viewer, reading)
    cell = None if number < 0 or over else CellToRead.of(cell_of_turn(reading, number))
    return Turn(reading, number, len(read), cell, over)


def cell_of_turn(reading: ControlReading, number: int) -> Cell:
    """The cell of a place in a reading, with its image.

    Raises:
        ControlReadingNotFound: there is no such place.
    """
    if not 0 <= number < len(reading.order):
        raise ControlReadingNotFound()
    rows = ControlCell.objects.select_related("cell__image")
    return rows.get(pk=reading.order[number], slide_id=reading.slide_id).cell


def reading_result(viewer: User, reading_id: UUID) -> ReadingResult:
    """What came of a finished reading: one's own, or anybody's for those who see quality.

    Raises:
        ControlReadingNotFound: there is none, it is not finished, or it is not for the viewer.
    """
    reading = _reading(viewer, reading_id)
    if not reading.is_finished:
        raise ControlReadingNotFound()
    labels = labels_for(viewer.laboratory)
    found = verdict_of(reading, labels)
    before = ControlReading.objects.filter(
        slide_id=reading.slide_id,
        reader_id=reading.reader_id,
        finished_at__lte=reading.finished_at,
    )
    passed = [
        bool(each) for each in before.order_by("finished_at").values_list("passed", flat=True)
    ]
    return ReadingResult(
        reading=reading,
        rows=[_named(labels, result) for result in found.classes],
        verdict=found,
        failures=failed_in_a_row(passed),
        is_own=reading.reader_id == viewer.pk,
    )


def _reading(viewer: User, reading_id: UUID) -> ControlReading:
    readings = policy.visible_control_readings(viewer).select_related("slide", "reader")
    reading = readings.filter(pk=reading_id).first()
    if reading is None:
        raise ControlReadingNotFound()
    return reading


def verdict_of(reading: ControlReading, labels: Mapping[str, Label]) -> Verdict:
    """What comes of a reading whose every cell has an answer."""
    told = told_apart(labels)
    rows = ControlAnswer.objects.filter(reading=reading).order_by()
    named: Counter[tuple[str, str]] = Counter()
    for true, name, cells in rows.values_list("cell__label", "label").annotate(cells=Count("pk")):
        named[shown_as(true, told), shown_as(name, told) if name else ""] += cells
    return verdict(true_counts(reading.slide_id, labels), named)


def true_counts(slide_id: UUID, labels: Mapping[str, Label]) -> dict[str, int]:
    """The slide's cells by class, in the order of reading."""
    rows = ControlCell.objects.filter(slide_id=slide_id).order_by().values_list("label")
    counted = _by_class(rows.annotate(cells=Count("pk")), labels)
    places = {code: place for place, code in enumerate(labels)}
    return dict(sorted(counted.items(), key=lambda item: places.get(item[0], len(places))))


def counts_of_readings(
    readings: Iterable[ControlReading], labels: Mapping[str, Label]
) -> dict[UUID, Counter[str]]:
    """What each reading counted by class, in one query; what it could not tell stands under ""."""
    keys = [reading.pk for reading in readings]
    counted: dict[UUID, list[tuple[str, int]]] = {key: [] for key in keys}
    rows = ControlAnswer.objects.filter(reading__in=keys).order_by().values_list("reading", "label")
    for key, label, cells in rows.annotate(cells=Count("pk")):
        counted[key].append((label, cells))
    return {key: _by_class(rows, labels) for key, rows in counted.items()}


def judged(true: Mapping[str, int], counted: Mapping[str, int]) -> list[ClassResult]:
    """Each class by its limits."""
    return judge(true, counted, sum(true.values()))


def _by_class(rows: Iterable[tuple[str, int]], labels: Mapping[str, Label]) -> Counter[str]:
    """Counts by what the laboratory tells apart."""
    told = told_apart(labels)
    counted: Counter[str] = Counter()
    for label, cells in rows:
        counted[shown_as(label, told) if label else ""] += cells
    return counted


def _named(labels: Mapping[str, Label], result: ClassResult) -> NamedResult:
    label = labels.get(result.code)
    return NamedResult(name_of(labels, result.code), label.short_name if label else "", result)
