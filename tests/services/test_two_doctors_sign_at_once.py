"""On PostgreSQL, of two doctors who sign a sample at the same moment exactly one wins."""

from __future__ import annotations

import time
from collections import Counter
from functools import partial
from typing import Any

import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

from accounts.models import AuditAction, AuditEvent, Role, User
from predictions.models import Report, Sample, SampleEvent, Signature
from predictions.services.reports.amending import begin_amendment
from tests.at_once import at_once
from tests.factories.cases import make_ready
from tests.factories.people import PASSWORD, make_laboratory, make_user
from tests.own_process import in_own_process

pytestmark = pytest.mark.services

ROUNDS = 200
# So many white cells are the fewest that a report needs no reason for.
CELLS = {"neutrophil": 60, "lymphocyte": 40}


def sign_two_hundred_times() -> dict[str, Any]:
    """Two doctors sign the same sample over the API, each with a token; what each was told."""
    call_command("migrate", verbosity=0)
    laboratory = make_laboratory()
    technician = make_user(laboratory, Role.TECHNICIAN)
    doctors = [make_user(laboratory, Role.DOCTOR, name) for name in ("dora", "dan")]
    clients = [_client(doctor) for doctor in doctors]
    found: dict[str, Any] = {"wrong": [], "winners": Counter(), "overlapping": 0}
    sample: Sample | None = None
    for number in range(ROUNDS):
        # The first version of a report and its amendment in turn.
        if sample is None:
            sample = make_ready(technician, CELLS)
        else:
            begin_amendment(actor=doctors[0], sample_id=sample.pk, reason="Something to add.")
        act = partial(_sign, clients, sample, f"Round {number}.")
        answers = at_once(2, act)
        wrong, winner = _judge(sample, doctors, answers, version=1 + number % 2)
        found["wrong"] += [f"round {number}: {what}" for what in wrong]
        found["winners"][winner] += 1
        found["overlapping"] += max(a["began"] for a in answers) < min(a["ended"] for a in answers)
        sample = None if number % 2 else sample
    found["reports"] = Report.objects.count()
    found["numbers"] = Report.objects.values("number").distinct().count()
    return found


def _client(doctor: User) -> APIClient:
    client = APIClient()
    names = {"username": doctor.username, "password": PASSWORD}
    token = client.post("/api/v1/token/", names, format="json").json()["access"]
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def _sign(clients: list[APIClient], sample: Sample, comment: str, n: int) -> dict[str, Any]:
    """What doctor `n` is answered, and when they asked and were answered."""
    body = {"password": PASSWORD, "meaning": "responsibility", "comment": comment}
    began = time.perf_counter()
    answer = clients[n].post(f"/api/v1/samples/{sample.pk}/sign/", body, format="json")
    ended = time.perf_counter()
    return {"status": answer.status_code, "body": answer.json(), "began": began, "ended": ended}


def _judge(
    sample: Sample, doctors: list[User], answers: list[Any], *, version: int
) -> tuple[list[str], str]:
    """What is not as it has to be after a round, and who won it."""
    failed = [answer for answer in answers if isinstance(answer, Exception)]
    if failed or sorted(answer["status"] for answer in answers) != [201, 409]:
        return [f"answered {answers}"], "nobody"
    first = 0 if answers[0]["status"] == 201 else 1
    winner, told = doctors[first], answers[1 - first]["body"]["message"]
    report = Report.objects.select_related("signature").get(sample=sample, version=version)
    events = SampleEvent.objects.filter(sample=sample, kind=SampleEvent.Kind.SIGNED)
    at = events.order_by("-number")[0].at.astimezone(sample.laboratory.zone)
    expected = (
        f"{winner.display_name} signed the report at {at:%H:%M}, so this sample is signed now. "
        "Load it again."
    )
    rows = {
        "reports": Report.objects.filter(sample=sample).count(),
        "signatures": Signature.objects.filter(report__sample=sample).count(),
        "events": events.count(),
        "of the trail": AuditEvent.objects.filter(
            action=AuditAction.REPORT_SIGNED, object_id=str(sample.pk)
        ).count(),
    }
    wrong = [f"{count} {name}" for name, count in rows.items() if count != version]
    wrong += [] if told == expected else [f"told {told!r}, not {expected!r}"]
    wrong += [] if report.signature.by_id == winner.pk else ["signed by the one who was refused"]
    wrong += [] if answers[first]["body"]["report"]["id"] == str(report.pk) else ["another report"]
    return wrong, winner.username


def test_one_wins_each_of_two_hundred_times_and_the_other_is_told_by_whom_and_when(
    other_database_url, tmp_path, tell
):
    answer = in_own_process(
        sign_two_hundred_times, database_url=other_database_url, var_dir=tmp_path, within_s=600
    )
    tell(
        f"{ROUNDS} rounds, in {answer['overlapping']} of them both at work at once; "
        f"won: {answer['winners']}"
    )
    assert answer["wrong"] == []
    assert answer["overlapping"] == ROUNDS
    assert answer["reports"] == ROUNDS
    assert answer["numbers"] == ROUNDS // 2
