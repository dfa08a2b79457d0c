"""How what was signed of one patient went, class by class, and how that is drawn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from math import ceil

from mlmodels.ml.classes import WIDER_CLASS
from predictions.models import Report, Sample
from predictions.reports.content import Flag, ReportContent, ReportInterval, ReportModel, ReportRow
from predictions.selectors.reports.comparison import row_of
from predictions.selectors.reports.figures import axis_end

# Of a plot, in its own units.
WIDTH, HEIGHT, MARGIN = 320, 100, 10
COUNT = "10⁹/L"


@dataclass(frozen=True)
class Visit:
    """A sample of the patient, with what the newest version of its report says.

    Args:
        at: when it was collected, else when it was received.
        model: the versions that read its images, in words.
        has_other_model: whether the sample before it was read by others.
    """

    sample: Sample
    report: Report
    content: ReportContent
    at: datetime
    model: str
    has_other_model: bool


@dataclass(frozen=True)
class Point:
    """A value as it is drawn, in units of the plot; the ends of its interval where it has one."""

    x: float
    y: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Band:
    """The reference interval that one value was read by, as it is drawn."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Plot:
    """The course of one figure.

    Args:
        unit: of the axis.
        end: where the axis ends; it begins at 0.
        line: the points one after the other, as an SVG path.
        changes: x of samples that other model versions read than the one before.
    """

    unit: str
    end: float
    points: list[Point]
    bands: list[Band]
    line: str
    changes: list[float]


@dataclass(frozen=True)
class Value:
    """What one sample says of a class; without a row: its report does not tell the class apart."""

    visit: Visit
    row: ReportRow | None


@dataclass(frozen=True)
class Course:
    """A class over time: the values, the oldest first, and how they are drawn."""

    label: str
    name: str
    values: list[Value]
    plots: list[Plot]

    @property
    def newest_flags(self) -> list[tuple[Flag, str]]:
        """The flags of the newest value with the unit of each: of the count, of the percentage."""
        row = self.values[-1].row
        if row is None:
            return []
        flags: list[tuple[Flag, str]] = [(row.absolute_flag, COUNT), (row.flag, "%")]
        return [(flag, unit) for flag, unit in flags if flag]


def courses_of(visits: list[Visit]) -> list[Course]:
    """Each class that was counted on any of the reports, in the order of the newest."""
    names = {
        row.label: row.name for visit in reversed(visits) for row in visit.content.differential.rows
    }
    courses = []
    for label, name in names.items():
        values = [Value(visit, _row(visit.content, label, name)) for visit in visits]
        if any(value.row and value.row.count for value in values):
            courses.append(Course(label, name, values, _plots(values)))
    return courses


def _row(content: ReportContent, label: str, name: str) -> ReportRow | None:
    return row_of(content.differential, label, name, WIDER_CLASS)


def _plots(values: list[Value]) -> list[Plot]:
    percents = [
        (value.row.percent, value.row.low, value.row.high, value.row.reference)
        if value.row
        else _NOTHING
        for value in values
    ]
    counts = [
        (value.row.absolute, None, None, value.row.absolute_reference) if value.row else _NOTHING
        for value in values
    ]
    visits = [value.visit for value in values]
    plots = [_plot("%", visits, percents, axis_end(_heights(percents)))]
    if any(count[0] is not None for count in counts):
        plots.append(_plot(COUNT, visits, counts, _end_of_counts(_heights(counts))))
    return plots


_Figure = tuple[float | None, float | None, float | None, ReportInterval | None]
_NOTHING: _Figure = (None, None, None, None)


def _heights(figures: list[_Figure]) -> list[float]:
    """All that has to have room on the axis."""
    return [
        height
        for value, _, high, reference in figures
        if value is not None
        for height in (value, high, reference.high if reference else None)
        if height is not None
    ]


def _end_of_counts(reached: list[float]) -> float:
    """The next of 1, 2, 5 and their tenfolds above the highest value."""
    highest, step = max(reached, default=0.0), 0.1
    while highest > 10 * step:
        step *= 10
    return round(next(n * step for n in (1, 2, 5, 10) if ceil(highest / step * 1e6) <= n * 1e6), 6)


def _plot(unit: str, visits: list[Visit], figures: list[_Figure], end: float) -> Plot:
    places = _places(visits)
    # Each value's band reaches halfway to its neighbours.
    edges = [MARGIN, *((a + b) / 2 for a, b in pairwise(places)), WIDTH - MARGIN]

    def height(value: float) -> float:
        return round(HEIGHT - MARGIN - min(value, end) / end * (HEIGHT - 2 * MARGIN), 1)

    points, bands = [], []
    for place, (value, low, high, reference) in enumerate(figures):
        if value is None:
            continue
        ends = (None, None) if low is None or high is None else (height(low), height(high))
        points.append(Point(places[place], height(value), *ends))
        if reference is not None:
            left, right = edges[place], edges[place + 1]
            top = height(end if reference.high is None else reference.high)
            bottom = height(reference.low or 0)
            bands.append(Band(left, top, round(right - left, 1), round(bottom - top, 1)))
    return Plot(
        unit=unit,
        end=end,
        points=points,
        bands=bands,
        line="".join(f"{'L' if n else 'M'}{p.x} {p.y}" for n, p in enumerate(points)),
        changes=[x for x, visit in zip(places, visits, strict=True) if visit.has_other_model],
    )


def _places(visits: list[Visit]) -> list[float]:
    """Where each sample lies on the axis of time; a single one in the middle."""
    begin, end = visits[0].at, visits[-1].at
    span = (end - begin).total_seconds()
    if not span:
        return [WIDTH / 2] * len(visits)
    wide = WIDTH - 4 * MARGIN
    return [
        round(2 * MARGIN + (visit.at - begin).total_seconds() / span * wide, 1) for visit in visits
    ]


def models_in_words(models: Iterable[ReportModel]) -> str:
    """The versions that read a sample's images, by name."""
    return ", ".join(sorted(f"{model.name} {model.version}" for model in models))
