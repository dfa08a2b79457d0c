"""Weeks of readings, as the worker that watches for drift takes them."""

from __future__ import annotations

from datetime import date, timedelta

from accounts.models import Laboratory
from mlmodels.models import ImagingProfile, ModelVersion
from predictions.models import DriftFinding, DriftWatch
from predictions.quality.drift import BASELINE_WEEKS, SampleCounts
from predictions.selectors.quality.weekly_cells import WeekReading, week_of
from predictions.services.quality.run_drift import record_week

# So many samples a week that the baseline's weeks are enough.
SAMPLES = 15


def counts_of(
    *,
    accepted: int = 80,
    overridden: int = 4,
    strange: int = 5,
    lymphocytes: int = 30,
    day: str = "",
) -> SampleCounts:
    """A sample of a hundred cells: so many of each."""
    return SampleCounts(
        classes={"neutrophil": 100 - lymphocytes, "lymphocyte": lymphocytes},
        confidence=(0, 0, 0, 0, 20, 0, 0, 0, 80),
        familiarity=(0, 0, 0, 0, 100 - strange, 0, 0, 0, 0, 0, 0, 0, strange),
        cells=100,
        accepted=accepted,
        reviewed=20,
        overridden=overridden,
        day=day,
    )


def reading_of(samples: int = SAMPLES, **each: int) -> WeekReading:
    """A week of such samples over five days, no two in a row alike."""
    usual = {"lymphocytes": 30, "accepted": 80, "strange": 5, "overridden": 4, **each}
    spread = {"lymphocytes": 7, "accepted": 6, "strange": 4, "overridden": 3}
    counts = [
        counts_of(
            **{name: usual[name] + n % spread[name] - spread[name] // 2 for name in usual},
            day=str(n % 5),
        )
        for n in range(samples)
    ]
    return WeekReading(samples=samples, counts=counts)


def record(
    laboratory: Laboratory,
    profile: ImagingProfile | None,
    version: ModelVersion,
    reading: WeekReading,
    *,
    weeks_ago: int = 0,
) -> list[DriftFinding]:
    """Record a week that many weeks before the present one, as on one of its own nights."""
    week = week_of(laboratory.today) - timedelta(days=7 * weeks_ago)
    return record_week(
        laboratory=laboratory,
        profile=profile,
        version=version,
        week=week,
        reading=reading,
        today=week + timedelta(days=6),
    )


def learn_baseline(
    laboratory: Laboratory, profile: ImagingProfile | None, version: ModelVersion
) -> DriftWatch:
    """The weeks before the present one, all as usual."""
    for weeks_ago in range(BASELINE_WEEKS + 1, 0, -1):
        record(laboratory, profile, version, reading_of(), weeks_ago=weeks_ago)
    return DriftWatch.objects.get(laboratory=laboratory, profile=profile, version=version)


def make_drift(
    laboratory: Laboratory, profile: ImagingProfile | None, version: ModelVersion
) -> DriftFinding:
    """A profile of whose cells the model leaves far more to people this week."""
    learn_baseline(laboratory, profile, version)
    [finding] = record(laboratory, profile, version, reading_of(accepted=40))
    return finding


def monday(weeks_ago: int, laboratory: Laboratory) -> date:
    """The first day of a week."""
    return week_of(laboratory.today) - timedelta(days=7 * weeks_ago)
