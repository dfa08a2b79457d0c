"""The page of the gallery, what is said on it, and what others say meanwhile."""

import pytest

from accounts.models import AuditAction, AuditEvent
from predictions.models import CellReview, Sample
from tests.factories.images import make_image, make_sample
from tests.factories.profiles import say
from tests.factories.results import record_result

pytestmark = pytest.mark.django_db


@pytest.fixture
def image(technician, sample):
    return record_result(make_image(technician, sample), {}, {"disposition": "review"})


@pytest.fixture
def cell(image):
    return image.cells.get(position=2)


def page_of(browser, sample, query="") -> str:
    answer = browser.get(f"/samples/{sample.pk}/gallery/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def send(browser, sample, *reviews):
    return browser.post(
        f"/samples/{sample.pk}/gallery/reviews/",
        {"reviews": list(reviews)},
        content_type="application/json",
        headers={"Accept": "application/json"},
    )


def wanted(cell, label="monocyte", seen_number=0, **more):
    return {"cell": str(cell.pk), "label": label, "seen_number": seen_number, **more}


def test_each_cell_says_what_it_is_and_where(page_as, technician, sample, cell):
    page = page_of(page_as(technician), sample)
    assert f'data-cell="{cell.pk}"' in page
    assert "Neutrophil, to review; cell 2 of field 1" in page
    assert 'viewBox="128 0 128 128"' in page
    assert "1</span> to review" in page


def test_that_the_cells_were_viewed_is_written_down(page_as, doctor, sample, image):
    page_of(page_as(doctor), sample)
    event = AuditEvent.objects.get(action=AuditAction.RESULT_VIEWED)
    assert (event.actor, event.object_id) == (doctor, str(sample.pk))


def test_one_class_is_a_grid_with_a_way_back(page_as, technician, sample, image):
    page = page_of(page_as(technician), sample, "?class=neutrophil")
    assert "gallery--grid" in page
    assert "All classes" in page
    assert 'data-column="monocyte"' not in page


def test_an_admin_looks_and_has_nothing_to_press(page_as, admin, sample, image):
    page = page_of(page_as(admin), sample)
    assert "You can look at these cells." in page
    assert "data-can-review" not in page
    assert "data-palette" not in page
    assert "data-confirm-all" not in page


def test_a_signed_sample_says_that_nothing_changes(page_as, doctor, sample, image):
    Sample.objects.filter(pk=sample.pk).update(state=Sample.State.SIGNED)
    page = page_of(page_as(doctor), sample)
    assert "This sample is signed, so nothing of it changes." in page
    assert "data-palette" not in page


def test_a_sample_without_cells_says_what_to_do(page_as, technician, sample):
    assert "Upload images to this sample first." in page_of(page_as(technician), sample)


def test_the_tabs_lead_to_pages_that_are_there(page_as, technician, sample, image):
    page = page_of(page_as(technician), sample)
    assert f'href="/samples/{sample.pk}/gallery/" aria-current="page">Gallery' in page


def test_reviews_are_stored_and_the_cells_come_back(page_as, technician, sample, image):
    cells = list(image.cells.order_by("position"))
    answer = send(
        page_as(technician), sample, wanted(cells[0], seconds=2.5), wanted(cells[1], "blast")
    )
    body = answer.json()
    assert [outcome["stored"] for outcome in body["outcomes"]] == [True, True]
    assert [(each["column"], each["number"]) for each in body["cells"]] == [
        ("monocyte", 1),
        ("blast", 1),
    ]
    assert "named by a technician" in body["cells"][0]["html"]
    heads = {head["column"]: head["html"] for head in body["heads"]}
    assert "50.0 %" in heads["blast"]
    assert "nothing left to review" in body["summary"]
    assert CellReview.objects.get(cell=cells[0]).seconds == 2.5


def test_a_conflict_is_told_with_the_cell_as_it_is_now(page_as, technician, doctor, sample, cell):
    say(doctor, cell, "blast")
    body = send(page_as(technician), sample, wanted(cell)).json()
    [outcome] = body["outcomes"]
    assert (outcome["stored"], outcome["code"]) == (False, "review_conflict")
    assert "dora" in outcome["message"]
    assert "Blast" in outcome["message"]
    assert (body["cells"][0]["column"], body["cells"][0]["number"]) == ("blast", 1)
    assert CellReview.objects.count() == 1


def test_what_a_technician_says_after_a_doctor_is_a_remark(
    page_as, technician, doctor, sample, cell
):
    say(doctor, cell, "blast")
    body = send(page_as(technician), sample, wanted(cell, seen_number=1)).json()
    assert body["outcomes"][0]["is_remark"]
    assert body["cells"][0]["column"] == "blast"


def test_a_frozen_sample_takes_no_review(page_as, doctor, sample, cell):
    Sample.objects.filter(pk=sample.pk).update(state=Sample.State.SIGNED)
    answer = send(page_as(doctor), sample, wanted(cell))
    assert answer.status_code == 409
    assert "signed" in answer.json()["message"]


def test_an_admin_reviews_nothing(page_as, admin, sample, cell):
    assert send(page_as(admin), sample, wanted(cell)).status_code == 403


def test_a_cell_of_another_sample_is_not_there(page_as, technician, sample, image):
    other = record_result(make_image(technician, make_sample(technician)), {}).cells.get()
    [outcome] = send(page_as(technician), sample, wanted(other)).json()["outcomes"]
    assert not outcome["stored"]
    assert not CellReview.objects.exists()


def test_a_form_is_no_list_of_reviews(page_as, technician, sample):
    answer = page_as(technician).post(f"/samples/{sample.pk}/gallery/reviews/", {"label": "blast"})
    assert answer.status_code == 400


ANY_CELL = b'"cell": "87911414-f9cf-429b-aa62-c2d7577e6c6f", "label": "blast"'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"reviews": 1}',
        b'{"reviews": [{"cell": "x"}]}',
        b"\xff",
        b'{"reviews": [{%s, "seen_number": Infinity}]}' % ANY_CELL,
        b'{"reviews": [{%s, "seen_number": 0, "seconds": 1%s}]}' % (ANY_CELL, 400 * b"0"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(page_as, technician, sample, body):
    answer = page_as(technician).post(
        f"/samples/{sample.pk}/gallery/reviews/", body, content_type="application/json"
    )
    assert answer.status_code == 400


def changes(browser, sample, gallery, **headers):
    return browser.get(
        f"/samples/{sample.pk}/gallery/changes/",
        {"since": gallery.as_of.isoformat()},
        headers=headers,
    )


def test_nothing_is_sent_while_nobody_says_anything(page_as, technician, doctor, sample, cell):
    browser = page_as(technician)
    shown = browser.get(f"/samples/{sample.pk}/gallery/").context
    known = {"If-None-Match": f'"{shown["gallery"].state}"'}
    assert changes(browser, sample, shown["gallery"], **known).status_code == 304
    say(doctor, cell, "blast")
    answer = changes(browser, sample, shown["gallery"], **known)
    assert answer.status_code == 200
    body = answer.json()
    assert body["changes"] == [{"cell": str(cell.pk), "by": doctor.display_name}]
    assert (body["cells"][0]["column"], body["can_review"]) == ("blast", True)
    assert (
        changes(browser, sample, shown["gallery"], **{"If-None-Match": answer["ETag"]}).status_code
        == 304
    )


@pytest.mark.parametrize(
    "since",
    [
        "",
        "yesterday",
        "2026-02-30T00:00:00Z",
        "2026-02-03T00:00:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_a_time_that_is_none_is_refused(page_as, technician, sample, since):
    answer = page_as(technician).get(f"/samples/{sample.pk}/gallery/changes/", {"since": since})
    assert answer.status_code == 400


def test_polling_keeps_no_session_alive(page_as, technician, sample):
    browser = page_as(technician)
    session = browser.session
    session["seen_at"] -= 600
    session.save()
    before = session["seen_at"]
    browser.get(f"/samples/{sample.pk}/gallery/changes/", {"since": "2026-02-03T00:00:00Z"})
    assert browser.session["seen_at"] == before


def test_a_class_is_shown_for_comparison(page_as, technician, doctor, sample, image):
    browser = page_as(technician)
    address = "/references/?class=neutrophil"
    assert "cells.svg#neutrophil" in browser.get(address).content.decode()
    say(doctor, image.cells.get(position=1), "neutrophil")
    Sample.objects.filter(pk=sample.pk).update(state=Sample.State.SIGNED)
    page = browser.get(address).content.decode()
    assert f"/images/{image.pk}/sheets/{image.jobs.get().pk}/2/" in page
    assert "Signed in this laboratory." in page
