"""The page of what a laboratory asks of its cases."""

import pytest

from predictions.models import CaseRules, Sample
from predictions.selectors.samples.rules import rules_of
from tests.factories.images import make_sample

pytestmark = pytest.mark.django_db

SAID = {
    "target_cells": "200",
    "asks_for_second_person": "on",
    "unidentified_limit_percent": "5",
    "second_read_percent": "3",
    "second_read_rare_percent": "10",
    "page_size": "A4",
}


@pytest.fixture
def browser(page_as, admin):
    return page_as(admin)


def test_the_rules_are_changed_and_the_page_says_what_was_changed(browser, admin):
    sent = {**SAID, "target_cells": "400", "always_reviewed": ["monocyte", "platelet"]}
    assert browser.post("/settings/rules/", sent)["Location"] == "/settings/rules/"
    rules = rules_of(admin.laboratory)
    assert (rules.target_cells, rules.always_reviewed) == (400, ["monocyte", "platelet"])
    assert rules.asks_for_second_person
    page = browser.get("/settings/rules/").content.decode()
    assert "<del>200</del> <ins>400</ins>" in page
    assert "<ins>monocyte, platelet</ins>" in page


def test_the_rates_of_second_reads_are_changed_and_shown(browser, admin):
    browser.post("/settings/rules/", {**SAID, "second_read_percent": "5"})
    assert rules_of(admin.laboratory).second_read_percent == 5
    assert "<del>3</del> <ins>5</ins>" in browser.get("/settings/rules/").content.decode()
    refused = browser.post("/settings/rules/", {**SAID, "second_read_rare_percent": "101"})
    assert refused.status_code == 400
    assert "Read 0 to 100 % a second time" in refused.content.decode()


def test_a_switch_that_is_off_is_stored(browser, admin):
    sent = {name: value for name, value in SAID.items() if name != "asks_for_second_person"}
    browser.post("/settings/rules/", sent)
    assert not rules_of(admin.laboratory).asks_for_second_person


def test_what_every_laboratory_looks_at_is_told_and_cannot_be_chosen_away(browser):
    answer = browser.get("/settings/rules/")
    assert "Basophil, Plasma cell, Immature granulocyte" in answer.content.decode()
    choices = dict(answer.context["form"].fields["always_reviewed"].choices)
    assert set(choices) == {"neutrophil", "eosinophil", "lymphocyte", "monocyte", "platelet"}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"target_cells": "99"}, "Count 100 to 1000 cells."),
        ({"target_cells": "many"}, "Enter a whole number."),
        ({"unidentified_limit_percent": "6"}, "can only be stricter"),
        ({"always_reviewed": ["blast"]}, "Select a valid choice."),
        ({"page_size": "A5"}, "Select a valid choice."),
    ],
)
def test_what_cannot_be_asked_is_said_at_its_field(browser, changed, sentence):
    answer = browser.post("/settings/rules/", {**SAID, **changed})
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert not CaseRules.objects.exists()


def test_numbers_that_would_collide_are_named(browser, technician):
    browser.post("/settings/rules/", {**SAID, "tells_case_apart": "on"})
    make_sample(technician, accession_number="A-1")
    make_sample(technician, accession_number="a-1")
    answer = browser.post("/settings/rules/", SAID)
    assert answer.status_code == 409
    assert "These accession numbers would not be told apart: A-1, a-1." in answer.content.decode()


def test_numbers_that_collide_already_are_listed(browser, technician):
    sample = make_sample(technician, accession_number="A-1")
    assert "not told apart" not in browser.get("/settings/rules/").content.decode()
    Sample.objects.filter(pk=sample.pk).update(number_collides=True)
    page = browser.get("/settings/rules/").content.decode()
    assert "not told apart" in page
    assert "A-1" in page


def test_the_history_of_the_rules_is_not_that_of_the_laboratory(browser):
    browser.post("/settings/rules/", {**SAID, "target_cells": "400"})
    browser.post("/settings/", {"name": "St Luke", "time_zone": "UTC"})
    rules = browser.get("/settings/rules/").content.decode()
    laboratory = browser.get("/settings/").content.decode()
    assert "<ins>400</ins>" in rules
    assert "<ins>St Luke</ins>" not in rules
    assert "<ins>St Luke</ins>" in laboratory
    assert "<ins>400</ins>" not in laboratory
