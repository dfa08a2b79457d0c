"""What the upload page's script asks for: where pictures go, one ZIP, how far the reading is."""

import pytest
from django.test import Client

from predictions.models import ImageArchive, Sample
from predictions.services.imaging.run_archives import unpack_archive
from tests.drawn_cells import draw_smear_png
from tests.factories.archives import drawn_picture, zip_of
from tests.factories.images import file_of, make_image, make_sample
from tests.factories.results import fail_image, record_result

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}


def begin(client, **fields: str):
    return client.post("/upload/begin/", {"accession_number": "A-1", **fields}, headers=JSON)


# --- Where the pictures go ----------------------------------------------------------------------


def test_beginning_makes_the_sample_and_names_its_places(technician, page_as):
    answer = begin(page_as(technician), patient_reference="P-1", note="Twin A")
    sample = Sample.objects.get()
    assert answer.json() == {
        "sample_upload": f"/samples/{sample.pk}/upload/",
        "sample_archives": f"/samples/{sample.pk}/archives/",
        "sample_progress": f"/samples/{sample.pk}/progress/",
    }
    assert (sample.accession_number, sample.patient_reference) == ("A-1", "P-1")


def test_beginning_again_is_the_same_sample(technician, page_as):
    client = page_as(technician)
    assert begin(client).json() == begin(client).json()
    assert Sample.objects.count() == 1


def test_what_is_wrong_is_said_before_a_picture_is_sent(technician, page_as):
    client = page_as(technician)
    answer = begin(client, accession_number=" ")
    assert (answer.status_code, set(answer.json()["fields"])) == (400, {"accession_number"})
    answer = begin(client, imaging_profile="none of ours")
    assert answer.status_code == 400
    assert not Sample.objects.exists()
    signed = make_sample(technician)
    Sample.objects.filter(pk=signed.pk).update(state=Sample.State.SIGNED)
    answer = begin(client, accession_number=signed.accession_number)
    assert (answer.status_code, answer.json()["code"]) == (409, "sample_closed")


# --- One sample's own form ----------------------------------------------------------------------


def test_the_form_of_a_sample_names_it_on_the_page_and_not_in_its_address(
    technician, page_as, sample
):
    page = page_as(technician).get(f"/samples/{sample.pk}/upload/").content.decode()
    assert sample.accession_number in page
    assert 'name="accession_number"' not in page
    assert f'action="/samples/{sample.pk}/upload/"' in page


def test_its_parts_are_taken_and_repeated_parts_add_nothing(technician, page_as, sample):
    client = page_as(technician)
    url = f"/samples/{sample.pk}/upload/"

    def part() -> dict[str, list[object]]:
        pictures = [drawn_picture(1), drawn_picture(2), b"words"]
        return {"files": [file_of(data, f"{n}.png") for n, data in enumerate(pictures)]}

    first = client.post(url, part(), headers=JSON)
    again = client.post(url, part(), headers=JSON)
    assert (first.status_code, again.status_code) == (202, 202)
    assert ["duplicate" in image for image in again.json()["images"]] == [True, True, False]
    assert first.json()["images"][2] == again.json()["images"][2]
    assert sample.images.count() == 2


def test_more_files_than_a_part_may_hold_get_a_sentence(technician, page_as, sample, settings):
    settings.MAX_FILES_PER_UPLOAD = 1
    files = [file_of(drawn_picture(n)) for n in range(2)]
    answer = page_as(technician).post(
        f"/samples/{sample.pk}/upload/", {"files": files}, headers=JSON
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "too_many_files")


def test_without_its_script_the_form_of_a_sample_lists_the_outcomes(technician, page_as, sample):
    files = [file_of(draw_smear_png(seed=1), "one.png"), file_of(b"MZ", "two.png")]
    answer = page_as(technician).post(f"/samples/{sample.pk}/upload/", {"files": files})
    assert answer.status_code == 202
    assert b"one.png" in answer.content
    assert b"two.png: This is a program" in answer.content
    answer = page_as(technician).post(f"/samples/{sample.pk}/upload/", {})
    assert answer.status_code == 400
    assert b"No file was sent" in answer.content


def test_a_closed_sample_has_no_form(technician, page_as, sample):
    Sample.objects.filter(pk=sample.pk).update(state=Sample.State.CANCELLED)
    answer = page_as(technician).get(f"/samples/{sample.pk}/upload/")
    assert answer.status_code == 409
    assert b"is cancelled" in answer.content


# --- One ZIP ------------------------------------------------------------------------------------


def test_a_zip_is_taken_and_its_unpacking_is_told(technician, page_as, sample):
    client = page_as(technician)
    data = zip_of({"1.png": drawn_picture(1), "2.png": b"words"})
    taken = client.post(
        f"/samples/{sample.pk}/archives/", {"archive": file_of(data, "a.zip")}, headers=JSON
    )
    assert taken.status_code == 202
    progress = taken.json()["progress"]
    before = client.get(progress).json()
    assert before == {"final": False, "found": None, "done": 0, "refused": [], "error": ""}
    unpack_archive(archive_id=ImageArchive.objects.get().pk)
    after = client.get(progress).json()
    assert (after["final"], after["found"], after["done"]) == (True, 2, 2)
    assert [row["name"] for row in after["refused"]] == ["2.png"]


def test_a_zip_may_be_larger_than_a_picture(technician, page_as, sample, settings):
    settings.MAX_IMAGE_BYTES = 10_000
    files = {"archive": file_of(zip_of({"1.png": drawn_picture(1)}), "a.zip")}
    answer = page_as(technician).post(f"/samples/{sample.pk}/archives/", files, headers=JSON)
    assert answer.status_code == 202


def test_a_zip_from_another_site_is_refused(technician, sample):
    client = Client(enforce_csrf_checks=True)
    client.force_login(technician)
    files = {"archive": file_of(zip_of({"1.png": drawn_picture(1)}), "a.zip")}
    answer = client.post(f"/samples/{sample.pk}/archives/", files, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")
    assert not ImageArchive.objects.exists()


# --- How far the reading is ---------------------------------------------------------------------


def test_the_progress_of_a_sample_counts_and_lists_only_what_failed(technician, page_as, sample):
    first, second, _ = (make_image(technician, sample, seed=n) for n in range(3))
    record_result(first, {})
    fail_image(second, "The picture is torn. Run it again.")
    answer = page_as(technician).get(f"/samples/{sample.pk}/progress/")
    assert answer.json() == {
        "images": 3,
        "unfinished": 1,
        "failed_count": 1,
        "failed": [
            {
                "name": second.original_name,
                "url": f"/images/{second.pk}/",
                "error": "The picture is torn. Run it again.",
            }
        ],
        "doubtful": [],
        "url": f"/samples/{sample.pk}/",
    }


def test_while_nothing_changes_it_is_not_sent_again(technician, page_as, sample):
    client, url = page_as(technician), f"/samples/{sample.pk}/progress/"
    etag = client.get(url)["ETag"]
    assert client.get(url, headers={"If-None-Match": etag}).status_code == 304
    make_image(technician, sample)
    changed = client.get(url, headers={"If-None-Match": etag})
    assert (changed.status_code, changed.json()["images"]) == (200, 1)
