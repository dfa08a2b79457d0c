"""Which cells figures of quality are asked of: of a span of days, a version, a profile."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from accounts.models import Laboratory, User
from predictions.errors import SpanInvalid

# What a page shows unless another span is asked for, and at most.
DAYS, MOST_DAYS = 90, 366
# How many months back a list of them goes.
MONTHS_OFFERED = 24
NO_PROFILE = "none"
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)


@dataclass(frozen=True)
class Span:
    """Whole days of a laboratory, both ends with theirs."""

    laboratory: Laboratory
    first_day: date
    last_day: date

    @property
    def begin(self) -> datetime:
        """The moment at which it begins."""
        return _midnight(self.laboratory, self.first_day)

    @property
    def end(self) -> datetime:
        """The moment at which it is over."""
        return _midnight(self.laboratory, self.last_day + timedelta(days=1))


@dataclass(frozen=True)
class QualityFilter:
    """What figures are asked of.

    Args:
        version: id of a model version as text; empty for all.
        profile: id of an imaging profile as text, "none" for images without one; empty for all.
    """

    span: Span
    version: str = ""
    profile: str = ""

    def takes_version(self, version: str) -> bool:
        """Whether it asks for what is stored of a version."""
        return self.version in ("", version)

    def takes_profile(self, profile: str) -> bool:
        """Whether it asks for what is stored of a profile; empty stands for none."""
        return self.profile in ("", profile or NO_PROFILE)


def span_of(
    viewer: User,
    *,
    month: str = "",
    first_day: date | None = None,
    last_day: date | None = None,
) -> Span:
    """The days that are asked for.

    Args:
        month: as "2026-11"; it goes before the days.
        first_day, last_day: of a span; without either, the last `DAYS` days.

    Raises:
        SpanInvalid: what is given is no span, or one of more than `MOST_DAYS` days.
    """
    laboratory = viewer.laboratory
    if month:
        return Span(laboratory, *_days_of(month))
    last = last_day or laboratory.today
    if first_day is not None and last_day is None:
        last = min(laboratory.today, first_day + timedelta(days=MOST_DAYS - 1))
    first = first_day or last - timedelta(days=DAYS - 1)
    if first > last:
        raise SpanInvalid("first_day", "The first day lies after the last one. Choose another.")
    if (last - first).days >= MOST_DAYS:
        raise SpanInvalid("first_day", f"Choose at most {MOST_DAYS} days at once.")
    return Span(laboratory, first, last)


def last_days(viewer: User, days: int) -> Span:
    """The last so many days, with today."""
    today = viewer.laboratory.today
    return Span(viewer.laboratory, today - timedelta(days=days - 1), today)


def months_before(last_day: date, months: int) -> list[date]:
    """The first days of so many months, the oldest first; the last is that of `last_day`."""
    first = last_day.replace(day=1)
    found = [first]
    while len(found) < months:
        first = (first - timedelta(days=1)).replace(day=1)
        found.append(first)
    return found[::-1]


def month_choices(laboratory: Laboratory) -> list[tuple[str, str]]:
    """Months to choose from, the newest first, by value and words."""
    months = months_before(laboratory.today, MONTHS_OFFERED)
    return [(f"{month:%Y-%m}", f"{month:%B %Y}") for month in reversed(months)]


def month_in_words(month: str) -> str:
    """A month as people say it: "2026-11" is November 2026."""
    return f"{date.fromisoformat(f'{month}-01'):%B %Y}"


def _days_of(month: str) -> tuple[date, date]:
    written = _MONTH.fullmatch(month)
    if written is None or not 1900 <= int(written[1]) <= 2999:
        raise SpanInvalid("month", "Write a month as 2026-11.")
    first = date(int(written[1]), int(written[2]), 1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _midnight(laboratory: Laboratory, day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=laboratory.zone)
