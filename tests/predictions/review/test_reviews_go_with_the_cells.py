"""An image that is classified again keeps what people said of its cells."""

from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditAction, AuditEvent
from predictions.errors import RerunAsksFirst, ReviewRefused, SampleClosed
from predictions.models import Cell, CellFeatures, CellReview, ImageLabel, Sample
from predictions.services.imaging import jobs
from predictions.services.imaging.jobs import request_rerun
from tests.at_once import at_once
from tests.factories.images import make_image
from tests.factories.profiles import say
from tests.factories.results import make_cell, record_result

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("summaries_hold")]
HERE: dict[str, object] = {"x_px": 10, "y_px": 20}
# Its box overlaps that of HERE by 0.82, of THERE by nothing.
NEARLY_HERE: dict[str, object] = {"x_px": 16, "y_px": 20}
THERE: dict[str, object] = {"x_px": 200, "y_px": 100}


@pytest.fixture
def image(technician):
    return make_image(technician)


def run_again(person, image, *cells):
    request_rerun(actor=person, image_id=image.pk, confirmed=True)
    record_result(image, *cells)
    image.refresh_from_db()
    return list(image.newest_result.cells.order_by("position"))


def result_here(image) -> jobs.Result:
    """What the image's newest job found, not recorded yet: one cell, HERE."""
    held = jobs.claim(image.jobs.first().pk)
    assert held is not None
    return jobs.Result(held, cells=[make_cell(image, 1, job_id=held.job_id, **HERE)])


def test_a_blast_that_a_doctor_named_stays_a_blast(technician, doctor, image):
    record_result(image, HERE, THERE)
    old = image.cells.get(position=1)
    say(technician, old, "monocyte")
    said = say(doctor, old, "blast").reviews.last()
    # The model is sure of a neutrophil, and lists the other cell first this time.
    other, cell = run_again(technician, image, THERE, NEARLY_HERE)
    assert (cell.present_label, cell.named_by_role, cell.last_review_number) == (
        "blast",
        "doctor",
        2,
    )
    assert (cell.label, cell.disposition, cell.origin) == ("neutrophil", "accepted", "model")
    assert not other.is_reviewed
    carried = cell.deciding_review
    assert carried.carried_from == said
    for name in ("by", "by_role", "at", "seconds", "remark", "from_label", "number"):
        assert getattr(carried, name) == getattr(said, name)
    labels = ImageLabel.objects.filter(image=image).values_list("code", "cells")
    assert sorted(labels) == [("blast", 1), ("neutrophil", 1)]


def test_what_is_not_found_again_stays_as_added_by_hand(doctor, image, model):
    jobs.record([replace(result_here(image), features=[b"ab"])])
    old = image.cells.get()
    say(doctor, old, "blast")
    new, kept = run_again(doctor, image, THERE)
    assert not new.is_reviewed
    assert (kept.origin, kept.added_by, kept.awaits_engine) == ("person", doctor, False)
    assert (kept.present_label, kept.label, kept.confidence) == (
        "blast",
        old.label,
        old.confidence,
    )
    assert (kept.x_px, kept.probabilities) == (old.x_px, old.probabilities)
    assert kept.reviews.get().carried_from == old.reviews.get()
    features = CellFeatures.objects.get(pk=kept.pk)
    assert (bytes(features.values), features.model_version) == (b"ab", model)
    assert image.cells_found == 2


def test_each_new_cell_takes_the_reviews_of_one_old_cell(doctor, image):
    record_result(image, HERE, NEARLY_HERE)
    first, second = image.cells.order_by("position")
    say(doctor, first, "blast")
    say(doctor, second, "monocyte")
    [new, kept] = run_again(doctor, image, NEARLY_HERE)
    assert (new.present_label, new.reviews.count()) == ("monocyte", 1)
    assert (kept.present_label, kept.reviews.count()) == ("blast", 1)


def test_an_old_cell_without_a_word_still_takes_its_place(doctor, image):
    record_result(image, HERE, NEARLY_HERE)
    say(doctor, image.cells.get(position=1), "blast")
    new, kept = run_again(doctor, image, NEARLY_HERE)
    assert not new.is_reviewed
    assert kept.present_label == "blast"


def test_reviews_are_carried_from_result_to_result(doctor, image):
    record_result(image, HERE)
    say(doctor, image.cells.get(), "blast")
    [second] = run_again(doctor, image, HERE)
    say(doctor, second, "lymphocyte")
    [third] = run_again(doctor, image, HERE)
    said = third.reviews.order_by("number")
    assert [review.to_label for review in said] == ["blast", "lymphocyte"]
    assert [review.carried_from.cell for review in said] == [second, second]
    assert third.present_label == "lymphocyte"


