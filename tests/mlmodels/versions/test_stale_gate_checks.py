"""A check whose message or worker was lost is sent again; the last attempt ends it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mlmodels.errors import GateRefused
from mlmodels.models import GateCheck
from mlmodels.services.versions import gates
from tests.factories.models import make_candidate

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped_version")]


@pytest.fixture
def gate(admin, laboratory) -> GateCheck:
    """A check that waits."""
    return gates.request_gate(actor=admin, version_id=make_candidate(laboratory).pk)


def change(gate: GateCheck, **values: object) -> None:
    GateCheck.objects.filter(pk=gate.pk).update(**values)


def test_a_check_that_was_just_sent_is_left_alone(gate):
    assert gates.send_stale() == 0


def test_a_check_that_nobody_took_is_sent_again(gate):
    change(gate, last_sent_at=timezone.now() - timedelta(minutes=5))
    assert gates.send_stale() == 1
    assert gates.send_stale() == 0


def test_one_that_waits_for_long_is_sent_less_often(gate):
    now = timezone.now()
    for sends, minutes, times in ((4, 3, 0), (4, 5, 1), (90, 14, 0), (90, 17, 1)):
        change(gate, sends=sends, last_sent_at=now - timedelta(minutes=minutes))
        assert gates.send_stale() == times, (sends, minutes)


def test_a_check_is_held_once(gate):
    held = gates.claim(gate.pk)
    assert held is not None
    assert gates.claim(gate.pk) is None
    assert gates.send_stale() == 0


def test_a_late_holder_writes_nothing(gate):
    late = gates.claim(gate.pk)
    assert late is not None
    change(gate, lease_until=timezone.now() - timedelta(seconds=1))
    assert gates.send_stale() == 1
    assert gates.claim(gate.pk) is not None
    assert not gates.tell(late, done=1, of=2)
    assert not gates.finish(late, passed=True, result={})
    assert not gates.fail(late, "Something.")
    gate.refresh_from_db()
    assert gate.status == GateCheck.Status.RUNNING


def test_the_last_attempt_ends_it_with_a_sentence(gate, settings):
    change(gate, attempts=settings.JOB_MAX_ATTEMPTS, last_sent_at=None)
    assert gates.send_stale() == 0
    gate.refresh_from_db()
    assert gate.status == GateCheck.Status.FAILED
    assert "Ask for it again" in gate.error


def test_the_same_check_is_not_asked_for_twice(gate, admin):
    with pytest.raises(GateRefused, match="being checked already"):
        gates.request_gate(actor=admin, version_id=gate.version_id)


def test_the_active_version_is_not_compared_with_itself(admin, shipped_version):
    with pytest.raises(GateRefused, match="is the active version"):
        gates.request_gate(actor=admin, version_id=shipped_version.pk)
