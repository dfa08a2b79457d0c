"""Cells and reviews over the API: listed, named one by one or many at once, added."""

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from predictions.models import Cell, Sample
from tests.factories.images import make_image
from tests.factories.profiles import say
from tests.factories.results import record_result

pytestmark = pytest.mark.django_db
V1 = "/api/v1"


@pytest.fixture
def images(technician, sample):
    unsure: dict[str, object] = {"label": "monocyte", "disposition": "review"}
    return [
        record_result(make_image(technician, sample), {}, unsure, {"disposition": "unidentified"})
        for _ in range(3)
    ]


@pytest.fixture
def cells(images):
    return [cell for image in images for cell in image.cells.order_by("position")]


@pytest.fixture
def client(api_as, technician):
    return api_as(technician)


def listed(client, sample, query="") -> list[str]:
    return [
        row["id"] for row in client.get(f"{V1}/samples/{sample.pk}/cells/{query}").json()["results"]
    ]


def test_cells_come_in_the_order_of_upload_page_by_page(client, sample, cells):
    address, seen, sizes = f"{V1}/samples/{sample.pk}/cells/?page_size=4", [], []
    while address:
        page = client.get(address).json()
        seen += [row["id"] for row in page["results"]]
        sizes.append(len(page["results"]))
        address = page["next"]
    assert seen == [str(cell.pk) for cell in cells]
    assert sizes == [4, 4, 1]


def test_a_cell_tells_everything_that_was_said_of_it(client, technician, doctor, sample, cells):
    say(doctor, cells[0], "blast")
    say(technician, cells[0], "lymphocyte")
    body = client.get(f"{V1}/samples/{sample.pk}/cells/").json()["results"]
    first, _, third = body[:3]
    assert (first["label"], first["present_label"], first["named_by"]) == (
        "neutrophil",
        "blast",
        "doctor",
    )
    assert (first["image"], first["origin"], first["last_review_number"]) == (
        str(cells[0].image_id),
        "model",
        2,
    )
    said = [
        (review["role"], review["from"], review["to"], review["counts"], review["carried"])
        for review in first["reviews"]
    ]
    assert said == [
        ("doctor", "neutrophil", "blast", True, False),
        ("technician", "blast", "lymphocyte", False, False),
    ]
    assert (third["present_label"], third["named_by"], third["reviews"]) == (
        "unidentified",
        "model",
        [],
    )


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("?label=monocyte", [1]),
        ("?label=blast", [0]),
        ("?label=unidentified", [2]),
        ("?label=neutrophil", []),
        ("?disposition=review", [1]),
        ("?reviewed=true", [0]),
        ("?reviewed=false", [1, 2]),
        ("?reviewed=false&disposition=review", [1]),
    ],
)
def test_cells_are_filtered(client, doctor, technician, query, places):
    image = record_result(
        make_image(technician),
        {},
        {"label": "monocyte", "disposition": "review"},
        {"disposition": "unidentified"},
    )
    cells = list(image.cells.order_by("position"))
    say(doctor, cells[0], "blast")
    assert listed(client, image.sample, query) == [str(cells[place].pk) for place in places]


@pytest.mark.parametrize("query", ["?class=blast", "?disposition=sure", "?reviewed=perhaps"])
def test_what_is_no_filter_is_named(client, sample, query):
    answer = client.get(f"{V1}/samples/{sample.pk}/cells/{query}")
    assert answer.status_code == 400
    assert query[1:].split("=")[0] in answer.json()["fields"]


def test_only_the_newest_result_is_listed(client, technician, doctor, sample, images):
    client.post(f"{V1}/images/{images[0].pk}/run/")
    record_result(images[0], {})
    assert len(listed(client, sample)) == 1 + 3 + 3


def test_a_list_asks_few_times(client, doctor, sample, cells):
    for cell in cells:
        say(doctor, cell, "blast")
    with CaptureQueriesContext(connection) as queries:
        client.get(f"{V1}/samples/{sample.pk}/cells/")
    assert len(queries) <= 12


# --- One review --------------------------------------------------------------------------------


def review(client, cell, label="blast", seen=0, **more):
    body = {"label": label, "seen_number": seen, **more}
    return client.post(f"{V1}/cells/{cell.pk}/reviews/", body, format="json")


def test_a_review_says_what_the_cell_is_now(client, cells):
    answer = review(client, cells[0], seconds=1.5, remark="Nucleoli.")
    assert answer.status_code == 201
    body = answer.json()
    assert (body["cell"], body["number"], body["from"], body["to"]) == (
        str(cells[0].pk),
        1,
        "neutrophil",
        "blast",
    )
    assert (body["present_label"], body["named_by"], body["is_remark"]) == (
        "blast",
        "technician",
        False,
    )


def test_a_remark_beside_a_doctors_word_says_so(client, doctor, cells):
    say(doctor, cells[0], "blast")
    body = review(client, cells[0], "lymphocyte", 1).json()
    assert (body["present_label"], body["named_by"], body["is_remark"]) == (
        "blast",
        "doctor",
        True,
    )


