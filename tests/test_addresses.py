"""Addresses: ids in any case of letters, and query parameters that nobody knows."""

from __future__ import annotations

import pytest
from django.urls import get_resolver, resolve, reverse
from django.urls.converters import IntConverter, SlugConverter

from accounts.policy import PUBLIC, roles_for
from hematovision.addresses import AnyCaseUUID
from tests.factories.images import make_image
from tests.factories.people import make_user
from tests.test_role_matrix import addresses

NO_ROW = "abcdefab-cdef-4abc-8def-abcdefabcdef"
ROUTES = dict(addresses(get_resolver().url_patterns))


def address_of(name: str) -> str:
    """Where it is, with an id that is no row's wherever one stands."""
    pattern = ROUTES[name].pattern
    kwargs = {key: _value(pattern.converters.get(key)) for key in pattern.regex.groupindex}
    return reverse(name, kwargs=kwargs)


def _value(converter: object) -> str:
    if isinstance(converter, AnyCaseUUID):
        return NO_ROW
    if isinstance(converter, IntConverter):
        return "1"
    return "neutrophil" if isinstance(converter, SlugConverter) else "card.json"


ENDPOINTS = [
    name for name in ROUTES if name != "api_unknown" and address_of(name).startswith("/api/v1/")
]


@pytest.mark.django_db
@pytest.mark.parametrize("name", ENDPOINTS)
def test_every_endpoint_names_the_query_parameters_that_it_does_not_know(
    name, laboratory, api, api_as
):
    endpoint = getattr(ROUTES[name].callback, "cls")  # noqa: B009  Django's own, of classes only
    for method, action in endpoint.policy_action.items():
        client = api
        if action != PUBLIC:
            client = api_as(make_user(laboratory, roles_for(action)[0]))
        answer = getattr(client, method.lower())(f"{address_of(name)}?nonsense=1&format=xml")
        assert answer.status_code == 400
        body = answer.json()
        assert body["code"] == "unknown_parameter"
        assert set(body["fields"]) == {"nonsense", "format"}
        assert "nonsense, format" in body["message"]


@pytest.mark.django_db
def test_who_is_not_signed_in_learns_nothing_of_parameters(api):
    assert api.get("/api/v1/samples/?nonsense=1").status_code == 401


@pytest.mark.django_db
def test_what_an_address_knows_is_told(technician, api_as):
    answer = api_as(technician).get("/api/v1/samples/?sate=open")
    assert "It knows state, priority, created_from, created_to" in answer.json()["message"]


def test_every_address_takes_ids_in_capitals():
    with_ids = [name for name in ROUTES if NO_ROW in address_of(name)]
    assert len(with_ids) > 40
    for name in with_ids:
        found = resolve(address_of(name).replace(NO_ROW, NO_ROW.upper()))
        assert found.view_name == name


def test_no_address_takes_an_id_in_one_case_only():
    for name, route in ROUTES.items():
        one_case = {
            key for key, made in route.pattern.converters.items() if "[0-9a-f]" in made.regex
        }
        assert not one_case, name


@pytest.mark.django_db
def test_a_row_is_found_by_its_id_in_capitals(technician, api_as, page_as, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    image = make_image(technician)
    key, sample_key = str(image.pk).upper(), str(image.sample_id).upper()
    assert page_as(technician).get(f"/images/{key}/").status_code == 200
    program = api_as(technician)
    assert program.get(f"/api/v1/images/{key}/").json()["id"] == str(image.pk)
    assert program.get(f"/api/v1/samples/{sample_key}/").json()["id"] == str(image.sample_id)
