"""A leased row has one holder; it is sent again, slower each time, and has so many attempts."""

import threading
import time
from datetime import timedelta
from functools import partial

import pytest
from django.db import OperationalError
from django.utils import timezone

from hematovision import leases
from predictions.models import ClassificationJob
from tests.at_once import at_once
from tests.factories.images import make_job

pytestmark = pytest.mark.django_db

ROWS = ClassificationJob.objects.filter(status__in=["queued", "running"])


@pytest.fixture
def job(technician) -> ClassificationJob:
    """A row that waits for work."""
    return make_job(technician)


def change(job: ClassificationJob, **values: object) -> None:
    ClassificationJob.objects.filter(pk=job.pk).update(**values)


def let_the_lease_end(job: ClassificationJob) -> None:
    change(job, lease_until=timezone.now() - timedelta(seconds=1))


def claimed(job: ClassificationJob) -> ClassificationJob:
    """The row as a claim that succeeds reads it."""
    row = leases.claim(ROWS.all(), job.pk, status="running")
    assert row is not None
    return row


def mine(row: ClassificationJob):
    return leases.held(ROWS.all(), {row.pk: row.fence})


def claim_in_a_thread(job: ClassificationJob, index: int) -> ClassificationJob | None:
    return leases.claim(ROWS.all(), job.pk, status="running")


def send_all(row: ClassificationJob) -> bool:
    return True


# --- The holder --------------------------------------------------------------------------------


def test_a_claim_says_who_holds_the_row_and_until_when(job):
    row = claimed(job)
    assert (row.status, row.fence, row.attempts, row.sends) == ("running", 1, 1, 0)
    assert row.worker == leases.worker_name()
    assert row.lease_until is not None
    assert timedelta(seconds=55) < row.lease_until - timezone.now() <= timedelta(seconds=60)


@pytest.mark.django_db(transaction=True)
def test_of_two_that_claim_at_once_one_gets_the_row(technician):
    for _ in range(5):
        job = make_job(technician)
        answers = at_once(2, partial(claim_in_a_thread, job))
        assert not [answer for answer in answers if isinstance(answer, Exception)]
        assert len([answer for answer in answers if answer]) == 1
        job.refresh_from_db()
        assert (job.fence, job.attempts) == (1, 1)


def test_a_row_that_is_not_of_those_that_wait_is_not_claimed(job):
    change(job, status="failed")
    assert leases.claim(ROWS.all(), job.pk, status="running") is None


def test_who_holds_an_older_fence_writes_nothing(job):
    late = mine(claimed(job))
    let_the_lease_end(job)
    claimed(job)
    assert not leases.renew(late, stage="recording")
    assert not leases.release(late, status="queued")
    assert not leases.finish(late, status="succeeded")
    job.refresh_from_db()
    assert (job.status, job.stage, job.fence) == ("running", "", 2)


def test_a_lease_that_ended_may_be_renewed_while_nobody_took_the_row(job):
    row = claimed(job)
    let_the_lease_end(job)
    assert leases.renew(mine(row))
    assert leases.claim(ROWS.all(), job.pk) is None


@pytest.mark.parametrize("end", [leases.release, leases.finish])
def test_who_gave_a_row_back_or_ended_it_holds_it_no_more(job, end):
    row = claimed(job)
    assert end(mine(row))
    assert not leases.renew(mine(row))
    assert not leases.finish(mine(row))


@pytest.mark.parametrize(("counts", "attempts"), [(True, 1), (False, 0)])
def test_a_row_that_is_given_back_may_cost_no_attempt(job, counts, attempts):
    assert leases.release(mine(claimed(job)), counts=counts, status="queued")
    job.refresh_from_db()
    assert (job.attempts, job.lease_until) == (attempts, None)


def test_no_claim_succeeds_after_the_last_attempt(job, settings):
    settings.JOB_MAX_ATTEMPTS = 2
    for _ in range(2):
        claimed(job)
        assert not leases.exhausted(ROWS.all()).exists()
        let_the_lease_end(job)
    assert leases.claim(ROWS.all(), job.pk) is None
    assert leases.exhausted(ROWS.all()).get() == job
    assert leases.send_due(ROWS.all(), send_all) == 0


def test_a_row_that_somebody_took_since_it_was_read_is_not_left(job):
    claimed(job)
    let_the_lease_end(job)
    read = ROWS.get(pk=job.pk)
    assert leases.left(ROWS.all(), read).exists()
    claimed(job)
    let_the_lease_end(job)
    assert not leases.left(ROWS.all(), read).exists()


# --- The thread that renews --------------------------------------------------------------------


def wait_for(claim, within_s: float = 10.0) -> None:
    end = time.monotonic() + within_s
    while not claim():
        assert time.monotonic() < end
        time.sleep(0.02)


