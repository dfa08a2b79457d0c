"""The page on which cells are read a second time tells nothing of what they were called."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest

from accounts.models import Role
from predictions.models import SecondRead, SecondReadAnswer
from tests.factories.people import make_user
from tests.factories.quality.second_reads import make_drawn

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def second_technician(laboratory):
    return make_user(laboratory, Role.TECHNICIAN, "tom")


@pytest.fixture
def report(technician, doctor, admin):
    """Signed; of its 119 accepted cells, all of a class that stands once in the choices, all
    wait."""
    return make_drawn(technician, doctor, admin, cells={"monocyte": 120})


@pytest.fixture
def browser(page_as, second_technician, report):
    return page_as(second_technician)


def key_of(html: str) -> str:
    [key] = re.findall(r'name="cell" value="([0-9a-f-]{36})"', html)
    return str(key)


def test_a_cell_is_named_and_the_next_one_comes(browser, second_technician):
    page = browser.get("/quality/again/").content.decode()
    assert "1 of more than 99 today" in page
    first = key_of(page)
    answer = browser.post(
        "/quality/again/", {"cell": first, "label": "monocyte", "seconds": "2.5"}, headers=HTMX
    )
    assert answer.status_code == 200
    part = answer.content.decode()
    assert "<html" not in part
    assert "2 of more than 100 today" in part
    assert key_of(part) != first
    said = SecondReadAnswer.objects.get()
    assert (str(said.read_id), said.label, said.seconds) == (first, "monocyte", 2.5)


def test_without_scripts_an_answer_leads_to_the_next_cell(browser):
    first = key_of(browser.get("/quality/again/").content.decode())
    sent = {"cell": first, "label": "cannot_tell", "seconds": ""}
    answer = browser.post("/quality/again/", sent)
    assert (answer.status_code, answer["Location"]) == (302, "/quality/again/")
    assert SecondReadAnswer.objects.get().cannot_tell


def hidden(html: str) -> str:
    """A page without the buttons, which stand on it for every cell alike."""
    return re.sub(r'<div class="read-cell__names".*?</div>', "", html, flags=re.S)


def names_of(html: str) -> list[str]:
    """What stands between the buttons of a page, and which of them are marked in any way."""
    [buttons] = re.findall(r'<div class="read-cell__names".*?</div>', html, flags=re.S)
    return re.findall(r"<button[^>]*>", buttons)


def test_neither_page_nor_answer_tells_what_was_said_of_the_cell(
    browser, report, technician, doctor, model
):
    page = browser.get("/quality/again/").content.decode()
    read = SecondRead.objects.select_related("cell__image").get(pk=key_of(page))
    sent = {"cell": read.pk, "label": "basophil"}
    told = browser.post("/quality/again/", sent, headers=HTMX).content.decode()
    for html in (page, told):
        rest = hidden(html).lower()
        for secret in (
            "monocyte",
            "accepted",
            "98.2",
            report.sample.accession_number.lower(),
            str(report.sample_id),
            str(read.cell_id),
            str(read.cell.image_id),
            str(read.cell.job_id),
            technician.display_name,
            doctor.display_name,
            read.cell.image.original_name,
            "differs",
        ):
            assert secret not in rest, secret
    # The buttons are the same whatever the cell was called.
    other = SecondRead.objects.filter(state="waiting").exclude(reader=None).get()
    assert names_of(page) == names_of(told)
    assert key_of(told) == str(other.pk)


def test_the_buttons_are_the_same_for_a_cell_of_another_class(
    browser, page_as, technician, doctor, admin, second_technician
):
    before = names_of(browser.get("/quality/again/").content.decode())
    SecondRead.objects.filter(state="waiting").update(state="read")
    make_drawn(technician, doctor, admin, cells={"eosinophil": 110})
    after = browser.get("/quality/again/").content.decode()
    assert names_of(after) == before
    assert "eosinophil" not in hidden(after).lower()


def test_the_pictures_are_those_of_the_cell_on_screen_alone(browser, page_as, second_doctor):
    page = browser.get("/quality/again/").content.decode()
    key = key_of(page)
    for picture in ("crop", "field"):
        answer = browser.get(f"/quality/again/{key}/{picture}/")
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
        assert answer.content[:2] == b"\xff\xd8"
        assert "monocyte" not in str(answer.headers).lower()
    other = SecondRead.objects.filter(reader=None)[0]
    assert browser.get(f"/quality/again/{other.pk}/crop/").status_code == 404
    assert page_as(second_doctor).get(f"/quality/again/{key}/crop/").status_code == 404


def test_a_cell_that_somebody_else_read_is_told_and_the_next_one_shown(
    browser, page_as, second_doctor
):
    key = key_of(browser.get("/quality/again/").content.decode())
    SecondRead.objects.filter(pk=key).update(reader=second_doctor)
    answer = browser.post("/quality/again/", {"cell": key, "label": "monocyte"})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Somebody has read this cell meanwhile." in page
    assert key_of(page) != key


@pytest.mark.parametrize(
    ("sent", "status", "sentence"),
    [
        ({"label": "monocyte"}, 400, "This field is required"),
        ({"cell": "x", "label": "monocyte"}, 400, "Enter a valid UUID"),
        ({"cell": str(uuid4())}, 400, "Choose what the cell is"),
        ({"cell": str(uuid4()), "label": "dragon"}, 400, "Choose what the cell is from the list"),
        ({"cell": str(uuid4()), "label": "monocyte"}, 404, "There is no such cell for you to read"),
    ],
)
def test_what_cannot_be_taken_is_said(browser, sent, status, sentence):
    answer = browser.post("/quality/again/", sent)
    assert answer.status_code == status
    assert sentence in answer.content.decode()


def test_where_nothing_waits_the_page_says_so(page_as, technician):
    page = page_as(technician).get("/quality/again/").content.decode()
    assert "No cell waits for you." in page


def test_the_dashboard_tells_how_many_wait(browser, page_as, doctor, technician):
    desk = browser.get("/dashboard/quality/").content.decode()
    assert "more than 99 cells wait" in desk
    assert 'href="/quality/again/"' in desk
    SecondRead.objects.filter(pk__in=SecondRead.objects.values("pk")[1:]).update(state="read")
    assert "1 cell waits" in browser.get("/dashboard/quality/").content.decode()
    # Who signed it has none of it to read.
    assert "/quality/again/" not in page_as(doctor).get("/dashboard/quality/").content.decode()
