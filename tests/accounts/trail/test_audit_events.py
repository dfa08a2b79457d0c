"""What is written down about people: sign-in, failure, denial, change; and from where."""

import pytest
from django.test import Client

from accounts.models import AuditAction, AuditEvent
from tests.factories.people import PASSWORD


def only(action):
    return AuditEvent.objects.get(action=action)


def test_a_sign_in_is_written_with_person_and_origin(technician):
    client = Client(REMOTE_ADDR="192.0.2.7", HTTP_USER_AGENT="Laboratory browser\x07 1.0")
    answer = client.post("/sign-in/", {"username": "tina", "password": PASSWORD})
    event = only(AuditAction.SIGNED_IN)
    assert event.actor == technician
    assert event.laboratory == technician.laboratory
    assert event.ip_address == "192.0.2.7"
    assert event.user_agent == "Laboratory browser 1.0"
    assert event.request_id == answer["X-Request-ID"]


def test_a_failed_sign_in_of_a_known_name_goes_to_the_laboratory(client, technician):
    client.post("/sign-in/", {"username": "tina", "password": "wrong-wrong-wrong"})
    event = only(AuditAction.SIGN_IN_FAILED)
    assert event.laboratory == technician.laboratory
    assert event.object_id == str(technician.pk)
    assert event.actor is None


def test_a_failed_sign_in_of_an_unknown_name_goes_to_the_installation(client, technician):
    client.post("/sign-in/", {"username": "nobody", "password": "wrong-wrong-wrong"})
    event = only(AuditAction.SIGN_IN_FAILED)
    assert event.laboratory is None
    assert event.chain_id == "installation"
    assert "nobody" not in f"{event.changes}{event.reason}{event.object_id}"


def test_a_denial_on_a_page_is_written_with_action_and_role(page_as, technician):
    page_as(technician).get("/users/")
    event = only(AuditAction.ACCESS_DENIED)
    assert event.actor == technician
    assert event.changes == {"method": "GET", "page": "accounts:users"}
    assert "As technician you cannot manage users." in event.reason


def test_a_denial_in_the_api_is_written(api_as, doctor):
    answer = api_as(doctor).post("/api/v1/samples/", {"accession_number": "A-1"})
    assert answer.status_code == 403
    event = only(AuditAction.ACCESS_DENIED)
    assert event.actor == doctor
    assert event.changes["method"] == "POST"


def test_what_belongs_to_another_laboratory_is_no_denial(page_as, admin, other_technician):
    page_as(admin).get(f"/users/{other_technician.pk}/")
    assert not AuditEvent.objects.filter(action=AuditAction.ACCESS_DENIED).exists()


@pytest.mark.parametrize(
    ("address", "form", "action"),
    [
        ("deactivate/", {}, AuditAction.USER_DEACTIVATED),
        ("end-sessions/", {}, AuditAction.SESSIONS_ENDED),
        ("role/", {"role": "doctor"}, AuditAction.USER_CHANGED),
    ],
)
def test_a_change_of_a_user_names_both(page_as, admin, technician, address, form, action):
    page_as(admin).post(f"/users/{technician.pk}/{address}", form)
    event = only(action)
    assert (event.actor, event.object_id) == (admin, str(technician.pk))


def test_a_refused_change_writes_nothing(page_as, admin):
    page_as(admin).post(f"/users/{admin.pk}/deactivate/")
    assert not AuditEvent.objects.filter(action=AuditAction.USER_DEACTIVATED).exists()


def test_no_event_holds_a_password(page_as, admin, client):
    form = {"username": "nina", "role": "doctor", "password": PASSWORD}
    page_as(admin).post("/users/new/", form)
    client.post("/sign-in/", {"username": "nina", "password": "wrong-wrong-wrong"})
    for event in AuditEvent.objects.all():
        said = f"{event.changes}{event.reason}"
        assert PASSWORD not in said
        assert "wrong-wrong-wrong" not in said


@pytest.mark.parametrize(
    ("proxies", "header", "expected"),
    [
        (0, "203.0.113.5", "192.0.2.1"),
        (1, "203.0.113.5", "203.0.113.5"),
        (1, "10.9.9.9, 203.0.113.5", "203.0.113.5"),
        (2, "10.9.9.9, 203.0.113.5, 198.51.100.2", "203.0.113.5"),
        (1, "nonsense", "192.0.2.1"),
        (1, "", "192.0.2.1"),
        (1, "::ffff:203.0.113.5", "203.0.113.5"),
    ],
)
def test_only_trusted_proxies_say_where_a_request_comes_from(
    settings, technician, proxies, header, expected
):
    settings.TRUSTED_PROXIES = proxies
    client = Client(REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR=header)
    client.post("/sign-in/", {"username": "tina", "password": PASSWORD})
    assert only(AuditAction.SIGNED_IN).ip_address == expected
