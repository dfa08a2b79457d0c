"""The alarm on the sample's page, in its gallery and in the API."""

import pytest
from django.urls import reverse

from predictions.selectors.review.gallery import gallery_of
from predictions.services.reports.contacts import acknowledge_alarm
from predictions.services.samples.states import send_to_doctor
from tests.factories.alarms import make_alarmed, suspicious_cells
from tests.factories.cases import confirm
from tests.factories.profiles import say

pytestmark = pytest.mark.usefixtures("model")
SENTENCE = "This film may hold blasts or other cells that the model does not name"
MARK = "</svg>\nalarm</span>"


@pytest.fixture
def alarmed(technician):
    return make_alarmed(technician, suspicious=8)


def page(page_as, person, name, sample, query=""):
    return page_as(person).get(reverse(f"predictions:{name}", args=[sample.pk]) + query)


@pytest.mark.parametrize("name", ["sample", "gallery"])
def test_it_stands_on_top_with_the_way_to_its_cells(page_as, technician, alarmed, name):
    text = page(page_as, technician, name, alarmed).content.decode()
    assert f"{SENTENCE}: look at these first" in text
    assert f"{reverse('predictions:gallery', args=[alarmed.pk])}?alarm" in text


@pytest.mark.parametrize("name", ["sample", "gallery"])
def test_a_film_without_one_says_nothing(page_as, technician, name):
    sample = make_alarmed(technician, suspicious=1)
    assert SENTENCE not in page(page_as, technician, name, sample).content.decode()


def test_a_technician_is_told_that_a_doctor_acknowledges_it(page_as, technician, alarmed):
    text = page(page_as, technician, "sample", alarmed).content.decode()
    assert "A doctor looks at them and acknowledges it" in text
    assert "#alarm" not in text


def test_once_acknowledged_it_says_by_whom(page_as, technician, doctor, alarmed):
    acknowledge_alarm(actor=doctor, sample_id=alarmed.pk)
    text = page(page_as, technician, "sample", alarmed).content.decode()
    assert f"{doctor.display_name} acknowledged" in text
    assert "look at these first" not in text


def test_its_cells_stand_first_the_most_suspicious_before_all(technician, alarmed):
    column = next(c for c in gallery_of(technician, alarmed.pk).columns if c.code == "lymphocyte")
    assert [cell.id for cell in column.cells] == [cell.pk for cell in suspicious_cells(alarmed)]
    assert "look at it first" in column.cells[0].state_in_words


def test_the_gallery_shows_its_cells_alone_where_asked(page_as, technician, alarmed):
    shown = page(page_as, technician, "gallery", alarmed, "?alarm").content.decode()
    assert shown.count('role="option"') == shown.count("cell--alarm") == 8
    everything = page(page_as, technician, "gallery", alarmed).content.decode()
    assert (everything.count('role="option"'), everything.count("cell--alarm")) == (128, 8)


def test_the_page_of_an_image_names_those_of_its_cells(page_as, technician, doctor, alarmed):
    image, page_of = alarmed.images.get(), page_as(technician).get
    address = reverse("predictions:image", args=[image.pk])
    text = page_of(address).content.decode()
    assert "they count towards the alarm of this film" in text
    places = sorted(cell.position for cell in suspicious_cells(alarmed))
    assert f"Look at cells {', '.join(map(str, places))} first:" in text
    acknowledge_alarm(actor=doctor, sample_id=alarmed.pk)
    assert "the alarm of this film" not in page_of(address).content.decode()


def test_its_cells_alone_are_not_confirmed_as_a_column(page_as, technician, alarmed):
    assert "data-confirm-all" in page(page_as, technician, "gallery", alarmed).content.decode()
    alone = page(page_as, technician, "gallery", alarmed, "?alarm").content.decode()
    assert "data-confirm-all" not in alone


def test_from_its_cells_a_doctor_goes_on_to_acknowledge_it(page_as, technician, doctor, alarmed):
    way_on = f"{reverse('predictions:sign', args=[alarmed.pk])}#alarm"
    assert way_on not in page(page_as, doctor, "gallery", alarmed, "?alarm").content.decode()
    confirm(technician, suspicious_cells(alarmed)[0])
    send_to_doctor(actor=technician, sample_id=alarmed.pk)
    assert way_on in page(page_as, doctor, "gallery", alarmed, "?alarm").content.decode()
    assert way_on not in page(page_as, technician, "gallery", alarmed, "?alarm").content.decode()


def test_the_worklist_marks_it_until_a_doctor_has_looked(page_as, technician, doctor, alarmed):
    client = page_as(doctor)
    address = reverse("predictions:worklist") + "?state=in_review"
    assert MARK in client.get(address).content.decode()
    acknowledge_alarm(actor=doctor, sample_id=alarmed.pk)
    assert MARK not in client.get(address).content.decode()


def test_a_gallery_without_an_alarm_shows_all_cells_where_its_cells_are_asked_for(
    page_as, technician
):
    sample = make_alarmed(technician, suspicious=0)
    text = page(page_as, technician, "gallery", sample, "?alarm").content.decode()
    assert text.count('role="option"') == 120


def test_a_doctor_acknowledges_it_on_the_page_of_the_signature(
    page_as, technician, doctor, alarmed
):
    confirm(technician, suspicious_cells(alarmed)[0])
    send_to_doctor(actor=technician, sample_id=alarmed.pk)
    shown = page(page_as, doctor, "sign", alarmed)
    said = shown.content.decode()
    assert (said.count(SENTENCE), said.count("data-alarm")) == (2, 1)  # the form, and what blocks
    assert "Show the 8 cells that make this alarm" in said
    seen = shown.context["head"].alarm.digest
    act = reverse("predictions:alarm_acknowledge", args=[alarmed.pk])
    say(doctor, suspicious_cells(alarmed)[0], "lymphocyte")
    assert (
        "Other cells make the alarm"
        in page_as(doctor).post(act, {"seen": seen}, follow=True).content.decode()
    )
    seen = page(page_as, doctor, "sign", alarmed).context["head"].alarm.digest
    assert (
        "you have looked" in page_as(doctor).post(act, {"seen": seen}, follow=True).content.decode()
    )


def test_the_api_tells_it_with_its_cells_and_takes_the_acknowledgement(api_as, doctor, alarmed):
    address = reverse("predictions_api:sample", args=[alarmed.pk])
    body = api_as(doctor).get(address).json()
    assert (body["alarm_cells"], body["alarm_unseen"]) == (8, 8)
    assert body["alarm"]["cells"] == [str(cell.pk) for cell in suspicious_cells(alarmed)]
    assert (body["alarm"]["acknowledged_by"], body["alarm"]["acknowledged_at"]) == ("", None)
    act = reverse("predictions_api:alarm", args=[alarmed.pk])
    assert api_as(doctor).post(act, {"seen": "another"}).status_code == 409
    answer = api_as(doctor).post(act, {"seen": body["alarm"]["seen"]})
    assert (answer.status_code, len(answer.json()["cells"])) == (201, 8)
    assert api_as(doctor).get(address).json()["alarm"]["acknowledged_by"] == doctor.display_name


def test_the_api_says_nothing_of_an_alarm_where_there_is_none(api_as, doctor, technician):
    sample = make_alarmed(technician, suspicious=0)
    body = api_as(doctor).get(reverse("predictions_api:sample", args=[sample.pk])).json()
    assert (body["alarm"], body["alarm_cells"]) == (None, None)
