"""The OpenAPI description: complete, without a warning, and open to who is signed in."""

import pytest
from django.core.management import call_command

DESCRIBED = "/api/schema/?format=json"


@pytest.fixture
def description(api_as, doctor):
    answer = api_as(doctor).get(DESCRIBED, headers={"Accept": "application/json"})
    assert answer.status_code == 200
    return answer.json()


def test_it_is_valid_and_leaves_nothing_to_guess(tmp_path):
    file = str(tmp_path / "schema.yaml")
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", file)


def test_it_holds_every_endpoint_of_version_1(description):
    assert {
        "/api/v1/token/",
        "/api/v1/token/refresh/",
        "/api/v1/token/verify/",
        "/api/v1/token/revoke/",
        "/api/v1/samples/",
        "/api/v1/samples/{sample_id}/",
        "/api/v1/samples/{sample_id}/images/",
        "/api/v1/images/{image_id}/",
        "/api/v1/predict/",
    } <= description["paths"].keys()


def test_it_says_how_a_token_is_sent(description):
    schemes = description["components"]["securitySchemes"]
    assert schemes["token"] == {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


def test_the_token_endpoints_ask_for_no_token(description):
    post = description["paths"]["/api/v1/token/"]["post"]
    assert post.get("security", [{}]) == [{}]


def test_the_one_error_body_is_described(description):
    body = description["components"]["schemas"]["ErrorBody"]["properties"]
    assert body.keys() == {"code", "message", "fields"}


def test_an_odd_language_is_no_failure(api_as, doctor):
    assert api_as(doctor).get("/api/schema/?lang=xx-nonsense").status_code == 200
