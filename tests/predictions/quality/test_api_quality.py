"""The figures of quality over the API are those of the page."""

import pytest

from tests.factories.cases import make_case, make_ready, sign_case
from tests.factories.images import make_image
from tests.factories.profiles import say
from tests.factories.results import record_result

pytestmark = pytest.mark.django_db


def test_the_figures_are_given_as_json(technician, doctor, api_as, model):
    image = record_result(make_image(technician), {}, {}, {"disposition": "unidentified"}, {})
    for position, label in enumerate(("neutrophil", "monocyte", "blast"), start=1):
        say(technician, image.cells.get(position=position), label)
    say(doctor, image.cells.get(position=1), "neutrophil")
    sign_case(doctor, make_ready(technician, {"lymphocyte": 100}))
    body = api_as(doctor).get("/api/v1/quality/").json()
    told = body["agreement"]
    assert told["looked"] == {
        "found": 104, "spoken": 4, "accepted_unseen": 100, "waiting": 0,
        "unidentified": 1, "not_found": 0,
    }  # fmt: skip
    assert (told["alike"]["part"], told["alike"]["whole"]) == (2, 3)
    assert told["alike"]["interval"] == pytest.approx([0.2077, 0.9385], abs=1e-4)
    assert told["overruled"]["part"] == 1
    assert {"model": "unidentified", "people": "blast", "cells": 1} in told["matrix"]
    by_code = {row["code"]: row for row in told["classes"]}
    assert by_code["neutrophil"]["precision"]["value"] == 0.5
    assert by_code["blast"]["sensitivity"]["part"] == 0
    assert [part["key"] for part in told["versions"]] == [str(model.pk)]
    assert body["cases"]["whole"]["n"] == 1
    assert body["cases"]["months"][-1]["hours"]["n"] == 1
    assert body["readers"]["pairs"][0]["later"] == doctor.display_name
    assert body["readers"]["kappa"] == {"value": None, "low": None, "high": None, "pairs": 1}
    assert body["looks"]["whole"] is None
    assert (body["version"], body["profile"]) == ("", "")


def test_a_month_a_version_and_a_profile_can_be_asked_for(technician, admin, api_as, model):
    sample = make_case(technician, {"neutrophil": 2})
    client = api_as(admin)
    month = f"{sample.laboratory.today:%Y-%m}"
    query = f"?month={month}&version={model.pk}&profile=none"
    body = client.get(f"/api/v1/quality/{query}").json()
    assert body["agreement"]["looked"]["found"] == 2
    assert body["first_day"] == f"{month}-01"
    assert (body["version"], body["profile"]) == (str(model.pk), "none")
    body = client.get("/api/v1/quality/?month=2020-01").json()
    assert body["agreement"]["looked"]["found"] == 0


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("month=2026-13", 400, "month"),
        ("first_day=2020-01-01&last_day=2026-01-01", 400, "first_day"),
        ("version=x", 400, "version"),
        ("version=00000000-0000-4000-8000-000000000000", 404, None),
        ("profile=x", 404, None),
        ("colour=blue", 400, None),
    ],
)
def test_what_cannot_be_asked_for_is_refused(api_as, doctor, query, status, field):
    answer = api_as(doctor).get(f"/api/v1/quality/?{query}")
    assert answer.status_code == status
    if field:
        assert field in answer.json()["fields"]
