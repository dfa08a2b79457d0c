"""Which reference interval holds for whom, and that the shipped rows are those of their sources."""

from decimal import Decimal

import pytest

from predictions.intervals import (
    ABSOLUTE,
    PER_100_WHITE_CELLS,
    PERCENT,
    CriticalLimit,
    Interval,
    Patient,
    critical_flag,
    flag,
    interval_for,
    is_not_applied,
)
from tests.factories.intervals import shipped_intervals, shipped_limits

INTERVALS = shipped_intervals()
DAVIS, IOWA, ADULTS = "Davis", "University of Iowa", "Adults"
# First day of life, and the first no longer: of whole years the birthday, at the earliest.
MONTH, QUARTER, HALF = 30, 91, 182
ONE, TWO, FIVE, TEN, ELEVEN, EIGHTEEN = (
    365 * years + years // 4 for years in (1, 2, 5, 10, 11, 18)
)
# The published tables: label, unit, source, then low and high of each age.
TABLE: list[tuple[str, str, str, dict[tuple[int, int | None], str]]] = [
    # White cells. Iowa's row "2-4 y" ends with the fifth birthday; Davis counts to ten years.
    ("wbc", ABSOLUTE, DAVIS, {(0, 1): "9.1-30.1", (FIVE, ELEVEN): "4.5-13.5"}),
    (
        "wbc",
        ABSOLUTE,
        IOWA,
        {
            (1, MONTH): "9.0-30.0",
            (MONTH, QUARTER): "5.0-19.5",
            (QUARTER, HALF): "6.0-17.5",
            (HALF, ONE): "6.0-17.5",
            (ONE, TWO): "6.0-17.0",
            (TWO, FIVE): "5.5-15.5",
        },
    ),
    ("wbc", ABSOLUTE, ADULTS, {(ELEVEN, None): "4.0-11.0"}),
    ("neutrophil", ABSOLUTE, DAVIS, {(0, 1): "5.5-18.3"}),
    (
        "neutrophil",
        ABSOLUTE,
        IOWA,
        {
            (1, MONTH): "1.0-20.0",
            (MONTH, QUARTER): "1.0-9.0",
            (QUARTER, HALF): "1.0-8.5",
            (HALF, ONE): "1.5-8.5",
            (ONE, TWO): "1.5-8.5",
            (TWO, FIVE): "1.5-8.5",
            (FIVE, EIGHTEEN): "1.7-7.5",
        },
    ),
    ("neutrophil", ABSOLUTE, ADULTS, {(EIGHTEEN, None): "2.0-7.0"}),
    ("lymphocyte", ABSOLUTE, DAVIS, {(0, 1): "2.8-9.3"}),
    (
        "lymphocyte",
        ABSOLUTE,
        IOWA,
        {
            (1, MONTH): "2.0-11.0",
            (MONTH, QUARTER): "2.5-16.5",
            (QUARTER, HALF): "4.0-13.5",
            (HALF, ONE): "4.0-10.5",
            (ONE, TWO): "3.0-9.5",
            (TWO, FIVE): "2.0-8.0",
            (FIVE, EIGHTEEN): "1.25-7.0",
        },
    ),
    ("lymphocyte", ABSOLUTE, ADULTS, {(EIGHTEEN, None): "1.0-3.0"}),
    (
        "monocyte",
        ABSOLUTE,
        DAVIS,
        {
            (0, 1): "0.5-1.7",
            (ONE, TWO): "0.3-0.8",
            (TWO, FIVE): "0.2-0.6",
            (FIVE, ELEVEN): "0.2-0.6",
        },
    ),
    (
        "monocyte",
        ABSOLUTE,
        IOWA,
        {
            (1, MONTH): "0.54-1.8",
            (MONTH, QUARTER): "0.35-1.365",
            (QUARTER, HALF): "0.3-0.875",
            (HALF, ONE): "0.3-0.875",
        },
    ),
    ("monocyte", ABSOLUTE, ADULTS, {(ELEVEN, None): "0.2-1.0"}),
    ("eosinophil", ABSOLUTE, ADULTS, {(ELEVEN, None): "0.02-0.5"}),
    ("basophil", ABSOLUTE, ADULTS, {(ELEVEN, None): "0.02-0.1"}),
    # Percentages of children are Davis's: at birth, 1 to 23 months, 2 to 10 years.
    (
        "neutrophil",
        PERCENT,
        DAVIS,
        {(0, 1): "24-58", (MONTH, TWO): "21-67", (TWO, ELEVEN): "30-77"},
    ),
    (
        "lymphocyte",
        PERCENT,
        DAVIS,
        {(0, 1): "26-56", (MONTH, TWO): "20-64", (TWO, ELEVEN): "14-50"},
    ),
    ("monocyte", PERCENT, DAVIS, {(0, 1): "7-13", (MONTH, TWO): "4-11", (TWO, ELEVEN): "4-9"}),
    ("neutrophil", PERCENT, ADULTS, {(ELEVEN, None): "40-80"}),
    ("lymphocyte", PERCENT, ADULTS, {(ELEVEN, None): "20-40"}),
    ("monocyte", PERCENT, ADULTS, {(ELEVEN, None): "2-10"}),
    ("eosinophil", PERCENT, ADULTS, {(ELEVEN, None): "1-6"}),
    ("basophil", PERCENT, ADULTS, {(ELEVEN, None): "0-2"}),
    # Immature forms are ordinary in the newborn: no interval in the first 28 days.
    ("immature_granulocyte", PERCENT, DAVIS, {(28, TEN): "0-0.4", (TEN, None): "0-0.9"}),
    ("immature_granulocyte", ABSOLUTE, DAVIS, {(28, TEN): "0-0.03", (TEN, None): "0-0.09"}),
    ("band", PERCENT, ADULTS, {(EIGHTEEN, None): "1-5"}),
    ("erythroblast", PER_100_WHITE_CELLS, ADULTS, {(EIGHTEEN, None): "0-0"}),
]
PUBLISHED = [
    (label, unit, source, *days, *figures.split("-"))
    for label, unit, source, ages in TABLE
    for days, figures in ages.items()
]


