"""A differential as it is drawn: how far the axis reaches, and where each bar begins and ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from predictions.differential import Differential, Row
from predictions.selectors.reports.comparison import Comparison

# Where an axis may end, in percent.
_ENDS = (10, 20, 40, 60, 80, 100)


@dataclass(frozen=True)
class Bar:
    """A row as it is drawn: lengths are parts of the axis, 0 to 100.

    Args:
        fill: of the percentage.
        low, high: ends of the Wilson interval.
        from_, width: of the reference interval; none where there is none.
    """

    fill: float
    low: float
    high: float
    from_: float | None
    width: float | None


@dataclass(frozen=True)
class FigureRow:
    """A class with its figures, its bar where anything is counted, and what was before."""

    row: Row
    bar: Bar | None
    before: Comparison | None


@dataclass(frozen=True)
class Figures:
    """A differential with what is drawn of it.

    Args:
        axis_end: in percent; no bar, whisker or interval reaches further.
        gone: classes without a row of which the result before held cells.
    """

    differential: Differential
    rows: list[FigureRow]
    axis_end: int
    gone: list[Comparison]

    @property
    def has_absolute(self) -> bool:
        """Whether absolute counts can be given."""
        return self.differential.white_cells is not None

    @property
    def has_before(self) -> bool:
        """Whether a previous result says anything of these classes."""
        return bool(self.gone) or any(each.before for each in self.rows)

    @property
    def has_absolute_before(self) -> bool:
        """Whether it says how many there were, beside how many there are."""
        return self.has_absolute and any(
            each.before and each.before.earlier and each.before.earlier.absolute is not None
            for each in self.rows
        )

    @property
    def sources(self) -> list[str]:
        """Where the reference intervals shown are published, each once."""
        shown = (each.row for each in self.rows)
        sides = (side for row in shown for side in (row.interval, row.absolute_interval))
        return list(dict.fromkeys(side.source for side in sides if side))

    @property
    def ticks(self) -> tuple[int, int, int]:
        """What the axis is marked with, in percent."""
        return (0, self.axis_end // 2, self.axis_end)


def figures_of(differential: Differential, since: Sequence[Comparison] = ()) -> Figures:
    """A differential with what is drawn of it.

    Args:
        since: its classes beside those of the patient's result before; empty without one.
    """
    before = {each.label: each for each in since if each.earlier is not None}
    end = axis_end(_reached(differential.rows))
    shown = {row.label for row in differential.rows}
    return Figures(
        differential=differential,
        rows=[FigureRow(row, _bar(row, end), before.get(row.label)) for row in differential.rows],
        axis_end=end,
        gone=[each for each in before.values() if each.label not in shown and each.was_or_is_there],
    )


def axis_end(reached: Iterable[float]) -> int:
    """Where an axis in percent ends that has to show these values, 0 to 100."""
    highest = max(reached, default=0)
    return next((end for end in _ENDS if highest <= end), _ENDS[-1])


def _reached(rows: Iterable[Row]) -> list[float]:
    reached = [row.high or 0 for row in rows]
    return reached + [float(row.interval.high) for row in rows if row.interval]


def _bar(row: Row, end: int) -> Bar | None:
    if row.percent is None or row.low is None or row.high is None:
        return None

    def on_axis(percent: float) -> float:
        return round(100 * min(percent, end) / end, 2)

    interval = row.interval
    from_ = on_axis(float(interval.low)) if interval else None
    width = on_axis(float(interval.high)) - from_ if interval and from_ is not None else None
    return Bar(on_axis(row.percent), on_axis(row.low), on_axis(row.high), from_, width)
