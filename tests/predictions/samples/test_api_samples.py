"""Samples over the API: create, list page by page, read."""

import base64

import pytest

from accounts.models import AuditAction, AuditEvent
from predictions.models import Sample
from tests.factories.images import make_image, make_sample

pytestmark = pytest.mark.django_db
URL = "/api/v1/samples/"


def test_a_technician_creates_a_sample(technician, api_as):
    sent = {"accession_number": " A-1 ", "patient_reference": "P-77", "note": "second tube"}
    answer = api_as(technician).post(URL, sent, format="json")
    assert answer.status_code == 201
    sample = Sample.objects.get(pk=answer.json()["id"])
    assert sample.laboratory == technician.laboratory
    assert (sample.accession_number, sample.patient_reference) == ("A-1", "P-77")
    assert AuditEvent.objects.filter(action=AuditAction.SAMPLE_CREATED).count() == 1


def test_a_number_that_is_taken_answers_409(technician, api_as, sample):
    answer = api_as(technician).post(URL, {"accession_number": sample.accession_number})
    assert answer.status_code == 409
    body = answer.json()
    assert body["code"] == "accession_number_taken"
    assert body["sample"] == str(sample.pk)


def test_another_laboratory_may_use_the_same_number(other_technician, api_as, sample):
    answer = api_as(other_technician).post(URL, {"accession_number": sample.accession_number})
    assert answer.status_code == 201


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"accession_number": "  "},
        {"accession_number": "x" * 65},
        {"accession_number": "a\nb"},
        {"accession_number": "a\x00b"},
        {"accession_number": ["a"]},
        {"accession_number": "a", "note": "x" * 2001},
        {"accession_number": "a", "patient_reference": "x" * 65},
        ["a"],
    ],
)
def test_what_is_no_sample_answers_400_with_the_field(technician, api_as, sent):
    answer = api_as(technician).post(URL, sent, format="json")
    assert answer.status_code == 400
    assert answer.json()["message"]
    assert not Sample.objects.exists()


@pytest.mark.parametrize("who", ["doctor", "admin"])
def test_only_a_technician_creates(request, api_as, who):
    answer = api_as(request.getfixturevalue(who)).post(URL, {"accession_number": "A-1"})
    assert answer.status_code == 403
    assert answer.json()["code"] == "access_denied"


def test_nobody_reads_without_signing_in(api, sample):
    for url in (URL, f"{URL}{sample.pk}/"):
        assert api.get(url).status_code == 401


def test_the_list_goes_on_page_by_page_without_loss(technician, doctor, api_as):
    made = [str(make_sample(technician).pk) for _ in range(5)]
    client = api_as(doctor)
    page = client.get(URL, {"page_size": 2}).json()
    assert set(page) == {"next", "previous", "results"}
    read = [row["id"] for row in page["results"]]
    while page["next"]:
        page = client.get(page["next"]).json()
        read += [row["id"] for row in page["results"]]
    assert read == made[::-1]
    assert page["previous"]


def test_the_list_holds_the_own_laboratory_only(other_technician, api_as, sample):
    assert api_as(other_technician).get(URL).json()["results"] == []


PLACES_THAT_ARE_NONE = [
    "p=2026-11",
    "p=2026-13-45T99:00",
    "p=2026-11-21T13:00",
    "p=9999-12-31T23:59-23:59",
    "o=x",
    "p=\x00",
]


@pytest.mark.parametrize("place", PLACES_THAT_ARE_NONE)
def test_a_cursor_that_is_none_is_refused_in_the_one_shape(technician, api_as, sample, place):
    cursor = base64.b64encode(place.encode()).decode()
    answer = api_as(technician).get(URL, {"cursor": cursor})
    assert answer.status_code == 404
    assert set(answer.json()) == {"code", "message"}


def test_a_sample_names_its_images_and_their_state(technician, doctor, api_as, sample):
    image = make_image(technician, sample)
    body = api_as(doctor).get(f"{URL}{sample.pk}/").json()
    assert body["image_count"] == 1
    [listed] = body["images"]
    assert (listed["id"], listed["status"]) == (str(image.pk), "queued")


def test_a_sample_of_another_laboratory_does_not_exist(other_technician, api_as, sample):
    answer = api_as(other_technician).get(f"{URL}{sample.pk}/")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


def test_the_list_asks_the_same_number_of_queries_however_long_it_is(
    technician, api_as, django_assert_max_num_queries
):
    client = api_as(technician)
    for _ in range(10):
        make_sample(technician)
    with django_assert_max_num_queries(6):
        assert len(client.get(URL).json()["results"]) == 10


def test_half_a_character_in_a_choice_is_refused_in_a_sentence(technician, api_as):
    answer = api_as(technician).post(
        "/api/v1/samples/",
        data='{"accession_number": "H-1", "sex": "\\ud800"}',
        content_type="application/json",
    )
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == ["sex"]
