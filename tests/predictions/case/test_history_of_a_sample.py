"""The history of a sample: who did what and when, in words and in order."""

import pytest

from predictions.services.review.reviews import review_cell
from predictions.services.samples.details import change_sample
from predictions.services.samples.states import send_back
from tests.factories.cases import cells_of, make_case, make_ready, make_signed

pytestmark = pytest.mark.django_db


def told(client, sample) -> list[str]:
    """What is told, the oldest first."""
    entries = client.get(f"/samples/{sample.pk}/history/").context["history"].entries
    return [entry.did for entry in entries[::-1]]


def test_steps_stand_in_their_order(page_as, technician, doctor):
    report = make_signed(technician, doctor)
    assert told(page_as(doctor), report.sample) == [
        "created the sample",
        "uploaded 1 image",
        "cells were found",
        "confirmed 1 cell",
        "sent it to the doctor",
        "signed the report",
    ]


def test_reviews_of_one_person_are_told_as_one(page_as, technician):
    sample = make_case(technician, {"neutrophil": 4})
    first, second, third, _ = cells_of(sample).order_by("position")
    for cell, label in ((first, "neutrophil"), (second, "monocyte"), (third, "monocyte")):
        review_cell(actor=technician, cell_id=cell.pk, label=label, seen_number=0)
    client = page_as(technician)
    assert told(client, sample)[-1] == "confirmed 1 cell and gave 2 cells another label"
    page = client.get(f"/samples/{sample.pk}/history/").content.decode()
    assert "2 cells: Neutrophil → Monocyte" in page


def test_what_a_technician_says_after_a_doctor_is_a_remark(page_as, technician, doctor):
    sample = make_case(technician, {"neutrophil": 4})
    named, other, *_ = cells_of(sample).order_by("position")
    review_cell(actor=technician, cell_id=named.pk, label="monocyte", seen_number=0)
    review_cell(actor=doctor, cell_id=named.pk, label="blast", seen_number=1)
    review_cell(actor=technician, cell_id=named.pk, label="monocyte", seen_number=2)
    review_cell(actor=technician, cell_id=other.pk, label="neutrophil", seen_number=0)
    client = page_as(technician)
    assert told(client, sample)[-3:] == [
        "gave 1 cell another label",
        "gave 1 cell another label",
        "confirmed 1 cell and remarked on 1 cell that a doctor had named",
    ]
    page = client.get(f"/samples/{sample.pk}/history/").content.decode()
    assert "Monocyte → Blast" in page
    assert "Blast → Monocyte" not in page


def test_notes_reasons_and_changes_are_told(page_as, technician, doctor):
    sample = make_ready(technician)
    send_back(actor=doctor, sample_id=sample.pk, reason="Look at the monocytes.")
    change_sample(actor=technician, sample_id=sample.pk, changes={"requester": "Ward 7"})
    change_sample(
        actor=technician,
        sample_id=sample.pk,
        changes={"accession_number": "NEW-1"},
        reason="Mistyped",
    )
    page = page_as(technician).get(f"/samples/{sample.pk}/history/").content.decode()
    assert "Look at the monocytes." in page
    assert "Requester: Ward 7" in page
    assert "→ NEW-1" in page
    assert "Mistyped" in page
    assert page.count("→ NEW-1") == 1
