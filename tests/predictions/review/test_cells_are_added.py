"""A person draws a box around a cell that was missed; the engine names it as it names others."""

from typing import Any

import pytest

from accounts.errors import AccessDenied
from accounts.models import AuditAction, AuditEvent
from predictions.errors import CellRefused, ImageNotFound, ReviewRefused
from predictions.models import Cell, CellFeatures, ImageLabel, Sample
from predictions.services.imaging.jobs import request_rerun
from predictions.services.imaging.run_classification import classify_image
from predictions.services.imaging.sweep import sweep
from predictions.services.review.added_cells import add_cell
from predictions.services.review.run_added_cells import name_added_cell
from tests.at_once import at_once
from tests.factories.images import make_image
from tests.factories.results import record_result

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("summaries_hold")]
HERE: dict[str, object] = {"x_px": 10, "y_px": 20}
BOX: dict[str, Any] = {"x_px": 100, "y_px": 60, "width_px": 60, "height_px": 50}


@pytest.fixture
def image(technician):
    return record_result(make_image(technician), HERE)


def counts(image) -> dict[str, int]:
    return dict(ImageLabel.objects.filter(image=image).values_list("code", "cells"))


def test_a_cell_stands_at_once_and_waits_for_the_engine(technician, image):
    cell = add_cell(actor=technician, image_id=image.pk, **BOX)
    cell.refresh_from_db()
    assert (cell.position, cell.origin, cell.added_by) == (2, "person", technician)
    assert cell.awaits_engine
    assert not cell.is_named
    assert counts(image) == {"neutrophil": 1, "unidentified": 1}
    image.refresh_from_db()
    assert image.cells_found == 2
    event = AuditEvent.objects.get(action=AuditAction.CELL_ADDED)
    assert (event.actor, event.object_id) == (technician, str(cell.pk))


def test_with_a_label_it_is_reviewed_in_the_same_breath(doctor, image):
    cell = add_cell(actor=doctor, image_id=image.pk, label="blast", **BOX)
    assert (cell.present_label, cell.last_review_number) == ("blast", 1)
    cell.refresh_from_db()
    assert (cell.present_label, cell.named_by_role) == ("blast", "doctor")
    assert cell.reviews.get().model_label == "unidentified"
    assert counts(image) == {"neutrophil": 1, "blast": 1}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"x_px": -1}, "beyond the picture"),
        ({"x_px": 100_000}, "beyond the picture"),
        ({"height_px": 100_000}, "beyond the picture"),
        ({"width_px": 7}, "at least 8 px"),
        ({"height_px": -50}, "at least 8 px"),
    ],
)
def test_a_box_that_holds_no_cell_is_refused(technician, image, change, sentence):
    with pytest.raises(CellRefused, match=sentence) as refused:
        add_cell(actor=technician, image_id=image.pk, **{**BOX, **change})
    assert "box" in refused.value.fields
    assert image.cells.count() == 1


def test_a_cell_that_is_there_already_is_named(technician, image):
    with pytest.raises(CellRefused, match="Cell 1 is there already"):
        add_cell(actor=technician, image_id=image.pk, **{**BOX, "x_px": 12, "y_px": 20})


def test_an_image_without_a_result_takes_none(technician):
    with pytest.raises(CellRefused, match="no result yet"):
        add_cell(actor=technician, image_id=make_image(technician).pk, **BOX)


def test_who_may_not_review_adds_nothing(technician, admin, other_technician, image):
    with pytest.raises(AccessDenied):
        add_cell(actor=admin, image_id=image.pk, **BOX)
    with pytest.raises(ImageNotFound):
        add_cell(actor=other_technician, image_id=image.pk, **BOX)
    with pytest.raises(ReviewRefused, match="from the list"):
        add_cell(actor=technician, image_id=image.pk, label="dragon", **BOX)
    Sample.objects.update(state="ready")
    with pytest.raises(ReviewRefused, match="waits for the doctor"):
        add_cell(actor=technician, image_id=image.pk, **BOX)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_draw_the_same_cell_one_is_told(technician, doctor, image):
    people = (technician, doctor)
    answers = at_once(2, lambda n: add_cell(actor=people[n], image_id=image.pk, **BOX))
    assert sorted(type(answer).__name__ for answer in answers) == ["Cell", "CellRefused"]
    assert image.cells.count() == 2


