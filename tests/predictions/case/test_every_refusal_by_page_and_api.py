"""Each thing that stops a signature, asked on the page and over the API: told, and nothing signed.

The table is written by hand; a new refusal of the check list has to be entered before it passes.
"""

import html
import inspect
import re
from decimal import Decimal

import pytest

from accounts.models import AuditAction, AuditEvent
from predictions import checklist
from predictions.models import Report, Sample
from predictions.services.review.added_cells import add_cell
from tests.factories.alarms import make_alarmed, suspicious_cells
from tests.factories.cases import cells_of, confirm, make_case, make_ready, make_signed
from tests.factories.images import make_image, make_sample
from tests.factories.people import PASSWORD
from tests.factories.profiles import say
from tests.factories.results import fail_image, record_result

# A version is there before the sample, so that its card may hold a rule for alarms.
pytestmark = pytest.mark.usefixtures("model")

SIGNED = {"meaning": "responsibility", "password": PASSWORD}


def put(sample, state):
    """Say where it stands, whatever is missing: refusals are asked again at the signature."""
    Sample.objects.filter(pk=sample.pk).update(state=state)
    return Sample.objects.get(pk=sample.pk)


def unfinished(technician, doctor):
    sample = put(make_ready(technician), "in_review")
    make_image(technician, sample)
    return sample


def failed(technician, doctor):
    sample = unfinished(technician, doctor)
    fail_image(sample.images.latest("uploaded_at"))
    return sample


def waiting(technician, doctor):
    sample = make_ready(technician)
    image = sample.images.get()
    right, low = image.width_px - 30, image.height_px - 30
    add_cell(actor=doctor, image_id=image.pk, x_px=right, y_px=low, width_px=20, height_px=20)
    return sample


def without_white_cells(technician, doctor):
    sample = make_sample(technician)
    record_result(make_image(technician, sample), {"label": "platelet"})
    confirm(technician, cells_of(sample).get())
    return sample


def reviewed_by_the_signer(technician, doctor):
    sample = make_case(technician)
    confirm(doctor, cells_of(sample)[0])
    return sample


def with_a_blast(technician, doctor):
    sample = make_ready(technician)
    say(doctor, cells_of(sample)[4], "blast")
    return sample


def alarmed(technician, doctor):
    sample = make_alarmed(technician, suspicious=8)
    confirm(technician, suspicious_cells(sample)[0])
    return sample


def unreviewed(technician, doctor):
    return make_case(technician, to_review={"monocyte": 2})


# By code: the sample, all that is missing of it, and what the sentence says.
REFUSALS = {
    "unfinished": (unfinished, ["unfinished"], "1 image is still being read. Wait"),
    "cells_waiting": (waiting, ["cells_waiting"], "1 cell added by hand"),
    "to_review": (unreviewed, ["to_review", "second_person"], "2 cells ask for a person's look."),
    "no_white_cell": (
        without_white_cells,
        ["no_white_cell", "few_cells"],
        "No white cell is counted. Add images or cells, or cancel the sample with a reason.",
    ),
    "failed_images": (failed, ["failed_images"], "1 image has failed. Run each again, or dismiss"),
    "unidentified": (
        lambda technician, doctor: make_ready(technician, unidentified=7),
        ["unidentified"],
        "7 cells are unidentified, more than 5 to 100 counted ones.",
    ),
    "few_cells": (
        lambda technician, doctor: make_ready(technician, {"neutrophil": 99}),
        ["few_cells"],
        "99 cells are counted, fewer than 100. Count more, or give a reason",
    ),
    "second_person": (
        reviewed_by_the_signer,
        ["second_person"],
        "You alone reviewed this sample, and your laboratory asks for a second person.",
    ),
    "critical_value": (
        lambda technician, doctor: make_ready(technician, wbc=Decimal("1.50")),
        ["critical_value"],
        "1.50 × 10⁹/L is a critical value. Tell the ward, and record whom you told and when.",
    ),
    "alarm": (
        alarmed,
        ["alarm"],
        "A doctor looks at the 8 cells that make this alarm and acknowledges it.",
    ),
    "blasts": (with_a_blast, ["blasts"], "Blasts are suspected: 1 cell is called a blast."),
}
# What stops a sample already on its way to the doctor.
BEFORE_THE_DOCTOR = ("unfinished", "cells_waiting", "to_review", "no_white_cell")


def by_page(client, sample, step, **sent):
    """The answer's page, after it was led on."""
    answer = client.post(f"/samples/{sample.pk}/{step}/", sent, follow=True)
    return answer.status_code, html.unescape(answer.content.decode())