def _of(low: str, high: str, **more) -> Interval:
    return Interval("lymphocyte", PERCENT, Decimal(low), Decimal(high), "a book", **more)


@pytest.mark.parametrize(
    ("label", "unit", "source", "from_day", "before_day", "low", "high"), PUBLISHED
)
def test_a_shipped_interval_is_that_of_its_source(
    label, unit, source, from_day, before_day, low, high
):
    last_day = before_day - 1 if before_day else 40_000
    for day in (from_day, last_day):
        found = interval_for(INTERVALS, label, unit, Patient(age_days=day))
        assert found is not None
        assert (found.low, found.high) == (Decimal(low), Decimal(high))
        assert found.source.startswith(source)


def test_no_other_interval_is_shipped():
    shipped = {(row.label, row.unit, row.from_day, row.before_day) for row in INTERVALS}
    assert shipped == {(label, unit, *days) for label, unit, _, *days, _, _ in PUBLISHED}
    assert len(INTERVALS) == len(PUBLISHED)
    assert {row.sex for row in INTERVALS} == {""}


def test_no_two_shipped_intervals_hold_on_one_day():
    for row in INTERVALS:
        beside = [
            other for other in INTERVALS if (other.label, other.unit) == (row.label, row.unit)
        ]
        assert [other for other in beside if _holds(other, row.from_day)] == [row]


def _holds(row: Interval, day: int) -> bool:
    return row.from_day <= day and (row.before_day is None or day < row.before_day)


def test_the_shipped_critical_limits_are_those_suggested():
    assert shipped_limits() == [
        CriticalLimit("wbc", at_most=Decimal("2.0"), at_least=Decimal(50)),
        CriticalLimit("neutrophil", below=Decimal("0.5"), at_least=Decimal(50)),
    ]


