"""The history: search, filters, paging, and that nothing private is in an address."""

from datetime import timedelta

import pytest
from django.utils import timezone

from predictions.models import SmearImage
from tests.factories.images import make_image, make_sample
from tests.factories.results import fail_image, record_result

pytestmark = pytest.mark.django_db
URL = "/history/"


def numbers_on(page: str, *candidates: str) -> set[str]:
    return {number for number in candidates if f">{number}</a>" in page}


@pytest.fixture
def three(technician):
    """A neutrophil of A-1, an unidentified monocyte of B-2 (P-9), and a failure of C-3."""
    one = make_sample(technician, accession_number="A-1")
    two = make_sample(technician, accession_number="B-2", patient_reference="P-9")
    three = make_sample(technician, accession_number="C-3")
    record_result(make_image(technician, one), {}, {"label": "lymphocyte"})
    unidentified = {"label": "monocyte", "disposition": "unidentified", "confidence": 0.3}
    record_result(make_image(technician, two), unidentified)
    fail_image(make_image(technician, three))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, {"A-1", "B-2", "C-3"}),
        ({"label": "lymphocyte"}, {"A-1"}),
        ({"label": "monocyte"}, set()),
        ({"label": "unidentified"}, {"B-2"}),
        ({"status": "failed"}, {"C-3"}),
        ({"status": "succeeded"}, {"A-1", "B-2"}),
        ({"status": "unfinished"}, set()),
        ({"first_day": "2199-01-01"}, set()),
        ({"last_day": "2199-01-01"}, {"A-1", "B-2", "C-3"}),
        ({"before": "nonsense", "first_day": "nonsense"}, {"A-1", "B-2", "C-3"}),
        ({"first_day": "0001-01-01", "last_day": "9999-12-31"}, {"A-1", "B-2", "C-3"}),
    ],
)
def test_filters_stand_in_the_address(page_as, doctor, three, query, expected):
    page = page_as(doctor).get(URL, query).content.decode()
    assert numbers_on(page, "A-1", "B-2", "C-3") == expected


def test_the_uploader_is_a_filter(page_as, technician, doctor, three):
    page = page_as(doctor).get(URL, {"uploader": str(technician.pk)}).content.decode()
    assert numbers_on(page, "A-1") == {"A-1"}


@pytest.mark.parametrize(
    ("search", "expected"), [("b-2", {"B-2"}), ("P-9", {"B-2"}), ("zz", set())]
)
def test_a_search_finds_numbers_and_references(page_as, doctor, three, search, expected):
    answer = page_as(doctor).post(URL, {"search": search}, follow=True)
    assert numbers_on(answer.content.decode(), "A-1", "B-2", "C-3") == expected


@pytest.mark.parametrize("search", [" ]C1b-2", "Ｐ－９", "p\u2011" + "9\u200b"])  # noqa: RUF001
def test_a_search_finds_what_looks_the_same(page_as, doctor, three, search):
    answer = page_as(doctor).post(URL, {"search": search}, follow=True)
    assert numbers_on(answer.content.decode(), "A-1", "B-2", "C-3") == {"B-2"}


@pytest.mark.parametrize(
    ("search", "sentence"),
    [
        ("x" * 65, "use at most 64 characters"),
        ("B\u202e-2", "RIGHT-TO-LEFT OVERRIDE (U+202E)"),
        ("]C1", "this holds no number"),
        ("\u200b", "this holds no number"),
        ("a\x00", "Null characters"),
    ],
)
@pytest.mark.parametrize("status", ["", "failed"])
def test_a_search_that_cannot_be_says_why_and_shows_no_row(
    page_as, doctor, three, search, sentence, status
):
    answer = page_as(doctor).post(URL, {"search": search, "status": status})
    assert answer.status_code == 400
    page = answer.content.decode()
    assert sentence in page
    assert numbers_on(page, "A-1", "B-2", "C-3") == set()
    assert "There is no image yet" not in page


def test_what_is_searched_for_is_not_in_the_address(page_as, doctor, three):
    answer = page_as(doctor).post(URL, {"search": "P-9", "label": "unidentified"})
    assert answer["Location"].startswith("/history/?label=unidentified&search=")
    assert "P-9" not in answer["Location"]


def test_the_address_of_another_person_s_search_says_that_it_is_gone(
    page_as, doctor, technician, three
):
    address = page_as(doctor).post(URL, {"search": "P-9"})["Location"]
    page = page_as(technician).get(address).content.decode()
    assert "Search again." in page
    assert numbers_on(page, "A-1", "B-2", "C-3") == set()


def test_the_other_laboratory_sees_none_of_it(page_as, other_technician, three):
    page = page_as(other_technician).get(URL).content.decode()
    assert numbers_on(page, "A-1", "B-2", "C-3") == set()
    assert "There is no image yet." in page


def test_pages_hold_every_image_once_in_both_directions(page_as, technician, doctor):
    sample = make_sample(technician)
    image = make_image(technician, sample)
    start = timezone.now()
    copies = []
    for n in range(120):
        values = {f.attname: getattr(image, f.attname) for f in SmearImage._meta.concrete_fields}
        copies.append(
            SmearImage(**{**values, "id": None or SmearImage().pk, "sha256": f"{n:064d}"})
        )
    SmearImage.objects.bulk_create(copies)
    # Several at the very same moment, across the ends of pages.
    for n, copy in enumerate(copies):
        at = start - timedelta(minutes=n // 7)
        SmearImage.objects.filter(pk=copy.pk).update(uploaded_at=at)
    browser, seen, address = page_as(doctor), [], URL
    pages = []
    while address:
        context = browser.get(address).context
        pages.append([row.image.pk for row in context["page"].rows])
        seen += pages[-1]
        address, newer = context["older_url"], context["newer_url"]
    assert len(seen) == len(set(seen)) == 121
    assert [row.image.pk for row in browser.get(newer).context["page"].rows] == pages[-2]


def test_a_page_of_rows_takes_a_fixed_number_of_queries(
    page_as, technician, doctor, django_assert_max_num_queries
):
    browser = page_as(doctor)
    sample = make_sample(technician)
    for _ in range(6):
        record_result(make_image(technician, sample), {}, {})
    with django_assert_max_num_queries(12):
        browser.get(URL)
