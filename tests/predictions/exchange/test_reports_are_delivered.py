"""Signed reports reach other systems: in order, once, whatever these do meanwhile."""

from __future__ import annotations

from datetime import timedelta

import hl7
import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import AuditAction, AuditEvent
from predictions.errors import ResendRefused
from predictions.models import Delivery, ResultConnection
from predictions.services.exchange import outbox
from predictions.services.exchange.outbox import PAUSES_S
from predictions.services.exchange.run_delivery import deliver
from predictions.services.exchange.transports import is_allowed
from predictions.services.reports.amending import begin_amendment, retract
from predictions.services.reports.run_reports import make_report
from tests.factories.cases import make_ready, make_signed, sign_case
from tests.factories.people import PASSWORD
from tests.information_systems import fhir_server, mllp_system

pytestmark = pytest.mark.django_db

Status, Kind = Delivery.Status, ResultConnection.Kind


@pytest.fixture
def system():
    with mllp_system() as heard:
        yield heard


@pytest.fixture
def connect(settings, laboratory):
    """Add a connection of the laboratory to a system that listens."""
    settings.EXCHANGE_TIMEOUT_S = 1

    def add(heard, kind=Kind.MLLP, **fields) -> ResultConnection:
        settings.EXCHANGE_HOSTS = [*settings.EXCHANGE_HOSTS, heard.address]
        address = f"http://{heard.address}/fhir" if kind == Kind.FHIR else heard.address
        return ResultConnection.objects.create(
            laboratory=laboratory, name=f"LIS {heard.address}", kind=kind, address=address, **fields
        )

    return add


def tell(delivery: Delivery) -> Delivery:
    """Its time comes, and a worker looks at it."""
    Delivery.objects.filter(pk=delivery.pk).update(next_try_at=timezone.now())
    deliver(delivery_id=delivery.pk)
    delivery.refresh_from_db()
    return delivery


def deliveries_of(report) -> list[Delivery]:
    return list(Delivery.objects.filter(sample=report.sample_id).order_by("connection", "number"))


def amended(report, doctor):
    begin_amendment(actor=doctor, sample_id=report.sample_id, reason="A word was missing")
    return sign_case(doctor, report.sample, comment="One word more.")


def test_a_signature_asks_for_a_delivery_to_each_active_system(connect, system, technician, doctor):
    connect(system)
    with mllp_system() as other:
        connect(other, is_active=False)
        (delivery,) = deliveries_of(make_signed(technician, doctor))
    assert (delivery.status, delivery.number, delivery.message) == (Status.QUEUED, 1, "")


def test_a_signature_that_is_rolled_back_asks_for_nothing(connect, system, technician, doctor):
    connect(system)
    sample = make_ready(technician)
    with transaction.atomic():
        sign_case(doctor, sample)
        transaction.set_rollback(True)
    assert not Delivery.objects.exists()


def test_what_is_accepted_is_delivered_and_written_down(connect, system, technician, doctor):
    connect(system, receiver="LIS")
    report = make_signed(technician, doctor)
    delivery = tell(deliveries_of(report)[0])
    assert (delivery.status, delivery.tries, delivery.answer) == (
        Status.DELIVERED, 1, "AA: said AA",
    )  # fmt: skip
    (text,) = system.accepted
    assert text == delivery.message
    message = hl7.parse(text)
    assert str(message.segment("OBR")[3]) == report.sample.accession_number
    assert str(message.segment("MSH")[5]) == "LIS"
    event = AuditEvent.objects.get(action=AuditAction.REPORT_DELIVERED)
    assert event.object_id == str(report.pk)


def test_a_delivered_one_is_not_sent_by_a_message_that_comes_late(
    connect, system, technician, doctor
):
    connect(system)
    delivery = tell(deliveries_of(make_signed(technician, doctor))[0])
    tell(delivery)
    assert len(system.messages) == 1


@pytest.mark.parametrize("how", ["drop", "silent", "AR", "other"])
def test_what_was_not_heard_is_sent_again_the_same(connect, system, technician, doctor, how):
    connect(system)
    system.behaviour.append(how)
    (delivery,) = deliveries_of(make_signed(technician, doctor))
    tell(delivery)
    assert (delivery.status, delivery.tries) == (Status.QUEUED, 1)
    assert delivery.answer
    tell(delivery)
    assert delivery.status == Status.DELIVERED
    assert system.messages[0] == system.messages[1]


