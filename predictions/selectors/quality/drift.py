"""The page of drift: each profile's weeks as they are drawn, and what was found changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from accounts.models import User
from accounts.policy import Action, allows, require
from mlmodels.models import Label
from mlmodels.selectors.labels import labels_for
from predictions import policy
from predictions.models import Cell, DriftFinding, DriftWatch, DriftWeek
from predictions.quality.drift import (
    BASELINE_SAMPLES,
    BASELINE_WEEKS,
    LEAST_SAMPLES,
    MOST_INDEX,
    SHARES,
    Change,
    Measure,
    what_changed,
)
from predictions.quality.drift_words import ADVICE, NAMES
from predictions.selectors.quality.weekly_cells import week_of

WEEKS_SHOWN = 26
ANSWERED_SHOWN = 12
# Of a chart, in its own units.
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 320, 96, 6, 314, 8, 88
_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Mark:
    """A week's value as it is drawn.

    Args:
        words: what it says, for the hover.
        crossed: whether it is beyond its limits and chance.
    """

    x: float
    y: float
    words: str
    crossed: bool


@dataclass(frozen=True)
class Chart:
    """One measure over the weeks shown, in units of the drawing.

    Args:
        name: of the measure.
        unit: of the axis, with its end.
        line, limits, baseline: SVG paths; empty where there is nothing to draw.
        newest: the newest value in words; empty where none was judged.
    """

    name: str
    unit: str
    marks: list[Mark]
    line: str
    limits: str
    baseline: str
    newest: str


@dataclass(frozen=True)
class Figure:
    """A week's value of one measure in the table; without a value it was not judged."""

    name: str
    value: str
    limits: str
    crossed: bool


@dataclass(frozen=True)
class WeekRow:
    """A week in the table.

    Args:
        state: why nothing was judged, in words; empty where it was.
        figures: by measure, in the order of `Measure`.
    """

    week: date
    samples: int
    cells: int
    state: str
    figures: list[Figure]


@dataclass(frozen=True)
class ShownCell:
    """A cell to look at, with the laboratory's row of its label."""

    cell: Cell
    label: Label | None


@dataclass(frozen=True)
class FoundChange:
    """What stands unanswered of one version on one profile.

    Args:
        kind: of the change, as far as the measures that moved tell.
        advice: what it may be, and what to do.
        since: the first week of it.
        cells: behind it.
        typical: of the baseline, to hold beside them.
    """

    findings: list[DriftFinding]
    kind: Change
    advice: str
    since: date
    cells: list[ShownCell]
    typical: list[ShownCell]

    @property
    def is_of_pictures(self) -> bool:
        """Whether onboarding the profile may be the answer."""
        return self.kind == Change.PICTURES


@dataclass(frozen=True)
class WatchShown:
    """A version on a profile.

    Args:
        learning: "12 of 80 samples, 2 of 6 weeks"; empty once the baseline is learned.
        found: what stands unanswered; none where nothing does.
        answered: the newest ones that were.
    """

    watch: DriftWatch
    learning: str
    charts: list[Chart]
    rows: list[WeekRow]
    found: FoundChange | None
    answered: list[DriftFinding]


@dataclass(frozen=True)
class ProfileShown:
    """A profile: the version that read it last, and those before it in the weeks shown."""

    newest: WatchShown
    before: list[WatchShown]


@dataclass(frozen=True)
class DriftAlert:
    """What the dashboard tells of one version on one profile."""

    watch: DriftWatch
    sentences: list[str]
    advice: str
    since: date


def drift_page(viewer: User) -> list[ProfileShown]:
    """What is watched in the viewer's laboratory, profile by profile; open findings first."""
    require(viewer, Action.SEE_USAGE)
    newest_week = week_of(viewer.laboratory.today)
    weeks = [newest_week - n * _WEEK for n in range(WEEKS_SHOWN)][::-1]
    rows = _rows_by_watch(viewer, weeks[0])
    findings = _findings_by_watch(viewer)
    watches = _watches(viewer, {*rows, *(key for key in findings if _stands(findings[key]))})
    cells = _cells(viewer, watches, findings)
    shown: dict[UUID | None, list[WatchShown]] = defaultdict(list)
    for watch in sorted(watches, key=lambda each: _newest(rows[each.pk]), reverse=True):
        found = findings.get(watch.pk, [])
        shown[watch.profile_id].append(_shown(watch, rows[watch.pk], found, weeks, cells))
    profiles = [ProfileShown(newest, before) for newest, *before in shown.values()]
    return sorted(profiles, key=_place)


