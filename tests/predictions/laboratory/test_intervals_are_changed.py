"""Reference intervals: each change is a new set, and only rows that can be used are taken."""

from dataclasses import replace
from decimal import Decimal

import pytest

from accounts.errors import AccessDenied
from accounts.models import AuditAction, AuditEvent
from mlmodels.services.labels import add_label
from predictions.errors import IntervalsMoved, IntervalsRefused
from predictions.intervals import CriticalLimit, Interval
from predictions.models import IntervalSet
from predictions.selectors.laboratory.interval_pages import intervals_page, present_intervals
from predictions.selectors.laboratory.intervals import intervals_of
from predictions.services.laboratory.intervals import (
    change_intervals,
    change_intervals_of_label,
    restore_shipped_intervals,
)
from tests.factories.intervals import shipped_intervals, shipped_limits

pytestmark = pytest.mark.django_db

ADULT = Interval("blast", "%", Decimal("0"), Decimal("1.0"), "Our own 120 donors", from_day=6574)
CHILD = replace(ADULT, high=Decimal("2"), from_day=0, before_day=6574)
LIMIT = CriticalLimit("blast", at_least=Decimal("0.1"))


def save(actor, *rows, limits=(), seen_number=1, reason="Our own donors"):
    return change_intervals(
        actor=actor, intervals=rows, limits=limits, seen_number=seen_number, reason=reason
    )


def refused(actor, *rows, limits=()):
    with pytest.raises(IntervalsRefused) as error:
        save(actor, *rows, limits=limits)
    assert not IntervalSet.objects.filter(laboratory=actor.laboratory).exists()
    return error.value.fields


def test_the_first_set_of_a_laboratory_goes_before_the_shipped_one(admin, other_laboratory):
    saved = save(admin, ADULT, limits=[LIMIT])
    held = intervals_of(admin.laboratory_id)
    assert (saved.number, held.number, held.is_own) == (2, 2, True)
    assert (held.intervals, held.limits) == ((ADULT,), (LIMIT,))
    assert str(held.intervals[0].high) == "1.0"
    assert intervals_of(other_laboratory.pk).number == 1


def test_a_set_is_never_changed_but_followed_by_another(admin):
    save(admin, ADULT)
    save(admin, CHILD, ADULT, seen_number=2)
    rows = IntervalSet.objects.filter(laboratory=admin.laboratory).order_by("number")
    assert [(row.number, len(row.intervals), row.by) for row in rows] == [
        (2, 1, admin),
        (3, 2, admin),
    ]


def test_who_saves_over_a_set_that_they_have_not_seen_is_told_by_whom_it_is(admin):
    save(admin, ADULT)
    with pytest.raises(IntervalsMoved, match="ada saved version 2 since") as error:
        save(admin, CHILD, seen_number=1)
    assert error.value.http_status == 409
    assert intervals_of(admin.laboratory_id).intervals == (ADULT,)


def test_a_change_is_written_down_with_what_goes_what_comes_and_why(admin):
    save(admin, ADULT)
    save(admin, replace(ADULT, high=Decimal("3")), seen_number=2, reason=" More   donors ")
    event = AuditEvent.objects.filter(action=AuditAction.INTERVALS_CHANGED).latest("position")
    assert event.reason == "More donors"
    assert event.changes["number"] == [2, 3]
    [gone], [come] = event.changes["intervals"]
    assert (gone["high"], come["high"]) == ("1.0", "3")
    assert "limits" not in event.changes


def test_one_label_is_changed_and_the_others_stay(admin):
    before = present_intervals(admin)
    change_intervals_of_label(
        actor=admin, label="blast", intervals=[ADULT], limit=LIMIT, seen_number=1, reason="Donors"
    )
    now = present_intervals(admin)
    assert set(now.intervals) == {*before.intervals, ADULT}
    assert set(now.limits) == {*before.limits, LIMIT}
    change_intervals_of_label(
        actor=admin, label="blast", intervals=[], limit=None, seen_number=2, reason="Too few"
    )
    assert set(present_intervals(admin).intervals) == set(before.intervals)


def test_the_shipped_ones_hold_again_as_a_new_set(admin):
    save(admin, ADULT)
    saved = restore_shipped_intervals(actor=admin, seen_number=2, reason="Back to the books")
    held = intervals_of(admin.laboratory_id)
    assert (saved.number, held.is_own) == (3, True)
    assert (list(held.intervals), list(held.limits)) == (shipped_intervals(), shipped_limits())


def test_what_is_shipped_passes_its_own_checks_and_changes_nothing(admin):
    with pytest.raises(IntervalsRefused, match="Nothing is changed"):
        restore_shipped_intervals(actor=admin, seen_number=1, reason="For fun")


