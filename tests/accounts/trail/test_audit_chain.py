"""The audit trail's chain: each event carries the hash of the one before."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from accounts.models import AuditAction, AuditChain, AuditEvent
from accounts.selectors.audit import chain_reports
from accounts.services import users
from accounts.services.audit import record_event
from hematovision.origin import Origin


def note(laboratory, actor=None, **more):
    return record_event(
        action=AuditAction.RESULT_VIEWED, actor=actor, laboratory=laboratory, **more
    )


def remove_triggers():
    """Do what somebody with the database's keys could do."""
    with connections["default"].cursor() as cursor:
        if connections["default"].vendor == "sqlite":
            cursor.execute("DROP TRIGGER IF EXISTS accounts_auditevent_no_update")
        else:
            cursor.execute("SET LOCAL session_replication_role = replica")


def rewrite(event, **fields):
    remove_triggers()
    AuditEvent.objects.filter(pk=event.pk).update(**fields)


def delete(event):
    remove_triggers()
    AuditEvent.objects.filter(pk=event.pk).delete()


@pytest.fixture
def chain(laboratory, technician):
    return [note(laboratory, technician, changes={"n": number}) for number in range(5)]


def broken():
    return [
        (report.key, report.broken_at, report.because)
        for report in chain_reports()
        if report.broken_at is not None
    ]


def test_each_event_names_the_hash_of_the_one_before(laboratory, chain):
    events = list(AuditEvent.objects.filter(laboratory=laboratory).order_by("position"))
    assert [event.position for event in events] == list(range(1, len(events) + 1))
    for earlier, later in itertools.pairwise(events):
        assert later.previous_hash == earlier.hash
    assert events[0].previous_hash == "0" * 64


def test_each_laboratory_has_its_own_chain(laboratory, other_laboratory):
    assert note(laboratory).position == 1
    assert note(other_laboratory).position == 1
    assert note(None).chain_id == "installation"


def test_an_untouched_trail_holds(chain, capsys):
    call_command("verify_audit")
    assert "all links hold" in capsys.readouterr().out


@pytest.mark.parametrize(
    "fields",
    [
        {"action": "signed_in"},
        {"changes": {"n": 7}},
        {"actor": None},
        {"reason": "something else"},
        {"object_id": "1"},
        {"ip_address": "192.0.2.9"},
        {"at": datetime(2020, 1, 1, tzinfo=UTC)},
        {"hash": "f" * 64},
    ],
)
def test_a_changed_event_is_found(chain, fields):
    rewrite(chain[2], **fields)
    assert broken() == [(chain[2].chain_id, chain[2].position, "its content was changed")]


def test_a_changed_event_with_a_new_hash_breaks_the_next_link(chain):
    forged = chain[2]
    forged.reason = "something else"
    rewrite(forged, reason=forged.reason, hash=forged.computed_hash())
    because = "it does not follow the event before it"
    assert broken() == [(forged.chain_id, forged.position + 1, because)]


def test_a_deleted_event_is_found(chain):
    position = chain[2].position
    delete(chain[2])
    assert broken() == [(chain[2].chain_id, position, "the event is missing")]


def test_an_end_that_was_cut_off_is_found(chain):
    position = chain[4].position
    delete(chain[4])
    assert broken() == [(chain[4].chain_id, position, "the event is missing")]


def test_the_command_names_the_first_broken_link_and_fails(chain, capsys):
    rewrite(chain[1], reason="something else")
    rewrite(chain[3], reason="something else")
    with pytest.raises(CommandError):
        call_command("verify_audit")
    assert f"broken at event {chain[1].position} of" in capsys.readouterr().out


def test_what_is_written_reads_back_the_same(laboratory, technician):
    """JSON, addresses and times change their form in a database unless they are normal before."""
    note(
        laboratory,
        technician,
        obj=technician,
        reason="a\x00b µ 細胞",
        changes={
            "text": "zero\x00byte",
            "share": 0.1,
            "tiny": 1e-7,
            "when": datetime(2026, 1, 1, tzinfo=UTC),
            "price": Decimal("1.50"),
            "nested": {"z": [1, None, True], "a": "ü"},
        },
        origin=Origin(ip_address="2001:db8::1", user_agent="x" * 300, request_id="r"),
    )
    note(laboratory, origin=Origin(ip_address="192.0.2.1"))
    assert broken() == []


def test_an_empty_chain_holds(laboratory):
    AuditChain.objects.create(key="laboratory:empty")
    assert broken() == []


@pytest.mark.django_db(transaction=True)
def test_many_writers_at_once_leave_one_chain(laboratory):
    def write(_):
        try:
            for _ in range(5):
                note(laboratory)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(4)))
    assert AuditChain.objects.get(key=f"laboratory:{laboratory.pk}").length == 20
    assert broken() == []


@pytest.mark.django_db(transaction=True)
def test_work_and_changes_of_a_person_never_block_each_other(laboratory, technician, admin):
    """An event refers to its actor; a lock on that row must not wait for the chain's."""

    def work(_):
        try:
            for _ in range(25):
                note(laboratory, technician)
        finally:
            connections.close_all()

    def manage(_):
        try:
            for _ in range(25):
                users.end_sessions(actor=admin, user_id=technician.pk)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as threads:
        ended = [threads.submit(what, None) for what in (work, manage, work)]
    for one in ended:
        one.result()
    assert broken() == []
