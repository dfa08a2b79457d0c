"""The trail as admins read it: filtered, in words, page by page, and as CSV."""

from __future__ import annotations

import csv
import io

import pytest
from django.urls import reverse

from accounts.forms import TrailForm
from accounts.models import AuditAction, AuditEvent
from accounts.selectors import trail
from accounts.selectors.trail import TrailFilter, trail_page
from accounts.services.audit import record_event
from accounts.services.users import change_role

pytestmark = pytest.mark.django_db


def note(laboratory, actor=None, action=AuditAction.SAMPLE_CHANGED, **more):
    return record_event(action=action, actor=actor, laboratory=laboratory, **more)


def shown(page_as, admin, **query) -> str:
    return page_as(admin).get(reverse("accounts:audit"), query).content.decode()


def test_an_event_is_told_in_words_with_before_and_after(page_as, admin, doctor):
    change_role(actor=admin, user_id=doctor.pk, role="technician")
    text = shown(page_as, admin)
    assert "changed a user" in text
    assert "doctor → technician" in text
    assert str(doctor.pk) in text


def test_denials_are_there_and_stand_out(page_as, admin, technician):
    page_as(technician).get(reverse("accounts:users"))
    text = shown(page_as, admin, action="access_denied")
    assert "was denied" in text
    assert "trail__denied" in text


def test_what_was_only_read_is_left_out_unless_it_is_asked_for(page_as, admin, laboratory):
    note(laboratory, action=AuditAction.REPORT_DOWNLOADED)
    assert "downloaded a report" not in rows_of(shown(page_as, admin))
    assert "downloaded a report" in rows_of(shown(page_as, admin, with_reads="on"))
    assert "downloaded a report" in rows_of(shown(page_as, admin, action="report_downloaded"))


def rows_of(text: str) -> str:
    return text.partition("<tbody>")[2].partition("</tbody>")[0]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"person": "tina"}, {"b"}),
        ({"person": "nobody"}, {"a", "c"}),
        ({"action": "sample_sent"}, {"c"}),
        ({"first_day": "2999-01-01"}, set()),
        ({"last_day": "1999-01-01"}, set()),
        ({}, {"a", "b", "c"}),
    ],
)
def test_each_filter_chooses(admin, laboratory, technician, asked, expected):
    note(laboratory, reason="a")
    note(laboratory, technician, reason="b")
    note(laboratory, action=AuditAction.SAMPLE_SENT, reason="c")
    if asked.get("person") == "tina":
        asked = {"person": str(technician.pk)}
    page = trail_page(admin, TrailForm(asked, viewer=admin).asked())
    assert {row.event.reason for row in page.rows} - {""} == expected


def test_one_object_has_its_own_list(admin, laboratory, technician, doctor):
    note(laboratory, obj=technician, reason="of tina")
    note(laboratory, obj=doctor, reason="of dora")
    page = trail_page(admin, TrailFilter(obj=str(technician.pk)))
    assert {row.event.object_id for row in page.rows} == {str(technician.pk)}
    assert page.rows[0].event.reason == "of tina"


def test_pages_follow_one_another_without_a_gap(admin, laboratory, monkeypatch):
    monkeypatch.setattr(trail, "PAGE_SIZE", 3)
    for _ in range(7):
        note(laboratory)
    events = AuditEvent.objects.filter(laboratory=laboratory).values_list("position", flat=True)
    seen, before = [], None
    while True:
        page = trail_page(admin, TrailFilter(), before=before)
        seen += [row.event.position for row in page.rows]
        before = page.older
        if before is None:
            break
    assert seen == sorted(events, reverse=True)


def test_another_laboratorys_trail_is_not_there(admin, other_laboratory):
    note(other_laboratory, reason="theirs")
    rows = trail_page(admin, TrailFilter()).rows
    assert "theirs" not in {row.event.reason for row in rows}


@pytest.mark.parametrize("before", ["x", "-1", "9" * 40, "٣"])
def test_what_is_no_position_asks_for_the_newest(page_as, admin, laboratory, before):
    note(laboratory, reason="here")
    assert "here" in shown(page_as, admin, before=before)


def test_a_filter_that_cannot_be_so_says_so_and_chooses_nothing(page_as, admin, laboratory):
    note(laboratory, reason="here")
    text = shown(page_as, admin, first_day="yesterday", person="somebody")
    assert "Enter a valid date" in text
    assert "here" in text


def test_the_export_holds_every_row_and_no_formula(page_as, admin, laboratory):
    for number in range(450):
        note(laboratory, reason=f"row {number}")
    note(laboratory, reason='=HYPERLINK("http://elsewhere")')
    answer = page_as(admin).get(reverse("accounts:audit_export"))
    assert answer["Content-Disposition"] == 'attachment; filename="audit-trail.csv"'
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    reasons = [row["reason"] for row in rows if row["reason"]]
    assert reasons[:450] == [f"row {number}" for number in range(450)]
    assert reasons[450] == '\'=HYPERLINK("http://elsewhere")'
    assert AuditEvent.objects.filter(action=AuditAction.AUDIT_EXPORTED).count() == 1