def test_the_versions_say_who_saved_them_why_and_what_they_changed(admin):
    save(admin, ADULT, limits=[LIMIT])
    save(admin, replace(ADULT, high=Decimal("3")), limits=[LIMIT], seen_number=2, reason="More")
    newest, first, shipped = intervals_page(admin).versions
    assert (newest.number, newest.by, newest.reason) == (3, admin, "More")
    assert newest.removed == ("Blast: 0 to 1.0 %, from 18 y (Our own 120 donors)",)
    assert newest.added == ("Blast: 0 to 3 %, from 18 y (Our own 120 donors)",)
    assert "Blast: critical at or above 0.1 × 10⁹/L" in first.added
    assert len(first.removed) == len(shipped_intervals()) + 4
    assert (shipped.number, shipped.is_shipped, shipped.added) == (1, True, ())


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"label": "none"}, "none, %, from 18 y: There is no such label"),
        ({"unit": "g/L"}, "Choose the unit"),
        ({"unit": "/100{WBCs}"}, "It is counted as a white cell"),
        ({"label": "platelet"}, "It is not counted as a white cell"),
        ({"label": "wbc"}, "White cells are counted in 10⁹/L alone"),
        ({"low": Decimal("1.0")}, "The low end 1.0 is not below the high end 1.0"),
        ({"low": Decimal("2")}, "The low end 2 is not below"),
        ({"low": Decimal("-1")}, "as numbers from 0"),
        ({"high": Decimal("NaN")}, "as numbers from 0"),
        ({"high": Decimal("0.00001")}, "at most 4 decimals"),
        ({"high": Decimal("1e9")}, "as numbers from 0"),
        ({"high": Decimal("101")}, "A percentage is at most 100"),
        ({"sex": "other"}, "Choose female, male or both"),
        ({"from_day": -1}, "The age at which it ends"),
        ({"before_day": 6574}, "The age at which it ends"),
        ({"before_day": 10**6}, "up to 130 y"),
        ({"source": " "}, "where it is published"),
        ({"source": "x" * 201}, "where it is published"),
        ({"source": "two\nlines"}, "where it is published"),
    ],
)
def test_a_row_that_cannot_be_used_is_refused_by_name(admin, changed, sentence):
    [found] = refused(admin, replace(ADULT, **changed))["intervals"]
    assert sentence in found


def test_nothing_in_health_is_written_from_0_to_0(admin):
    save(admin, replace(ADULT, high=Decimal("0")))
    assert present_intervals(admin).intervals[0].high == 0


@pytest.mark.parametrize(
    "other",
    [ADULT, replace(CHILD, before_day=6575), replace(CHILD, before_day=None)],
)
def test_two_rows_never_hold_on_the_same_day(admin, other):
    [found] = refused(admin, other, ADULT)["intervals"]
    assert "It overlaps with from 18 y" in found


@pytest.mark.parametrize(
    "other",
    [
        CHILD,
        replace(ADULT, sex="female"),
        replace(ADULT, unit="10*9/L"),
        replace(ADULT, label="band"),
    ],
)
def test_rows_of_another_age_sex_unit_or_label_stand_side_by_side(admin, other):
    save(admin, ADULT, other)
    assert len(present_intervals(admin).intervals) == 2


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        ([CriticalLimit("blast")], "Give a critical limit, or none of it."),
        ([replace(LIMIT, label="none")], "none: There is no such label"),
        ([LIMIT, replace(LIMIT, at_least=Decimal("2"))], "Blast: Give one row"),
        ([replace(LIMIT, above=Decimal("2"))], "one limit below and one above"),
        ([replace(LIMIT, at_most=Decimal("0.1"))], "0.1 is not below 0.1"),
        ([replace(LIMIT, at_least=Decimal("-1"))], "as numbers from 0"),
        ([replace(LIMIT, at_least=Decimal("Infinity"))], "as numbers from 0"),
    ],
)
def test_critical_limits_that_make_no_sense_are_refused(admin, limits, sentence):
    assert sentence in refused(admin, ADULT, limits=limits)["limits"][0]


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_a_change_needs_a_reason(admin, reason):
    with pytest.raises(IntervalsRefused, match="Say in up to 500 letters why") as error:
        save(admin, ADULT, reason=reason)
    assert list(error.value.fields) == ["reason"]


def test_every_row_that_is_wrong_is_told_at_once(admin):
    fields = refused(admin, replace(ADULT, source=""), replace(CHILD, unit="x"), limits=[LIMIT] * 2)
    assert (len(fields["intervals"]), len(fields["limits"])) == (2, 2)


def test_a_label_of_ones_own_can_have_intervals(admin):
    group = "lymphocytes and monocytes"
    values = {"name": "Hairy cell", "short_name": "HC", "group": group, "in_denominator": True}
    add_label(actor=admin, code="hairy_cell", values=values)
    save(admin, replace(ADULT, label="hairy_cell"))
    assert intervals_page(admin).groups[0].name == "Hairy cell"


@pytest.mark.parametrize("who", ["technician", "doctor"])
def test_everybody_reads_and_only_admins_change(request, who):
    actor = request.getfixturevalue(who)
    assert present_intervals(actor).number == 1
    with pytest.raises(AccessDenied):
        save(actor, ADULT)
    with pytest.raises(AccessDenied):
        restore_shipped_intervals(actor=actor, seen_number=1, reason="Back")
    with pytest.raises(AccessDenied):
        change_intervals_of_label(
            actor=actor, label="blast", intervals=[], limit=None, seen_number=1, reason="None"
        )
