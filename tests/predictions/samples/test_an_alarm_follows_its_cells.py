"""A sample's alarm is stored with it and renewed with everything that its cells come from."""

import pytest

from predictions.models import Sample
from predictions.selectors.samples.alarm import alarm_of, alarming_cells
from predictions.services.imaging.jobs import request_rerun
from predictions.services.imaging.moving import move_image
from predictions.services.review.reviews import WantedReview, review_cells
from predictions.services.summary_check import verify_summaries
from tests.factories.alarms import film, let_versions_alarm, make_alarmed, suspicious_cells
from tests.factories.images import make_image, make_sample
from tests.factories.profiles import say
from tests.factories.results import record_result

pytestmark = pytest.mark.usefixtures("model")


def now(sample):
    return Sample.objects.get(pk=sample.pk)


def columns(sample):
    return now(sample).alarm_cells, now(sample).alarm_unseen


def test_a_film_with_enough_suspicious_cells_raises_an_alarm(technician):
    sample = make_alarmed(technician, suspicious=8)
    assert columns(sample) == (8, 8)
    found = alarm_of(sample)
    assert found is not None
    assert list(found.cells) == [cell.pk for cell in suspicious_cells(sample)]


def test_a_film_with_fewer_raises_none(technician):
    sample = make_alarmed(technician, suspicious=2)
    assert columns(sample) == (None, None)
    assert alarm_of(sample) is None


def test_a_version_without_a_rule_raises_none(technician):
    sample = make_sample(technician)
    cells: list[dict[str, object]] = [{"label": "neutrophil"}] * 5
    record_result(make_image(technician, sample), *cells)
    assert columns(sample) == (None, None)


def test_a_second_image_raises_what_one_alone_did_not(technician):
    let_versions_alarm()
    sample = make_sample(technician)
    record_result(make_image(technician, sample), *film(2))
    assert columns(sample) == (None, None)
    record_result(make_image(technician, sample), *film(2))
    assert columns(sample) == (4, 4)


def test_a_new_reading_takes_the_place_of_the_old_one(technician):
    let_versions_alarm()
    sample = make_sample(technician)
    image = record_result(make_image(technician, sample), *film(4))
    request_rerun(actor=technician, image_id=image.pk)
    image.refresh_from_db()
    record_result(image, *film(0))
    assert columns(sample) == (None, None)


def test_an_image_takes_its_alarm_along(technician):
    let_versions_alarm()
    sample, other = make_sample(technician), make_sample(technician)
    image = record_result(make_image(technician, sample), *film(4))
    move_image(actor=technician, image_id=image.pk, to_sample_id=other.pk, reason="Wrong sample")
    assert (columns(sample), columns(other)) == ((None, None), (4, 4))


def test_a_cell_that_a_doctor_calls_harmless_makes_no_alarm(technician, doctor):
    sample = make_alarmed(technician, suspicious=8)
    first = suspicious_cells(sample)[0]
    say(doctor, first, "lymphocyte")
    assert first.pk not in alarming_cells(now(sample))
    assert columns(sample) == (7, 7)


def test_an_alarm_ends_when_a_doctor_has_named_enough_of_its_cells(technician, doctor):
    sample = make_alarmed(technician, suspicious=8)
    reviews = [WantedReview(cell.pk, "lymphocyte", 0) for cell in suspicious_cells(sample)]
    review_cells(actor=doctor, sample_id=sample.pk, reviews=reviews)
    assert columns(sample) == (None, None)


def test_a_technician_takes_no_cell_out_of_an_alarm(technician):
    sample = make_alarmed(technician, suspicious=8)
    say(technician, suspicious_cells(sample)[0], "lymphocyte")
    assert columns(sample) == (8, 8)


def test_a_cell_that_a_person_calls_a_blast_makes_an_alarm_whatever_the_model_said(technician):
    sample = make_alarmed(technician, suspicious=0)
    cell = sample.images.get().cells.all()[0]
    say(technician, cell, "blast")
    assert alarming_cells(now(sample)) == (cell.pk,)
    say(technician, cell, "neutrophil")
    assert columns(sample) == (None, None)


def test_the_check_of_summaries_finds_an_alarm_that_is_wrong(technician):
    sample = make_alarmed(technician, suspicious=8)
    assert list(verify_summaries()) == []
    Sample.objects.filter(pk=sample.pk).update(alarm_cells=None)
    assert len(list(verify_summaries(repair=True))) == 1
    assert columns(sample) == (8, 8)
