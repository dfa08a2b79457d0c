"""Doctors say which disease a sample's patient has; nobody who reads cells is told."""

import pytest
from django.db import DatabaseError, transaction

from accounts.models import AuditAction, AuditEvent
from predictions.errors import DiseaseInvalid, DiseaseRefused
from predictions.models import DiseaseLabel, SampleDisease
from predictions.selectors.laboratory.diseases import codes_by_sample
from predictions.services.laboratory.diseases import add_disease_label, change_disease_label
from predictions.services.samples.diseases import add_disease, remove_disease
from predictions.services.samples.states import cancel
from tests.factories.cases import make_case, make_signed

pytestmark = pytest.mark.django_db


def said_of(sample):
    return list(sample.diseases.filter(removed_at__isnull=True).values_list("code", flat=True))


def test_a_doctor_says_a_disease_of_a_signed_sample_and_takes_it_back(
    page_as, technician, doctor, second_doctor
):
    sample = make_signed(technician, doctor).sample
    address = f"/samples/{sample.pk}"
    client = page_as(doctor)
    answer = client.post(f"{address}/diseases/", {"code": "acute_leukaemia"}, follow=True)
    assert answer.request["PATH_INFO"] == f"{address}/details/"
    assert "Acute leukaemia is said of this sample." in answer.content.decode()
    assert "C95.0" in answer.content.decode()
    assert said_of(sample) == ["acute_leukaemia"]
    answer = page_as(second_doctor).post(
        f"{address}/diseases/remove/", {"code": "acute_leukaemia"}, follow=True
    )
    assert "That it was said stays on record." in answer.content.decode()
    assert "Taken back: 1" in answer.content.decode()
    row = SampleDisease.objects.get()
    assert (row.by, row.removed_by) == (doctor, second_doctor)
    events = AuditEvent.objects.filter(action=AuditAction.DISEASE_LABELS_CHANGED)
    assert [each.changes for each in events.order_by("position")] == [
        {"disease": [None, "Acute leukaemia"]},
        {"disease": ["Acute leukaemia", None]},
    ]


def test_technicians_and_admins_see_nothing_of_it_on_the_pages_of_a_sample(
    page_as, technician, doctor, admin
):
    sample = make_signed(technician, doctor).sample
    add_disease(actor=doctor, sample_id=sample.pk, code="acute_leukaemia")
    for who in (technician, admin):
        for page in ("", "details/", "history/", "differential/"):
            shown = page_as(who).get(f"/samples/{sample.pk}/{page}").content.decode()
            assert "leukaemia" not in shown.lower()
            assert "Diseases" not in shown.partition("<main")[2]
        answer = page_as(who).post(f"/samples/{sample.pk}/diseases/", {"code": "anaemia"})
        assert answer.status_code == 403


def test_what_is_said_already_stays_as_it_is(technician, doctor, second_doctor):
    sample = make_case(technician)
    first = add_disease(actor=doctor, sample_id=sample.pk, code="anaemia")
    again = add_disease(actor=second_doctor, sample_id=sample.pk, code="anaemia")
    assert again == first
    assert SampleDisease.objects.count() == 1


def test_what_was_taken_back_can_be_said_again(technician, doctor):
    sample = make_case(technician)
    for _ in range(2):
        add_disease(actor=doctor, sample_id=sample.pk, code="anaemia")
        remove_disease(actor=doctor, sample_id=sample.pk, code="anaemia")
    assert SampleDisease.objects.count() == 2
    with pytest.raises(DiseaseInvalid, match="not said of the sample"):
        remove_disease(actor=doctor, sample_id=sample.pk, code="anaemia")


def test_only_what_the_list_offers_can_be_said(technician, doctor, admin):
    sample = make_case(technician)
    with pytest.raises(DiseaseInvalid, match="from the laboratory's list"):
        add_disease(actor=doctor, sample_id=sample.pk, code="scurvy")
    change_disease_label(actor=admin, code="other", name="Other", icd10="", is_active=False)
    with pytest.raises(DiseaseInvalid, match="from the laboratory's list"):
        add_disease(actor=doctor, sample_id=sample.pk, code="other")


