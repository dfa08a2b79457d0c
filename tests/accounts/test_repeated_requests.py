"""A request with an Idempotency-Key does its thing once, however often and fast it is repeated."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.errors import RepeatRefused
from accounts.models import RepeatedRequest
from accounts.services.repeated_requests import Answer, answer_once
from tests.at_once import at_once

pytestmark = pytest.mark.django_db


class Doing:
    """Counts how often the thing is done."""

    def __init__(self, status: int = 201) -> None:
        self.times, self.status = 0, status

    def __call__(self) -> Answer:
        self.times += 1
        return Answer(self.status, {"time": self.times})


def ask(actor, act, *, key="k-1", fingerprint="a", wait_s=0.2):
    return answer_once(actor=actor, key=key, fingerprint=fingerprint, act=act, wait_s=wait_s)


def test_a_repeat_gets_the_first_answer(technician):
    act = Doing()
    assert ask(technician, act) == ask(technician, act) == Answer(201, {"time": 1})
    assert act.times == 1


def test_each_person_and_each_key_stands_for_itself(technician, doctor):
    act = Doing()
    ask(technician, act)
    ask(doctor, act)
    ask(technician, act, key="k-2")
    assert act.times == 3


def test_another_request_with_the_same_key_is_refused(technician):
    act = Doing()
    ask(technician, act)
    with pytest.raises(RepeatRefused, match="Choose a new key") as refused:
        ask(technician, act, fingerprint="b")
    assert (refused.value.http_status, act.times) == (422, 1)


@pytest.mark.parametrize("key", ["", "x" * 256, "käse", "a\tb"])
def test_a_key_is_plain_characters(technician, key):
    with pytest.raises(RepeatRefused, match="1 to 255"):
        ask(technician, Doing(), key=key)


def test_what_was_refused_is_tried_anew(technician):
    assert ask(technician, Doing(409)).status == 409
    assert ask(technician, Doing(201)).status == 201


def test_after_a_failure_the_key_is_free(technician):
    def fail():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask(technician, fail)
    assert ask(technician, Doing()).status == 201


def test_one_that_is_at_work_is_waited_for_and_then_told(technician):
    RepeatedRequest.objects.create(user=technician, key="k-1", fingerprint="a")
    with pytest.raises(RepeatRefused, match="at work") as refused:
        ask(technician, Doing())
    assert (refused.value.http_status, refused.value.code) == (409, "request_in_progress")


def test_one_that_crashed_is_taken_over_after_a_minute(technician):
    row = RepeatedRequest.objects.create(user=technician, key="k-1", fingerprint="a")
    RepeatedRequest.objects.filter(pk=row.pk).update(at=timezone.now() - timedelta(seconds=61))
    assert ask(technician, Doing()) == Answer(201, {"time": 1})


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_do_it_once(technician):
    act = Doing()
    answers = at_once(20, lambda _: ask(technician, act, wait_s=10))
    assert answers == [Answer(201, {"time": 1})] * 20
    assert act.times == 1
