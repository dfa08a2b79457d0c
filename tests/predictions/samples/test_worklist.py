"""The worklist: what is in it, in which order, page by page, and how far each sample is."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from predictions.models import CaseRules, Sample
from predictions.selectors.samples.worklist import (
    Filters,
    Order,
    samples_by_state,
    worklist,
    worklist_page,
    worklist_rows,
)
from predictions.services.review.reviews import review_cell
from tests.factories.images import make_image, make_sample
from tests.factories.profiles import make_profile
from tests.factories.results import record_result

pytestmark = pytest.mark.django_db


def numbers(samples) -> list[str]:
    return [sample.accession_number for sample in samples]


@pytest.fixture
def four(technician) -> dict[str, Sample]:
    """In the order they came: A urgent, B with a cell to review, C urgent and ready, D open."""
    made = {
        name: make_sample(technician, accession_number=name, priority=priority)
        for name, priority in (("A", "urgent"), ("B", "routine"), ("C", "urgent"), ("D", "routine"))
    }
    record_result(make_image(technician, made["A"]), {})
    record_result(make_image(technician, made["B"]), {"label": "basophil", "disposition": "review"})
    Sample.objects.filter(pk=made["C"].pk).update(state=Sample.State.READY)
    return made


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (Order.URGENT, "CADB"),
        (Order.NEWEST, "DCBA"),
        (Order.OLDEST, "ABCD"),
        (Order.MOST_TO_REVIEW, "BDCA"),
    ],
)
def test_it_is_in_the_order_that_was_chosen(doctor, four, order, expected):
    assert numbers(worklist(doctor, Filters(order=order))) == list(expected)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(), "CADB"),
        (Filters(state="in_review"), "AB"),
        (Filters(priority="routine"), "DB"),
        (Filters(label="basophil"), "B"),
        (Filters(label="monocyte"), ""),
        (Filters(state="in_review", label="neutrophil"), "A"),
    ],
)
def test_filters_narrow_it(doctor, four, filters, expected):
    assert numbers(worklist(doctor, filters)) == list(expected)


def test_a_label_that_a_person_took_away_is_not_found(technician, four):
    cell = four["B"].images.get().cells.get()
    review_cell(actor=technician, cell_id=cell.pk, label="lymphocyte", seen_number=0)
    assert numbers(worklist(technician, Filters(label="basophil"))) == []
    assert numbers(worklist(technician, Filters(label="lymphocyte"))) == ["B"]


def test_days_are_those_of_the_laboratory(doctor, laboratory, four):
    laboratory.time_zone = "Pacific/Auckland"
    laboratory.save(update_fields=["time_zone"])
    doctor.refresh_from_db()
    late = datetime(2026, 3, 4, 23, 59, tzinfo=ZoneInfo("Pacific/Auckland"))
    Sample.objects.filter(pk=four["A"].pk).update(created_at=late)
    day = date(2026, 3, 4)
    assert numbers(worklist(doctor, Filters(first_day=day, last_day=day))) == ["A"]
    assert "A" not in numbers(worklist(doctor, Filters(first_day=day + timedelta(days=1))))


def test_uploader_and_profile_are_those_of_its_images(doctor, technician, admin, four):
    image, profile = four["A"].images.get(), make_profile(admin)
    assert numbers(worklist(doctor, Filters(uploader=technician.pk))) == ["A", "B"]
    assert numbers(worklist(doctor, Filters(uploader=doctor.pk))) == []
    image.imaging_profile = profile
    image.save(update_fields=["imaging_profile"])
    assert numbers(worklist(doctor, Filters(profile=profile.pk))) == ["A"]


def test_what_awaits_somebody_is_what_their_role_does_next(technician, doctor, admin, four):
    mine = Filters(awaits_me=True)
    assert numbers(worklist(technician, mine)) == ["B"]
    assert numbers(worklist(doctor, mine)) == ["C"]
    assert numbers(worklist(admin, mine)) == []


def test_samples_are_counted_by_state_in_one_query(doctor, four, django_assert_num_queries):
    with django_assert_num_queries(1):
        counts = samples_by_state(doctor)
    assert counts == {
        **dict.fromkeys(Sample.State.values, 0),
        "open": 1,
        "in_review": 2,
        "ready": 1,
    }


def test_another_laboratory_sees_none_of_it(other_technician, four):
    assert numbers(worklist(other_technician)) == []
    assert sum(samples_by_state(other_technician).values()) == 0


def test_a_row_tells_how_many_of_the_wanted_cells_count(technician, doctor, laboratory, sample):
    CaseRules.objects.create(laboratory=laboratory, target_cells=100)
    found: tuple[dict[str, object], ...] = (
        {},
        {"label": "monocyte", "disposition": "review"},
        {"label": "erythroblast"},
        {"label": "neutrophil", "disposition": "unidentified"},
    )
    image = record_result(make_image(technician, sample), *found)
    sample.refresh_from_db()
    [row] = worklist_rows(doctor, [sample])
    assert (row.counted, row.target, row.sample.cells_to_review) == (1, 100, 2)
    cell = image.cells.get(label="monocyte")
    review_cell(actor=technician, cell_id=cell.pk, label="monocyte", seen_number=0)
    assert worklist_rows(doctor, [sample])[0].counted == 2


def test_a_page_asks_as_often_however_many_rows_it_has(
    technician, doctor, four, django_assert_num_queries
):
    for size in (1, 4):
        with django_assert_num_queries(4):
            page = worklist_page(doctor, size=size)
            assert [str(row.sample.created_by) for row in page.rows] == ["tina"] * size


@pytest.mark.parametrize("order", Order)
def test_pages_hold_every_sample_once_in_both_directions(technician, doctor, order):
    begin = timezone.now()
    for n in range(23):
        sample = make_sample(technician, priority="urgent" if n % 3 == 0 else "routine")
        # Several at the very same moment, across the ends of pages.
        Sample.objects.filter(pk=sample.pk).update(
            created_at=begin - timedelta(minutes=n // 7), cells_to_review=n % 2
        )
    filters = Filters(order=order)
    wanted = [sample.pk for sample in worklist(doctor, filters)]
    pages, after, page = [], "", None
    while page is None or after:
        page = worklist_page(doctor, filters, after=after, size=5)
        pages.append([row.sample.pk for row in page.rows])
        after = page.after
    assert list(chain(*pages)) == wanted
    back = worklist_page(doctor, filters, before=page.before, size=5)
    assert [row.sample.pk for row in back.rows] == pages[-2]
    Sample.objects.update(cells_to_review=0)


@pytest.mark.parametrize(
    "cursor",
    ["x", "urgent", "urgent-1-2", "a-b-c", f"high-5-{'0' * 32}", f"urgent-{'9' * 30}-{'0' * 32}"],
)
def test_what_is_no_cursor_asks_for_the_first_page(doctor, four, cursor):
    page = worklist_page(doctor, after=cursor)
    assert numbers(row.sample for row in page.rows) == list("CADB")


def test_a_cursor_of_more_cells_than_there_can_be_asks_for_the_first_page(doctor, four):
    cursor = f"{'9' * 25}-1-{'0' * 32}"
    page = worklist_page(doctor, Filters(order=Order.MOST_TO_REVIEW), after=cursor)
    assert len(page.rows) == 4


# --- Over the API ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, "DCBA"),
        ({"state": "in_review"}, "BA"),
        ({"priority": "urgent", "state": "ready"}, "C"),
        ({"created_from": "2199-01-01"}, ""),
        ({"created_from": "2000-01-01", "created_to": "2199-01-01"}, "DCBA"),
        ({"created_to": "2000-01-01"}, ""),
    ],
)
def test_the_api_lists_newest_first(doctor, api_as, four, query, expected):
    rows = api_as(doctor).get("/api/v1/samples/", query).json()["results"]
    assert [row["accession_number"] for row in rows] == list(expected)


@pytest.mark.parametrize(
    "query",
    [
        {"state": "done"},
        {"priority": "high"},
        {"created_from": "yesterday"},
        {"created_to": "9999-12-31"},
        {"created_from": "0001-01-01"},
    ],
)
def test_the_api_refuses_what_no_filter_means(doctor, api_as, query):
    answer = api_as(doctor).get("/api/v1/samples/", query)
    assert answer.status_code == 400
    assert set(answer.json()["fields"]) == set(query)
