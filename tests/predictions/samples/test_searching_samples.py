"""Samples are found by number or reference, in the form in which both are compared."""

from __future__ import annotations

import pytest

from accounts.errors import AccessDenied
from predictions.errors import IdentifierInvalid
from predictions.models import CaseRules, Sample
from predictions.selectors.samples.searching import colliding_samples, find_samples
from tests.factories.images import make_sample

pytestmark = pytest.mark.django_db
URL = "/api/v1/samples/search/"


@pytest.fixture
def three(technician) -> list[Sample]:
    """A-1 of P-9, A-10 of P-9 too, and B-2 without a reference."""
    said = [("A-1", "P-9"), ("A-10", "p-9"), ("B-2", "")]
    return [
        make_sample(technician, accession_number=number, patient_reference=reference)
        for number, reference in said
    ]


def numbers(samples) -> list[str]:
    return [sample.accession_number for sample in samples]


@pytest.mark.parametrize("sent", ["A-1", " a-1 ", "]C1a-1", "Ａ－１", "A\u2011" + "1\u200b"])  # noqa: RUF001
def test_a_whole_number_is_found_however_it_is_written(doctor, three, sent):
    assert numbers(find_samples(doctor, accession_number=sent)) == ["A-1"]


def test_a_reference_finds_all_samples_of_the_patient_newest_first(doctor, three):
    assert numbers(find_samples(doctor, patient_reference="P-9")) == ["A-10", "A-1"]
    both = find_samples(doctor, patient_reference="P-9", accession_number="A-1")
    assert numbers(both) == ["A-1"]


@pytest.mark.parametrize(
    ("text", "found"),
    [("a-1", ["A-10", "A-1"]), ("p", ["A-10", "A-1"]), ("B", ["B-2"]), ("-2", []), ("%", [])],
)
def test_a_text_finds_what_begins_with_it(doctor, three, text, found):
    assert numbers(find_samples(doctor, text=text)) == found


def test_a_reference_of_blanks_is_nobody_s(doctor, three):
    assert numbers(find_samples(doctor, patient_reference="\u3000")) == []
    assert len(find_samples(doctor, text=" \u3000")) == 3


def test_case_counts_where_the_laboratory_tells_it_apart(technician, doctor, laboratory):
    CaseRules.objects.create(laboratory=laboratory, tells_case_apart=True)
    for number in ("a-1", "A-1"):
        make_sample(technician, accession_number=number)
    assert numbers(find_samples(doctor, accession_number="a-1")) == ["a-1"]
    assert numbers(find_samples(doctor, text="A")) == ["A-1"]


@pytest.mark.parametrize("field", ["accession_number", "patient_reference", "text"])
def test_a_search_that_is_too_long_says_so(doctor, field):
    with pytest.raises(IdentifierInvalid, match="use at most 64 characters"):
        find_samples(doctor, **{field: "x" * 65})


def test_another_laboratory_finds_none_of_it(other_technician, three):
    assert numbers(find_samples(other_technician, text="A")) == []


def test_numbers_that_collide_are_listed_for_the_admin(admin, doctor, other_technician, three):
    Sample.objects.filter(accession_number="A-10").update(number_collides=True)
    gone = make_sample(three[0].created_by)
    Sample.objects.filter(pk=gone.pk).update(number_collides=True, state=Sample.State.CANCELLED)
    foreign = make_sample(other_technician)
    Sample.objects.filter(pk=foreign.pk).update(number_collides=True)
    assert numbers(colliding_samples(admin)) == ["A-10"]
    with pytest.raises(AccessDenied):
        colliding_samples(doctor)


# --- Over the API ------------------------------------------------------------------------------


def test_the_api_finds_the_id_of_a_number(doctor, api_as, three):
    answer = api_as(doctor).post(URL, {"accession_number": " a-1"}, format="json")
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"next", "previous", "results"}
    assert [row["id"] for row in body["results"]] == [str(three[0].pk)]


def test_the_api_finds_by_reference_and_state(doctor, api_as, three):
    Sample.objects.filter(accession_number="A-1").update(state=Sample.State.CANCELLED)
    sent = {"patient_reference": "P-9", "state": "cancelled"}
    rows = api_as(doctor).post(URL, sent, format="json").json()["results"]
    assert [row["accession_number"] for row in rows] == ["A-1"]


def test_the_same_body_goes_on_page_by_page(doctor, api_as, three):
    client, sent = api_as(doctor), {"patient_reference": "P-9"}
    page = client.post(f"{URL}?page_size=1", sent, format="json").json()
    second = client.post(page["next"], sent, format="json").json()
    found = [row["accession_number"] for row in page["results"] + second["results"]]
    assert found == ["A-10", "A-1"]
    assert "P-9" not in page["next"]


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"accession_number": "x" * 65}, "at most 64 characters"),
        ({"accession_number": "a\u202eb"}, "RIGHT-TO-LEFT OVERRIDE (U+202E)"),
        ({"state": "done"}, "state"),
        ({}, "Send an accession_number"),
    ],
)
def test_the_api_says_why_it_cannot_search_so(doctor, api_as, sent, words):
    answer = api_as(doctor).post(URL, sent, format="json")
    assert answer.status_code == 400
    assert words in answer.json()["message"]
