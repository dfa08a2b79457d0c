"""When a week counts as changed: by figures worked out by hand, and by chance."""

import math
from dataclasses import replace

import numpy as np
import pytest

from predictions.quality.drift import (
    BASELINE_SAMPLES,
    LEAST_SAMPLES,
    MOST_SAMPLES,
    Change,
    Measure,
    SampleCounts,
    baseline_is_enough,
    drawn,
    judge,
    stability_index,
    what_changed,
)
from predictions.quality.drift_words import ADVICE, sentence_of
from tests.factories.quality.drift import counts_of, reading_of

BASELINE = list(reading_of(100).counts)


def test_the_index_is_the_sum_over_bins():
    # 0.1 ln(0.6/0.5) - 0.1 ln(0.4/0.5), by hand.
    assert stability_index([0.5, 0.5], [0.6, 0.4]) == pytest.approx(
        0.1 * math.log(1.2) - 0.1 * math.log(0.8)
    )
    assert stability_index([0.3, 0.7], [0.3, 0.7]) == 0


def test_an_empty_bin_makes_no_infinite_index():
    assert math.isfinite(stability_index([1.0, 0.0], [0.9, 0.1]))


@pytest.mark.parametrize("measure", list(Measure))
def test_a_week_like_the_baseline_is_not_told(measure):
    judged = judge(measure, BASELINE, reading_of(30).counts)
    assert judged is not None
    assert not judged.crossed


@pytest.mark.parametrize(
    ("measure", "change"),
    [
        (Measure.CLASSES, {"lymphocytes": 60}),
        (Measure.FAMILIARITY, {"strange": 60}),
        (Measure.NOT_ACCEPTED, {"accepted": 50}),
        (Measure.OVERRIDES, {"overridden": 12}),
    ],
)
def test_a_measure_that_moved_is_told_and_no_other(measure, change):
    week = reading_of(30, **change).counts
    judged = {each: judge(each, BASELINE, week) for each in Measure}
    assert [each for each, found in judged.items() if found and found.crossed] == [measure]


def test_too_few_samples_are_not_judged():
    assert judge(Measure.CLASSES, BASELINE, reading_of(LEAST_SAMPLES - 1).counts) is None
    assert judge(Measure.CLASSES, BASELINE[:10], reading_of(30).counts) is None


def test_samples_without_anything_to_count_do_not_count():
    unread = [replace(each, reviewed=0, overridden=0) for each in reading_of(30).counts]
    assert judge(Measure.OVERRIDES, BASELINE, unread) is None
    assert judge(Measure.NOT_ACCEPTED, BASELINE, unread) is not None


def test_thousands_of_cells_of_a_few_odd_patients_are_no_drift():
    """Of 12 samples two are of one leukaemia: 1,200 cells, by cells alone far beyond chance."""
    rng = np.random.default_rng(4)

    def mixed(patients: int, far: int) -> list[SampleCounts]:
        shares = [0.85] * far + [float(each) for each in rng.beta(6, 14, patients - far)]
        return [counts_of(lymphocytes=round(100 * share)) for share in shares]

    baseline, week = mixed(100, 4), mixed(12, 2)
    judged = judge(Measure.CLASSES, baseline, week)
    assert judged is not None
    assert not judged.crossed
    # Taken as 1,200 and 10,000 independent cells, that index would be beyond any chance.
    assert judged.value > 10.8 * (1 / 1200 + 1 / 10_000)


def test_samples_of_one_day_that_are_alike_widen_the_limits():
    """The same samples: stained on days that differ, or each on its own."""
    rng = np.random.default_rng(1)
    stains, smears = rng.normal(0, 8, 30), rng.normal(0, 4, 120)
    together = [
        counts_of(accepted=int(np.clip(70 + stains[n // 4] + smear, 0, 100)), day=str(n // 4))
        for n, smear in enumerate(smears)
    ]
    apart = [replace(each, day=str(n)) for n, each in enumerate(together)]
    week = [counts_of(accepted=70, day="today") for _ in range(20)]
    by_day, by_sample = (judge(Measure.NOT_ACCEPTED, each, week) for each in (together, apart))
    assert by_day is not None
    assert by_sample is not None
    assert by_day.high > by_sample.high


def test_a_large_film_counts_no_more_than_a_report_asks_for():
    large = replace(counts_of(accepted=0), cells=100_000, accepted=0)
    week = [*reading_of(30).counts, large]
    judged = judge(Measure.NOT_ACCEPTED, BASELINE, week)
    assert judged is not None
    assert judged.value == pytest.approx((30 * 20.5 + 100) / 3100, abs=0.01)


def test_rare_classes_are_one_bin():
    rare = [
        replace(each, classes={**each.classes, "basophil": n % 2, "blast": (n + 1) % 2})
        for n, each in enumerate(BASELINE)
    ]
    swapped = [replace(each, classes={**each.classes, "blast": 1}) for each in rare[:30]]
    judged = judge(Measure.CLASSES, rare, swapped)
    assert judged is not None
    assert judged.value < 0.01


def test_a_baseline_needs_samples_and_weeks():
    assert not baseline_is_enough(10 * BASELINE_SAMPLES, 1)
    assert not baseline_is_enough(BASELINE_SAMPLES - 1, 20)
    assert baseline_is_enough(BASELINE_SAMPLES, 6)


def test_of_very_many_samples_some_are_drawn_evenly():
    many = [counts_of(day=str(n)) for n in range(10 * MOST_SAMPLES)]
    kept = drawn(many)
    assert len(kept) == MOST_SAMPLES
    assert (kept[0].day, kept[-1].day) == ("0", str(10 * MOST_SAMPLES - 1))


def test_counts_are_what_was_stored():
    counts = counts_of(day="2026-11-02")
    assert SampleCounts.from_list(counts.as_list()) == counts


@pytest.mark.parametrize(
    ("measures", "change"),
    [
        (["classes"], Change.PATIENTS),
        (["classes", "familiarity"], Change.PICTURES),
        (["not_accepted"], Change.PICTURES),
        (["classes", "overrides"], Change.PATIENTS),
        (["overrides"], Change.READERS),
    ],
)
def test_the_measures_tell_of_what_kind_a_change_is(measures, change):
    assert what_changed(measures) == change
    assert ADVICE[change]


def test_the_sentence_names_the_class_that_moved_most():
    judged = judge(Measure.CLASSES, BASELINE, reading_of(30, lymphocytes=60).counts)
    assert judged is not None
    sentence = sentence_of(judged, {"lymphocyte": "Lymphocyte", "neutrophil": "Neutrophil"})
    assert sentence.startswith("The classes are distributed otherwise than before (stability index")
    assert "most of all lymphocyte: 29.9 % before, 59.8 % now" in sentence


def test_the_sentence_of_a_share_names_its_limits():
    judged = judge(Measure.NOT_ACCEPTED, BASELINE, reading_of(30, accepted=50).counts)
    assert judged is not None
    assert "of the cells to people (in the baseline 20.5 %, limits " in sentence_of(judged, {})
