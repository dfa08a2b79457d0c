"""The worklist: states as tabs, filters and order in its address, numbers never."""

import pytest

from tests.factories.cases import make_case, make_ready
from tests.factories.images import make_sample
from tests.factories.people import make_user

pytestmark = pytest.mark.django_db
URL = "/samples/"


def test_each_role_begins_with_what_waits_for_it(page_as, technician, doctor, admin):
    make_case(technician, accession_number="A-REVIEW")
    make_ready(technician, accession_number="A-READY")
    seen = {
        who.username: page_as(who).get(URL).content.decode() for who in (technician, doctor, admin)
    }
    assert "A-REVIEW" in seen["tina"]
    assert "A-READY" not in seen["tina"]
    assert "A-READY" in seen["dora"]
    assert "A-REVIEW" not in seen["dora"]
    assert "A-READY" in seen["ada"]
    assert "A-REVIEW" in seen["ada"]


def test_tabs_count_the_samples_of_each_state(page_as, technician, other_technician):
    make_case(technician)
    make_case(technician)
    make_sample(technician)
    make_case(other_technician)
    page = page_as(technician).get(URL).content.decode()
    assert 'In review <span class="tabs__count">2</span>' in page
    assert 'Open <span class="tabs__count">1</span>' in page
    assert 'All <span class="tabs__count">3</span>' in page


def test_a_row_tells_how_far_a_sample_is(page_as, technician):
    make_case(technician, {"neutrophil": 80}, to_review={"monocyte": 3}, priority="urgent")
    page = page_as(technician).get(URL).content.decode()
    assert '80 <span class="soft">/ 200</span>' in page
    assert 'data-head="To review">3<' in page
    assert "urgent" in page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"priority": "urgent"}, {"A-1"}),
        ({"label": "basophil"}, {"A-2"}),
        ({"awaits_me": "on"}, {"A-2"}),
        ({"first_day": "2199-01-01"}, set()),
        ({"first_day": "nonsense", "order": "nonsense", "profile": "nonsense"}, {"A-1", "A-2"}),
        ({"state": "ready"}, set()),
        ({"state": "all"}, {"A-1", "A-2"}),
    ],
)
def test_filters_stand_in_the_address(page_as, technician, query, expected):
    make_case(technician, accession_number="A-1", priority="urgent")
    make_case(technician, to_review={"basophil": 1}, accession_number="A-2")
    page = page_as(technician).get(URL, query).content.decode()
    assert {number for number in ("A-1", "A-2") if f">{number}</a>" in page} == expected


def test_the_uploader_is_a_filter(page_as, technician, laboratory):
    colleague = make_user(laboratory, technician.role)
    make_case(technician, accession_number="A-MINE")
    make_case(colleague, accession_number="A-THEIRS")
    page = page_as(technician).get(URL, {"uploader": str(colleague.pk)}).content.decode()
    assert "A-THEIRS" in page
    assert "A-MINE" not in page


def test_the_order_is_chosen(page_as, technician):
    make_case(technician, to_review={"monocyte": 1}, accession_number="A-FEW")
    make_case(technician, to_review={"monocyte": 9}, accession_number="A-MANY")
    make_case(technician, accession_number="A-NONE")
    page = page_as(technician).get(URL, {"order": "most_to_review"}).content.decode()
    assert page.index("A-MANY") < page.index("A-FEW") < page.index("A-NONE")


def test_pages_lead_on_and_back(page_as, technician):
    for number in range(52):
        make_sample(technician, accession_number=f"P-{number:03d}")
    client = page_as(technician)
    first = client.get(URL, {"state": "open"})
    assert len(first.context["page"].rows) == 50
    second = client.get(first.context["older_url"])
    assert len(second.context["page"].rows) == 2
    back = client.get(second.context["newer_url"])
    assert back.context["page"].rows == first.context["page"].rows


def test_a_scanned_number_opens_its_sample(page_as, doctor, technician):
    sample = make_sample(technician, accession_number="H26-0042")
    make_sample(technician, accession_number="H26-00421")
    answer = page_as(doctor).post(URL, {"search": "h26-0042 "})
    assert answer.status_code == 302
    assert answer["Location"] == f"/samples/{sample.pk}/"


def test_what_begins_so_is_listed_and_stays_out_of_the_address(page_as, doctor, technician):
    make_sample(technician, accession_number="H26-0001", patient_reference="P-7F3A")
    make_sample(technician, accession_number="H26-0002")
    client = page_as(doctor)
    answer = client.post(URL, {"search": "H26"})
    assert "H26" not in answer["Location"]
    page = client.get(answer["Location"]).content.decode()
    assert "H26-0001" in page
    assert "H26-0002" in page
    by_patient = client.post(URL, {"search": "p-7"}, follow=True).content.decode()
    assert "H26-0001" in by_patient
    assert "H26-0002" not in by_patient


@pytest.mark.parametrize("search", ["x" * 65, "x" * 300, "]C1", "\u200b", "a\x00"])
def test_a_search_that_cannot_be_is_told_why_and_finds_nothing(page_as, doctor, technician, search):
    make_sample(technician, accession_number="H26-0042")
    answer = page_as(doctor).post(URL, {"search": search})
    assert answer.status_code == 400
    page = answer.content.decode()
    assert "Search" in page
    assert "H26-0042" not in page


def test_a_search_that_is_forgotten_says_so(page_as, doctor):
    page = page_as(doctor).get(URL, {"search": "unknown"}).content.decode()
    assert "is not kept any more" in page


def test_nobody_finds_what_is_another_laboratorys(page_as, technician, other_technician):
    make_sample(technician, accession_number="H26-0042")
    page = page_as(other_technician).post(URL, {"search": "H26-0042"}, follow=True)
    assert "No sample has a number or a patient reference that begins so." in page.content.decode()


def test_the_empty_list_says_what_comes_first(page_as, technician, doctor):
    assert (
        "Upload the first picture" in page_as(technician).get(f"{URL}?state=all").content.decode()
    )
    assert "No sample is in this state now." in page_as(doctor).get(URL).content.decode()