def drift_alerts(viewer: User) -> list[DriftAlert]:
    """What was found changed and nobody has answered, in sentences; nothing for other roles."""
    if not allows(viewer, Action.SEE_USAGE):
        return []
    rows = policy.visible_drift_findings(viewer).filter(answered_at__isnull=True)
    rows = rows.select_related("watch__profile", "watch__version")
    found: dict[DriftWatch, list[DriftFinding]] = defaultdict(list)
    for finding in rows.defer("watch__baseline", "watch__version__card", "cells"):
        found[finding.watch].append(finding)
    return [
        DriftAlert(
            watch=watch,
            sentences=[finding.sentence for finding in _in_order(findings)],
            advice=ADVICE[what_changed([finding.measure for finding in findings])],
            since=min(finding.week for finding in findings),
        )
        for watch, findings in found.items()
    ]


# --- What is read -----------------------------------------------------------------------------


def _watches(viewer: User, keys: set[UUID]) -> list[DriftWatch]:
    rows = policy.visible_watches(viewer).filter(pk__in=keys)
    return list(rows.select_related("profile", "version").defer("baseline", "version__card"))


def _rows_by_watch(viewer: User, since: date) -> dict[UUID, list[DriftWeek]]:
    """Weeks without what is counted of each sample, which is long."""
    found: dict[UUID, list[DriftWeek]] = defaultdict(list)
    rows = DriftWeek.objects.filter(watch__in=policy.visible_watches(viewer), week__gte=since)
    for row in rows.defer("counts", "examples").order_by("week"):
        found[row.watch_id].append(row)
    return found


def _findings_by_watch(viewer: User) -> dict[UUID, list[DriftFinding]]:
    """All that stands, and the newest ones that were answered."""
    standing = policy.visible_drift_findings(viewer).filter(answered_at__isnull=True)
    answered = policy.visible_drift_findings(viewer).filter(answered_at__isnull=False)
    newest = answered.select_related("answered_by").order_by("-week", "measure")
    found: dict[UUID, list[DriftFinding]] = defaultdict(list)
    for finding in (*standing, *newest[: 10 * ANSWERED_SHOWN]):
        found[finding.watch_id].append(finding)
    return found


def _cells(
    viewer: User, watches: Sequence[DriftWatch], findings: dict[UUID, list[DriftFinding]]
) -> dict[str, ShownCell]:
    """The cells of what stands, with their labels: one look for all."""
    keys: set[str] = set()
    for watch in watches:
        standing = _stands(findings.get(watch.pk, []))
        keys.update(key for finding in standing for key in finding.cells)
        keys.update(watch.typical_cells if standing else [])
    if not keys:
        return {}
    labels = labels_for(viewer.laboratory)
    cells = policy.visible_cells(viewer).filter(pk__in=keys).defer("probabilities", "attributes")
    return {str(cell.pk): ShownCell(cell, labels.get(cell.shown_label)) for cell in cells}


def _stands(findings: Sequence[DriftFinding]) -> list[DriftFinding]:
    return [finding for finding in findings if finding.answered_at is None]


def _newest(rows: Sequence[DriftWeek]) -> date:
    return rows[-1].week if rows else date.min


def _place(profile: ProfileShown) -> tuple[bool, str]:
    watches = (profile.newest, *profile.before)
    name = profile.newest.watch.profile
    return not any(watch.found for watch in watches), str(name or "")


# --- How it is shown --------------------------------------------------------------------------


def _shown(
    watch: DriftWatch,
    rows: Sequence[DriftWeek],
    findings: Sequence[DriftFinding],
    weeks: Sequence[date],
    cells: dict[str, ShownCell],
) -> WatchShown:
    learning = ""
    if not watch.is_learned:
        learning = (
            f"{watch.baseline_samples} of {BASELINE_SAMPLES} samples, "
            f"{watch.baseline_weeks} of {BASELINE_WEEKS} weeks"
        )
    answered = [finding for finding in findings if finding.answered_at is not None]
    judged = any(row.figures for row in rows)
    return WatchShown(
        watch=watch,
        learning=learning,
        charts=[_chart(measure, rows, weeks) for measure in Measure] if judged else [],
        rows=[_row(watch, row) for row in reversed(rows)],
        found=_found(watch, _stands(findings), cells),
        answered=answered[:ANSWERED_SHOWN],
    )


