"""Where the lines and points of drawn charts lie. The templates draw them, as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import template

register = template.Library()

WIDTH, HEIGHT = 360, 200
LEFT, RIGHT, TOP, BOTTOM = 40, 20, 12, 26
MOST_TICKS = 8


@dataclass(frozen=True)
class Tick:
    """One mark of an axis.

    Args:
        at: px from the left or the top.
        words: what stands beside it.
    """

    at: float
    words: str


@dataclass(frozen=True)
class Line:
    """One drawn series.

    Args:
        name: for the legend.
        kind: of the style, "training" or "validation".
        points: as SVG's `points`.
        dots: places of its points with what each says.
    """

    name: str
    kind: str
    points: str
    dots: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True)
class Chart:
    """A chart without its ink.

    Args:
        lines: what is drawn.
        across, up: marks of the axes.
        low, high: of the values, as words.
    """

    lines: tuple[Line, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


@register.simple_tag
def curves(epochs: Sequence[Any], value: str, planned: int) -> Chart:
    """The curve of a value over epochs, with that of the validation where it was measured.

    Args:
        epochs: rows of `TrainingEpoch`, in order.
        value: "loss" or "accuracy".
        planned: how many epochs there will be.
    """
    last = max(planned, len(epochs), 2)
    names = {value: "training", f"validation_{value}": "validation"}
    series = {
        kind: [(e.position, getattr(e, name)) for e in epochs if getattr(e, name) is not None]
        for name, kind in names.items()
    }
    highest = max((v for pairs in series.values() for _, v in pairs), default=1.0)
    top = 1.0 if value == "accuracy" else _nice(highest)
    say = _percent if value == "accuracy" else _number
    lines = tuple(
        _line(kind, [(_across(p, 1, last), _up(v, top), f"epoch {p}: {say(v)}") for p, v in pairs])
        for kind, pairs in series.items()
        if pairs
    )
    step = math.ceil((last - 1) / MOST_TICKS) or 1
    return Chart(
        lines=lines,
        across=tuple(Tick(_across(p, 1, last), str(p)) for p in range(1, last + 1, step)),
        up=tuple(Tick(_up(top * k / 4, top), say(top * k / 4)) for k in range(5)),
    )


@register.simple_tag
def calibration_plot(bins: Sequence[dict[str, Any]]) -> Chart:
    """Share right against confidence; the dashed diagonal is what honest confidence would be."""
    dots = [
        (
            _across(b["confidence"], 0, 1),
            _up(b["right"], 1),
            f"said {_percent(b['confidence'])}, right {_percent(b['right'])}, n = {b['n']}",
        )
        for b in bins
    ]
    diagonal = [(_across(0, 0, 1), _up(0, 1), ""), (_across(1, 0, 1), _up(1, 1), "")]
    quarters = [k / 4 for k in range(5)]
    return Chart(
        lines=(_line("training", dots), _line("ideal", diagonal)),
        across=tuple(Tick(_across(v, 0, 1), _percent(v)) for v in quarters),
        up=tuple(Tick(_up(v, 1), _percent(v)) for v in quarters),
    )


@register.filter
def heat(count: int, total: int) -> int:
    """How dark a field of the confusion matrix is: 0 for nothing to 5 for all of its row."""
    return 0 if not count else max(1, math.ceil(5 * count / max(1, total)))


@register.filter
def grouped(number: int) -> str:
    """A count with a thin gap between thousands."""
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


@register.filter
def time_left(seconds: float | None) -> str:
    """Seconds as people say what is left."""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{max(1, round(seconds))} s left"
    if seconds < 5400:
        return f"{round(seconds / 60)} min left"
    return f"{seconds / 3600:.1f} h left"


@register.filter
def done_share(progress: dict[str, Any]) -> float:
    """How much of the training is done, 0 to 100, by epochs and steps."""
    if not progress.get("epochs") or not progress.get("steps"):
        return 100.0 if progress.get("phase") in ("calibrating", "measuring") else 0.0
    stage = (progress["epoch"] - 1 + progress["step"] / progress["steps"]) / progress["epochs"]
    return round(100 * (progress["stage_number"] - 1 + stage) / max(1, progress["stages"]), 1)


def _line(kind: str, dots: list[tuple[float, float, str]]) -> Line:
    return Line(kind, kind, " ".join(f"{x},{y}" for x, y, _ in dots), tuple(dots))


def _across(value: float, low: float, high: float) -> float:
    return round(LEFT + (WIDTH - LEFT - RIGHT) * (value - low) / (high - low), 1)


def _up(value: float, top: float) -> float:
    return round(HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * min(value, top) / top, 1)


def _nice(value: float) -> float:
    """The next of 1, 2, 4 and 8 times a power of ten that is not below a value."""
    if value <= 0 or not math.isfinite(value):
        return 1.0
    unit = 10.0 ** math.floor(math.log10(value))
    return next(unit * k for k in (1, 2, 4, 8, 10) if unit * k >= value)


def _percent(value: float) -> str:
    return f"{100 * value:.0f} %"


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if value >= 0.01 or value == 0 else f"{value:.4f}"