def test_pauses_grow_and_end_at_an_hour(connect, system, technician, doctor):
    connect(system)
    (delivery,) = deliveries_of(make_signed(technician, doctor))
    system.behaviour += ["AR"] * (len(PAUSES_S) + 1)
    for pause in (*PAUSES_S, PAUSES_S[-1]):
        before = timezone.now()
        tell(delivery)
        waits = delivery.next_try_at - before
        assert timedelta(seconds=pause) <= waits < timedelta(seconds=pause + 5)


def test_before_its_time_nothing_is_sent(connect, system, technician, doctor):
    connect(system)
    system.behaviour.append("AR")
    delivery = tell(deliveries_of(make_signed(technician, doctor))[0])
    deliver(delivery_id=delivery.pk)
    assert len(system.messages) == 1
    assert outbox.send_due() == 0


def test_a_system_that_is_not_there_is_tried_for_as_long_as_it_takes(
    connect, technician, doctor, settings
):
    with mllp_system() as heard:
        connect(heard)
        port = int(heard.address.rpartition(":")[2])
    (delivery,) = deliveries_of(make_signed(technician, doctor))
    for tries in range(1, settings.JOB_MAX_ATTEMPTS + 3):
        tell(delivery)
        assert (delivery.status, delivery.tries) == (Status.QUEUED, tries)
    assert outbox.give_up_exhausted() == 0
    with mllp_system(port) as heard:
        tell(delivery)
        assert len(heard.accepted) == 1
    assert delivery.status == Status.DELIVERED


def test_a_fault_of_the_message_waits_for_a_person(connect, system, technician, doctor):
    connect(system)
    system.behaviour.append("AE")
    delivery = tell(deliveries_of(make_signed(technician, doctor))[0])
    assert (delivery.status, delivery.answer) == (Status.REFUSED, "AE: said AE")
    tell(delivery)
    assert len(system.messages) == 1
    assert AuditEvent.objects.get(action=AuditAction.REPORT_REFUSED).reason == "AE"


def test_versions_arrive_in_their_order(connect, system, technician, doctor):
    connect(system)
    report = make_signed(technician, doctor)
    amended(report, doctor)
    first, second = deliveries_of(report)
    tell(second)
    assert system.messages == []
    system.behaviour.append("drop")
    tell(first)
    tell(second)
    assert len(system.messages) == 1
    tell(first)
    tell(second)
    status = [str(hl7.parse(text).segment("OBR")[25]) for text in system.accepted]
    assert status == ["F", "C"]
    assert len(set(system.control_ids)) == 2


def test_a_refused_version_keeps_the_later_ones_back(connect, system, technician, doctor):
    connect(system)
    report = make_signed(technician, doctor)
    amended(report, doctor)
    first, second = deliveries_of(report)
    system.behaviour.append("AE")
    tell(first)
    tell(second)
    assert (second.status, len(system.messages)) == (Status.QUEUED, 1)


def test_another_sample_does_not_wait_for_it(connect, system, technician, doctor):
    connect(system)
    first = deliveries_of(make_signed(technician, doctor, accession_number="S-1"))[0]
    other = deliveries_of(make_signed(technician, doctor, accession_number="S-2"))[0]
    system.behaviour.append("AE")
    tell(first)
    assert tell(other).status == Status.DELIVERED


def test_a_system_learns_that_a_report_was_taken_back(connect, system, technician, doctor):
    connect(system)
    report = make_signed(technician, doctor)
    tell(deliveries_of(report)[0])
    retract(actor=doctor, sample_id=report.sample_id, password=PASSWORD, reason="Other patient")
    _, second = deliveries_of(report)
    tell(second)
    assert {str(obx[11]) for obx in hl7.parse(system.accepted[1]).segments("OBX")} == {"W"}
    assert len(set(system.control_ids)) == 2


