"""The pages of labels: the list and its order, one label and its history, a new one."""

import re

import pytest

from accounts.models import Role
from mlmodels.selectors.labels import labels_for
from mlmodels.services.labels import add_label, change_label
from tests.factories.people import make_user

pytestmark = pytest.mark.django_db

OWN = {
    "name": "Hairy cell",
    "short_name": "HC",
    "group": "lymphocytes and monocytes",
    "key": "h",
    "wider": "",
    "in_denominator": "on",
    "is_apart": "on",
    "is_used": "on",
}


@pytest.fixture
def browser(page_as, admin):
    return page_as(admin)


def typed(browser, code, **changed):
    """What the form of a label sends, with some fields typed anew."""
    page = browser.get(f"/labels/{code}/")
    form = page.context["form"]
    said = {name: form[name].value() for name in form.fields}
    kept = {name: "on" if value is True else value for name, value in said.items() if value}
    return {**kept, **changed}


def test_the_list_shows_every_label_in_its_order(browser):
    page = browser.get("/labels/").content.decode()
    places = [page.index(f'id="{code}"') for code in labels_for(None)]
    assert places == sorted(places)
    assert "with neutrophil" in page


def test_a_label_is_changed_on_its_page_and_the_page_says_what_was_changed(browser, admin):
    answer = browser.post("/labels/band/", typed(browser, "band", name="Rod", is_apart="on"))
    assert answer["Location"] == "/labels/"
    assert labels_for(admin.laboratory)["band"].is_apart
    page = browser.get("/labels/band/").content.decode()
    assert "<del>Band neutrophil</del> <ins>Rod</ins>" in page
    assert "ada" in page


def test_what_is_refused_stays_typed_and_is_said_at_its_field(browser, admin):
    answer = browser.post("/labels/band/", typed(browser, "band", loinc_percent="764-2"))
    assert answer.status_code == 400
    page = answer.content.decode()
    assert "764-2 is no LOINC code" in page
    assert 'value="764-2"' in page
    assert labels_for(admin.laboratory) == labels_for(None)


def test_the_page_of_a_shipped_label_has_no_field_for_what_is_fixed(browser):
    fields = browser.get("/labels/neutrophil/").context["form"].fields
    assert not {"wider", "in_denominator", "is_used", "is_apart"} & set(fields)
    assert {"is_used", "is_apart"} <= set(browser.get("/labels/band/").context["form"].fields)


def test_a_label_is_added_and_can_be_changed_whole(browser, admin):
    assert browser.post("/labels/new/", {**OWN, "code": "hairy_cell"})["Location"] == "/labels/"
    assert "your own" in browser.get("/labels/").content.decode()
    sent = typed(browser, "hairy_cell", wider="lymphocyte", name="Hairy lymphocyte")
    assert browser.post("/labels/hairy_cell/", sent).status_code == 302
    assert labels_for(admin.laboratory)["hairy_cell"].wider == "lymphocyte"


def test_a_code_that_is_taken_is_said_at_its_field(browser):
    answer = browser.post("/labels/new/", {**OWN, "code": "band"})
    assert answer.status_code == 400
    assert "The code band is taken." in answer.content.decode()


def test_two_buttons_move_a_label_and_end_at_the_ends(browser, admin):
    page = browser.get("/labels/").content.decode()
    assert len(re.findall(r'name="position"[^>]* disabled', page)) == 2
    answer = browser.post("/labels/band/place/", {"position": "2"})
    assert answer["Location"] == "/labels/#band"
    assert list(labels_for(admin.laboratory))[:3] == ["neutrophil", "band", "segmented"]


@pytest.mark.parametrize("position", ["", "0", "26", "x", "-1"])
def test_a_place_that_is_none_is_refused(browser, position):
    assert browser.post("/labels/band/place/", {"position": position}).status_code == 400


def test_the_history_of_another_laboratory_is_not_shown(page_as, admin, other_laboratory):
    change_label(actor=admin, code="band", changes={"name": "Rod"})
    yes = dict.fromkeys(("in_denominator", "is_apart", "is_used"), True)
    add_label(actor=admin, code="hairy_cell", values={**OWN, **yes})
    other = page_as(make_user(other_laboratory, Role.ADMIN))
    assert "Rod" not in other.get("/labels/band/").content.decode()
    assert other.get("/labels/hairy_cell/").status_code == 404
