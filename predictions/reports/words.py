"""Figures and times as they are printed. Knows no page."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from predictions.reports.content import ReportInterval, ReportKeptFinding, ReportRow

NOTHING = "–"
MINUS = "\N{MINUS SIGN}"


def share(percent: float | None) -> str:
    """A percentage with one decimal, without its sign: "12.5"; a dash where nothing is counted."""
    return NOTHING if percent is None else f"{percent:.1f}"


def between(low: float | None, high: float | None) -> str:
    """Wilson's interval, one decimal: "8.1 – 17.3"."""
    return NOTHING if low is None else f"{share(low)} – {share(high)}"


def concentration(value: float | None) -> str:
    """A count in 10⁹/L with two decimals, or a dash where there is none."""
    return NOTHING if value is None else f"{value:.2f}"


def interval(reference: ReportInterval | None) -> str:
    """A reference interval as it was written by the laboratory: "2 – 10", "≤ 0.9", "0"."""
    if reference is None or (reference.low is None and reference.high is None):
        return NOTHING
    if reference.low == reference.high:
        return _short(reference.low)
    if reference.low is None:
        return f"≤ {_short(reference.high)}"
    if reference.high is None:
        return f"≥ {_short(reference.low)}"
    return f"{_short(reference.low)} – {_short(reference.high)}"


def counted(row: ReportRow | None, of: int) -> str:
    """A row in a sentence: "12.0 % (24 of 200)"; a row that is not there counts nothing."""
    if row is None:
        return f"0.0 % (0 of {of})"
    return f"{share(row.percent)} % ({row.count} of {of})"


def reason_of(finding: ReportKeptFinding) -> str:
    """Why a finding was offered, and by whose limit; empty for the signer's own words."""
    if not finding.rule:
        return ""
    return f"{finding.rule} Limit: {finding.source}."


def change(points: float | None) -> str:
    """A change in points with its sign: "+8.0"; none is said of what is not counted now."""
    return "" if points is None else f"{points:+.1f}".replace("-", MINUS)


def local_time(moment: str, zone: str) -> str:
    """A time in the laboratory's zone, with the zone's name: "2026-03-12 14:05 CET"."""
    if not moment:
        return ""
    return _read(moment).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M %Z")


def local_date(moment: str, zone: str) -> str:
    """The day of a time in the laboratory's zone: "2026-03-12"."""
    return _read(moment).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d")


def universal_time(moment: str) -> str:
    """A time to the second, in UTC: "2026-03-12 13:05:44 UTC"."""
    return _read(moment).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _read(moment: str) -> datetime:
    read = datetime.fromisoformat(moment)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _short(value: float | None) -> str:
    return f"{value or 0.0:g}"
