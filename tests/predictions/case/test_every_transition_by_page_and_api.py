"""Every step from every state, for every role, on pages and over the API. Written by hand.

Whoever may not take a step at all is told so (403) whatever the state; another laboratory finds
no sample (404); where the state forbids it, the sentence says who brought it there, and when.
"""

import html
import re

import pytest
from django.db import transaction

from accounts.models import Role
from predictions.models import Sample
from predictions.services.reports.amending import begin_amendment, retract
from predictions.services.samples.states import cancel
from tests.factories.cases import make_case, make_ready, make_signed
from tests.factories.images import make_sample
from tests.factories.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db

REASON = "Another tube"
STATES = ("open", "in_review", "ready", "signed", "amending", "retracted", "cancelled")
ROLES = ("technician", "doctor", "admin", "stranger")

NO = "refused"
# fmt: off
# What a doctor of the laboratory meets: the state that a step leads to, or why it leads nowhere.
TABLE = {
    #             open         in_review    ready        signed       amending  retracted cancelled
    "send":      (NO,          "ready",     NO,          NO,          NO,       NO,       NO),
    "send_back": (NO,          NO,          "in_review", NO,          NO,       NO,       NO),
    "cancel":    ("cancelled", "cancelled", "cancelled", NO,          NO,       NO,       NO),
    "sign":      (NO,          NO,          "signed",    NO,          "signed", NO,       NO),
    "amend":     (NO,          NO,          NO,          "amending",  NO,       NO,       NO),
    "withdraw":  (NO,          NO,          NO,          NO,          "signed", NO,       NO),
    "retract":   (NO,          NO,          NO,          "retracted", NO,       NO,       NO),
}
# Who else may take it meets the same.
MAY = {
    "send":      ("technician", "doctor"),
    "send_back": ("technician", "doctor"),
    "cancel":    ("technician", "doctor"),
    "sign":      ("doctor",),
    "amend":     ("doctor",),
    "withdraw":  ("doctor",),
    "retract":   ("doctor",),
}
# Who was there first, and when, as far as somebody was.
TOLD = {
    "open":      r"This sample is open, so nobody can do this now\.",
    "in_review": r"This sample is in review, so nobody can do this now\.",
    "ready":     r"tina sent it to the doctor at \d\d:\d\d, so this sample is ready to sign now\.",
    "signed":    r"dora signed the report at \d\d:\d\d, so this sample is signed now\.",
    "amending":  r"dora began an amendment at \d\d:\d\d, so this sample is amending now\.",
    "retracted": r"dora retracted the report at \d\d:\d\d, so this sample is retracted now\.",
    "cancelled": r"tina cancelled the sample at \d\d:\d\d, so this sample is cancelled now\.",
}
SIGNATURE = {"meaning": "responsibility", "password": PASSWORD, "comment": "One word more."}
API = {
    "send":      ("state", {"to": "ready"}),
    "send_back": ("state", {"to": "in_review", "reason": REASON}),
    "cancel":    ("state", {"to": "cancelled", "reason": REASON}),
    "sign":      ("sign", SIGNATURE),
    "amend":     ("amend", {"reason": REASON}),
    "withdraw":  ("amend/withdraw", {}),
    "retract":   ("retract", {"reason": REASON, "password": PASSWORD}),
}
PAGES = {
    "send":      ("/samples/{sample}/send/", {}),
    "send_back": ("/samples/{sample}/send-back/", {"reason": REASON}),
    "cancel":    ("/samples/{sample}/cancel/", {"reason": REASON}),
    "sign":      ("/samples/{sample}/sign/", SIGNATURE),
    "amend":     ("/reports/{report}/amend/", {"reason": REASON}),
    "withdraw":  ("/samples/{sample}/amend/withdraw/", {}),
    "retract":   ("/reports/{report}/retract/", {"reason": REASON, "password": PASSWORD}),
}
# fmt: on
# Of what was never signed there is no report, so these have no page.
NEED_A_REPORT = ("amend", "retract")
WERE_SIGNED = ("signed", "amending", "retracted")


def make(state, technician, doctor):
    """A sample that came into its state on the way that people take."""
    if state == "open":
        return make_sample(technician)
    if state == "in_review":
        return make_case(technician)
    if state == "ready":
        return make_ready(technician)
    if state == "cancelled":
        return cancel(actor=technician, sample_id=make_case(technician).pk, reason=REASON)
    sample = make_signed(technician, doctor).sample
    if state == "amending":
        begin_amendment(actor=doctor, sample_id=sample.pk, reason=REASON)
    if state == "retracted":
        retract(actor=doctor, sample_id=sample.pk, password=PASSWORD, reason=REASON)
    return sample


def state_of(sample):
    return Sample.objects.get(pk=sample.pk).state


def expected(step, state, role):
    """The state that is reached, `NO`, or the number that is answered."""
    if role not in (*MAY[step], "stranger"):
        return 403
    return 404 if role == "stranger" else TABLE[step][STATES.index(state)]


@pytest.fixture
def people(technician, doctor, admin, other_laboratory):
    """By role; the stranger is a doctor of another laboratory."""
    stranger = make_user(other_laboratory, Role.DOCTOR, "olga")
    return dict(zip(ROLES, (technician, doctor, admin, stranger), strict=True))


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("step", TABLE)
def test_each_step_from_each_state_over_the_api(people, api_as, step, state):
    sample = make(state, people["technician"], people["doctor"])
    where, sent = API[step]
    address = f"/api/v1/samples/{sample.pk}/{where}/"
    for role, person in people.items():
        awaited, client = expected(step, state, role), api_as(person)
        with transaction.atomic():
            answer = client.post(address, sent, format="json")
            reached = state_of(sample)
            transaction.set_rollback(True)
        body = answer.json()
        if awaited == NO:
            assert (answer.status_code, body["code"]) == (409, "state"), role
            assert re.match(TOLD[state], body["message"]), body["message"]
        elif isinstance(awaited, int):
            assert answer.status_code == awaited, role
        else:
            assert answer.status_code in (200, 201), (role, body)
        assert reached == (awaited if awaited in STATES else state), role


# Where there is no report, there is no page that could ask for such a step.
ON_PAGES = [
    (step, state)
    for step in TABLE
    for state in STATES
    if step not in NEED_A_REPORT or state in WERE_SIGNED
]


@pytest.mark.parametrize(("step", "state"), ON_PAGES)
def test_each_step_from_each_state_on_its_page(people, page_as, step, state):
    sample = make(state, people["technician"], people["doctor"])
    where, sent = PAGES[step]
    address = where.format(sample=sample.pk, report=getattr(sample.reports.first(), "pk", ""))
    for role, person in people.items():
        awaited, client = expected(step, state, role), page_as(person)
        with transaction.atomic():
            answer = client.post(address, sent, follow=True)
            reached = state_of(sample)
            transaction.set_rollback(True)
        page = html.unescape(answer.content.decode())
        if awaited == NO:
            assert re.search(TOLD[state], page), role
        elif isinstance(awaited, int):
            assert answer.status_code == awaited, role
        else:
            assert answer.status_code == 200, role
        assert reached == (awaited if awaited in STATES else state), role