# --- The engine's word -------------------------------------------------------------------------


@pytest.fixture
def missed(technician, model):
    """A real result without its first cell, and the box of that."""
    image = make_image(technician)
    classify_image(job_id=image.jobs.get().pk)
    found = image.cells.get(position=1)
    box = {name: getattr(found, name) for name in BOX}
    Cell.objects.filter(pk=found.pk).update(x_px=0, y_px=0, width_px=1, height_px=1)
    return image, found, box


def test_the_engine_names_it_as_it_named_the_same_cell(technician, missed, model):
    image, found, box = missed
    cell = add_cell(actor=technician, image_id=image.pk, **box)
    name_added_cell(cell_id=cell.pk)
    cell.refresh_from_db()
    assert (cell.label, cell.awaits_engine, cell.origin) == (found.label, False, "person")
    assert cell.present_label == cell.label
    assert cell.confidence == pytest.approx(found.confidence, abs=0.2)
    assert set(cell.probabilities) == set(found.probabilities)
    assert CellFeatures.objects.get(pk=cell.pk).model_version == model
    assert {name: getattr(cell, name) for name in BOX} == box


def test_run_twice_it_counts_once(technician, missed):
    image, _, box = missed
    cell = add_cell(actor=technician, image_id=image.pk, **box)
    name_added_cell(cell_id=cell.pk)
    name_added_cell(cell_id=cell.pk)
    assert CellFeatures.objects.filter(pk=cell.pk).count() == 1


def test_a_persons_word_stays_while_the_engines_comes_in(doctor, missed):
    image, found, box = missed
    cell = add_cell(actor=doctor, image_id=image.pk, label="blast", **box)
    name_added_cell(cell_id=cell.pk)
    cell.refresh_from_db()
    assert (cell.label, cell.present_label) == (found.label, "blast")


def test_what_cannot_be_read_stays_unidentified(technician, image):
    """Its result was made by no version that is known."""
    cell = add_cell(actor=technician, image_id=image.pk, **BOX)
    name_added_cell(cell_id=cell.pk)
    cell.refresh_from_db()
    assert not cell.awaits_engine
    assert not cell.is_named


def test_a_cell_of_an_older_result_is_read_in_the_newer_one(technician, missed):
    image, _, box = missed
    old = add_cell(actor=technician, image_id=image.pk, **box)
    Cell.objects.filter(pk=old.pk).update(x_px=0, y_px=0, width_px=20, height_px=20)
    request_rerun(actor=technician, image_id=image.pk, confirmed=True)
    classify_image(job_id=image.jobs.first().pk)
    name_added_cell(cell_id=old.pk)
    old.refresh_from_db()
    assert (old.awaits_engine, old.is_named) == (False, False)
    image.refresh_from_db()
    new = image.newest_result.cells.get(origin="person")
    assert new.awaits_engine
    name_added_cell(cell_id=new.pk)
    new.refresh_from_db()
    assert not new.awaits_engine
    assert new.label != "unidentified"


# --- Messages that were lost -------------------------------------------------------------------


def test_the_sweep_sends_again_what_nobody_read_in_time(technician, image, settings):
    cell = add_cell(actor=technician, image_id=image.pk, **BOX)
    assert sweep().sent == 0
    settings.JOB_RESEND_AFTER_S = 0
    assert sweep().sent == 1
    name_added_cell(cell_id=cell.pk)
    assert sweep().sent == 0


def test_nothing_of_a_closed_sample_is_sent_again(technician, image, settings):
    add_cell(actor=technician, image_id=image.pk, **BOX)
    settings.JOB_RESEND_AFTER_S = 0
    Sample.objects.update(state="cancelled")
    assert sweep().sent == 0
