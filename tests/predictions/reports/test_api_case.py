"""From the count to the signature over the API, and what is refused on the way."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Role
from predictions.models import Report, Sample, SampleEvent
from tests.at_once import at_once
from tests.drawn_cells import draw_smear_png
from tests.factories.cases import cells_of, confirm, make_case, make_ready, make_signed
from tests.factories.images import file_of, make_image, make_sample
from tests.factories.people import PASSWORD, make_user
from tests.factories.profiles import say
from tests.factories.results import fail_image

pytestmark = pytest.mark.django_db

SIGNED = {"password": PASSWORD, "meaning": "responsibility"}


def url(sample, step):
    return f"/api/v1/samples/{sample.pk}/{step}/"


def post(client, sample, step, body=None, **headers):
    return client.post(url(sample, step), body or {}, format="json", **headers)


def test_the_differential_says_counts_and_what_is_missing(technician, api_as):
    sample = make_case(
        technician,
        {"neutrophil": 60, "lymphocyte": 40},
        to_review={"erythroblast": 1},
        wbc=Decimal("6.00"),
    )
    body = api_as(technician).get(url(sample, "differential")).json()
    assert (body["counted"], body["target"], body["unidentified"]) == (100, 200, 0)
    assert {key: body["rows"][0][key] for key in ("label", "name", "count", "percent")} == {
        "label": "neutrophil", "name": "Neutrophil", "count": 60, "percent": 60.0,
    }  # fmt: skip
    assert body["rows"][0]["absolute"] == 3.6
    assert body["rows"][0]["low"] < 60 < body["rows"][0]["high"]
    # Of an age that is not known, no interval is applied.
    assert (body["rows"][0]["reference"], body["rows"][0]["flag"]) == (None, "")
    assert [(each["label"], each["count"]) for each in body["apart"]] == [("erythroblast", 0)]
    assert body["wbc"]["value"] == 6.0
    assert [each["code"] for each in body["missing"]] == ["to_review"]


def test_a_thousand_cells_take_at_most_twelve_queries(technician, api_as):
    sample = make_case(technician, {"neutrophil": 1000}, age_days_given=20000)
    client = api_as(technician)
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(url(sample, "differential"))
    # That somebody looked is written into the trail: three statements beside the reading.
    reading = [query["sql"] for query in queries if "accounts_audit" not in query["sql"]]
    assert len(reading) <= 12, reading
    row = answer.json()["rows"][0]
    assert (row["reference"]["low"], row["flag"]) == (40.0, "H")


def test_a_sample_goes_to_the_doctor_comes_back_and_ends(technician, doctor, api_as):
    sample = make_case(technician)
    bench, desk = api_as(technician), api_as(doctor)
    assert post(bench, sample, "state", {"to": "ready"}).json()["state"] == "ready"
    assert post(desk, sample, "state", {"to": "in_review"}).status_code == 400
    back = post(desk, sample, "state", {"to": "in_review", "reason": "Look at cell 4"})
    assert back.json() == {"id": str(sample.pk), "state": "in_review"}
    refused = post(desk, sample, "state", {"to": "in_review", "reason": "Again"})
    assert (refused.status_code, refused.json()["code"]) == (409, "state")
    gone = post(bench, sample, "state", {"to": "cancelled", "reason": "Clotted"})
    assert gone.json()["state"] == "cancelled"
    assert post(bench, sample, "state", {"to": "signed"}).status_code == 400


def test_a_signature_answers_with_its_report(technician, doctor, api_as):
    sample = make_ready(technician)
    said = {
        **SIGNED,
        "comment": "Ordinary film.",
        "morphology": {"text": "Even.", "red_cells": [{"text": "Anisocytosis", "grade": "1+"}]},
    }
    answer = post(api_as(doctor), sample, "sign", said)
    report = Report.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "report": {
            "id": str(report.pk),
            "number": "R-000001",
            "version": 1,
            "status": "final",
            "sha256": report.sha256,
        }
    }


def test_a_signature_holds_for_the_figures_that_were_seen(
    technician, doctor, second_doctor, api_as
):
    sample = make_ready(technician)
    seen = api_as(doctor).get(url(sample, "differential")).json()["seen"]
    say(second_doctor, cells_of(sample).filter(label="neutrophil").last(), "lymphocyte")
    refused = post(api_as(doctor), sample, "sign", {**SIGNED, "seen": seen})
    assert (refused.status_code, refused.json()["code"]) == (409, "changed_since_seen")
    assert not Report.objects.exists()
    now = api_as(doctor).get(url(sample, "differential")).json()["seen"]
    assert post(api_as(doctor), sample, "sign", {**SIGNED, "seen": now}).status_code == 201


def test_a_signature_that_does_not_say_what_was_seen_holds_for_what_stands(
    technician, doctor, second_doctor, api_as
):
    sample = make_ready(technician)
    say(second_doctor, cells_of(sample).filter(label="neutrophil").last(), "lymphocyte")
    assert post(api_as(doctor), sample, "sign", SIGNED).status_code == 201


def unfinished(technician, doctor):
    sample = make_ready(technician)
    Sample.objects.filter(pk=sample.pk).update(state=Sample.State.IN_REVIEW)
    make_image(technician, sample)
    return sample


def failed(technician, doctor):
    sample = unfinished(technician, doctor)
    fail_image(sample.images.latest("uploaded_at"))
    return sample


def unreviewed(technician, doctor):
    sample = make_ready(technician)
    sample.labels.create(laboratory=sample.laboratory, code="basophil", accepted=1)
    return sample


def alone(technician, doctor):
    sample = make_case(technician)
    Sample.objects.filter(pk=sample.pk).update(state=Sample.State.READY)
    confirm(doctor, cells_of(sample)[0])
    return sample


def blast(technician, doctor):
    sample = make_ready(technician)
    say(doctor, cells_of(sample)[4], "blast")
    return sample


REFUSED = {
    "unfinished": unfinished,
    "failed_images": failed,
    "to_review": unreviewed,
    "unidentified": lambda technician, doctor: make_ready(technician, unidentified=7),
    "few_cells": lambda technician, doctor: make_ready(technician, {"neutrophil": 99}),
    "second_person": alone,
    "critical_value": lambda technician, doctor: make_ready(technician, wbc=Decimal("1.50")),
    "blasts": blast,
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_is_missing_is_refused_with_its_code_and_sentence(technician, doctor, api_as, code):
    sample = REFUSED[code](technician, doctor)
    Sample.objects.filter(pk=sample.pk).update(state=Sample.State.READY)
    answer = post(api_as(doctor), sample, "sign", SIGNED)
    body = answer.json()
    assert (answer.status_code, body["code"]) == (409, "not_ready")
    assert [each["code"] for each in body["missing"]] == [code]
    assert body["message"] == body["missing"][0]["message"]
    assert not Report.objects.exists()


def test_a_wrong_password_is_refused(technician, doctor, api_as):
    answer = post(api_as(doctor), make_ready(technician), "sign", {**SIGNED, "password": "wrong"})
    assert (answer.status_code, answer.json()["code"]) == (403, "proof_refused")
    assert list(answer.json()["fields"]) == ["password"]


def test_a_second_signature_is_told_of_the_first(technician, doctor, second_doctor, api_as):
    sample = make_signed(technician, doctor).sample
    answer = post(api_as(second_doctor), sample, "sign", SIGNED)
    assert (answer.status_code, answer.json()["code"]) == (409, "state")
    assert answer.json()["message"].startswith("dora signed the report at ")


def test_a_report_is_amended_withdrawn_and_retracted(technician, doctor, api_as):
    sample = make_signed(technician, doctor).sample
    desk = api_as(doctor)
    assert post(desk, sample, "amend").status_code == 400
    assert post(desk, sample, "amend", {"reason": "A word"}).json()["state"] == "amending"
    nothing = post(desk, sample, "sign", SIGNED)
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing_changed")
    assert post(desk, sample, "amend/withdraw").json()["state"] == "signed"
    post(desk, sample, "amend", {"reason": "A word"})
    signed = post(desk, sample, "sign", {**SIGNED, "comment": "One word more."})
    assert signed.json()["report"]["status"] == "amended"
    wrong = post(desk, sample, "retract", {"password": "wrong", "reason": "Other patient"})
    assert wrong.status_code == 403
    gone = post(desk, sample, "retract", {"password": PASSWORD, "reason": "Other patient"})
    assert gone.json()["state"] == "retracted"


def test_a_contact_and_an_acknowledgement_are_recorded(technician, doctor, api_as):
    sample = make_ready(technician, wbc=Decimal("1.50"))
    told = {
        "label": "wbc", "told_to": "Dr Weiss", "told_at": timezone.now(), "read_back": True,
    }  # fmt: skip
    contact = post(api_as(technician), sample, "contacts", told)
    assert contact.status_code == 201
    assert contact.json()["value"].startswith("1.50")
    say(doctor, cells_of(sample)[4], "blast")
    seen = post(api_as(doctor), sample, "alarm/acknowledge", {"note": "One blast"})
    assert (seen.status_code, seen.json()["blasts"]) == (201, 1)
    assert post(api_as(doctor), sample, "alarm/acknowledge").status_code == 409


@pytest.mark.parametrize(
    "step",
    ["differential", "state", "sign", "amend", "amend/withdraw", "retract", "contacts",
     "alarm/acknowledge", "reports"],
)  # fmt: skip
def test_another_laboratory_finds_no_sample(technician, other_laboratory, api_as, step):
    sample = make_ready(technician)
    stranger = api_as(make_user(other_laboratory, Role.DOCTOR))
    body = {
        **SIGNED, "to": "cancelled", "reason": "Mine", "label": "wbc", "told_to": "Me",
        "told_at": timezone.now(), "read_back": True,
    }  # fmt: skip
    if step in ("differential", "reports"):
        answer = stranger.get(url(sample, step))
    else:
        answer = post(stranger, sample, step, body)
    assert answer.status_code == 404


# --- Idempotency-Key ---------------------------------------------------------------------------


def test_a_repeated_signature_is_answered_alike(technician, doctor, api_as):
    sample = make_ready(technician)
    desk = api_as(doctor)
    first, second = (
        post(desk, sample, "sign", SIGNED, HTTP_IDEMPOTENCY_KEY="key-1") for _ in range(2)
    )
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    other = post(desk, sample, "sign", {**SIGNED, "comment": "x"}, HTTP_IDEMPOTENCY_KEY="key-1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key")
    odd = post(desk, sample, "sign", SIGNED, HTTP_IDEMPOTENCY_KEY="x" * 256)
    assert odd.status_code == 400


@pytest.mark.django_db(transaction=True)
def test_twenty_signatures_with_one_key_are_one(technician, doctor, api_as):
    sample = make_ready(technician)
    desks = [api_as(doctor) for _ in range(20)]
    answers = at_once(
        20, lambda n: post(desks[n], sample, "sign", SIGNED, HTTP_IDEMPOTENCY_KEY="key-1")
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert Report.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_twenty_amendments_with_one_key_are_one(technician, doctor, api_as):
    sample = make_signed(technician, doctor).sample
    desks = [api_as(doctor) for _ in range(20)]
    answers = at_once(
        20,
        lambda n: post(
            desks[n], sample, "amend", {"reason": "A word"}, HTTP_IDEMPOTENCY_KEY="key-1"
        ),
    )
    assert {answer.status_code for answer in answers} == {200}
    assert sample.events.filter(kind=SampleEvent.Kind.AMENDMENT_BEGUN).count() == 1


@pytest.mark.django_db(transaction=True)
def test_twenty_uploads_with_one_key_are_one(technician, api_as):
    sample, data = make_sample(technician), draw_smear_png(seed=4711)
    clients = [api_as(technician) for _ in range(20)]
    answers = at_once(
        20,
        lambda n: clients[n].post(
            url(sample, "images"),
            {"files": [file_of(data)]},
            format="multipart",
            HTTP_IDEMPOTENCY_KEY="key-1",
        ),
    )
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    assert "duplicate" not in answers[0].json()["images"][0]
    assert sample.images.count() == 1


def test_the_figures_of_a_signed_sample_say_that_they_are_of_today(technician, doctor, api_as):
    sample = make_signed(technician, doctor).sample
    notes = api_as(doctor).get(f"/api/v1/samples/{sample.pk}/differential/").json()["notes"]
    assert notes[0].startswith("The sample is closed: what was signed stands on its report.")
