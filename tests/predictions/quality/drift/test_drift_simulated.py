"""How often the rule speaks without a cause, and with one, in weeks that are simulated.

Where the variation comes from: `predictions/research/drift.py` (patients, smears, days, people).
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from predictions.models import DriftFinding
from predictions.quality.drift import BASELINE_WEEKS
from predictions.research.drift import Shift, simulated_weeks, tally
from predictions.selectors.quality.weekly_cells import WeekReading
from predictions.services.quality.run_drift import record_week
from tests.factories.profiles import make_profile

MOST_FALSE, WEEKS = 5, 200


@pytest.mark.slow
def test_in_two_hundred_weeks_without_drift_hardly_anything_is_told(laboratory, admin, model):
    """Through the weekly rows; each finding is answered, so that the next one is told, too."""
    profile = make_profile(admin)
    told: set[Any] = set()
    first = date(2022, 1, 3)
    for number, counts in enumerate(simulated_weeks(8, WEEKS + BASELINE_WEEKS)):
        week = first + timedelta(days=7 * number)
        found = record_week(
            laboratory=laboratory,
            profile=profile,
            version=model,
            week=week,
            reading=WeekReading(samples=len(counts), counts=counts),
            today=week + timedelta(days=6),
        )
        told.update(finding.week for finding in found)
        DriftFinding.objects.filter(answered_at=None).update(answered_at=timezone.now())
    assert len(told) <= MOST_FALSE, sorted(told)


@pytest.mark.slow
def test_another_laboratory_without_drift_is_left_alone_too():
    assert tally(seed=0, weeks=WEEKS).told <= MOST_FALSE


@pytest.mark.slow
@pytest.mark.parametrize(
    "shift", [Shift(look=1.0), Shift(lymphocytes=0.3), Shift(overrides=0.3)], ids=str
)
def test_a_large_change_is_told_in_nearly_every_week(shift):
    assert tally(seed=5, weeks=10, shift=shift, samples=(60, 60)).told >= 9