def test_the_trail_says_what_was_carried(doctor, image):
    record_result(image, HERE, THERE)
    for cell in image.cells.all():
        say(doctor, cell, "blast")
    run_again(doctor, image, HERE)
    event = AuditEvent.objects.get(action=AuditAction.REVIEWS_CARRIED)
    assert event.object_id == str(image.pk)
    assert event.changes == {"reviews": [None, 2], "cells": [None, 2], "kept_as_added": [None, 1]}


def test_a_first_result_looks_for_no_reviews_and_another_only_for_cells(technician):
    image = make_image(technician)

    def record() -> list[str]:
        result = result_here(image)
        with CaptureQueriesContext(connection) as queries:
            jobs.record([result])
        return [q["sql"] for q in queries if q["sql"].startswith("SELECT")]

    assert not any('"predictions_cell"' in sql for sql in record())
    request_rerun(actor=technician, image_id=image.pk)
    asked = record()
    assert any('"predictions_cell"' in sql for sql in asked)
    assert not any('"predictions_cellreview"' in sql for sql in asked)


def test_two_results_at_once_carry_each_to_its_own(technician, doctor, sample):
    images = [record_result(make_image(technician, sample), HERE) for _ in range(2)]
    for image, label in zip(images, ("blast", "monocyte"), strict=True):
        say(doctor, image.cells.get(), label)
        request_rerun(actor=doctor, image_id=image.pk, confirmed=True)
    jobs.record([result_here(image) for image in images])
    for image, label in zip(images, ("blast", "monocyte"), strict=True):
        image.refresh_from_db()
        assert image.cells.get(job=image.newest_result).present_label == label


# --- Asking first ------------------------------------------------------------------------------


def test_who_runs_a_reviewed_image_again_is_asked_first(technician, doctor, image):
    record_result(image, HERE)
    say(technician, image.cells.get(), "monocyte")
    say(doctor, image.cells.get(), "blast")
    with pytest.raises(RerunAsksFirst, match="has 2 reviews") as asked:
        request_rerun(actor=technician, image_id=image.pk)
    assert asked.value.details == {"reviews": 2, "added": 0}
    assert image.jobs.count() == 1
    assert request_rerun(actor=technician, image_id=image.pk, confirmed=True)


def test_the_page_asks_and_takes_the_answer(page_as, doctor, image):
    record_result(image, HERE)
    say(doctor, image.cells.get(), "blast")
    browser = page_as(doctor)
    address = f"/images/{image.pk}/rerun/"
    asked = browser.post(address)
    page = asked.content.decode()
    assert asked.status_code == 409
    assert "This image has 1 review." in page
    assert 'name="confirmed"' in page
    assert image.jobs.count() == 1
    assert browser.post(address, {"confirmed": "yes"}).status_code == 302
    assert image.jobs.count() == 2


@pytest.mark.parametrize("state", ["signed", "retracted", "cancelled"])
def test_nothing_of_a_frozen_sample_is_run_again(doctor, image, state):
    record_result(image, HERE)
    Sample.objects.update(state=state)
    with pytest.raises(SampleClosed, match="cannot be run again"):
        request_rerun(actor=doctor, image_id=image.pk)
    assert image.jobs.count() == 1


def test_once_it_is_sent_only_a_doctor_runs_it_again(page_as, technician, doctor, image):
    record_result(image, HERE)
    Sample.objects.update(state="ready")
    with pytest.raises(SampleClosed, match="waits for the doctor"):
        request_rerun(actor=technician, image_id=image.pk)
    assert "Run again" not in page_as(technician).get(f"/images/{image.pk}/").content.decode()
    assert "Run again" in page_as(doctor).get(f"/images/{image.pk}/").content.decode()
    assert request_rerun(actor=doctor, image_id=image.pk)
    assert CellReview.objects.count() == 0
    assert Cell.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_review_at_the_moment_of_a_new_result_is_carried_or_refused(technician, doctor, image):
    record_result(image, HERE)
    old = image.cells.get()
    request_rerun(actor=technician, image_id=image.pk)
    result = result_here(image)
    acts = (
        lambda: jobs.record([result]),
        lambda: say(doctor, old, "blast"),
    )
    recorded, said = at_once(2, lambda n: acts[n]())
    assert recorded == [result.held]
    image.refresh_from_db()
    new = image.cells.get(job=image.newest_result)
    if isinstance(said, ReviewRefused):
        assert new.present_label == "neutrophil"
    else:
        assert new.present_label == "blast"