def test_a_conflict_answers_with_both_versions(client, doctor, cells):
    say(doctor, cells[0], "monocyte")
    answer = review(client, cells[0])
    assert answer.status_code == 409
    body = answer.json()
    assert body["code"] == "review_conflict"
    assert body["now"] | {"at": ""} == {
        "label": "monocyte",
        "by": doctor.display_name,
        "at": "",
        "number": 1,
    }
    assert body["yours"] == {"label": "blast", "seen_number": 0}


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"label": "dragon"}, "label"),
        ({"seen": -1}, "seen_number"),
        ({"seconds": -1}, "seconds"),
        ({"remark": "x" * 501}, "remark"),
    ],
)
def test_what_cannot_be_taken_names_its_field(client, cells, more, field):
    answer = review(client, cells[0], **more)
    assert answer.status_code == 400
    assert field in answer.json()["fields"]


def test_a_cell_of_another_laboratory_is_not_there(api_as, other_technician, cells):
    assert review(api_as(other_technician), cells[0]).status_code == 404


# --- Many reviews ------------------------------------------------------------------------------


def test_each_of_many_reviews_has_its_outcome(client, doctor, other_technician, sample, cells):
    say(doctor, cells[1], "blast")
    strange = record_result(make_image(other_technician), {}).cells.get()
    wanted = [cells[0].pk, cells[1].pk, strange.pk, uuid4(), str(cells[2].pk).upper()]
    body = {"reviews": [{"cell": str(k), "label": "monocyte", "seen_number": 0} for k in wanted]}
    answer = client.post(f"{V1}/samples/{sample.pk}/reviews/", body, format="json")
    assert answer.status_code == 200
    outcomes = answer.json()["outcomes"]
    assert [(o["error"] or {}).get("code") for o in outcomes] == [
        None,
        "review_conflict",
        "not_found",
        "not_found",
        None,
    ]
    assert outcomes[0]["review"]["present_label"] == "monocyte"
    assert outcomes[1]["error"]["now"]["label"] == "blast"
    assert outcomes[2]["error"]["message"] == outcomes[3]["error"]["message"]


@pytest.mark.parametrize("many", [0, 501])
def test_none_and_too_many_are_refused(client, sample, cells, many):
    one = {"cell": str(cells[0].pk), "label": "blast", "seen_number": 0}
    answer = client.post(
        f"{V1}/samples/{sample.pk}/reviews/", {"reviews": [one] * many}, format="json"
    )
    assert answer.status_code == 400
    assert Cell.objects.filter(last_review_number__gt=0).count() == 0


def test_the_sample_of_another_laboratory_is_not_there(api_as, other_technician, sample, cells):
    body = {"reviews": [{"cell": str(cells[0].pk), "label": "blast", "seen_number": 0}]}
    client = api_as(other_technician)
    answer = client.post(f"{V1}/samples/{sample.pk}/reviews/", body, format="json")
    assert answer.status_code == 404
    assert client.get(f"{V1}/samples/{sample.pk}/cells/").status_code == 404


# --- A cell that was missed, and running again -------------------------------------------------


def test_a_cell_is_added_and_told(client, images):
    body = {"box": [100, 100, 60, 50], "label": "blast"}
    answer = client.post(f"{V1}/images/{images[0].pk}/cells/", body, format="json")
    assert answer.status_code == 201
    told = answer.json()
    assert (told["box"], told["origin"], told["present_label"]) == (body["box"], "person", "blast")
    assert (told["awaits_engine"], told["position"]) == (True, 4)
    again = client.post(f"{V1}/images/{images[0].pk}/cells/", body, format="json")
    assert again.status_code == 409
    assert again.json()["message"].startswith("Cell 4 is there already")


@pytest.mark.parametrize("box", [[1, 2, 3], [0, 0, 4, 50], [0, 0, 99999, 50], "x", [1, 2, 3, "y"]])
def test_a_box_that_is_none_is_refused(client, images, box):
    answer = client.post(f"{V1}/images/{images[0].pk}/cells/", {"box": box}, format="json")
    assert answer.status_code == 400
    assert any(name.startswith("box") for name in answer.json()["fields"])


def test_running_again_asks_first_where_people_spoke(client, doctor, images, cells):
    say(doctor, cells[0], "blast")
    address = f"{V1}/images/{images[0].pk}/run/"
    asked = client.post(address)
    assert asked.status_code == 409
    assert (asked.json()["code"], asked.json()["reviews"]) == ("rerun_asks_first", 1)
    taken = client.post(address, {"confirm": True}, format="json")
    assert taken.status_code == 202
    assert (taken.json()["image"], taken.json()["status"]) == (str(images[0].pk), "queued")


def test_nothing_of_a_signed_sample_is_run_or_added(api_as, doctor, images):
    Sample.objects.update(state="signed")
    client = api_as(doctor)
    run = client.post(f"{V1}/images/{images[0].pk}/run/")
    assert (run.status_code, run.json()["code"]) == (409, "sample_closed")
    added = client.post(
        f"{V1}/images/{images[0].pk}/cells/", {"box": [100, 100, 60, 50]}, format="json"
    )
    assert (added.status_code, added.json()["code"]) == (409, "review_refused")
