"""Labels and reference intervals over the API."""

import pytest

from accounts.models import Role
from mlmodels.selectors.labels import labels_for
from predictions.selectors.laboratory.interval_pages import present_intervals
from tests.factories.people import make_user

pytestmark = pytest.mark.django_db

LABELS = "/api/v1/labels/"
INTERVALS = "/api/v1/reference-intervals/"
NEW = {
    "code": "hairy_cell",
    "name": "Hairy cell",
    "short_name": "HC",
    "group": "lymphocytes and monocytes",
    "in_denominator": True,
}


@pytest.fixture
def program(api_as, admin):
    return api_as(admin)


def test_the_labels_are_listed_in_their_order(program):
    body = program.get(LABELS).json()
    assert (body["next"], body["previous"]) == (None, None)
    assert [row["code"] for row in body["results"]] == list(labels_for(None))
    assert body["results"][0] == {
        "code": "neutrophil",
        "name": "Neutrophil",
        "short_name": "NE",
        "group": "granulocytes",
        "key": "1",
        "position": 1,
        "in_denominator": True,
        "wider": "",
        "is_apart": True,
        "is_used": True,
        "is_own": False,
        "loinc_percent": "23761-0",
        "loinc_count": "753-4",
    }


def test_a_label_is_added_and_changed(program, admin):
    made = program.post(LABELS, NEW, format="json")
    assert (made.status_code, made.json()["position"], made.json()["is_own"]) == (201, 26, True)
    changed = program.patch(f"{LABELS}hairy_cell/", {"position": 2, "key": "h"}, format="json")
    assert (changed.status_code, changed.json()["position"]) == (200, 2)
    read = program.get(f"{LABELS}hairy_cell/").json()
    assert read == changed.json()
    assert labels_for(admin.laboratory)["hairy_cell"].key == "h"


def test_a_label_that_cannot_be_so_answers_with_the_field(program):
    answer = program.patch(f"{LABELS}band/", {"loinc_count": "763-4"}, format="json")
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == ["loinc_count"]
    taken = program.patch(f"{LABELS}band/", {"key": "b"}, format="json")
    assert (taken.status_code, taken.json()["code"]) == (409, "label_taken")
    assert program.post(LABELS, {}, format="json").status_code == 400


def test_the_labels_of_another_laboratory_are_not_found(program, api_as, other_laboratory):
    program.post(LABELS, NEW, format="json")
    other = api_as(make_user(other_laboratory, Role.ADMIN))
    assert other.get(f"{LABELS}hairy_cell/").status_code == 404
    assert other.patch(f"{LABELS}hairy_cell/", {"key": "h"}, format="json").status_code == 404


def test_what_is_read_of_intervals_can_be_sent_back_changed(program, admin):
    body = program.get(INTERVALS).json()
    assert (body["number"], body["is_own"]) == (1, False)
    assert body["limits"][0] == {
        "label": "wbc",
        "unit": "10*9/L",
        "at_most": "2.0",
        "below": None,
        "at_least": "50",
        "above": None,
    }
    row = next(r for r in body["intervals"] if r["label"] == "lymphocyte" and r["from_day"] == 4017)
    assert (row["low"], row["high"], row["before_day"]) == ("20", "40", None)
    row["high"] = "44.50"
    sent = {**body, "reason": "Our own donors"}
    answer = program.put(INTERVALS, sent, format="json")
    assert answer.status_code == 200, answer.content
    assert (answer.json()["number"], answer.json()["is_own"]) == (2, True)
    assert answer.json() == program.get(INTERVALS).json()
    assert row in answer.json()["intervals"]
    assert len(present_intervals(admin).intervals) == len(body["intervals"])


def test_a_number_that_is_out_of_date_answers_409(program):
    body = program.get(INTERVALS).json()
    body["intervals"].pop()
    sent = {**body, "reason": "Our own donors"}
    assert program.put(INTERVALS, sent, format="json").status_code == 200
    answer = program.put(INTERVALS, sent, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "intervals_moved")


@pytest.mark.parametrize(
    "changed",
    [
        {"reason": ""},
        {"number": None},
        {"intervals": [{"label": "blast"}]},
        {"intervals": [{"label": "blast", "unit": "%", "low": "x", "high": "1", "source": "a"}]},
        {"intervals": [{"label": "blast", "unit": "%", "low": "NaN", "high": "1", "source": "a"}]},
        {"intervals": [{"label": "blast", "unit": "%", "low": 2, "high": "1", "source": "a"}]},
        {"limits": [{"label": "wbc", "unit": "%", "below": "1"}]},
        {"limits": [{"label": "wbc"}]},
    ],
)
def test_intervals_that_cannot_be_answer_400_with_the_field(program, changed):
    sent = {**program.get(INTERVALS).json(), "reason": "Our own donors", **changed}
    answer = program.put(INTERVALS, sent, format="json")
    assert answer.status_code == 400
    assert {name.partition(".")[0] for name in answer.json()["fields"]} == set(changed)


@pytest.mark.parametrize("who", ["technician", "doctor"])
def test_everybody_reads_intervals_and_admins_alone_change_them(request, api_as, who):
    program = api_as(request.getfixturevalue(who))
    assert program.get(INTERVALS).status_code == 200
    assert program.put(INTERVALS, {}, format="json").status_code == 403
    assert program.get(LABELS).status_code == 403
