"""On the page of an image a person adds a cell that the model missed, and remarks on others."""

import html

import pytest

from predictions.models import Sample
from tests.factories.images import make_image
from tests.factories.profiles import say
from tests.factories.results import record_result

pytestmark = pytest.mark.django_db
BOX = {"x": "100", "y": "60", "width": "60", "height": "50"}


@pytest.fixture
def image(technician):
    return record_result(make_image(technician), {"x_px": 10, "y_px": 20})


def post(client, image, **sent):
    """The answer to a cell that is added, and its page."""
    answer = client.post(f"/images/{image.pk}/cells/", sent)
    return answer, html.unescape(answer.content.decode())


def test_a_cell_is_added_and_shown(page_as, technician, image):
    client = page_as(technician)
    assert "Add a missed cell" in client.get(f"/images/{image.pk}/").content.decode()
    answer, _ = post(client, image, **BOX)
    assert answer["Location"] == f"/images/{image.pk}/#cell-2"
    page = client.get(answer["Location"]).content.decode()
    assert '<rect class="box__line" x="100" y="60" width="60" height="50">' in page
    assert "Added by hand by tina" in page


def test_a_label_may_be_said_with_it(page_as, doctor, image):
    post(page_as(doctor), image, **BOX, label="blast")
    cell = image.cells.get(position=2)
    assert (cell.present_label, cell.named_by_role) == ("blast", "doctor")


def test_with_htmx_the_page_comes_back_with_the_cell(page_as, technician, image):
    headers = {"HTTP_HX_REQUEST": "true"}
    answer = page_as(technician).post(f"/images/{image.pk}/cells/", BOX, **headers)
    assert answer.status_code == 200
    assert 'id="cell-2"' in answer.content.decode()


@pytest.mark.parametrize(
    ("change", "status", "sentence"),
    [
        ({"width": "3"}, 400, "Draw one of at least 8 px each way around the whole cell."),
        ({"x": "99999"}, 400, "The box reaches beyond the picture."),
        ({"x": "12", "y": "21"}, 409, "Cell 1 is there already."),
        ({"x": ""}, 400, "This field is required."),
        ({"label": "unicorn"}, 400, "Select a valid choice."),
    ],
)
def test_what_is_no_cell_is_refused_and_what_was_drawn_stays(
    page_as, technician, image, change, status, sentence
):
    answer, page = post(page_as(technician), image, **{**BOX, **change})
    assert answer.status_code == status
    assert sentence in page
    assert 'name="height" value="50"' in page
    assert image.cells.count() == 1


def test_nothing_is_added_to_what_is_closed(page_as, technician, image):
    Sample.objects.filter(pk=image.sample_id).update(state=Sample.State.SIGNED)
    client = page_as(technician)
    assert "Add a missed cell" not in client.get(f"/images/{image.pk}/").content.decode()
    answer, page = post(client, image, **BOX)
    assert (answer.status_code, image.cells.count()) == (409, 1)
    assert "This sample is signed, so its cells cannot be reviewed." in page


# --- Remarks -----------------------------------------------------------------------------------


def test_a_technician_remarks_on_what_a_doctor_named(page_as, technician, doctor, image):
    cell = image.cells.get()
    say(doctor, cell, "blast")
    client = page_as(technician)
    assert 'name="remark"' in client.get(f"/images/{image.pk}/").content.decode()
    sent = {"label": "monocyte", "seen_number": "1", "remark": "Folded nucleus, I think."}
    client.post(f"/cells/{cell.pk}/review/", sent)
    cell.refresh_from_db()
    assert cell.present_label == "blast"
    page = client.get(f"/images/{image.pk}/").content.decode()
    assert "Folded nucleus, I think." in page


def test_a_doctor_is_not_asked_for_a_remark(page_as, technician, doctor, image):
    say(doctor, image.cells.get(), "blast")
    assert 'name="remark"' not in page_as(doctor).get(f"/images/{image.pk}/").content.decode()