def test_what_was_asked_for_is_what_is_sent_whatever_changes_meanwhile(
    connect, system, technician, doctor
):
    connection = connect(system)
    system.behaviour.append("drop")
    (delivery,) = deliveries_of(make_signed(technician, doctor))
    tell(delivery)
    ResultConnection.objects.filter(pk=connection.pk).update(report_code="DIFF")
    tell(delivery)
    assert system.messages[0] == system.messages[1]


def test_a_connection_that_is_switched_off_sends_nothing_until_it_is_on_again(
    connect, system, technician, doctor
):
    connection = connect(system)
    (delivery,) = deliveries_of(make_signed(technician, doctor))
    ResultConnection.objects.filter(pk=connection.pk).update(is_active=False)
    tell(delivery)
    assert system.messages == []
    ResultConnection.objects.filter(pk=connection.pk).update(is_active=True)
    assert tell(delivery).status == Status.DELIVERED


def test_results_go_nowhere_that_the_operator_does_not_allow(
    connect, system, technician, doctor, settings
):
    connect(system)
    settings.EXCHANGE_HOSTS = []
    delivery = tell(deliveries_of(make_signed(technician, doctor))[0])
    assert system.messages == []
    assert delivery.status == Status.QUEUED
    assert "The operator does not let results go to" in delivery.answer


def test_the_file_goes_with_it_once_it_is_made(connect, system, technician, doctor):
    connect(system, sends_file=True)
    report = make_signed(technician, doctor)
    (delivery,) = deliveries_of(report)
    tell(delivery)
    assert (system.messages, delivery.tries) == ([], 0)
    make_report(report_id=report.pk)
    tell(delivery)
    assert any(str(obx[2]) == "ED" for obx in hl7.parse(system.accepted[0]).segments("OBX"))


def test_a_worker_that_lost_its_claim_writes_nothing(connect, system, technician, doctor):
    connect(system)
    (delivery,) = deliveries_of(make_signed(technician, doctor))
    held = outbox.claim(delivery.pk)
    assert held is not None
    Delivery.objects.filter(pk=delivery.pk).update(fence=held.fence + 1)
    assert not outbox.delivered(held, "AA")
    delivery.refresh_from_db()
    assert delivery.status == Status.RUNNING


def test_two_workers_at_once_send_it_once(connect, system, technician, doctor):
    connect(system)
    (delivery,) = deliveries_of(make_signed(technician, doctor))
    assert outbox.claim(delivery.pk) is not None
    deliver(delivery_id=delivery.pk)
    assert system.messages == []


def test_a_worker_that_was_killed_after_sending_sends_the_same_once_more(
    connect, system, technician, doctor
):
    connect(system)
    (delivery,) = deliveries_of(make_signed(technician, doctor))
    tell(delivery)
    # As if it had died before it wrote that down.
    Delivery.objects.filter(pk=delivery.pk).update(
        status=Status.RUNNING, lease_until=timezone.now() - timedelta(seconds=1)
    )
    deliver(delivery_id=delivery.pk)
    assert system.messages[0] == system.messages[1]
    assert len(set(system.control_ids)) == 1


def test_a_refused_one_is_made_anew_when_a_person_sends_it_again(
    connect, system, technician, doctor, admin
):
    connection = connect(system, report_code="WRONG")
    system.behaviour.append("AE")
    delivery = tell(deliveries_of(make_signed(technician, doctor))[0])
    ResultConnection.objects.filter(pk=connection.pk).update(report_code="DIFF")
    outbox.resend(actor=admin, delivery_id=delivery.pk)
    assert tell(delivery).status == Status.DELIVERED
    codes = [str(hl7.parse(text).segment("OBR")[4]).split("^")[0] for text in system.messages]
    assert codes == ["WRONG", "DIFF"]


def test_a_retraction_is_told_past_a_version_that_was_refused(connect, system, technician, doctor):
    connect(system)
    report = make_signed(technician, doctor)
    system.behaviour.append("AE")
    tell(deliveries_of(report)[0])
    retract(actor=doctor, sample_id=report.sample_id, password=PASSWORD, reason="Other patient")
    assert tell(deliveries_of(report)[1]).status == Status.DELIVERED