def by_api(client, sample, step, **sent):
    answer = client.post(f"/api/v1/samples/{sample.pk}/{step}/", sent, format="json")
    return answer.status_code, answer.json()


def nothing_is_signed(sample, state):
    return Sample.objects.get(pk=sample.pk).state == state and not Report.objects.exists()


def test_every_refusal_of_the_check_list_stands_in_the_table():
    codes = re.findall(r'Missing\(\s*"(\w+)"', inspect.getsource(checklist))
    assert set(codes) == set(REFUSALS)


@pytest.mark.parametrize("code", REFUSALS)
def test_the_page_tells_what_stops_a_signature(page_as, technician, doctor, code):
    make, _, sentence = REFUSALS[code]
    sample = put(make(technician, doctor), "ready")
    status, page = by_page(page_as(doctor), sample, "sign", **SIGNED)
    assert status == 409
    assert sentence in page
    assert nothing_is_signed(sample, "ready")


@pytest.mark.parametrize("code", REFUSALS)
def test_the_api_tells_what_stops_a_signature(api_as, technician, doctor, code):
    make, missing, sentence = REFUSALS[code]
    sample = put(make(technician, doctor), "ready")
    status, body = by_api(api_as(doctor), sample, "sign", **SIGNED)
    assert (status, body["code"]) == (409, "not_ready")
    assert sorted(each["code"] for each in body["missing"]) == sorted(missing)
    told = {each["code"]: each["message"] for each in body["missing"]}
    assert sentence in told[code]
    assert sentence in body["message"]
    assert nothing_is_signed(sample, "ready")


@pytest.mark.parametrize("who", ["technician", "doctor"])
@pytest.mark.parametrize("code", BEFORE_THE_DOCTOR)
def test_page_and_api_tell_what_stops_the_way_to_the_doctor(
    request, page_as, api_as, technician, doctor, code, who
):
    make, _, sentence = REFUSALS[code]
    sample = put(make(technician, doctor), "in_review")
    person = request.getfixturevalue(who)
    status, page = by_page(page_as(person), sample, "send")
    assert (status, sentence in page) == (200, True)
    status, body = by_api(api_as(person), sample, "state", to="ready")
    assert (status, body["code"]) == (409, "not_ready")
    assert [each["code"] for each in body["missing"]] == [code]
    assert sentence in body["missing"][0]["message"]
    assert nothing_is_signed(sample, "in_review")


# --- Who signs ---------------------------------------------------------------------------------


def test_a_wrong_password_signs_nothing(page_as, api_as, technician, doctor):
    sample = make_ready(technician)
    wrong = {**SIGNED, "password": "wrong-horse-battery-7"}
    status, page = by_page(page_as(doctor), sample, "sign", **wrong)
    assert (status, "The password is not right." in page) == (403, True)
    status, body = by_api(api_as(doctor), sample, "sign", **wrong)
    assert (status, body["code"], list(body["fields"])) == (403, "proof_refused", ["password"])
    assert body["message"].startswith("The password is not right.")
    assert nothing_is_signed(sample, "ready")
    failures = AuditEvent.objects.filter(action=AuditAction.SIGN_IN_FAILED, actor=doctor)
    assert failures.count() == 2


def test_a_second_signer_is_told_by_whom_and_when(
    page_as, api_as, technician, doctor, second_doctor
):
    sample = make_signed(technician, doctor).sample
    told = re.compile(
        r"dora signed the report at \d\d:\d\d, so this sample is signed now. Load it again."
    )
    status, page = by_page(page_as(second_doctor), sample, "sign", **SIGNED)
    assert (status, bool(told.search(page))) == (409, True)
    status, body = by_api(api_as(second_doctor), sample, "sign", **SIGNED)
    assert (status, body["code"]) == (409, "state")
    assert told.fullmatch(body["message"])
    assert sample.reports.count() == 1


@pytest.mark.parametrize("who", ["technician", "admin"])
def test_nobody_but_a_doctor_signs(request, page_as, api_as, technician, doctor, who):
    sample = make_ready(technician)
    person = request.getfixturevalue(who)
    assert by_page(page_as(person), sample, "sign", **SIGNED)[0] == 403
    assert by_api(api_as(person), sample, "sign", **SIGNED)[0] == 403
    assert nothing_is_signed(sample, "ready")


def test_a_reason_lets_a_limited_count_pass(page_as, api_as, technician, doctor):
    few = {"neutrophil": 40}
    said = {**SIGNED, "limited_count_reason": "Severe leucopenia"}
    assert by_page(page_as(doctor), make_ready(technician, few), "sign", **said)[0] == 200
    assert by_api(api_as(doctor), make_ready(technician, few), "sign", **said)[0] == 201
    assert Report.objects.count() == 2
