"""What a laboratory asks of its cases: who changes it, what it can be, what follows from it."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.errors import AccessDenied
from accounts.models import AuditAction, AuditEvent
from predictions.errors import AccessionNumberTaken, RulesInvalid, RulesRefused
from predictions.models import CaseRules, Sample
from predictions.selectors.samples.rules import rules_of
from predictions.selectors.samples.samples import sample_of_number
from predictions.services.laboratory.rules import change_rules
from tests.factories.images import make_sample

pytestmark = pytest.mark.django_db


def change(actor, **changes: Any) -> CaseRules:
    return change_rules(actor=actor, changes=changes)


def test_what_changes_is_stored_and_told(admin, laboratory):
    wanted = {
        "target_cells": 100,
        "asks_for_second_person": False,
        "unidentified_limit_percent": 2,
        "always_reviewed": ["monocyte"],
        "page_size": "Letter",
    }
    change(admin, **wanted)
    rules = rules_of(laboratory)
    assert {name: getattr(rules, name) for name in wanted} == wanted
    event = AuditEvent.objects.get(action=AuditAction.LABORATORY_CHANGED)
    assert event.changes["target_cells"] == [200, 100]
    assert (event.actor, event.object_id) == (admin, str(laboratory.pk))
    change(admin, target_cells=150)
    newest = AuditEvent.objects.filter(action=AuditAction.LABORATORY_CHANGED).latest("position")
    assert newest.changes == {"target_cells": [100, 150]}


def test_what_stays_as_it_is_leaves_no_trace(admin):
    change(admin, target_cells=200, tells_case_apart=False)
    assert not AuditEvent.objects.filter(action=AuditAction.LABORATORY_CHANGED).exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("target_cells", 99),
        ("target_cells", 1001),
        ("unidentified_limit_percent", 6),
        ("unidentified_limit_percent", -1),
        ("always_reviewed", ["monocyte", "dragon"]),
        ("page_size", "A5"),
    ],
)
def test_what_cannot_be_so_is_refused_by_its_field(admin, laboratory, field, value):
    with pytest.raises(RulesInvalid) as caught:
        change(admin, **{field: value})
    assert set(caught.value.fields) == {field}
    assert not CaseRules.objects.filter(laboratory=laboratory).exists()


@pytest.mark.parametrize("who", ["technician", "doctor"])
def test_only_an_admin_changes_them(request, who):
    with pytest.raises(AccessDenied):
        change(request.getfixturevalue(who), target_cells=100)


# --- Whether case is told apart ----------------------------------------------------------------


@pytest.fixture
def apart(admin) -> None:
    """The laboratory tells a-1 and A-1 apart."""
    change(admin, tells_case_apart=True)


def test_numbers_and_references_are_compared_anew(admin, technician):
    sample = make_sample(technician, accession_number="A-1", patient_reference="P-1")
    change(admin, tells_case_apart=True)
    sample.refresh_from_db()
    assert (sample.accession_key, sample.patient_key) == ("A-1", "P-1")
    make_sample(technician, accession_number="a-1")
    with pytest.raises(AccessionNumberTaken):
        make_sample(technician, accession_number="A-1")


def test_back_again_where_nothing_collides(admin, technician, apart):
    sample = make_sample(technician, accession_number="A-1")
    change(admin, tells_case_apart=False)
    assert sample_of_number(technician, "a-1") == sample


def test_numbers_that_would_collide_are_named(admin, technician, laboratory, apart):
    for number in ("A-1", "a-1", "B-2"):
        make_sample(technician, accession_number=number)
    with pytest.raises(RulesRefused) as caught:
        change(admin, tells_case_apart=False)
    assert caught.value.details == {"numbers": ["A-1", "a-1"]}
    assert "A-1, a-1." in caught.value.message
    assert rules_of(laboratory).tells_case_apart
    assert sample_of_number(technician, "A-1") is not None


def test_a_number_that_was_given_free_collides_with_none(admin, technician, apart):
    gone = make_sample(technician, accession_number="A-1")
    Sample.objects.filter(pk=gone.pk).update(state=Sample.State.CANCELLED)
    kept = make_sample(technician, accession_number="a-1")
    change(admin, tells_case_apart=False)
    assert sample_of_number(technician, "A-1") == kept


def test_what_collided_by_case_alone_is_marked_no_more(admin, technician):
    older = make_sample(technician, accession_number="A-1")
    younger = make_sample(technician, accession_number="B-1")
    Sample.objects.filter(pk=younger.pk).update(
        accession_number="a-1", accession_key="a-1", number_collides=True
    )
    change(admin, tells_case_apart=True)
    for number, sample in (("A-1", older), ("a-1", younger)):
        assert sample_of_number(technician, number) == sample


def test_what_collides_either_way_keeps_the_setting(admin, technician):
    make_sample(technician, accession_number="A-1")
    younger = make_sample(technician, accession_number="B-1")
    Sample.objects.filter(pk=younger.pk).update(
        accession_number="A-1", accession_key="a-1", number_collides=True
    )
    with pytest.raises(RulesRefused):
        change(admin, tells_case_apart=True)


@pytest.mark.parametrize("state", ["signed", "retracted"])
def test_a_signed_number_stands_and_is_compared_as_the_rule_says(admin, technician, state):
    sample = make_sample(technician, accession_number="A-1")
    Sample.objects.filter(pk=sample.pk).update(state=state)
    change(admin, tells_case_apart=True)
    sample.refresh_from_db()
    assert (sample.accession_number, sample.accession_key) == ("A-1", "A-1")
    change(admin, tells_case_apart=False)
    sample.refresh_from_db()
    assert (sample.accession_number, sample.accession_key) == ("A-1", "a-1")


def test_another_laboratory_keeps_its_own(admin, technician, other_technician):
    foreign = make_sample(other_technician, accession_number="A-1")
    make_sample(technician, accession_number="A-1")
    change(admin, tells_case_apart=True)
    foreign.refresh_from_db()
    assert foreign.accession_key == "a-1"
