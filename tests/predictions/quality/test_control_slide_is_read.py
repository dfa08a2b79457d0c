"""Every reviewer reads the control slide once a month; limits of chance say how it went."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts.errors import AccessDenied
from accounts.models import AuditAction, AuditEvent, Role
from predictions.errors import ControlReadingNotFound, ControlSlideRefused, ReviewRefused
from predictions.models import ControlAnswer, ControlReading, ControlSlide
from predictions.selectors.quality.control_charts import control_page
from predictions.selectors.quality.control_slides import (
    control_state,
    next_turn,
    reading_result,
)
from predictions.services.quality.control_readings import (
    answer_control_cell,
    begin_control_reading,
)
from tests.factories.people import make_user
from tests.factories.quality.second_reads import make_control_slide, make_reading, read_slide

pytestmark = pytest.mark.django_db

# Of 50 true lymphocytes 30 are called monocytes: 20 of 200 is 10 %, below 19.2; 50 monocytes are
# 25 %, above 15.
WRONG = {"lymphocyte": ("monocyte", 30)}


@pytest.fixture
def slide(technician, doctor, admin) -> ControlSlide:
    """120 neutrophils, 50 lymphocytes, 20 monocytes, 10 eosinophils."""
    return make_control_slide(technician, doctor, admin)


def test_a_right_reading_passes_in_every_class(slide, technician):
    reading = read_slide(technician)
    assert reading.passed
    result = reading_result(technician, reading.pk)
    assert [(row.name, row.result.true, row.result.counted) for row in result.rows] == [
        ("Neutrophil", 120, 120),
        ("Eosinophil", 10, 10),
        ("Lymphocyte", 50, 50),
        ("Monocyte", 20, 20),
    ]
    assert result.verdict.cannot_tell == 0
    assert (result.verdict.as_signed.part, result.verdict.as_signed.whole) == (200, 200)
    event = AuditEvent.objects.get(action=AuditAction.CONTROL_SLIDE_READ)
    assert event.changes["passed"] == [None, True]


def test_a_reading_beyond_the_limits_of_a_class_fails(slide, technician):
    reading = read_slide(technician, WRONG)
    assert reading.passed is False
    result = reading_result(technician, reading.pk)
    assert [row.name for row in result.failed] == ["Lymphocyte", "Monocyte"]
    [lymphocyte] = [row.result for row in result.rows if row.name == "Lymphocyte"]
    assert (lymphocyte.percent, lymphocyte.true_percent) == (10, 25)
    assert (lymphocyte.low, lymphocyte.high) == (
        pytest.approx(19.16, abs=0.01),
        pytest.approx(31.6, abs=0.1),
    )


def test_a_few_cells_named_otherwise_are_within_chance(slide, technician):
    assert read_slide(technician, {"lymphocyte": ("monocyte", 8)}).passed


def test_who_exchanges_names_fails_though_every_class_is_counted_rightly(
    page_as, technician, doctor, admin
):
    make_control_slide(
        technician, doctor, admin,
        {"neutrophil": 80, "lymphocyte": 80, "monocyte": 20, "eosinophil": 20},
    )  # fmt: skip
    reading = read_slide(
        technician, {"neutrophil": ("lymphocyte", 80), "lymphocyte": ("neutrophil", 80)}
    )
    assert reading.passed is False
    result = reading_result(technician, reading.pk)
    assert result.failed == []
    assert (result.verdict.as_signed.part, result.verdict.as_signed.whole) == (40, 200)
    page = page_as(technician).get(f"/quality/control/readings/{reading.pk}/result/")
    page = page.content.decode()
    assert "Outside the limits: too few cells named as they were signed." in page
    assert "40 of 200 cells, cell by cell" in page
    assert "Read it once more" in page


def test_an_honest_reader_passes(slide, technician):
    # 18 of 200 otherwise than signed, in both directions.
    reading = read_slide(
        technician,
        {"lymphocyte": ("monocyte", 6), "monocyte": ("lymphocyte", 6), "neutrophil": ("blast", 3),
         "eosinophil": ("neutrophil", 3)},
    )  # fmt: skip
    assert reading.passed
    assert reading_result(technician, reading.pk).verdict.as_signed.part == 182


def test_bands_are_counted_with_neutrophils_where_the_laboratory_does_so(slide, technician):
    assert read_slide(technician, {"neutrophil": ("band", 90)}).passed


def test_cells_that_cannot_be_told_count_for_no_class(slide, technician):
    reading = read_slide(technician, {"monocyte": ("", 14)})
    result = reading_result(technician, reading.pk)
    assert result.verdict.cannot_tell == 14
    assert result.verdict.as_signed.part == 186
    # 6 of 200 are 3 %, below 6.2.
    assert [row.name for row in result.failed] == ["Monocyte"]


def test_one_may_stop_and_go_on(slide, technician):
    reading = begin_control_reading(actor=technician)
    for _ in range(3):
        turn = next_turn(technician, reading.pk)
        answer_control_cell(
            actor=technician, reading_id=reading.pk, number=turn.number, label="neutrophil"
        )
    again = begin_control_reading(actor=technician)
    assert again.pk == reading.pk
    assert next_turn(technician, again.pk).in_words == "4 of 200"


def test_each_reading_has_an_order_of_its_own(slide, technician, second_doctor):
    first, second = (begin_control_reading(actor=each) for each in (technician, second_doctor))
    assert sorted(first.order) == sorted(second.order)
    assert first.order != second.order


def test_it_is_read_once_a_month_and_again_after_a_failure(slide, technician, second_doctor):
    read_slide(technician)
    with pytest.raises(ControlSlideRefused, match="due again next month"):
        begin_control_reading(actor=technician)
    read_slide(second_doctor, WRONG)
    assert control_state(second_doctor).may_read_again
    assert read_slide(second_doctor, WRONG).attempt == 2
    with pytest.raises(ControlSlideRefused, match="due again next month"):
        begin_control_reading(actor=second_doctor)


def test_a_second_failure_in_a_row_is_told_to_doctors_and_admins(
    page_as, slide, technician, doctor, admin
):
    read_slide(technician, WRONG)
    for person in (doctor, admin):
        assert control_state(person).failed_twice == []
    last = read_slide(technician, WRONG)
    assert reading_result(technician, last.pk).failures == 2
    for person in (doctor, admin):
        desk = page_as(person).get("/dashboard/quality/").content.decode()
        assert "tina failed the control slide twice in a row." in desk
    own = page_as(technician).get("/dashboard/quality/").content.decode()
    assert "You failed the control slide twice in a row." in own


def test_a_pass_ends_the_row_of_failures(slide, technician):
    read_slide(technician, WRONG)
    read_slide(technician)
    [mine] = control_state(technician).readers
    assert mine.failures == 0


def test_a_cell_is_answered_once_and_answers_stay(slide, technician):
    reading = begin_control_reading(actor=technician)
    answer_control_cell(actor=technician, reading_id=reading.pk, number=0, label="monocyte")
    with pytest.raises(ControlSlideRefused, match="already"):
        answer_control_cell(actor=technician, reading_id=reading.pk, number=0, label="blast")
    with pytest.raises(DatabaseError, match="cannot be changed"), transaction.atomic():
        ControlAnswer.objects.update(label="blast")
    with pytest.raises(DatabaseError, match="cannot be changed"), transaction.atomic():
        ControlReading.objects.update(month=date(2020, 1, 1))


def test_a_finished_reading_stays(slide, technician):
    reading = read_slide(technician, WRONG)
    with pytest.raises(DatabaseError, match="cannot be changed"), transaction.atomic():
        ControlReading.objects.filter(pk=reading.pk).update(passed=True)


@pytest.fixture
def begun(slide, technician) -> ControlReading:
    """A reading of October 2026 with one cell read."""
    reading = ControlReading.objects.create(
        slide=slide,
        reader=technician,
        reader_role=Role.TECHNICIAN,
        month=date(2026, 10, 1),
        order=[str(key) for key in slide.cells.values_list("pk", flat=True)],
    )
    first = slide.cells.get(pk=reading.order[0])
    ControlAnswer.objects.create(reading=reading, cell=first, label=first.label)
    return reading


@pytest.fixture
def on_day(monkeypatch):
    """Let it be noon of a day."""

    def set_day(day: date) -> None:
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        monkeypatch.setattr(timezone, "now", lambda: noon)

    return set_day


def test_a_reading_that_was_begun_is_finished_some_days_into_the_next_month(
    slide, technician, begun, on_day
):
    for day in (date(2026, 10, 31), date(2026, 11, 1), date(2026, 11, 7)):
        on_day(day)
        assert begin_control_reading(actor=technician) == begun
    for number in range(1, 200):
        label = slide.cells.get(pk=begun.order[number]).label
        answer_control_cell(actor=technician, reading_id=begun.pk, number=number, label=label)
    begun.refresh_from_db()
    assert (begun.passed, begun.month) == (True, date(2026, 10, 1))
    assert control_state(technician).waits
    assert begin_control_reading(actor=technician).month == date(2026, 11, 1)


def test_who_goes_on_too_late_is_told_so_and_led_to_a_new_one(
    page_as, technician, doctor, begun, on_day
):
    on_day(date(2026, 11, 8))
    with pytest.raises(ControlSlideRefused, match="This reading is over"):
        answer_control_cell(actor=technician, reading_id=begun.pk, number=1, label="monocyte")
    browser = page_as(technician)
    address = f"/quality/control/readings/{begun.pk}/"
    page = browser.get(address).content.decode()
    assert "This reading of October 2026 is over, with 1 of 200 cells read" in page
    assert 'href="/quality/control/"' in page
    assert 'name="label"' not in page
    told = browser.post(address, {"cell": "1", "label": "monocyte"}, headers={"HX-Request": "true"})
    assert "This reading is over" in told.content.decode()
    for person in (technician, doctor):
        state = page_as(person).get("/quality/control/").content.decode()
        assert "October 2026 was left unfinished" in state
    assert begin_control_reading(actor=technician).month == date(2026, 11, 1)
    state = page_as(doctor).get("/quality/control/").content.decode()
    assert "left unfinished" not in state


def test_a_reading_that_may_be_finished_is_shown_as_such(
    page_as, technician, doctor, begun, on_day
):
    on_day(date(2026, 11, 3))
    own = page_as(technician).get("/quality/control/").content.decode()
    assert "Go on reading that of October" in own
    assert (
        "October is still being read" in page_as(doctor).get("/quality/control/").content.decode()
    )


def test_what_is_no_label_and_no_cell_is_refused(slide, technician):
    reading = begin_control_reading(actor=technician)
    with pytest.raises(ReviewRefused):
        answer_control_cell(actor=technician, reading_id=reading.pk, number=0, label="dragon")
    with pytest.raises(ControlReadingNotFound):
        answer_control_cell(actor=technician, reading_id=reading.pk, number=200, label="monocyte")


def test_nobody_goes_on_with_another_s_reading(slide, technician, doctor, other_laboratory):
    reading = begin_control_reading(actor=technician)
    for person in (doctor, make_user(other_laboratory, Role.DOCTOR)):
        with pytest.raises(ControlReadingNotFound):
            answer_control_cell(actor=person, reading_id=reading.pk, number=0, label="monocyte")


def test_an_admin_does_not_read_it(slide, admin):
    with pytest.raises(AccessDenied):
        begin_control_reading(actor=admin)


def test_without_a_slide_there_is_nothing_to_read(technician):
    with pytest.raises(ControlSlideRefused, match="no control slide yet"):
        begin_control_reading(actor=technician)


def test_a_reviewer_sees_own_results_and_doctor_and_admin_everybody_s(
    page_as, slide, technician, doctor, admin, laboratory, other_laboratory
):
    reading = read_slide(technician)
    other = make_user(laboratory, Role.TECHNICIAN)
    stranger = make_user(other_laboratory, Role.ADMIN)
    address = f"/quality/control/readings/{reading.pk}/result/"
    assert [page_as(p).get(address).status_code for p in (technician, doctor, admin)] == [200] * 3
    assert [page_as(p).get(address).status_code for p in (other, stranger)] == [404] * 2
    assert [each.reader for each in control_state(other).readers] == [other]
    assert {each.reader for each in control_state(admin).readers} == {technician, doctor, other}


def test_the_page_shows_no_label_and_leads_to_the_result(page_as, slide, technician):
    browser = page_as(technician)
    begun = browser.post("/quality/control/begin/")
    address = begun["Location"]
    page = browser.get(address).content.decode()
    assert "1 of 200" in page
    reading = ControlReading.objects.get()
    first = slide.cells.select_related("cell").get(pk=reading.order[0])
    for secret in (str(first.pk), str(first.cell_id), str(first.cell.image_id)):
        assert secret not in page
    for picture in ("crop", "field"):
        assert browser.get(f"{address}0/{picture}/").status_code == 200
    assert browser.get(f"{address}200/crop/").status_code == 404
    told = browser.post(
        address, {"cell": "0", "label": first.label}, headers={"HX-Request": "true"}
    ).content.decode()
    assert "2 of 200" in told
    for number in range(1, 199):
        answer_control_cell(
            actor=technician, reading_id=reading.pk, number=number, label="neutrophil"
        )
    last = browser.post(
        address, {"cell": "199", "label": "neutrophil"}, headers={"HX-Request": "true"}
    )
    result = f"{address}result/"
    assert last["HX-Redirect"] == result
    page = browser.get(result).content.decode()
    assert "Outside the limits:" in page
    assert "then read the slide once more this month" in page
    assert "Read it once more" in page


def test_a_chart_has_the_mean_the_limits_and_each_month(slide, technician, admin):
    make_reading(slide, technician, date(2026, 9, 1))
    make_reading(slide, technician, date(2026, 10, 1), WRONG, passed=False)
    page = control_page(admin, technician.pk)
    assert page.reader == technician
    [chart] = [each for each in page.charts if each.code == "lymphocyte"]
    assert (chart.limits.mean, chart.limits.sd) == (25, pytest.approx(3.06, abs=0.01))
    assert [(point.percent, point.passed) for point in chart.points] == [(25, True), (10, False)]
    assert [name for _, name in chart.months] == ["Sep 26", "Oct 26"]
    mean = next(line for line in chart.lines if line.kind == "mean")
    assert chart.points[0].y == mean.y
    # The wrong one lies below the lowest line.
    assert chart.points[1].y > max(line.y for line in chart.lines)


def test_the_charts_page_holds_a_table_behind_each_chart(page_as, slide, technician, admin):
    read_slide(technician)
    page = page_as(admin).get(f"/quality/control/?reader={technician.pk}").content.decode()
    assert page.count('class="control-chart__drawing') == 4
    assert page.count("Rümke's limits</th>") == 4
    assert page_as(admin).get("/quality/control/?reader=x").status_code == 200
