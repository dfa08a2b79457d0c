"""The page of a sample: where it stands, what it lacks, what is next, and its images."""

import pytest

from predictions.models import Sample
from tests.factories.cases import make_case, make_ready
from tests.factories.images import make_image, make_sample
from tests.factories.results import fail_image, record_result

pytestmark = pytest.mark.django_db


def page_of(client, sample) -> str:
    return client.get(f"/samples/{sample.pk}/").content.decode()


def test_an_open_sample_asks_for_images(page_as, technician):
    sample = make_sample(technician)
    page = page_of(page_as(technician), sample)
    assert "Upload images" in page
    assert "This sample has no image yet." in page
    assert f"/samples/{sample.pk}/upload/" in page
    assert page.partition("<main")[2].partition("</main>")[0].count("button--primary") == 1


def test_cells_in_doubt_come_before_the_doctor(page_as, technician):
    sample = make_case(technician, to_review={"monocyte": 3})
    page = page_of(page_as(technician), sample)
    assert "Before it goes to the doctor" in page
    assert "3 cells ask for a person" in page
    assert "Review 3 cells" in page
    assert page.partition("<main")[2].partition("</main>")[0].count("button--primary") == 1


def test_what_lacks_nothing_is_sent_to_the_doctor(page_as, technician):
    sample = make_case(technician)
    client = page_as(technician)
    assert "Send to the doctor" in page_of(client, sample)
    answer = client.post(f"/samples/{sample.pk}/send/", follow=True)
    assert "The sample waits for a doctor now." in answer.content.decode()
    assert Sample.objects.get(pk=sample.pk).state == Sample.State.READY


def test_a_doctor_is_led_to_the_signature(page_as, technician, doctor):
    page = page_of(page_as(doctor), make_ready(technician))
    assert "Sign out" in page
    assert "Nothing is missing: a doctor can sign it" in page
    assert page.partition("<main")[2].partition("</main>")[0].count("button--primary") == 1


def test_images_show_their_cells_by_class(page_as, technician):
    sample = make_case(technician, {"neutrophil": 21, "monocyte": 5})
    page = page_of(page_as(technician), sample)
    assert "Neutrophil" in page
    assert ">21<" in page
    assert ">5<" in page


def test_a_failed_image_is_retried_or_dismissed_with_a_reason(page_as, technician):
    sample = make_sample(technician)
    image = fail_image(make_image(technician, sample), "The engine stopped.")
    client = page_as(technician)
    page = page_of(client, sample)
    assert "1 image failed" in page
    assert "The engine stopped." in page
    assert "Retry" in page
    refused = client.post(f"/images/{image.pk}/dismiss/", {"reason": " "}, follow=True)
    assert "Say why the sample can do without this image." in refused.content.decode()
    done = client.post(f"/images/{image.pk}/dismiss/", {"reason": "Out of focus"}, follow=True)
    assert "Out of focus" in done.content.decode()
    assert "1 image failed" not in done.content.decode()


def test_an_image_is_moved_to_the_sample_whose_number_is_typed(page_as, technician):
    right = make_sample(technician, accession_number="RIGHT-1")
    wrong = make_sample(technician)
    image = record_result(make_image(technician, wrong), {})
    client = page_as(technician)
    sent = {"accession_number": "right-1", "reason": "Tubes were swapped"}
    answer = client.post(f"/images/{image.pk}/move/", sent, follow=True)
    assert "The image is with the other sample now." in answer.content.decode()
    image.refresh_from_db()
    assert image.sample_id == right.pk


def test_a_number_that_takes_no_image_is_told(page_as, technician):
    image = record_result(make_image(technician), {})
    sent = {"accession_number": "NONE-1", "reason": "Tubes were swapped"}
    answer = page_as(technician).post(f"/images/{image.pk}/move/", sent, follow=True)
    assert "No sample with this accession number takes images now." in answer.content.decode()


def test_a_sample_is_cancelled_only_with_a_reason(page_as, technician):
    sample = make_case(technician)
    client = page_as(technician)
    client.post(f"/samples/{sample.pk}/cancel/", {"reason": ""})
    assert Sample.objects.get(pk=sample.pk).state == Sample.State.IN_REVIEW
    page = client.post(f"/samples/{sample.pk}/cancel/", {"reason": "Clotted"}, follow=True)
    assert "The sample is cancelled." in page.content.decode()
    assert Sample.objects.get(pk=sample.pk).state == Sample.State.CANCELLED


def test_a_technician_takes_back_what_waits_for_the_doctor(page_as, technician):
    sample = make_ready(technician)
    client = page_as(technician)
    assert "Take back" in page_of(client, sample)
    client.post(f"/samples/{sample.pk}/send-back/", {"reason": "One more field"})
    assert Sample.objects.get(pk=sample.pk).state == Sample.State.IN_REVIEW


def test_who_comes_second_is_told_of_the_first(page_as, technician, doctor):
    sample = make_ready(technician)
    client = page_as(technician)
    page_as(doctor).post(f"/samples/{sample.pk}/send-back/", {"reason": "Look at the monocytes"})
    page = client.post(f"/samples/{sample.pk}/send-back/", {"reason": "Again"}, follow=True)
    assert "dora sent it back" in page.content.decode()


def test_the_page_follows_while_images_are_read(page_as, technician):
    sample = make_sample(technician)
    image = make_image(technician, sample)
    client = page_as(technician)
    page = page_of(client, sample)
    assert 'hx-trigger="every 2s"' in page
    assert "0 of 1 images read" in page
    status = f"/samples/{sample.pk}/status/"
    first = client.get(status, headers={"HX-Request": "true"})
    assert first.content.decode().lstrip().startswith('<div id="sample-live"')
    again = client.get(status, headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    record_result(image, {})
    last = client.get(status, headers={"If-None-Match": first["ETag"]})
    assert last.status_code == 200
    assert "every 2s" not in last.content.decode()


def test_a_suspicion_of_blasts_stands_on_top(page_as, technician):
    sample = make_case(technician, {"neutrophil": 100}, to_review={"blast": 1})
    assert "Blasts are suspected:" in page_of(page_as(technician), sample)


def test_an_admin_reads_and_does_nothing(page_as, technician, admin):
    page = page_of(page_as(admin), make_case(technician))
    assert "Cancel the sample" not in page
    assert "Send to the doctor" not in page
    assert "Upload images" not in page


def test_a_sample_of_another_laboratory_is_not_there(page_as, technician, other_technician):
    sample = make_case(technician)
    client = page_as(other_technician)
    for name in ("", "status/", "details/", "differential/", "history/", "reports/"):
        assert client.get(f"/samples/{sample.pk}/{name}").status_code == 404
    for name in ("send/", "send-back/", "cancel/"):
        answer = client.post(f"/samples/{sample.pk}/{name}", {"reason": "x"})
        assert answer.status_code == 404