@pytest.mark.parametrize(("day", "low"), [(0, "26"), (729, "20"), (730, "14"), (4017, "20")])
def test_an_age_is_in_the_band_that_begins_with_its_day(day, low):
    found = interval_for(INTERVALS, "lymphocyte", PERCENT, Patient("female", day))
    assert found is not None
    assert found.low == Decimal(low)


def test_between_two_bands_there_is_no_interval_and_none_is_missed():
    newborn = Patient(age_days=10)
    assert interval_for(INTERVALS, "lymphocyte", PERCENT, newborn) is None
    assert not is_not_applied(INTERVALS, "lymphocyte", PERCENT, newborn)


def test_an_unknown_age_takes_no_interval_where_ages_differ():
    assert interval_for(INTERVALS, "lymphocyte", PERCENT, Patient("female")) is None
    assert is_not_applied(INTERVALS, "lymphocyte", PERCENT, Patient("female"))


def test_an_unknown_age_takes_the_interval_that_all_ages_share():
    rows = [_of("20", "40", before_day=100), _of("20", "40", from_day=100)]
    found = interval_for(rows, "lymphocyte", PERCENT, Patient())
    assert found is not None
    assert (found.low, found.high) == (Decimal(20), Decimal(40))
    assert not is_not_applied(rows, "lymphocyte", PERCENT, Patient())


@pytest.mark.parametrize("sex", ["", "other"])
def test_neither_female_nor_male_takes_no_interval_where_sexes_differ(sex):
    rows = [_of("20", "40", sex="female"), _of("25", "45", sex="male")]
    assert interval_for(rows, "lymphocyte", PERCENT, Patient(sex, 9000)) is None
    assert is_not_applied(rows, "lymphocyte", PERCENT, Patient(sex, 9000))


def test_the_row_of_a_sex_goes_before_the_one_for_all():
    rows = [_of("20", "40"), _of("25", "45", sex="male")]
    chosen = [
        interval_for(rows, "lymphocyte", PERCENT, Patient(sex, 1)) for sex in ("female", "male")
    ]
    assert chosen == rows


def test_a_label_without_interval_has_none_and_misses_none():
    assert interval_for(INTERVALS, "blast", PERCENT, Patient()) is None
    assert not is_not_applied(INTERVALS, "blast", PERCENT, Patient())


@pytest.mark.parametrize(
    ("value", "flagged"), [("19.99", "L"), ("20", ""), ("40", ""), ("40.01", "H")]
)
def test_the_ends_of_an_interval_are_inside_it(value, flagged):
    assert flag(Decimal(value), _of("20", "40")) == flagged
    assert flag(Decimal(value), None) == ""


@pytest.mark.parametrize(
    ("limit", "value", "flagged", "words"),
    [
        ({"at_most": Decimal("2.0")}, "2.0", "LL", "at or below 2.0 × 10⁹/L"),
        ({"at_most": Decimal("2.0")}, "2.1", "", ""),
        ({"below": Decimal("0.5")}, "0.49", "LL", "below 0.5 × 10⁹/L"),
        ({"below": Decimal("0.5")}, "0.50", "", ""),
        ({"at_least": Decimal("50")}, "50.0", "HH", "at or above 50 × 10⁹/L"),
        ({"at_least": Decimal("50")}, "49.9", "", ""),
        ({"above": Decimal("30")}, "30.1", "HH", "above 30 × 10⁹/L"),
        ({"above": Decimal("30")}, "30", "", ""),
    ],
)
def test_a_value_is_critical_at_the_limit_that_the_laboratory_set(limit, value, flagged, words):
    assert critical_flag(Decimal(value), CriticalLimit("wbc", **limit)) == (flagged, words)


def test_a_critical_limit_in_percent_is_refused():
    with pytest.raises(ValueError, match="A critical limit is a count"):
        CriticalLimit("neutrophil", "%", below=Decimal(5))
