"""The page of what goes to other systems: what waits and why, sent again, systems added."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import AuditAction, AuditEvent
from predictions.models import Delivery, ResultConnection
from predictions.selectors.laboratory import deliveries
from predictions.services.reports.amending import begin_amendment
from tests.factories.cases import make_signed, sign_case
from tests.factories.exchange import make_connection

pytestmark = pytest.mark.django_db

FORM = {"name": "LIS", "kind": "mllp", "address": "lis.lan:2575", "is_active": "on"}


@pytest.fixture(autouse=True)
def _allowed(settings):
    settings.EXCHANGE_HOSTS = ["lis.lan:2575", "fhir.lan:443"]


@pytest.fixture
def delivery(laboratory, technician, doctor) -> Delivery:
    make_connection(laboratory)
    return make_signed(technician, doctor).deliveries.get()


def page(page_as, admin, **query):
    return page_as(admin).get(reverse("predictions:delivery"), query).content.decode()


def test_before_the_operator_allows_a_system_the_page_says_whom_to_ask(page_as, admin, settings):
    settings.EXCHANGE_HOSTS = []
    assert "Ask for your information system to be added" in page(page_as, admin)


def test_without_a_system_it_says_what_to_do_first(page_as, admin):
    assert "Reports go to no other system yet" in page(page_as, admin)


def test_what_waits_stands_there_with_the_reason(page_as, admin, delivery):
    Delivery.objects.update(tries=2, answer="Nobody answered at 127.0.0.1:9: Connection refused.")
    text = page(page_as, admin)
    assert "R-000001.v1" in text
    assert "Connection refused" in text
    assert "next try" in text


def test_what_was_delivered_stands_apart(page_as, admin, delivery):
    Delivery.objects.update(status=Delivery.Status.DELIVERED)
    assert "Everything was delivered." in page(page_as, admin)
    assert "R-000001.v1" in page(page_as, admin, show="delivered")
    assert "R-000001.v1" in page(page_as, admin, show="")


def test_pages_follow_one_another(page_as, admin, delivery, technician, doctor, monkeypatch):
    monkeypatch.setattr(deliveries, "PAGE_SIZE", 1)
    make_signed(technician, doctor, accession_number="S-2")
    first = deliveries.delivery_page(admin)
    second = deliveries.delivery_page(admin, before=first.older)
    assert [d.pk for d in second.deliveries] == [delivery.pk]
    assert second.older == ""
    assert deliveries.delivery_page(admin, before="no cursor").deliveries == first.deliveries


def test_a_refused_one_is_sent_again_on_demand(page_as, admin, delivery):
    Delivery.objects.update(status=Delivery.Status.REFUSED, attempts=5)
    page_as(admin).post(reverse("predictions:delivery_resend", args=[delivery.pk]))
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == (Delivery.Status.QUEUED, 0)
    assert AuditEvent.objects.filter(action=AuditAction.DELIVERY_ASKED_FOR).count() == 1


def test_an_older_version_is_not_sent_over_a_later_one(
    page_as, admin, delivery, doctor, technician
):
    begin_amendment(actor=doctor, sample_id=delivery.sample_id, reason="A word was missing")
    sign_case(doctor, delivery.sample, comment="One word more.")
    Delivery.objects.update(status=Delivery.Status.DELIVERED)
    address = reverse("predictions:delivery_resend", args=[delivery.pk])
    text = page_as(admin).post(address, follow=True).content.decode()
    assert "this one would take its place" in text
    delivery.refresh_from_db()
    assert delivery.status == Delivery.Status.DELIVERED


def test_a_system_is_added_and_changed_and_both_are_written_down(page_as, admin):
    page_as(admin).post(reverse("predictions:connection_new"), FORM)
    connection = ResultConnection.objects.get()
    assert (connection.address, connection.is_active) == ("lis.lan:2575", True)
    address = reverse("predictions:connection_change", args=[connection.pk])
    page_as(admin).post(address, {**FORM, "is_active": "", "receiver": "LIS"})
    connection.refresh_from_db()
    assert (connection.is_active, connection.receiver) == (False, "LIS")
    _, second = AuditEvent.objects.filter(action=AuditAction.CONNECTION_CHANGED)
    assert second.changes == {"is_active": [True, False], "receiver": ["", "LIS"]}


WRONG = [
    ({"name": ""}, "This field is required"),
    ({"address": "lis.lan"}, "host:port"),
    ({"address": "lis.lan:99999"}, "host:port"),
    ({"address": "elsewhere.lan:2575"}, "The operator does not let results go to"),
    ({"kind": "fhir"}, "https://server/fhir"),
    ({"kind": "fhir", "address": "https://elsewhere.lan/fhir"}, "does not let results go to"),
    ({"kind": "fax"}, "Select a valid choice"),
]


@pytest.mark.parametrize(("changed", "said"), WRONG, ids=[str(row[0]) for row in WRONG])
def test_what_cannot_be_said_of_a_system_is_refused_beside_its_field(page_as, admin, changed, said):
    answer = page_as(admin).post(reverse("predictions:connection_new"), {**FORM, **changed})
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not ResultConnection.objects.exists()


def test_a_name_is_given_once(page_as, admin, laboratory):
    make_connection(laboratory)
    answer = page_as(admin).post(reverse("predictions:connection_new"), FORM)
    assert "A connection has this name" in answer.content.decode()


def test_a_fhir_server_on_the_usual_port_is_known_by_it(page_as, admin):
    form = {**FORM, "kind": "fhir", "address": "https://fhir.lan/r4"}
    page_as(admin).post(reverse("predictions:connection_new"), form)
    assert ResultConnection.objects.get().speaks_fhir
