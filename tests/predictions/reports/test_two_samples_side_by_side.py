"""Two samples of one patient beside each other, for doctors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.errors import AccessDenied
from accounts.models import AuditAction, AuditEvent
from predictions.errors import SampleNotFound
from predictions.models import Sample
from predictions.selectors.reports.beside import MOST_CELLS, beside_page
from predictions.services.reports.amending import retract
from tests.factories.cases import cells_of, make_case, make_ready, sign_case
from tests.factories.people import PASSWORD

pytestmark = pytest.mark.django_db

BEGIN = datetime(2026, 3, 1, 8, tzinfo=UTC)
MORE_NEUTROPHILS = {"neutrophil": 96, "lymphocyte": 24}


def of_patient(day: int, reference: str = "P-1") -> dict[str, Any]:
    return {
        "patient_reference": reference,
        "patient_key": reference,
        "collected_at": BEGIN + timedelta(days=day),
    }


def signed(technician, doctor, day, reference="P-1", **case) -> Sample:
    return sign_case(doctor, make_ready(technician, **of_patient(day, reference), **case)).sample


def row_of(page, label):
    return next(row for row in page.rows if row.label == label)


def shown(client, sample, other, query="") -> str:
    answer = client.get(reverse("predictions:beside", args=[sample.pk, other.pk]) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_one_that_was_taken_first_stands_first_from_either_side(technician, doctor):
    first, second = signed(technician, doctor, 1), signed(technician, doctor, 8)
    for sample, other in ((first, second), (second, first)):
        page = beside_page(doctor, sample.pk, other.pk)
        assert (page.earlier.sample, page.later.sample) == (first, second)


def test_each_class_has_its_change_and_whether_counting_alone_makes_it(technician, doctor):
    then = signed(technician, doctor, 1)
    now = signed(technician, doctor, 8, cells=MORE_NEUTROPHILS)
    page = beside_page(doctor, now.pk, then.pk)
    neutrophils = row_of(page, "neutrophil")
    assert (neutrophils.earlier.percent, neutrophils.later.percent) == (60.0, 80.0)
    assert (neutrophils.change, neutrophils.is_clear) == (20.0, True)
    # 30 and 20 of 100: z is 1.79.
    assert not row_of(page, "lymphocyte").is_clear


def test_at_first_the_class_that_changed_most_is_shown(technician, doctor):
    then = signed(technician, doctor, 1)
    now = signed(technician, doctor, 8, cells=MORE_NEUTROPHILS)
    assert beside_page(doctor, now.pk, then.pk).label == "neutrophil"
    assert beside_page(doctor, now.pk, then.pk, "no such class").label == "neutrophil"


def test_cells_of_the_chosen_class_stand_on_both_sides(technician, doctor, page_as):
    then = signed(technician, doctor, 1)
    now = signed(technician, doctor, 8, cells=MORE_NEUTROPHILS)
    page = beside_page(doctor, now.pk, then.pk, "lymphocyte")
    assert [side.cells_count for side in page.sides] == [36, 24]
    assert [len(side.cells) for side in page.sides] == [MOST_CELLS, 24]
    html = shown(page_as(doctor), now, then, "?class=lymphocyte")
    image = cells_of(now).first().image
    address = reverse("predictions:image_sheet", args=[image.pk, image.newest_result_id, 120])
    assert address in html
    assert "24 of 36 shown" in html


def test_what_asks_for_a_person_is_not_among_the_cells(technician, doctor):
    then = signed(technician, doctor, 1)
    now = make_case(technician, {"monocyte": 3}, to_review={"monocyte": 5}, **of_patient(8))
    page = beside_page(doctor, now.pk, then.pk, "monocyte")
    assert page.later.cells_count == 3


def test_a_sample_that_is_not_signed_shows_how_it_stands(technician, doctor, page_as):
    then = signed(technician, doctor, 1, wbc=Decimal("8.0"))
    now = make_case(technician, MORE_NEUTROPHILS, **of_patient(8))
    page = beside_page(doctor, now.pk, then.pk)
    assert page.later.report is None
    assert row_of(page, "neutrophil").later.percent == 80.0
    html = shown(page_as(doctor), now, then)
    assert "not signed yet (in review)" in html
    assert "Earlier, 10⁹/L" in html


@pytest.mark.parametrize("reference", ["P-2", ""])
def test_a_sample_of_another_patient_is_not_found(technician, doctor, reference):
    ours = signed(technician, doctor, 1)
    other = signed(technician, doctor, 2, reference)
    with pytest.raises(SampleNotFound):
        beside_page(doctor, ours.pk, other.pk)
    with pytest.raises(SampleNotFound):
        beside_page(doctor, other.pk, ours.pk)


def test_two_samples_without_a_reference_are_not_one_patients(technician, doctor):
    first, second = (signed(technician, doctor, day, "") for day in (1, 2))
    with pytest.raises(SampleNotFound):
        beside_page(doctor, first.pk, second.pk)


def test_neither_itself_nor_what_was_taken_back_stands_beside_a_sample(technician, doctor):
    ours, gone = signed(technician, doctor, 1), signed(technician, doctor, 2)
    retract(actor=doctor, sample_id=gone.pk, reason="Wrong tube", password=PASSWORD)
    for other in (ours, gone):
        with pytest.raises(SampleNotFound):
            beside_page(doctor, ours.pk, other.pk)


def test_of_another_laboratory_nothing_is_found(
    technician, doctor, other_technician, other_laboratory
):
    theirs = make_case(other_technician, **of_patient(2))
    ours = signed(technician, doctor, 1)
    with pytest.raises(SampleNotFound):
        beside_page(doctor, ours.pk, theirs.pk)


def test_a_technician_may_not(technician, doctor):
    first, second = signed(technician, doctor, 1), signed(technician, doctor, 2)
    with pytest.raises(AccessDenied):
        beside_page(technician, first.pk, second.pk)


def test_the_patients_page_leads_there(technician, doctor, page_as):
    first, second = signed(technician, doctor, 1), signed(technician, doctor, 2)
    page = page_as(doctor).get(reverse("predictions:patient", args=[first.pk])).content.decode()
    assert reverse("predictions:beside", args=[first.pk, second.pk]) in page
    assert reverse("predictions:beside", args=[first.pk, first.pk]) not in page


def test_that_somebody_looked_stands_in_the_trail(technician, doctor, page_as):
    first, second = signed(technician, doctor, 1), signed(technician, doctor, 2)
    shown(page_as(doctor), first, second)
    seen = AuditEvent.objects.filter(action=AuditAction.RESULT_VIEWED, actor=doctor)
    assert set(seen.values_list("object_id", flat=True)) == {str(first.pk), str(second.pk)}


def test_many_cells_take_as_many_queries_as_few(technician, doctor, page_as):
    few = [signed(technician, doctor, day) for day in (1, 2)]
    many = [
        signed(technician, doctor, day, "P-2", cells={"neutrophil": 300, "blast": 0})
        for day in (1, 2)
    ]
    client = page_as(doctor)
    asked = []
    for first, second in (few, many):
        with CaptureQueriesContext(connection) as captured:
            shown(client, first, second)
        asked.append(len(captured))
    assert asked[0] == asked[1]
    assert asked[0] < 20