def test_a_system_that_was_off_meanwhile_learns_of_the_retraction(
    connect, system, technician, doctor
):
    connection = connect(system)
    report = make_signed(technician, doctor)
    tell(deliveries_of(report)[0])
    ResultConnection.objects.filter(pk=connection.pk).update(is_active=False)
    retract(actor=doctor, sample_id=report.sample_id, password=PASSWORD, reason="Other patient")
    ResultConnection.objects.filter(pk=connection.pk).update(is_active=True)
    assert tell(deliveries_of(report)[1]).status == Status.DELIVERED


def test_what_would_not_be_sent_now_is_refused_with_the_reason(
    connect, system, technician, doctor, admin
):
    connection = connect(system)
    report = make_signed(technician, doctor)
    amended(report, doctor)
    first, second = deliveries_of(report)
    with pytest.raises(ResendRefused, match="goes first"):
        outbox.resend(actor=admin, delivery_id=second.pk)
    ResultConnection.objects.filter(pk=connection.pk).update(is_active=False)
    with pytest.raises(ResendRefused, match="switched off"):
        outbox.resend(actor=admin, delivery_id=first.pk)


def test_reports_do_not_wait_in_turn_for_a_system_that_does_not_answer(
    connect, system, technician, doctor
):
    connect(system)
    first, second = (
        deliveries_of(make_signed(technician, doctor, accession_number=number))[0]
        for number in ("S-1", "S-2")
    )
    system.behaviour.append("AR")
    tell(first)
    deliver(delivery_id=second.pk)
    assert len(system.messages) == 1


ELSEWHERE = [
    "http://evil.example\\@fhir.lan:443/fhir",
    "http://fhir.lan:443@evil.example/",
    "http://evil.example/?fhir.lan:443",
    "https://fhir.lan:99999/",
    "https://fhir.lan:abc/",
    "http://[::1",
    "https://fhir.lan /",
    "",
]


@pytest.mark.parametrize("address", ELSEWHERE)
def test_an_address_in_which_two_programs_see_two_hosts_is_none(settings, address):
    settings.EXCHANGE_HOSTS = ["fhir.lan:443", "lis.lan:2575"]
    assert not is_allowed(address)


def test_plain_addresses_are_known_by_host_and_port(settings):
    settings.EXCHANGE_HOSTS = ["fhir.lan:443", "lis.lan:2575"]
    for address in ("https://fhir.lan/r4", "https://FHIR.lan:443/r4/", "lis.lan:2575"):
        assert is_allowed(address)
    assert not is_allowed("http://fhir.lan/r4")


# --- FHIR --------------------------------------------------------------------------------------


@pytest.fixture
def server():
    with fhir_server() as heard:
        yield heard


def test_a_server_is_posted_a_transaction(connect, server, technician, doctor):
    connect(server, Kind.FHIR)
    delivery = tell(deliveries_of(make_signed(technician, doctor))[0])
    assert delivery.status == Status.DELIVERED
    assert '"type": "transaction"' in server.accepted[0]


@pytest.mark.parametrize("status", ["500", "503", "429", "408", "drop"])
def test_what_a_server_cannot_take_now_is_posted_again(connect, server, technician, doctor, status):
    connect(server, Kind.FHIR)
    server.behaviour.append(status)
    (delivery,) = deliveries_of(make_signed(technician, doctor))
    assert tell(delivery).status == Status.QUEUED
    assert tell(delivery).status == Status.DELIVERED
    assert server.messages[0] == server.messages[1]


@pytest.mark.parametrize("status", ["400", "401", "403", "422"])
def test_what_a_server_will_not_take_waits_for_a_person(
    connect, server, technician, doctor, status
):
    connect(server, Kind.FHIR)
    server.behaviour.append(status)
    delivery = tell(deliveries_of(make_signed(technician, doctor))[0])
    assert delivery.status == Status.REFUSED
    assert delivery.answer.startswith(status)
    assert "why not" in delivery.answer


def test_a_server_sends_results_nowhere_else(connect, server, technician, doctor):
    connect(server, Kind.FHIR)
    server.behaviour.append("302")
    delivery = tell(deliveries_of(make_signed(technician, doctor))[0])
    assert (delivery.status, len(server.messages)) == (Status.REFUSED, 1)
