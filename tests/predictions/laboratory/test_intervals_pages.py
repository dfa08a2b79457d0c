"""The pages of reference intervals: read, changed line by line, restored."""

import pytest

from predictions.intervals import age_in_words, ages_in_words, day_of_age
from predictions.selectors.laboratory.interval_pages import present_intervals
from tests.factories.intervals import shipped_intervals

pytestmark = pytest.mark.django_db
LYMPHOCYTES = "/settings/intervals/lymphocyte/"


@pytest.fixture
def browser(page_as, admin):
    return page_as(admin)


def typed(browser, address=LYMPHOCYTES):
    """What the page's form sends as it is shown, with a reason."""
    context = browser.get(address).context
    lines, form = context["lines"], context["form"]
    sent = {f"rows-{key}": lines.management_form[key].value() for key in ("TOTAL_FORMS",)}
    sent["rows-INITIAL_FORMS"] = lines.management_form["INITIAL_FORMS"].value()
    for line in lines:
        sent |= {line[name].html_name: line[name].value() or "" for name in line.fields}
    sent |= {name: form[name].value() or "" for name in form.fields}
    return {name: value for name, value in sent.items() if "DELETE" not in name} | {
        "reason": "Our own donors"
    }


def new_line(number, **said):
    line = {"unit": "%", "low": "1", "high": "2", "source": "Ours", **said}
    return {f"rows-{number}-{name}": value for name, value in line.items()}


def lymphocytes_of(admin):
    return [row for row in present_intervals(admin).intervals if row.label == "lymphocyte"]


@pytest.mark.parametrize("who", ["technician", "doctor", "admin"])
def test_everybody_reads_the_intervals_and_admins_alone_see_how_to_change_them(
    request, page_as, who
):
    page = page_as(request.getfixturevalue(who)).get("/settings/intervals/").content.decode()
    assert "20 to 40" in page
    assert "from 11 y" in page
    assert "critical at or below 2.0, at or above 50" in page
    assert ("/settings/intervals/lymphocyte/" in page) == (who == "admin")


def test_the_lines_of_a_label_are_changed_removed_and_added(browser, admin):
    sent = typed(browser)
    before = lymphocytes_of(admin)
    sent |= {"rows-0-high": "57", "rows-1-DELETE": "on"}
    sent |= new_line(len(before), sex="female", from_age="65 y")
    assert browser.post(LYMPHOCYTES, sent)["Location"] == "/settings/intervals/"
    after = lymphocytes_of(admin)
    assert len(after) == len(before)
    new = next(row for row in after if row.source == "Ours")
    assert (new.sex, new.from_day, new.before_day, str(new.high)) == ("female", 23741, None, "2")
    page = browser.get("/settings/intervals/").content.decode()
    assert "Version 2" in page
    assert "<ins>Lymphocyte: 1 to 2 %, female, from 65 y (Ours)</ins>" in page
    assert "Our own donors" in page


def test_saving_the_lines_as_they_are_shown_changes_nothing(browser, admin):
    answer = browser.post(LYMPHOCYTES, typed(browser))
    assert answer.status_code == 400
    assert "Nothing is changed" in answer.content.decode()
    assert present_intervals(admin).intervals == tuple(shipped_intervals())


def test_a_line_that_cannot_be_read_is_said_in_its_place(browser, admin):
    sent = typed(browser) | {"rows-0-low": "many", "rows-1-before_age": "soon"}
    answer = browser.post(LYMPHOCYTES, sent)
    assert answer.status_code == 400
    page = answer.content.decode()
    assert "Enter a number." in page
    assert "Write an age in days, months or years" in page
    assert 'value="many"' in page


def test_lines_that_overlap_are_told(browser, admin):
    sent = typed(browser)
    sent |= new_line(len(lymphocytes_of(admin)))
    answer = browser.post(LYMPHOCYTES, sent)
    assert answer.status_code == 400
    assert "It overlaps with" in answer.content.decode()


def test_who_is_late_is_told_and_keeps_what_was_typed(browser, admin):
    sent = typed(browser)
    assert browser.post(LYMPHOCYTES, sent | {"rows-0-high": "57"}).status_code == 302
    answer = browser.post(LYMPHOCYTES, sent | {"rows-0-high": "58"})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "ada saved version 2" in page
    assert 'value="58"' in page


def test_critical_limits_are_changed_and_taken_away(browser, admin):
    sent = typed(browser) | {"high_word": "above", "high_bound": "6"}
    browser.post(LYMPHOCYTES, sent)
    limit = next(row for row in present_intervals(admin).limits if row.label == "lymphocyte")
    assert (str(limit.above), limit.at_least, limit.below) == ("6", None, None)
    sent = typed(browser)
    assert (sent["high_word"], str(sent["high_bound"])) == ("above", "6")
    browser.post(LYMPHOCYTES, sent | {"high_bound": ""})
    assert all(row.label != "lymphocyte" for row in present_intervals(admin).limits)


def test_a_label_without_intervals_gets_its_first_one(browser, admin):
    address = "/settings/intervals/blast/"
    sent = typed(browser, address) | new_line(0)
    assert browser.post(address, sent).status_code == 302
    assert present_intervals(admin).intervals[-1].label == "blast"
    assert browser.get("/settings/intervals/none/").status_code == 404


def test_the_shipped_intervals_hold_again_with_a_reason(browser, admin):
    browser.post(LYMPHOCYTES, typed(browser) | {"rows-0-high": "57"})
    address = "/settings/intervals/as-shipped/"
    assert browser.post(address, {"seen_number": "2", "reason": ""}).status_code == 400
    late = browser.post(address, {"seen_number": "1", "reason": "Back"})
    assert late.status_code == 409
    assert browser.post(address, {"seen_number": "2", "reason": "Back"}).status_code == 302
    assert present_intervals(admin).intervals == tuple(shipped_intervals())


@pytest.mark.parametrize(
    ("age", "day"),
    [("0 d", 0), ("3 d", 3), ("1 m", 30), ("1m", 30), ("11 y", 4017), ("18 Y", 6574)],
)
def test_an_age_is_read_and_written_alike(age, day):
    assert day_of_age(age) == day
    assert day_of_age(age_in_words(day)) == day


def test_every_day_is_written_so_that_it_is_read_again():
    assert all(day_of_age(age_in_words(day)) == day for day in range(8000))


@pytest.mark.parametrize("age", ["", "18", "y", "-1 y", "1.5 y", "18 years", "٣ d"])
def test_an_age_is_written_in_one_way(age):
    with pytest.raises(ValueError, match="3 d, 4 m or 18 y"):
        day_of_age(age)


def test_the_ages_of_shipped_intervals_are_told_in_words():
    told = {ages_in_words(row) for row in shipped_intervals()}
    assert {"under 1 d", "1 d to under 1 m", "1 y to under 2 y", "from 18 y"} <= told