def _found(
    watch: DriftWatch, standing: Sequence[DriftFinding], cells: dict[str, ShownCell]
) -> FoundChange | None:
    if not standing:
        return None
    kind = what_changed([finding.measure for finding in standing])
    behind = dict.fromkeys(key for finding in _in_order(standing) for key in finding.cells)
    return FoundChange(
        findings=_in_order(standing),
        kind=kind,
        advice=ADVICE[kind],
        since=min(finding.week for finding in standing),
        cells=[cells[key] for key in behind if key in cells],
        typical=[cells[key] for key in watch.typical_cells if key in cells],
    )


def _in_order(findings: Sequence[DriftFinding]) -> list[DriftFinding]:
    order = list(Measure)
    return sorted(findings, key=lambda finding: order.index(Measure(finding.measure)))


def _row(watch: DriftWatch, row: DriftWeek) -> WeekRow:
    state = ""
    if not row.figures:
        if watch.baseline_until is None or row.week <= watch.baseline_until:
            state = "baseline"
        else:
            state = f"too few samples: {row.samples} of {LEAST_SAMPLES}"
    figures = [_figure(measure, row.figures.get(measure.value)) for measure in Measure]
    return WeekRow(row.week, row.samples, row.cells, state, figures)


def _figure(measure: Measure, figure: dict[str, Any] | None) -> Figure:
    name = NAMES[measure]
    if figure is None:
        return Figure(name, "", "", False)
    if measure in SHARES:
        limits = f"{100 * figure['low']:.1f} to {100 * figure['high']:.1f}"
        return Figure(name, f"{100 * figure['value']:.1f} %", limits, figure["crossed"])
    return Figure(name, f"{figure['value']:.2f}", f"{figure['high']:.2f}", figure["crossed"])


def _chart(measure: Measure, rows: Sequence[DriftWeek], weeks: Sequence[date]) -> Chart:
    """The course of a measure, with its limits as steps from week to week."""
    judged = {row.week: row.figures[measure.value] for row in rows if measure.value in row.figures}
    is_share = measure in SHARES
    end = _end(is_share, [max(each["value"], each["high"]) for each in judged.values()])
    step = (RIGHT - LEFT) / len(weeks)

    def height(value: float) -> float:
        return round(BOTTOM - min(value, end) / end * (BOTTOM - TOP), 1)

    marks, limits, baseline = [], [], []
    for place, week in enumerate(weeks):
        if week not in judged:
            continue
        figure = judged[week]
        left, right = (round(LEFT + step * n, 1) for n in (place, place + 1))
        for bound in (figure["high"], figure["low"]):
            if bound is not None:
                limits.append(f"M{left} {height(bound)}H{right}")
        if figure.get("baseline") is not None:
            baseline.append(f"M{left} {height(figure['baseline'])}H{right}")
        said = _figure(measure, figure)
        words = f"week of {week:%-d %b}: {said.value}, limit {said.limits}"
        middle = round((left + right) / 2, 1)
        marks.append(Mark(middle, height(figure["value"]), words, figure["crossed"]))
    newest = _figure(measure, judged[max(judged)]).value if judged else ""
    return Chart(
        name=NAMES[measure],
        unit=f"% of cells, 0 to {100 * end:g}" if is_share else f"stability index, 0 to {end:g}",
        marks=marks,
        line="".join(f"{'L' if n else 'M'}{mark.x} {mark.y}" for n, mark in enumerate(marks)),
        limits="".join(limits),
        baseline="".join(baseline),
        newest=newest,
    )


def _end(is_share: bool, reached: Sequence[float]) -> float:
    """Where the axis ends: for shares a tenth above what is drawn, for indices a round number."""
    highest = max(reached, default=0.0)
    if is_share:
        return min(1.0, (int(highest * 10) + 1) / 10)
    return next(
        (end for end in (2 * MOST_INDEX, 1.0, 2.0, 5.0) if highest <= end), float(int(highest) + 1)
    )