def test_nothing_is_said_of_a_sample_that_is_gone(technician, doctor):
    sample = make_case(technician)
    add_disease(actor=doctor, sample_id=sample.pk, code="anaemia")
    cancel(actor=doctor, sample_id=sample.pk, reason="Clotted")
    with pytest.raises(DiseaseRefused, match="whose it is, is not known"):
        add_disease(actor=doctor, sample_id=sample.pk, code="infection")
    remove_disease(actor=doctor, sample_id=sample.pk, code="anaemia")


def test_a_label_that_is_changed_keeps_its_meaning_where_it_was_said(
    page_as, technician, doctor, admin
):
    sample = make_case(technician)
    add_disease(actor=doctor, sample_id=sample.pk, code="anaemia")
    change_disease_label(
        actor=admin, code="anaemia", name="Anaemia of any kind", icd10="D64", is_active=False
    )
    shown = page_as(doctor).get(f"/samples/{sample.pk}/details/").content.decode()
    assert "<strong>Anaemia</strong>" in shown
    assert "D64.9" in shown


def test_what_is_said_is_known_to_those_who_group_by_it_alone(
    technician, doctor, admin, other_technician
):
    ill, well = make_case(technician), make_case(technician)
    add_disease(actor=doctor, sample_id=ill.pk, code="acute_leukaemia")
    add_disease(actor=doctor, sample_id=well.pk, code="other")
    remove_disease(actor=doctor, sample_id=well.pk, code="other")
    for who in (doctor, admin):
        assert codes_by_sample(who, [ill, well]) == {ill.pk: ["acute_leukaemia"]}
    for who in (technician, other_technician):
        assert codes_by_sample(who, [ill, well]) == {}


def test_the_worklist_is_narrowed_by_a_disease_for_doctors_alone(page_as, technician, doctor):
    ill, well = make_case(technician), make_case(technician)
    add_disease(actor=doctor, sample_id=ill.pk, code="acute_leukaemia")
    address = "/samples/?state=all&disease=acute_leukaemia"
    shown = page_as(doctor).get(address).content.decode()
    assert ill.accession_number in shown
    assert well.accession_number not in shown
    shown = page_as(technician).get(address).content.decode()
    assert ill.accession_number in shown
    assert well.accession_number in shown
    assert "leukaemia" not in shown.replace("disease=acute_leukaemia", "").lower()


def test_the_api_reads_says_and_takes_back(api_as, technician, doctor):
    sample = make_case(technician)
    client, address = api_as(doctor), f"/api/v1/samples/{sample.pk}/diseases/"
    choices = client.get(address).json()["choices"]
    assert {"code": "anaemia", "name": "Anaemia", "icd10": "D64.9"} in choices
    said = client.post(address, {"code": "anaemia"}, format="json").json()
    assert [each["code"] for each in said["held"]] == ["anaemia"]
    assert "anaemia" not in [each["code"] for each in said["choices"]]
    assert client.post(address, {"code": "scurvy"}, format="json").status_code == 400
    left = client.delete(f"{address}?code=anaemia").json()
    assert left["held"] == []
    assert left["removed"][0]["removed_by"] == "dora"
    assert client.delete(f"{address}?code=anaemia").status_code == 400
    assert client.delete(f"{address}?name=anaemia").status_code == 400


def test_what_was_said_is_neither_changed_nor_deleted(technician, doctor):
    sample = make_case(technician)
    row = add_disease(actor=doctor, sample_id=sample.pk, code="anaemia")
    rows = SampleDisease.objects.filter(pk=row.pk)
    for change in ({"code": "other"}, {"by": technician}):
        with pytest.raises(DatabaseError, match="taken back once"), transaction.atomic():
            rows.update(**change)
    remove_disease(actor=doctor, sample_id=sample.pk, code="anaemia")
    with pytest.raises(DatabaseError, match="taken back once"), transaction.atomic():
        rows.update(removed_at=None, removed_by=None)
    with pytest.raises(DatabaseError, match="newer version"), transaction.atomic():
        DiseaseLabel.objects.update(name="Another")


def test_a_laboratory_sees_its_own_labels(page_as, doctor, admin, other_technician):
    add_disease_label(actor=admin, code="scurvy", name="Scurvy", icd10="E54")
    assert DiseaseLabel.objects.filter(laboratory=admin.laboratory).count() == 1
    with pytest.raises(DiseaseInvalid, match="A label has this code"):
        add_disease_label(actor=admin, code="scurvy", name="Scurvy again")
