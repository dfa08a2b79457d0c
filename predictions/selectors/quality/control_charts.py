"""The control slide with one reader's charts over the months."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from accounts.models import User
from mlmodels.models import Label
from mlmodels.selectors.labels import labels_for
from predictions import policy
from predictions.models import (
    ControlReading,
    ControlSlide,
)
from predictions.quality.control_chart import (
    ChartLimits,
    ClassResult,
    chart_limits,
)
from predictions.selectors.quality.control_slides import (
    ControlState,
    control_state,
    counts_of_readings,
    judged,
    true_counts,
)
from predictions.selectors.quality.reading import name_of

# On a chart.
MOST_READINGS = 24
# Of a chart, in its own units; months stand below.
WIDTH, HEIGHT, MARGIN, FOOT = 320, 130, 10, 16
# So many standard deviations fill the height, and more where a reading lies beyond.
ROOM_SD = 4


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
        _chart(code, name_of(labels, code), chart_limits(count, slide.CELLS), [
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
