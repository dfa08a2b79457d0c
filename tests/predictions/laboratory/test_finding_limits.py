"""The limits of findings: read by all, changed by admins, each change a new set with a reason."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from accounts.models import AuditAction, AuditEvent
from predictions.models import FindingLimits
from predictions.selectors.laboratory.finding_limits import limits_of

pytestmark = pytest.mark.django_db

ADDRESS = "/settings/findings/"
TYPED = {
    "severe_neutropenia": "0.4",
    "hypereosinophilia": "1.5",
    "band_left_shift": "10",
    "newborn": "28",
    "seen_number": "1",
    "reason": "As the ward asked.",
}


def value_of(person, code):
    return limits_of(person.laboratory_id).limits[code].value


def test_an_admin_changes_a_limit_and_all_read_it(page_as, technician, admin):
    page = page_as(technician).get(ADDRESS).content.decode()
    assert "Severe neutropenia" in page
    assert "as shipped" in page
    assert "<form" not in page.partition("<main")[2]
    answer = page_as(admin).post(ADDRESS, TYPED, follow=True)
    assert "The limits of findings are saved." in answer.content.decode()
    page = page_as(technician).get(ADDRESS).content.decode()
    assert "Version 2" in page
    assert "Set by the laboratory (shipped: 0.5)" in page
    assert value_of(admin, "severe_neutropenia") == Decimal("0.4")
    assert value_of(admin, "hypereosinophilia") == Decimal("1.5")
    event = AuditEvent.objects.get(action=AuditAction.LABORATORY_CHANGED)
    assert event.changes == {"finding_limits": [1, 2], "severe_neutropenia": ["0.5", "0.4"]}
    assert "As the ward asked." in page_as(admin).get(ADDRESS).content.decode()


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"severe_neutropenia": "0"}, "Give a number above 0"),
        ({"severe_neutropenia": "0.5"}, "Nothing is changed"),
        ({"severe_neutropenia": "many"}, "Enter a number"),
        ({"reason": ""}, "This field is required"),
        ({"seen_number": "7"}, "Somebody else changed the limits meanwhile"),
    ],
)
def test_what_cannot_be_so_is_said_beside_the_field(page_as, admin, changed, told):
    answer = page_as(admin).post(ADDRESS, {**TYPED, **changed})
    assert answer.status_code == 400
    assert told in answer.content.decode()
    assert FindingLimits.objects.count() == 1


def test_another_laboratory_keeps_its_own(page_as, admin, other_technician):
    page_as(admin).post(ADDRESS, TYPED)
    assert value_of(other_technician, "severe_neutropenia") == Decimal("0.5")


def test_a_set_is_neither_changed_nor_deleted(admin):
    with pytest.raises(DatabaseError, match="changed by a newer set"), transaction.atomic():
        FindingLimits.objects.update(reason="another")
