"""What a reader sees of the own work, and that nobody else's stands there."""

from __future__ import annotations

import re

import pytest

from accounts.models import Role
from predictions.quality.agreement import Share
from predictions.selectors.quality.own import OwnFigures, own_figures
from predictions.selectors.quality.spans import span_of
from predictions.services.imaging.jobs import request_rerun
from predictions.services.review.reviews import review_cell
from tests.factories.images import make_image
from tests.factories.people import make_user
from tests.factories.profiles import say
from tests.factories.results import record_result

pytestmark = pytest.mark.django_db


def own(viewer) -> OwnFigures:
    return own_figures(viewer, span_of(viewer))


def newest(image, position: int = 1):
    return image.cells.get(job=image.jobs.first(), position=position)


def test_a_technician_sees_the_own_agreement_with_the_doctor(technician, doctor, page_as, model):
    image = record_result(make_image(technician), {}, {}, {}, {"disposition": "unidentified"})
    for position, label in enumerate(("neutrophil", "monocyte", "blast", "blast"), start=1):
        say(technician, newest(image, position), label)
    say(doctor, newest(image, 1), "neutrophil")
    say(doctor, newest(image, 2), "blast")
    figures = own(technician)
    assert figures.cells == 4
    assert figures.doctor == Share(1, 2)
    # What the model gave no name cannot be overruled.
    assert figures.overruled == Share(2, 3)
    page = re.sub(r"<[^>]+>|\s+", " ", page_as(technician).get("/quality/mine/").content.decode())
    page = re.sub(r" +", " ", page)
    assert "As the doctor after you 50.0 % 1 of 2" in page
    assert "You overruled the model 66.7 % 2 of 3 cells that it had named" in page


def test_nobody_elses_words_are_in_it(technician, doctor, page_as, model):
    colleague = make_user(technician.laboratory, Role.TECHNICIAN, "cora")
    image = record_result(make_image(technician), {}, {})
    say(colleague, newest(image, 1), "monocyte")
    say(doctor, newest(image, 1), "blast")
    assert own(technician).cells == 0
    page = page_as(technician).get("/quality/mine/").content.decode()
    assert "You said of no cell in these days what it is." in page
    assert colleague.display_name not in page


def test_of_one_cell_the_last_word_counts(technician, doctor, model):
    image = record_result(make_image(technician), {})
    for label in ("monocyte", "blast"):
        say(technician, newest(image), label)
    say(doctor, newest(image), "blast")
    figures = own(technician)
    assert (figures.cells, figures.doctor) == (1, Share(1, 1))


def test_what_is_said_after_the_doctor_is_not_compared_with_the_doctor(technician, doctor, model):
    image = record_result(make_image(technician), {})
    say(doctor, newest(image), "blast")
    say(technician, newest(image), "monocyte")
    assert own(technician).doctor.whole == 0


def test_another_technician_is_no_doctor(technician, model):
    colleague = make_user(technician.laboratory, Role.TECHNICIAN, "cora")
    image = record_result(make_image(technician), {})
    say(technician, newest(image), "monocyte")
    say(colleague, newest(image), "blast")
    assert own(technician).doctor.whole == 0


def test_a_word_is_followed_to_a_newer_result_of_its_image(technician, doctor, model):
    image = record_result(make_image(technician), {})
    say(technician, newest(image), "monocyte")
    request_rerun(actor=technician, image_id=image.pk, confirmed=True)
    record_result(image, {})
    say(doctor, newest(image), "monocyte")
    figures = own(technician)
    assert (figures.cells, figures.doctor) == (1, Share(1, 1))


def test_a_doctor_is_compared_with_the_next_doctor(technician, doctor, second_doctor, model):
    image = record_result(make_image(technician), {})
    say(doctor, newest(image), "monocyte")
    say(second_doctor, newest(image), "blast")
    assert own(doctor).doctor == Share(0, 1)
    assert own(second_doctor).doctor.whole == 0


def test_own_seconds_are_told(technician, model):
    image = record_result(make_image(technician), {}, {})
    for position, seconds in ((1, 2.0), (2, 6.0)):
        cell = newest(image, position)
        review_cell(
            actor=technician, cell_id=cell.pk, label="neutrophil", seen_number=0, seconds=seconds
        )
    looks = own(technician).looks.whole
    assert looks is not None
    assert (looks.median, looks.n) == (4.0, 2)


def test_a_wider_name_does_not_overrule_the_model(technician, model):
    image = record_result(make_image(technician), {})
    say(technician, newest(image), "band")
    assert own(technician).overruled == Share(0, 1)
