"""People say what a cell is; each review is added, and the last one counts."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.errors import AccessDenied
from accounts.models import AuditAction, AuditEvent
from predictions.errors import CellNotFound, ReviewConflict, ReviewRefused
from predictions.models import Cell, CellReview, Sample
from predictions.services.imaging.jobs import request_rerun
from predictions.services.review.reviews import review_cell, reviewing
from tests.factories.cases import make_signed
from tests.factories.images import make_image
from tests.factories.profiles import say
from tests.factories.results import record_result

pytestmark = pytest.mark.django_db


@pytest.fixture
def image(technician):
    return record_result(make_image(technician), {}, {"disposition": "unidentified"})


@pytest.fixture
def cell(image) -> Cell:
    return image.cells.get(position=1)


def test_confirming_keeps_the_label_and_says_who(doctor, cell):
    review = review_cell(actor=doctor, cell_id=cell.pk, label="neutrophil", seen_number=0)
    assert (review.number, review.from_label, review.to_label) == (1, "neutrophil", "neutrophil")
    assert cell.present_label == "neutrophil"
    cell.refresh_from_db()
    assert cell.deciding_review.by == doctor
    event = AuditEvent.objects.get(action=AuditAction.CELL_REVIEWED)
    assert (event.actor, event.object_id) == (doctor, str(cell.pk))


def test_a_label_that_the_model_lacks_can_be_given(technician, cell):
    assert say(technician, cell, "blast").present_label == "blast"


def test_the_last_review_counts_and_the_first_stays(technician, doctor, cell):
    say(technician, cell, "blast")
    assert say(doctor, cell, "lymphocyte").present_label == "lymphocyte"
    said = cell.reviews.values_list("number", "from_label", "to_label")
    assert list(said) == [(1, "neutrophil", "blast"), (2, "blast", "lymphocyte")]


def test_an_unidentified_cell_is_named_by_its_review(doctor, image):
    cell = image.cells.get(position=2)
    assert not cell.is_named
    assert say(doctor, cell, "not_a_cell").is_named


def test_the_second_of_two_people_is_told_of_the_first(technician, doctor, cell):
    say(technician, cell, "monocyte")
    with pytest.raises(ReviewConflict, match=r"tina reviewed.*Monocyte.*You chose Blast"):
        review_cell(actor=doctor, cell_id=cell.pk, label="blast", seen_number=0)
    assert cell.reviews.count() == 1


@pytest.mark.parametrize("seen", [-1, 1, 7])
def test_a_number_that_never_was_is_refused(doctor, cell, seen):
    with pytest.raises(ReviewConflict):
        review_cell(actor=doctor, cell_id=cell.pk, label="blast", seen_number=seen)


@pytest.mark.parametrize("label", ["", "dragon"])
def test_what_is_no_label_is_refused(doctor, cell, label):
    with pytest.raises(ReviewRefused, match="from the list"):
        review_cell(actor=doctor, cell_id=cell.pk, label=label, seen_number=0)


def test_an_admin_reviews_nothing_and_a_stranger_sees_nothing(admin, other_technician, cell):
    with pytest.raises(AccessDenied):
        review_cell(actor=admin, cell_id=cell.pk, label="blast", seen_number=0)
    with pytest.raises(CellNotFound):
        review_cell(actor=other_technician, cell_id=cell.pk, label="blast", seen_number=0)


@pytest.mark.parametrize("state", ["signed", "retracted", "cancelled"])
def test_a_sample_that_is_not_under_review_refuses(doctor, cell, state):
    Sample.objects.update(state=state)
    with pytest.raises(ReviewRefused, match="cannot be reviewed"):
        review_cell(actor=doctor, cell_id=cell.pk, label="blast", seen_number=0)
    assert not CellReview.objects.exists()


def test_a_cell_of_an_older_result_refuses(doctor, image, cell):
    request_rerun(actor=doctor, image_id=image.pk)
    record_result(image, {})
    with pytest.raises(ReviewRefused, match="classified again"):
        review_cell(actor=doctor, cell_id=cell.pk, label="blast", seen_number=0)


# --- On the page, in lists and over the API ---------------------------------------------------


def form_of(cell, label, seen=0):
    return f"/cells/{cell.pk}/review/", {"label": label, "seen_number": seen}


def test_the_page_takes_a_review_and_shows_it(page_as, doctor, cell):
    browser = page_as(doctor)
    answer = browser.post(*form_of(cell, "blast"), follow=True)
    page = answer.content.decode()
    assert answer.redirect_chain == [(f"/images/{cell.image_id}/#cell-1", 302)]
    for words in ("reviewed", "Model: Neutrophil", '<option value="blast" selected>'):
        assert words in page


def test_htmx_gets_the_page_it_takes_parts_of(page_as, doctor, cell):
    answer = page_as(doctor).post(*form_of(cell, "blast"), headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert 'id="reading"' in answer.content.decode()


def test_a_conflict_stands_beside_the_cell(page_as, technician, doctor, cell):
    browser = page_as(doctor)
    say(technician, cell, "monocyte")
    answer = browser.post(*form_of(cell, "blast"))
    assert answer.status_code == 409
    assert "You chose Blast" in answer.content.decode()
    with_htmx = browser.post(*form_of(cell, "blast"), headers={"HX-Request": "true"})
    assert with_htmx.status_code == 200
    assert "You chose Blast" in with_htmx.content.decode()


@pytest.mark.parametrize("seen", ["", "x", "99999999999999999999", "²"])
def test_what_is_no_number_is_a_conflict_and_no_crash(page_as, doctor, cell, seen):
    assert page_as(doctor).post(*form_of(cell, "blast", seen)).status_code == 409


def test_the_history_follows_the_review(page_as, doctor, cell):
    browser = page_as(doctor)
    say(doctor, cell, "blast")
    assert "1 blast" in browser.get("/history/?label=blast").content.decode().split("<tbody>")[1]
    assert "No image matches" in browser.get("/history/?label=neutrophil").content.decode()
    found = browser.get("/history/?label=unidentified").content.decode()
    assert str(cell.image_id) in found
    say(doctor, cell.image.cells.get(position=2), "artefact")
    assert "No image matches" in browser.get("/history/?label=unidentified").content.decode()


def test_the_api_keeps_the_models_label_and_says_the_reviewed_one(api_as, doctor, cell):
    client = api_as(doctor)
    before = client.get(f"/api/v1/images/{cell.image_id}/").json()["cells"][0]
    say(doctor, cell, "blast")
    after = client.get(f"/api/v1/images/{cell.image_id}/").json()["cells"][0]
    assert (before["label"], before["reviewed_label"]) == ("neutrophil", None)
    assert (after["label"], after["reviewed_label"]) == ("neutrophil", "blast")


def test_who_may_not_review_gets_no_form(page_as, admin, cell):
    assert "/review/" not in page_as(admin).get(f"/images/{cell.image_id}/").content.decode()


def test_a_review_takes_the_sample_before_its_labels_whatever_it_changes(technician, image):
    for cell in image.cells.order_by("position"):
        with CaptureQueriesContext(connection) as made:
            say(technician, cell, "neutrophil")
        told = [query["sql"].replace('"', "") for query in made]
        sample = next(n for n, sql in enumerate(told) if "FROM predictions_sample WHERE" in sql)
        labels = next(n for n, sql in enumerate(told) if "INTO predictions_samplelabel" in sql)
        assert sample < labels


def test_a_refusal_of_the_database_is_told_as_ours(technician, doctor):
    sample = make_signed(technician, doctor).sample
    with pytest.raises(ReviewRefused), reviewing(doctor, sample.pk):
        Cell.objects.filter(image__sample=sample).update(position=1)
