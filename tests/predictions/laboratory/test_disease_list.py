"""Admins keep the list of disease labels; each change is a version, and none goes away."""

import pytest

from accounts.models import AuditAction, AuditEvent
from predictions.models import DiseaseLabel
from predictions.selectors.laboratory.diseases import present_labels

pytestmark = pytest.mark.django_db

ADDRESS = "/settings/diseases/"


def test_the_list_begins_with_suggestions(page_as, admin):
    page = page_as(admin).get(ADDRESS).content.decode()
    assert "Acute leukaemia" in page
    assert "C95.0" in page
    assert "in use, as shipped" in page


def test_an_admin_adds_a_label(page_as, admin):
    typed = {"name": "  Scurvy ", "code": "scurvy", "icd10": "e54"}
    answer = page_as(admin).post(ADDRESS, typed, follow=True)
    assert "Scurvy can be chosen from now on." in answer.content.decode()
    label = DiseaseLabel.objects.get(code="scurvy")
    assert (label.name, label.icd10, label.number) == ("Scurvy", "E54", 1)
    event = AuditEvent.objects.get(action=AuditAction.DISEASE_LIST_CHANGED)
    assert event.changes == {
        "code": [None, "scurvy"],
        "name": [None, "Scurvy"],
        "icd10": [None, "E54"],
        "is_active": [None, True],
    }


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"icd10": "64.9"}, "Write the code of ICD-10 as D64.9"),
        ({"icd10": "D6"}, "Write the code of ICD-10 as D64.9"),
        ({"icd10": "D64,9"}, "Write the code of ICD-10 as D64.9"),
        ({"code": "Scurvy!"}, "small letters, digits and underscores"),
        ({"code": "anaemia"}, "A label has this code"),
        ({"name": " "}, "This field is required"),
    ],
)
def test_what_cannot_be_so_is_said_beside_the_field(page_as, admin, typed, told):
    answer = page_as(admin).post(ADDRESS, {"name": "Scurvy", "code": "scurvy", **typed})
    assert answer.status_code == 400
    assert told in answer.content.decode()


@pytest.mark.parametrize("code", ["D64.9", "C95.0", "U07.1", "C91.10", "B20"])
def test_codes_of_icd_10_have_their_form(page_as, admin, code):
    typed = {"name": "Scurvy", "code": "scurvy", "icd10": code}
    assert page_as(admin).post(ADDRESS, typed).status_code == 302


def test_a_shipped_label_is_changed_for_this_laboratory_alone(page_as, admin, other_technician):
    typed = {"name": "Anaemia, any", "icd10": "D64.9"}
    answer = page_as(admin).post(f"{ADDRESS}anaemia/", typed, follow=True)
    page = answer.content.decode()
    assert "Anaemia, any" in page
    assert "retired" in page
    own = present_labels(admin.laboratory_id)["anaemia"]
    assert (own.name, own.is_active, own.number) == ("Anaemia, any", False, 2)
    theirs = present_labels(other_technician.laboratory_id)["anaemia"]
    assert (theirs.name, theirs.is_active) == ("Anaemia", True)
    versions = page_as(admin).get(f"{ADDRESS}anaemia/").content.decode()
    assert "Came with the program" in versions
    # Used again.
    page_as(admin).post(f"{ADDRESS}anaemia/", {**typed, "is_active": "on"})
    assert present_labels(admin.laboratory_id)["anaemia"].is_active


def test_saving_without_a_change_makes_no_version(page_as, admin):
    typed = {"name": "Anaemia", "icd10": "D64.9", "is_active": "on"}
    page_as(admin).post(f"{ADDRESS}anaemia/", typed)
    assert not DiseaseLabel.objects.filter(laboratory=admin.laboratory).exists()


def test_what_is_no_label_is_not_found(page_as, admin):
    assert page_as(admin).get(f"{ADDRESS}scurvy/").status_code == 404
