"""How well second reads agree with first labels, by whose these were and by reader."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string

from accounts.models import Role
from predictions.models import SecondRead
from predictions.selectors.quality.second_reads import BY_MODEL, BY_PERSON, again_figures
from predictions.services.quality.second_reads import answer_second_read, next_second_read
from predictions.services.samples.states import send_to_doctor
from tests.factories.cases import cells_of, confirm, make_case, sign_case
from tests.factories.people import make_user
from tests.factories.quality.second_reads import handed_to, read_rates

pytestmark = pytest.mark.django_db


@pytest.fixture
def second_technician(laboratory):
    return make_user(laboratory, Role.TECHNICIAN, "tom")


@pytest.fixture
def _waiting(technician, doctor, admin):
    """20 cells that the model accepted and 4 erythroblasts that a technician named."""
    read_rates(admin, 0, 100)
    sample = make_case(technician, to_review={"erythroblast": 4})
    for cell in cells_of(sample).filter(disposition="review"):
        confirm(technician, cell)
    send_to_doctor(actor=technician, sample_id=sample.pk)
    sign_case(doctor, sample)
    read_rates(admin, 100, 0)
    sample = make_case(technician, {"neutrophil": 60, "lymphocyte": 41})
    confirm(technician, cells_of(sample).filter(label="lymphocyte")[0])
    send_to_doctor(actor=technician, sample_id=sample.pk)
    sign_case(doctor, sample)


def read_all(reader, wrong: dict[str, tuple[str, int]]) -> None:
    """Read everything that waits, rightly but for so many of a class."""
    left = {first: [other] * cells for first, (other, cells) in wrong.items()}
    while read := next_second_read(actor=reader):
        other = left.get(read.first_label)
        label = other.pop() if other else read.first_label
        answer_second_read(actor=reader, read_id=read.pk, label=label)


@pytest.mark.usefixtures("_waiting")
def test_figures_tell_apart_whose_the_first_label_was(second_technician):
    read_all(second_technician, {"neutrophil": ("lymphocyte", 10), "erythroblast": ("", 1)})
    by_model, by_person = again_figures(second_technician).rows
    assert (by_model.reader, by_model.first_by, by_model.cannot_tell) == ("tom", BY_MODEL, 0)
    assert (by_model.same.part, by_model.same.whole) == (90, 100)
    # 50, 10, 0 and 40: observed 0.9; by chance 0.6 · 0.5 + 0.4 · 0.5 = 0.5; kappa 0.8.
    assert by_model.kappa.value == pytest.approx(0.8)
    assert by_model.kappa.low is not None
    assert by_model.kappa.high is not None
    assert by_model.kappa.low < 0.8 < by_model.kappa.high
    assert (by_person.first_by, by_person.cannot_tell) == (BY_PERSON, 1)
    assert (by_person.same.part, by_person.same.whole) == (3, 3)
    # All carry one name: chance explains it.
    assert by_person.kappa.value is None


@pytest.mark.usefixtures("_waiting")
def test_a_band_is_a_neutrophil_in_the_figures_too(second_technician):
    read_all(second_technician, {"neutrophil": ("band", 60)})
    assert again_figures(second_technician).rows[0].kappa.value == pytest.approx(1)


@pytest.mark.usefixtures("_waiting")
def test_a_reviewer_sees_own_figures_and_doctor_and_admin_everybody_s(
    second_technician, second_doctor, doctor, technician, admin
):
    for reader in (second_technician, second_doctor):
        read = handed_to(reader)
        answer_second_read(actor=reader, read_id=read.pk, label="basophil")
    assert {row.reader for row in again_figures(second_technician).rows} == {"tom"}
    assert again_figures(technician).rows == []
    for person in (doctor, admin):
        figures = again_figures(person)
        assert {row.reader for row in figures.rows} == {"Everybody", "tom", "dieter"}
    assert again_figures(doctor).disagreements == 2
    assert again_figures(admin).disagreements is None


def test_figures_of_nothing_are_empty(technician):
    figures = again_figures(technician)
    assert (figures.rows, figures.waiting, figures.control.slide) == ([], 0, None)


@pytest.mark.usefixtures("_waiting")
def test_the_part_of_the_quality_page_tells_them(second_technician, doctor, rf):
    read_all(second_technician, {"neutrophil": ("lymphocyte", 10)})
    request = rf.get("/quality/")
    request.user = doctor
    context = {"figures": again_figures(doctor)}
    part = render_to_string("predictions/quality/partials/again.html", context, request)
    assert "0.80" in part
    assert "accepted by the model" in part
    assert "10 cells that a second reader named otherwise wait for a doctor" in part
    assert SecondRead.objects.filter(state="differs").count() == 10


@pytest.mark.usefixtures("_waiting")
def test_a_technician_has_a_page_of_own_figures(page_as, second_technician, technician):
    read_all(second_technician, {})
    page = page_as(second_technician).get("/quality/second-reads/").content.decode()
    assert "days, your own" in page
    assert "tom" in page
    assert (
        "Nothing was read a second time"
        in page_as(technician).get("/quality/second-reads/").content.decode()
    )


def test_the_part_without_anything_says_so(technician, rf):
    request = rf.get("/quality/")
    request.user = technician
    context = {"figures": again_figures(technician)}
    part = render_to_string("predictions/quality/partials/again.html", context, request)
    assert "Nothing was read a second time in these days." in part
    assert "No control slide was started yet." in part
