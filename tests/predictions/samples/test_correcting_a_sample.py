"""What is said of a sample is put right: by whom, until when, with which reason."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from accounts.errors import AccessDenied
from accounts.models import AuditAction, AuditEvent
from predictions.errors import (
    AccessionNumberTaken,
    ChangeRefused,
    SampleInvalid,
    SampleNotFound,
)
from predictions.models import Sample, SampleEvent
from predictions.services.samples.details import change_sample
from predictions.services.samples.samples import create_sample
from tests.factories.images import make_image, make_sample
from tests.factories.results import record_result

pytestmark = pytest.mark.django_db

EVERYTHING: dict[str, Any] = {
    "patient_reference": "P-7",
    "sex": "female",
    "birth_date": date(1990, 5, 17),
    "collected_at": datetime(2026, 1, 2, 8, 30, tzinfo=UTC),
    "requester": "Ward  4,\tDr Lind",
    "note": "after transfusion",
    "priority": "urgent",
    "wbc": Decimal("7.25"),
    "wbc_at": datetime(2026, 1, 2, 9, 0, tzinfo=UTC),
    "wbc_is_corrected": False,
}


def change(actor, sample: Sample, reason: str = "", **changes: Any) -> Sample:
    return change_sample(actor=actor, sample_id=sample.pk, changes=changes, reason=reason)


def corrections(sample: Sample) -> list[SampleEvent]:
    return list(sample.events.filter(kind=SampleEvent.Kind.CORRECTED))


def in_state(sample: Sample, state: Sample.State) -> Sample:
    Sample.objects.filter(pk=sample.pk).update(state=state)
    return sample


def test_every_field_can_be_said_at_once_or_later(technician):
    created = create_sample(actor=technician, accession_number="A-1", **EVERYTHING)
    changed = change(technician, make_sample(technician), **EVERYTHING)
    for sample in (created, changed):
        sample.refresh_from_db()
        said = {name: getattr(sample, name) for name in EVERYTHING}
        assert said == {**EVERYTHING, "requester": "Ward 4, Dr Lind"}
        assert sample.patient_key == "p-7"


def test_the_trail_says_what_was_and_what_is(technician, sample):
    change(technician, sample, priority="urgent", wbc=Decimal("7.2"))
    event = AuditEvent.objects.get(action=AuditAction.SAMPLE_CHANGED)
    assert event.changes == {"priority": ["routine", "urgent"], "wbc": [None, "7.20"]}
    assert (event.actor, event.object_id) == (technician, str(sample.pk))
    assert corrections(sample) == []


def test_what_stays_as_it_is_leaves_no_trace(technician, sample):
    change(technician, sample, accession_number=sample.accession_number, sex="", note="")
    assert not AuditEvent.objects.filter(action=AuditAction.SAMPLE_CHANGED).exists()


def test_another_number_needs_a_reason_and_stands_in_the_history(doctor, technician):
    sample = make_sample(technician, accession_number="A-1")
    with pytest.raises(SampleInvalid) as caught:
        change(doctor, sample, " ", accession_number="A-2")
    assert set(caught.value.fields) == {"reason"}
    change(doctor, sample, " typed wrong ", accession_number=" a-2")
    sample.refresh_from_db()
    assert (sample.accession_number, sample.accession_key) == ("a-2", "a-2")
    [event] = corrections(sample)
    assert event.changes == {"accession_number": ["A-1", "a-2"]}
    assert (event.by, event.reason) == (doctor, "typed wrong")
    audit = AuditEvent.objects.get(action=AuditAction.SAMPLE_CHANGED)
    assert (audit.changes, audit.reason) == (event.changes, event.reason)


def test_a_number_written_otherwise_is_a_correction_too(technician):
    sample = make_sample(technician, accession_number="a-1")
    change(technician, sample, "as on the tube", accession_number="A-1")
    sample.refresh_from_db()
    assert (sample.accession_number, sample.accession_key) == ("A-1", "a-1")


def test_a_missing_reference_is_given_without_a_reason_until_cells_are_found(technician):
    empty, read = make_sample(technician), make_sample(technician)
    change(technician, empty, patient_reference="P-1")
    assert corrections(empty) == []
    record_result(make_image(technician, read), {})
    with pytest.raises(SampleInvalid):
        change(technician, read, patient_reference="P-1")
    change(technician, read, "label was covered", patient_reference="P-1")
    assert len(corrections(read)) == 1


def test_another_reference_always_needs_a_reason(technician):
    sample = make_sample(technician, patient_reference="P-1")
    for other in ("P-2", ""):
        with pytest.raises(SampleInvalid):
            change(technician, sample, patient_reference=other)


def test_a_number_that_another_sample_has_is_refused_with_that_sample(technician):
    holder, sample = make_sample(technician, accession_number="A-1"), make_sample(technician)
    with pytest.raises(AccessionNumberTaken) as caught:
        change(technician, sample, "typed wrong", accession_number="Ａ－１")  # noqa: RUF001
    assert caught.value.details == {"sample": str(holder.pk)}
    in_state(holder, Sample.State.CANCELLED)
    assert change(technician, sample, "typed wrong", accession_number="A-1").accession_key == "a-1"


def test_a_number_that_collides_is_its_own_once_it_is_corrected(technician):
    make_sample(technician, accession_number="A-1")
    younger = make_sample(technician, accession_number="A-2")
    Sample.objects.filter(pk=younger.pk).update(accession_key="a-1", number_collides=True)
    with pytest.raises(AccessionNumberTaken):
        change(technician, younger, "as on the tube", accession_number="a-1")
    change(technician, younger, "as on the tube", accession_number="A-3")
    younger.refresh_from_db()
    assert not younger.number_collides


def test_who_collided_has_the_number_once_it_is_free(technician):
    older, younger = (make_sample(technician, accession_number=n) for n in ("A-1", "A-2"))
    Sample.objects.filter(pk=younger.pk).update(accession_key="a-1", number_collides=True)
    change(technician, older, "another tube", accession_number="B-1")
    younger.refresh_from_db()
    assert (younger.accession_key, younger.number_collides) == ("a-1", False)


def test_a_birth_date_takes_the_place_of_an_age_and_the_other_way_round(technician, sample):
    change(technician, sample, age="35 y")
    assert Sample.objects.get(pk=sample.pk).age_days == 12784
    change(technician, sample, birth_date=date(2020, 1, 1))
    sample.refresh_from_db()
    assert (sample.birth_date, sample.age_days_given) == (date(2020, 1, 1), None)
    change(technician, sample, age=3)
    sample.refresh_from_db()
    assert (sample.birth_date, sample.age_days_given) == (None, 3)
    change(technician, sample, age="")
    sample.refresh_from_db()
    assert sample.age_days is None


def test_a_wbc_that_is_taken_away_takes_its_time_with_it(technician):
    sample = create_sample(actor=technician, accession_number="A-1", **EVERYTHING)
    change(technician, sample, wbc=None)
    sample.refresh_from_db()
    assert (sample.wbc, sample.wbc_at, sample.wbc_is_corrected) == (None, None, None)


TOMORROW = timezone.now() + timedelta(days=1)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"accession_number": " "}, "accession_number"),
        ({"accession_number": "x" * 65}, "accession_number"),
        ({"patient_reference": "a\x00b"}, "patient_reference"),
        ({"sex": "f"}, "sex"),
        ({"birth_date": TOMORROW.date() + timedelta(days=1)}, "birth_date"),
        ({"birth_date": date(1899, 12, 31)}, "birth_date"),
        ({"birth_date": date(1990, 1, 1), "age": "3 d"}, "age"),
        (
            {"birth_date": date(2026, 1, 3), "collected_at": datetime(2026, 1, 2, tzinfo=UTC)},
            "birth_date",
        ),
        ({"age": "131 y"}, "age"),
        ({"age": "three"}, "age"),
        ({"collected_at": TOMORROW}, "collected_at"),
        ({"collected_at": datetime(1, 1, 1, tzinfo=UTC)}, "collected_at"),
        ({"requester": "x" * 121}, "requester"),
        ({"note": "x" * 2001}, "note"),
        ({"note": "a\x07b"}, "note"),
        ({"priority": "high"}, "priority"),
        ({"wbc": Decimal("1000.01")}, "wbc"),
        ({"wbc": -1}, "wbc"),
        ({"wbc": "7.255"}, "wbc"),
        ({"wbc": "NaN"}, "wbc"),
        ({"wbc": "many"}, "wbc"),
        ({"wbc": 7, "wbc_at": TOMORROW}, "wbc_at"),
        ({"wbc_at": datetime(2026, 1, 1, tzinfo=UTC)}, "wbc_at"),
        ({"wbc_is_corrected": True}, "wbc_is_corrected"),
    ],
)
def test_what_cannot_be_so_is_refused_by_its_field(technician, sample, changes, field):
    with pytest.raises(SampleInvalid) as caught:
        change(technician, sample, "a reason", **changes)
    assert set(caught.value.fields) == {field}
    assert caught.value.message == caught.value.fields[field][0]


@pytest.mark.parametrize("state", Sample.FROZEN)
def test_what_is_at_its_end_stays_as_it_is(technician, doctor, sample, state):
    in_state(sample, state)
    for actor in (technician, doctor):
        with pytest.raises(ChangeRefused):
            change(actor, sample, "typed wrong", note="late")


def test_a_signed_sample_is_corrected_by_amendment(doctor, sample):
    in_state(sample, Sample.State.SIGNED)
    with pytest.raises(ChangeRefused, match="begun an amendment"):
        change(doctor, sample, "typed wrong", accession_number="B-1")
    in_state(sample, Sample.State.AMENDING)
    assert change(doctor, sample, "typed wrong", accession_number="B-1").accession_number == "B-1"


def test_what_waits_for_the_doctor_only_a_doctor_changes(technician, doctor, sample):
    in_state(sample, Sample.State.READY)
    with pytest.raises(ChangeRefused, match="Take it back first"):
        change(technician, sample, note="late")
    assert change(doctor, sample, note="late").note == "late"


def test_an_admin_changes_no_sample(admin, sample):
    with pytest.raises(AccessDenied):
        change(admin, sample, note="late")


def test_a_sample_of_another_laboratory_is_none(other_technician, sample):
    with pytest.raises(SampleNotFound):
        change(other_technician, sample, note="late")


# --- Over the API ------------------------------------------------------------------------------


def test_the_api_changes_what_it_is_sent(technician, api_as, sample):
    sent = {"age": 3, "wbc": 7.25, "wbc_is_corrected": True, "collected_at": "2026-01-02T08:30Z"}
    answer = api_as(technician).patch(f"/api/v1/samples/{sample.pk}/", sent, format="json")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["age_days"], body["wbc"], body["wbc_is_corrected"]) == (3, 7.25, True)
    assert body["collected_at"] == "2026-01-02T08:30:00Z"
    assert body["note"] == sample.note


def test_the_api_asks_for_the_reason(technician, api_as, sample):
    address = f"/api/v1/samples/{sample.pk}/"
    answer = api_as(technician).patch(address, {"accession_number": "B-1"}, format="json")
    assert (answer.status_code, set(answer.json()["fields"])) == (400, {"reason"})
    sent = {"accession_number": "B-1", "reason": "typed wrong"}
    assert api_as(technician).patch(address, sent, format="json").status_code == 200


def test_the_api_tells_why_a_sample_stays_as_it_is(technician, api_as, sample):
    in_state(sample, Sample.State.SIGNED)
    answer = api_as(technician).patch(f"/api/v1/samples/{sample.pk}/", {"note": "late"})
    assert (answer.status_code, answer.json()["code"]) == (409, "change_refused")


@pytest.mark.parametrize(
    "sent", [{"birth_date": "0001-01-01"}, {"collected_at": "9999-12-31T23:59-12:00"}, {"wbc": "x"}]
)
def test_the_api_refuses_what_no_calendar_and_no_analyser_gives(technician, api_as, sample, sent):
    answer = api_as(technician).patch(f"/api/v1/samples/{sample.pk}/", sent, format="json")
    assert answer.status_code == 400
    assert set(answer.json()["fields"]) == set(sent)


# The forms in which numbers come, as scanners and tables send them.
@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("]C1A-17", "A-17"),
        ("\x1dA-17\x1d", "A-17"),
        ("A\u00a0\u300017", "A 17"),
        ("\ufeffA-17\u200b", "A-17"),
        ("Ａ－１７", "A-17"),  # noqa: RUF001
    ],
)
def test_a_number_is_kept_in_its_one_form(technician, api_as, sent, kept):
    answer = api_as(technician).post("/api/v1/samples/", {"accession_number": sent}, format="json")
    assert (answer.status_code, answer.json()["accession_number"]) == (201, kept)


def test_an_unseen_character_inside_is_named(technician, api_as):
    sent = {"accession_number": "A\u202e17"}
    answer = api_as(technician).post("/api/v1/samples/", sent, format="json")
    assert answer.status_code == 400
    assert "RIGHT-TO-LEFT OVERRIDE (U+202E)" in answer.json()["message"]


def test_a_reference_of_an_ideographic_blank_is_none(technician, api_as):
    sent = {"accession_number": "A-1", "patient_reference": "\u3000"}
    answer = api_as(technician).post("/api/v1/samples/", sent, format="json")
    assert (answer.status_code, answer.json()["patient_reference"]) == (201, "")
    sent = {"accession_number": "A-2", "patient_reference": "P\u30007"}
    body = api_as(technician).post("/api/v1/samples/", sent, format="json").json()
    assert body["patient_reference"] == "P 7"
