"""How figures of quality are written and drawn on pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django import template

from predictions.selectors.quality.times import MonthOfCases

register = template.Library()

NOTHING = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
_HOURS_A_DAY = 24
WIDTH, HEIGHT = 640, 180
LEFT, RIGHT, TOP, BOTTOM = 88, 12, 12, 150
# Where an axis of hours may end.
_ENDS = (1, 2, 4, 8, 12, 24, 48, 72, 120, 168, 336, 720, 1440, 4320, 8760, 87_600)


@dataclass(frozen=True)
class MonthDrawn:
    """A month on the axis.

    Args:
        x, median, p90: places; none where no case was signed.
        words: what it says, for a pointer.
        label: below the axis.
    """

    x: float
    label: str
    median: float | None = None
    p90: float | None = None
    words: str = ""


@dataclass(frozen=True)
class CourseDrawn:
    """Hours a case over months, without its ink.

    Args:
        ticks: places of lines across, with words.
    """

    months: list[MonthDrawn]
    ticks: list[tuple[float, str]]
    line: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = BOTTOM


@register.filter
def hours_in_words(hours: float) -> str:
    """A time as people say it: "25 min", "3 h 20 min", "2 d 4 h"."""
    minutes = round(hours * 60)
    if minutes < 60:
        return f"{minutes} min"
    if hours < _HOURS_A_DAY:
        whole, rest = divmod(minutes, 60)
        return f"{whole} h {rest} min" if rest else f"{whole} h"
    days, rest = divmod(round(hours), _HOURS_A_DAY)
    return f"{days} d {rest} h" if rest else f"{days} d"


@register.filter
def figure_of_kappa(value: float | None) -> str:
    """Kappa with two decimals; none as a dash."""
    if value is None:
        return NOTHING
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", MINUS)


@register.simple_tag
def course_of_cases(months: Sequence[MonthOfCases]) -> CourseDrawn:
    """Median and 90th percentile of each month, on one axis."""
    highest = max((month.hours.p90 for month in months if month.hours), default=1.0)
    end = next((end for end in _ENDS if highest <= end), highest)
    step = (WIDTH - LEFT - RIGHT) / len(months)

    def height(hours: float) -> float:
        return round(BOTTOM - hours / end * (BOTTOM - TOP), 1)

    drawn = []
    for place, month in enumerate(months):
        x = round(LEFT + (place + 0.5) * step, 1)
        if month.hours is None:
            drawn.append(MonthDrawn(x, month.short))
            continue
        words = (
            f"{month.name}: median {hours_in_words(month.hours.median)}, "
            f"90 % within {hours_in_words(month.hours.p90)}, n = {month.hours.n}"
        )
        drawn.append(
            MonthDrawn(x, month.short, height(month.hours.median), height(month.hours.p90), words)
        )
    with_cases = [month for month in drawn if month.median is not None]
    return CourseDrawn(
        months=drawn,
        ticks=[(height(end * k / 4), hours_in_words(end * k / 4) if k else "0") for k in range(5)],
        line="".join(
            f"{'L' if place else 'M'}{month.x} {month.median}"
            for place, month in enumerate(with_cases)
        ),
    )
