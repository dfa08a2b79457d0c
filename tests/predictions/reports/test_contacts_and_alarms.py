"""Critical values are told to somebody, and a doctor looks where blasts are suspected."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.errors import AccessDenied
from accounts.models import AuditAction, AuditEvent
from predictions.errors import ContactRefused, SampleNotFound, StateRefused
from predictions.models import Sample, SampleEvent
from predictions.services.reports.contacts import acknowledge_alarm, record_contact
from tests.factories.cases import cells_of, make_case, make_ready
from tests.factories.profiles import say

pytestmark = pytest.mark.django_db


@pytest.fixture
def sample(technician):
    return make_ready(technician, wbc=Decimal("1.50"))


def tell(actor, sample, **fields):
    told = {
        "label": "wbc",
        "told_to": "Dr Weiss",
        "told_at": timezone.now(),
        "read_back": True,
        **fields,
    }
    return record_contact(actor=actor, sample_id=sample.pk, **told)


def test_a_contact_keeps_the_value_as_it_was_told(technician, sample):
    contact = tell(technician, sample, note="  By telephone ")
    assert contact.value.startswith("1.50 ")
    assert (contact.by, contact.note) == (technician, "By telephone")
    assert sample.events.latest("number").kind == SampleEvent.Kind.CONTACT_RECORDED
    assert AuditEvent.objects.filter(action=AuditAction.CONTACT_RECORDED).exists()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"label": "monocyte"}, "label"),
        ({"told_to": "  "}, "told_to"),
        ({"told_to": "x" * 121}, "told_to"),
        ({"note": "a\x00"}, "note"),
        ({"told_at": timezone.now() + timedelta(hours=1)}, "told_at"),
        ({"told_at": timezone.now() - timedelta(days=30)}, "told_at"),
    ],
)
def test_what_is_no_contact_is_refused(technician, sample, fields, field):
    with pytest.raises(ContactRefused) as caught:
        tell(technician, sample, **fields)
    assert list(caught.value.fields) == [field]


def test_an_admin_tells_nobody_and_another_laboratory_finds_no_sample(
    admin, other_technician, sample
):
    with pytest.raises(AccessDenied):
        tell(admin, sample)
    with pytest.raises(SampleNotFound):
        tell(other_technician, sample)


def test_nothing_is_added_to_a_frozen_sample(technician, sample):
    Sample.objects.filter(pk=sample.pk).update(state=Sample.State.CANCELLED)
    with pytest.raises(StateRefused):
        tell(technician, sample)


def test_a_doctor_acknowledges_what_is_there_now(technician, doctor):
    sample = make_case(technician)
    say(technician, cells_of(sample)[0], "blast")
    seen = acknowledge_alarm(actor=doctor, sample_id=sample.pk, note="One blast")
    assert (seen.blasts, seen.immature_granulocytes, seen.by) == (1, 0, doctor)
    assert sample.events.latest("number").reason == "One blast"
    with pytest.raises(StateRefused, match="Nothing of this sample waits"):
        acknowledge_alarm(actor=doctor, sample_id=sample.pk)


def test_only_doctors_acknowledge(technician, sample):
    with pytest.raises(AccessDenied):
        acknowledge_alarm(actor=technician, sample_id=sample.pk)
