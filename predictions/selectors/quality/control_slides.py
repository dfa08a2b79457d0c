"""The control slide: the one that is read, what each reader made of it, and one put together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db.models import Count, F, QuerySet

from accounts.models import User
from accounts.policy import Action, allows
from mlmodels.ml.classes import class_in_words
from mlmodels.models import Label
from mlmodels.selectors.labels import labels_for
from predictions import policy
from predictions.counts import shown_as
from predictions.errors import ControlReadingNotFound, ControlSlideNotFound, SampleNotFound
from predictions.models import (
    Cell,
    ControlAnswer,
    ControlCell,
    ControlReading,
    ControlSlide,
    Sample,
)
from predictions.quality.control_chart import (
    ChartLimits,
    ClassResult,
    Verdict,
    chart_limits,
    failed_in_a_row,
    judge,
    verdict,
)
from predictions.selectors.quality.reading import CellToRead, told_apart

# In one month: one that failed is read once more.
MOST_ATTEMPTS = 2
# A reading that was begun may be finished so many days into the month after its own.
DAYS_TO_FINISH = 7
# On a chart.
MOST_READINGS = 24
# Of a chart, in its own units; months stand below.
WIDTH, HEIGHT, MARGIN, FOOT = 320, 130, 10, 16
# So many standard deviations fill the height, and more where a reading lies beyond.
ROOM_SD = 4
# More cells of one sample are not laid out to be chosen from.
MOST_TO_CHOOSE = 400


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
    return NamedResult(_name(labels, result.code), label.short_name if label else "", result)


def _name(labels: Mapping[str, Label], code: str) -> str:
    return labels[code].name if code in labels else class_in_words(code)


# --- Charts ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ChartPoint:
    """One reading on a chart.

    Args:
        x, y: in units of the chart.
        percent: as it was counted.
        passed: whether it lies within Rümke's limits.
    """

    x: float
    y: float
    reading: ControlReading
    percent: float
    passed: bool


@dataclass(frozen=True)
class ChartLine:
    """A line at so many standard deviations from the mean.

    Args:
        kind: mean, 2 or 3.
        y: in units of the chart.
        percent: where it lies.
    """

    kind: str
    y: float
    percent: float


@dataclass(frozen=True)
class Chart:
    """A class over the months, in the manner of Levey and Jennings.

    Args:
        months: where each month stands, with its name.
        line: through the points, as an SVG path.
    """

    code: str
    name: str
    limits: ChartLimits
    lines: list[ChartLine]
    points: list[ChartPoint]
    months: list[tuple[float, str]]
    line: str


@dataclass(frozen=True)
class ControlPage:
    """The control slide with one reader's charts.

    Args:
        reader: whose charts are shown; none where nobody has finished a reading.
        readings: of that reader, finished, the oldest first.
        draft: the slide that is being put together, for those who do that; none where none is.
    """

    state: ControlState
    reader: User | None
    readings: list[ControlReading]
    charts: list[Chart]
    draft: ControlSlide | None


def control_page(viewer: User, reader_id: UUID | None = None) -> ControlPage:
    """The control slide of the laboratory, with the charts of a reader whom the viewer sees.

    Args:
        reader_id: whose; none, or one who is not there, gives the viewer's own, else the first.
    """
    state = control_state(viewer)
    draft = policy.visible_control_slides(viewer).filter(started_at=None).first()
    readers = {each.reader.pk: each.reader for each in state.readers if each.last}
    reader = readers.get(reader_id or viewer.pk) or next(iter(readers.values()), None)
    if reader is None or state.slide is None:
        return ControlPage(state, None, [], [], draft)
    rows = policy.visible_control_readings(viewer).filter(
        slide=state.slide, reader=reader, finished_at__isnull=False
    )
    newest = list(rows.defer("order").order_by("-month", "-attempt")[:MOST_READINGS])[::-1]
    labels = labels_for(viewer.laboratory)
    return ControlPage(state, reader, newest, _charts(state.slide, newest, labels), draft)


def _charts(
    slide: ControlSlide, readings: Sequence[ControlReading], labels: Mapping[str, Label]
) -> list[Chart]:
    true = true_counts(slide.pk, labels)
    results = {
        key: {result.code: result for result in judged(true, counted)}
        for key, counted in counts_of_readings(readings, labels).items()
    }
    places, months = _places(readings)
    return [
        _chart(code, _name(labels, code), chart_limits(count, slide.CELLS), [
            (place, reading, results[reading.pk][code])
            for place, reading in zip(places, readings, strict=True)
        ], months)
        for code, count in true.items()
    ]  # fmt: skip


def _places(readings: Sequence[ControlReading]) -> tuple[list[float], list[tuple[float, str]]]:
    """Where each reading stands on the axis of months, and where each of these does."""
    first = readings[0].month
    offsets = [
        12 * (each.month.year - first.year) + each.month.month - first.month for each in readings
    ]
    # Half a year at least, so that one reading is not the whole width.
    step = (WIDTH - 4 * MARGIN) / max(5, offsets[-1])
    places = [
        round(2 * MARGIN + step * offset + step / 3 * (reading.attempt - 1), 1)
        for offset, reading in zip(offsets, readings, strict=True)
    ]
    every = -(-(offsets[-1] + 1) // 8)
    months = {
        offset: (round(2 * MARGIN + step * offset, 1), reading.month.strftime("%b %y"))
        for offset, reading in zip(offsets, readings, strict=True)
        if offset % every == 0
    }
    return places, list(months.values())


def _chart(
    code: str,
    name: str,
    limits: ChartLimits,
    read: Sequence[tuple[float, ControlReading, ClassResult]],
    months: list[tuple[float, str]],
) -> Chart:
    percents = [result.percent for _, _, result in read]
    top = max([limits.at(ROOM_SD), *percents])
    bottom = min([limits.at(-ROOM_SD), *percents])

    def height(percent: float) -> float:
        share = (percent - bottom) / (top - bottom) if top > bottom else 0.5
        return round(HEIGHT - FOOT - share * (HEIGHT - FOOT - MARGIN), 1)

    points = [
        ChartPoint(x, height(result.percent), reading, result.percent, result.passed)
        for x, reading, result in read
    ]
    return Chart(
        code=code,
        name=name,
        limits=limits,
        lines=[
            ChartLine(kind, height(limits.at(deviations)), limits.at(deviations))
            for kind, deviations in (("3", 3), ("2", 2), ("mean", 0), ("2", -2), ("3", -3))
        ],
        points=points,
        months=months,
        line="".join(f"{'L' if n else 'M'}{p.x} {p.y}" for n, p in enumerate(points)),
    )


# --- One that is put together ------------------------------------------------------------------


@dataclass(frozen=True)
class SlideClass:
    """A class of a slide that is being put together."""

    label: Label
    cells: int


@dataclass(frozen=True)
class SlideSample:
    """A sample that cells of the slide are of."""

    sample: Sample
    cells: int

    @property
    def stands(self) -> bool:
        """Whether what was signed of it counts now."""
        return self.sample.state == Sample.State.SIGNED


@dataclass(frozen=True)
class SlidePage:
    """A control slide as it is put together.

    Args:
        classes: every class that can be chosen, with its cells on the slide.
        cells: on the slide.
    """

    slide: ControlSlide
    classes: list[SlideClass]
    samples: list[SlideSample]
    cells: int

    @property
    def missing(self) -> int:
        """How many cells it lacks; less than none where it has too many."""
        return self.slide.CELLS - self.cells


@dataclass(frozen=True)
class ChoosableCell:
    """A signed cell that may go onto the slide.

    Args:
        named_by: whose word it is, for people.
    """

    cell_id: UUID
    code: str
    name: str
    named_by: str
    is_chosen: bool


@dataclass(frozen=True)
class ChoosePage:
    """The signed cells of one sample, to choose from.

    Args:
        has_more: whether there are more than are shown.
    """

    slide: ControlSlide
    sample: Sample
    cells: list[ChoosableCell]
    has_more: bool


def draft_of(viewer: User, slide_id: UUID) -> ControlSlide:
    """A slide of the viewer's laboratory, for those who put it together.

    Raises:
        ControlSlideNotFound: there is none.
    """
    slide = policy.visible_control_slides(viewer).filter(pk=slide_id).first()
    if slide is None:
        raise ControlSlideNotFound()
    return slide


def slide_page(viewer: User, slide_id: UUID) -> SlidePage:
    """What a slide holds by class and sample.

    Raises:
        ControlSlideNotFound: there is none in the viewer's laboratory.
    """
    slide = draft_of(viewer, slide_id)
    rows = ControlCell.objects.filter(slide=slide).order_by()
    by_label = dict(rows.values_list("label").annotate(cells=Count("pk")))
    by_sample = dict(rows.values_list("cell__image__sample").annotate(cells=Count("pk")))
    samples = policy.visible_samples(viewer).in_bulk(by_sample)
    return SlidePage(
        slide=slide,
        classes=[
            SlideClass(label, by_label.get(code, 0))
            for code, label in labels_for(viewer.laboratory).items()
            if label.is_used or code in by_label
        ],
        samples=[SlideSample(samples[key], cells) for key, cells in by_sample.items()],
        cells=sum(by_label.values()),
    )


def choose_page(viewer: User, slide_id: UUID, sample_id: UUID) -> ChoosePage:
    """The cells of a sample that may go onto a slide, those that people named first.

    Raises:
        ControlSlideNotFound, SampleNotFound: there is none in the viewer's laboratory.
    """
    slide = draft_of(viewer, slide_id)
    sample = policy.visible_samples(viewer).filter(pk=sample_id).first()
    if sample is None:
        raise SampleNotFound()
    labels = labels_for(viewer.laboratory)
    chosen = set(ControlCell.objects.filter(slide=slide).values_list("cell", flat=True))
    rows = list(signed_cells(viewer, sample)[: MOST_TO_CHOOSE + 1])
    cells = [
        ChoosableCell(
            cell_id=cell.pk,
            code=cell.present_label,
            name=_name(labels, cell.present_label),
            named_by=cell.get_named_by_role_display().lower() or "the model",
            is_chosen=cell.pk in chosen,
        )
        for cell in rows[:MOST_TO_CHOOSE]
    ]
    return ChoosePage(slide, sample, cells, has_more=len(rows) > MOST_TO_CHOOSE)


def signed_cells(viewer: User, sample: Sample) -> QuerySet[Cell]:
    """The cells of a sample as they are signed, those that people named first, then by class."""
    if sample.state != Sample.State.SIGNED:
        return Cell.objects.none()
    cells = policy.visible_cells(viewer).filter(
        image__sample=sample, job_id=F("image__newest_result_id")
    )
    unnamed = cells.filter(last_review_number=0).exclude(disposition=Cell.Disposition.ACCEPTED)
    named = cells.exclude(pk__in=unnamed.values("pk")).defer("probabilities", "attributes")
    return named.order_by("-named_by_role", "present_label", "image_id", "position")