def keepers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "lease of a job"]


@pytest.mark.django_db(transaction=True)
def test_a_short_lease_is_kept_for_as_long_as_the_work_lasts(job, settings):
    settings.JOB_LEASE_S = 0.6
    with leases.renewed(partial(leases.renew, mine(claimed(job))), "a job"):
        for _ in range(15):
            time.sleep(0.1)
            assert leases.claim(ROWS.all(), job.pk) is None
    assert keepers() == []
    time.sleep(0.7)
    assert leases.claim(ROWS.all(), job.pk)


@pytest.mark.django_db(transaction=True)
def test_the_thread_survives_that_the_database_is_away(job, settings):
    settings.JOB_LEASE_S = 0.3
    row = claimed(job)
    asked = []

    def renew_at_the_third_try() -> bool:
        asked.append(1)
        if len(asked) < 3:
            raise OperationalError("The server closed the connection.")
        return leases.renew(mine(row))

    with leases.renewed(renew_at_the_third_try, "a job"):
        wait_for(lambda: ROWS.filter(pk=job.pk, lease_until__gt=row.lease_until).exists())
    assert len(asked) >= 3


@pytest.mark.django_db(transaction=True)
def test_the_thread_ends_when_the_lease_is_lost(job, settings):
    settings.JOB_LEASE_S = 0.3
    with leases.renewed(partial(leases.renew, mine(claimed(job))), "a job"):
        assert len(keepers()) == 1
        settings.JOB_LEASE_S = 60
        change(job, fence=7)
        wait_for(lambda: keepers() == [])


# --- The sweeper -------------------------------------------------------------------------------


def test_a_row_that_was_just_sent_is_left_alone(job):
    assert leases.send_due(ROWS.all(), send_all) == 0


def test_the_delay_doubles_up_to_a_quarter_of_an_hour(job):
    delays = [(1, 30), (2, 60), (3, 120), (4, 240), (5, 480), (6, 960), (7, 960), (50, 960)]
    for sends, delay in delays:
        now = timezone.now()
        change(job, sends=sends, last_sent_at=now - timedelta(seconds=delay - 5))
        assert leases.send_due(ROWS.all(), send_all) == 0, (sends, delay)
        change(job, sends=sends, last_sent_at=now - timedelta(seconds=delay + 5))
        assert leases.send_due(ROWS.all(), send_all) == 1, (sends, delay)
        job.refresh_from_db()
        assert job.sends == sends + 1


def test_a_row_whose_lease_ended_is_sent_at_once_and_then_after_half_a_minute(job):
    claimed(job)
    assert leases.send_due(ROWS.all(), send_all) == 0
    let_the_lease_end(job)
    assert leases.send_due(ROWS.all(), send_all) == 1
    assert leases.send_due(ROWS.all(), send_all) == 0
    change(job, last_sent_at=timezone.now() - timedelta(seconds=31))
    assert leases.send_due(ROWS.all(), send_all) == 1


def test_the_longest_waiting_are_sent_first_and_so_many_in_a_pass(technician, settings):
    settings.JOB_RESEND_AT_MOST = 2
    old, never, older = (make_job(technician) for _ in range(3))
    change(old, last_sent_at=timezone.now() - timedelta(seconds=40))
    change(never, last_sent_at=None)
    change(older, last_sent_at=timezone.now() - timedelta(seconds=50))
    sent: list[ClassificationJob] = []

    def send(row: ClassificationJob) -> bool:
        sent.append(row)
        return True

    assert leases.send_due(ROWS.all(), send) == 2
    assert sent == [never, older]
    assert leases.send_due(ROWS.all(), send) == 1


def test_a_broker_that_refuses_is_asked_once_a_pass_and_no_delay_grows(technician):
    late = timezone.now() - timedelta(seconds=31)
    for job in (make_job(technician), make_job(technician)):
        change(job, last_sent_at=late)
    asked = []

    def refuse(row: ClassificationJob) -> bool:
        asked.append(row)
        return False

    assert leases.send_due(ROWS.all(), refuse) == 0
    assert len(asked) == 1
    assert set(ROWS.values_list("sends", "last_sent_at")) == {(1, late)}


def test_a_row_that_a_worker_takes_meanwhile_keeps_what_its_claim_wrote(technician):
    first, second = make_job(technician), make_job(technician)
    for job, seconds in ((first, 50), (second, 40)):
        change(job, last_sent_at=timezone.now() - timedelta(seconds=seconds))

    def send_while_the_other_is_claimed(row: ClassificationJob) -> bool:
        claimed(second)
        return row == first

    assert leases.send_due(ROWS.all(), send_while_the_other_is_claimed) == 1
    second.refresh_from_db()
    assert (second.status, second.sends) == ("running", 0)
