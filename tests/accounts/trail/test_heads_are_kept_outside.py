"""Heads of chains outside the database: cutting off the newest events is noticed, and told."""

from __future__ import annotations

import json

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts import storage
from accounts.models import AuditAction, AuditChain, AuditCheck, AuditEvent
from accounts.selectors.trail import alerts
from accounts.services.audit_checks import dismiss_alert, keep_heads, verify_chains
from accounts.tasks import keep_audit_heads, verify_audit
from tests.accounts.trail.test_audit_chain import broken, delete, note, remove_triggers, rewrite

pytestmark = pytest.mark.django_db

KEEPS_NOTHING = {"audit": {"BACKEND": "django.core.files.storage.InMemoryStorage"}}


@pytest.fixture(autouse=True)
def _heads_of_this_test_only(settings):
    settings.STORAGES = {**settings.STORAGES, **KEEPS_NOTHING}


@pytest.fixture
def chain(laboratory, technician):
    return [note(laboratory, technician, changes={"n": number}) for number in range(5)]


def cut_off(chain, events: int) -> None:
    """Remove the newest events and set the chain's end back, as somebody who knows how would."""
    for event in chain[-events:]:
        delete(event)
    last = chain[-events - 1]
    AuditChain.objects.filter(key=last.chain_id).update(length=last.position, last_hash=last.hash)


def length_kept(chain) -> int:
    head = storage.newest_head(chain[0].chain_id)
    assert head is not None
    return head.length


def file_of(chain) -> str:
    folder = chain[0].chain_id.replace(":", "_", 1)
    return f"{folder}/{sorted(storages['audit'].listdir(folder)[1])[-1]}"


def test_without_a_kept_head_a_clean_cut_goes_unseen(chain):
    cut_off(chain, 2)
    assert broken() == []


def test_newest_events_that_were_cut_off_are_noticed(chain):
    keep_heads()
    cut_off(chain, 2)
    [(key, position, because)] = broken()
    assert (key, position) == (chain[0].chain_id, chain[2].position + 1)
    assert f"the chain ends before event {chain[4].position}," in because


def test_events_that_were_cut_off_and_written_anew_are_noticed(chain, laboratory):
    keep_heads()
    cut_off(chain, 2)
    for _ in range(3):
        note(laboratory)
    [(_, position, because)] = broken()
    assert position == chain[4].position
    assert "not the event that stood there" in because


def test_two_events_that_were_swapped_are_noticed(chain):
    remove_triggers()
    first, second = chain[1], chain[2]
    AuditEvent.objects.filter(pk=first.pk).update(position=99)
    AuditEvent.objects.filter(pk=second.pk).update(position=first.position)
    AuditEvent.objects.filter(pk=first.pk).update(position=second.position)
    [(_, position, _)] = broken()
    assert position == first.position


def test_a_chain_that_is_gone_altogether_is_noticed(chain):
    keep_heads()
    remove_triggers()
    AuditEvent.objects.all().delete()
    AuditChain.objects.all().delete()
    assert (chain[0].chain_id, 1, "the whole chain is missing") in broken()


@pytest.mark.parametrize(
    "written", [b"{}", b"not json", None], ids=["empty", "no JSON", "shorter, by another key"]
)
def test_a_head_that_somebody_else_wrote_is_noticed(chain, written, settings):
    keep_heads()
    if written is None:
        said = json.loads(storages["audit"].open(file_of(chain)).read())
        written = json.dumps({**said, "length": 3, "hash": chain[2].hash}).encode()
    name = file_of(chain)
    storages["audit"].delete(name)
    storages["audit"].save(name, ContentFile(written))
    [(key, _, because)] = broken()
    assert key == chain[0].chain_id
    assert "kept head" in because


def test_a_cut_is_not_covered_by_the_next_head(chain):
    keep_heads()
    cut_off(chain, 2)
    keep_heads()
    assert length_kept(chain) == chain[4].position
    assert len(broken()) == 1


def test_a_cut_that_has_grown_over_is_not_covered_either(chain, laboratory):
    keep_heads()
    cut_off(chain, 2)
    for _ in range(5):
        note(laboratory)
    keep_heads()
    assert length_kept(chain) == chain[4].position
    assert len(broken()) == 1


def test_the_operator_lets_a_restored_state_count(chain, capsys):
    keep_heads()
    cut_off(chain, 2)
    with pytest.raises(CommandError):
        call_command("verify_audit", "--keep-heads-anew")
    assert length_kept(chain) == chain[2].position
    call_command("verify_audit")


def test_events_that_come_while_a_chain_is_read_are_no_fault(chain, laboratory):
    keep_heads()
    note(laboratory)
    assert broken() == []
    keep_heads()
    note(laboratory)
    assert broken() == []


def test_other_folders_are_no_chains(chain):
    storages["audit"].save("lost+found/x.json", ContentFile(b"{}"))
    storages["audit"].save("laboratory_x/x.json", ContentFile(b"{}"))
    verify_chains()
    assert broken() == []


def test_what_was_dismissed_is_no_new_alert_the_next_night(chain, admin):
    rewrite(chain[2], reason="something else")
    verify_chains()
    check = AuditCheck.objects.get(chain=chain[0].chain_id)
    dismiss_alert(actor=admin, check_id=check.pk, reason="A backup of May was restored.")
    verify_chains()
    assert alerts(admin) == []


def test_a_head_is_kept_once_for_one_state(chain):
    keep_heads()
    keep_heads()
    folder = chain[0].chain_id.replace(":", "_", 1)
    assert len(storages["audit"].listdir(folder)[1]) == 1


def test_the_command_names_what_was_cut_off(chain, capsys):
    keep_heads()
    cut_off(chain, 1)
    with pytest.raises(CommandError):
        call_command("verify_audit")
    assert f"ends before event {chain[4].position}," in capsys.readouterr().out


def test_the_tasks_of_beat_do_both(chain):
    keep_audit_heads()
    assert length_kept(chain) == chain[4].position
    verify_audit()
    assert AuditCheck.objects.get(chain=chain[0].chain_id).is_whole


# --- On pages ----------------------------------------------------------------------------------


def test_the_dashboard_tells_how_far_the_trail_is_whole(page_as, admin, chain):
    verify_chains()
    text = page_as(admin).get(reverse("predictions:dashboard")).content.decode()
    assert "whole" in text
    assert "does not hold" not in text


def test_a_broken_trail_is_an_alert_that_goes_with_a_reason_alone(page_as, admin, chain):
    rewrite(chain[2], reason="something else")
    verify_chains()
    check = AuditCheck.objects.get(chain=chain[0].chain_id)
    page = page_as(admin)
    for name in ("predictions:dashboard", "accounts:audit"):
        assert (
            f"does not hold at event {chain[2].position}"
            in page.get(reverse(name)).content.decode()
        )
    address = reverse("accounts:audit_alert_dismiss", args=[check.pk])
    assert page.post(address, {"reason": "fine"}).status_code == 400
    page.post(address, {"reason": "A backup of May was restored."})
    assert "does not hold" not in page.get(reverse("accounts:audit")).content.decode()
    event = AuditEvent.objects.get(action=AuditAction.AUDIT_ALERT_DISMISSED)
    assert event.reason == "A backup of May was restored."
    assert page.post(address, {"reason": "Once more, please."}).status_code == 404
