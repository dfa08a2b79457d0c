"""The worklist and the cells of a sample as CSV."""

from __future__ import annotations

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditAction, AuditEvent
from predictions.models import Cell, Sample
from predictions.selectors.samples import tables
from predictions.services.imaging.dismissing import dismiss_image
from predictions.services.review.reviews import review_cell
from tests.factories.cases import confirm
from tests.factories.images import make_image, make_sample
from tests.factories.results import record_result

pytestmark = pytest.mark.django_db


def rows_of(answer) -> list[dict[str, str]]:
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))


def cells_csv(client, sample) -> list[dict[str, str]]:
    return rows_of(client.get(reverse("predictions:cells_table", args=[sample.pk])))


def worklist_csv(client, **query) -> list[dict[str, str]]:
    return rows_of(client.get(reverse("predictions:worklist_table"), query))


def test_each_cell_has_its_place_its_label_and_who_named_it(page_as, technician):
    sample = make_sample(technician)
    first = record_result(
        make_image(technician, sample),
        {"label": "neutrophil", "disposition": "accepted"},
        {"label": "basophil", "disposition": "unidentified"},
    )
    record_result(make_image(technician, sample), {"label": "monocyte", "disposition": "review"})
    named = first.cells.get(position=1)
    review_cell(actor=technician, cell_id=named.pk, label="eosinophil", seen_number=0)
    rows = cells_csv(page_as(technician), sample)
    assert [(row["image"], row["cell"], row["label"]) for row in rows] == [
        ("1", "1", "eosinophil"),
        ("1", "2", "unidentified"),
        ("2", "1", "monocyte"),
    ]
    assert [row["named by"] for row in rows] == [technician.display_name, "", ""]
    assert [row["model label"] for row in rows] == ["neutrophil", "basophil", "monocyte"]
    assert (int(rows[0]["x"]), int(rows[0]["width"])) == (named.x_px, named.width_px)
    assert float(rows[0]["confidence"]) == pytest.approx(named.confidence, abs=1e-4)


def test_cells_of_a_dismissed_image_are_left_out(page_as, technician):
    sample = make_sample(technician)
    kept, gone = make_image(technician, sample), make_image(technician, sample)
    record_result(kept, {"label": "neutrophil"})
    record_result(gone, {"label": "basophil"})
    dismiss_image(actor=technician, image_id=gone.pk, reason="twice")
    assert [row["label"] for row in cells_csv(page_as(technician), sample)] == ["neutrophil"]


def test_a_table_of_many_pages_holds_every_sample_once_in_the_order_chosen(
    page_as, technician, monkeypatch
):
    monkeypatch.setattr(tables, "_AT_ONCE", 3)
    for number in range(8):
        make_sample(technician, accession_number=f"S-{number}")
    rows = worklist_csv(page_as(technician), state="all", order="oldest")
    assert [row["sample"] for row in rows] == [f"S-{number}" for number in range(8)]


def test_the_table_is_narrowed_as_the_list_is(page_as, technician):
    make_sample(technician, accession_number="routine")
    make_sample(technician, accession_number="urgent", priority="urgent")
    rows = worklist_csv(page_as(technician), state="all", priority="urgent")
    assert [row["sample"] for row in rows] == ["urgent"]


def test_the_list_offers_what_it_shows(page_as, technician):
    make_sample(technician, accession_number="urgent", priority="urgent")
    client = page_as(technician)
    shown = client.get(reverse("predictions:worklist"), {"state": "all", "priority": "urgent"})
    assert "/samples/table.csv?state=all&amp;priority=urgent" in shown.content.decode()


def test_samples_of_another_laboratory_are_not_in_it(page_as, technician, other_technician):
    make_sample(other_technician, accession_number="theirs")
    make_sample(technician, accession_number="ours")
    rows = worklist_csv(page_as(technician), state="all")
    assert [row["sample"] for row in rows] == ["ours"]


def test_what_a_spreadsheet_would_take_for_a_formula_stays_text(page_as, technician):
    sample = make_sample(technician)
    Sample.objects.filter(pk=sample.pk).update(patient_reference="=1+1")
    assert worklist_csv(page_as(technician), state="all")[0]["patient"] == "'=1+1"


def test_each_table_that_is_taken_stands_in_the_trail(page_as, technician):
    sample = make_sample(technician)
    client = page_as(technician)
    cells_csv(client, sample)
    worklist_csv(client, state="all")
    events = AuditEvent.objects.filter(action=AuditAction.TABLE_EXPORTED).order_by("position")
    assert [event.object_id for event in events] == [str(sample.pk), ""]
    assert events[1].changes == {"order": [None, "urgent"]}


def test_it_takes_as_many_queries_for_few_cells_as_for_many(page_as, technician):
    client = page_as(technician)
    asked = []
    for images in (2, 9):
        sample = make_sample(technician)
        for _ in range(images):
            record_result(make_image(technician, sample), {"label": "neutrophil"})
        for cell in Cell.objects.filter(image__sample=sample):
            confirm(technician, cell)
        with CaptureQueriesContext(connection) as captured:
            assert len(cells_csv(client, sample)) == images
        asked.append(len(captured))
    assert asked[0] == asked[1]


def test_what_is_asked_for_in_vain_is_not_said_to_have_narrowed_a_table(page_as, technician):
    make_sample(technician)
    address = reverse("predictions:worklist_table")
    page_as(technician).get(address, {"state": "all", "priority": "nonsense", "label": ""})
    event = AuditEvent.objects.get(action=AuditAction.TABLE_EXPORTED)
    assert "priority" not in event.changes
