"""Whatever files are called and wherever they stand in a form, each is answered, in order."""

from io import BytesIO
from zipfile import ZipFile

import pytest

from predictions.models import ImageArchive, SmearImage
from tests.drawn_cells import draw_smear_png
from tests.hematovision.requests.forms import files_part, part, posted

pytestmark = pytest.mark.django_db


@pytest.fixture
def caller(api_as, technician):
    return api_as(technician)


@pytest.fixture
def images_url(sample):
    return f"/api/v1/samples/{sample.pk}/images/"


def picture(seed):
    return draw_smear_png(seed=seed, cells=0)


def named(name, field=b"files", seed=1):
    return files_part(name, picture(seed), field=field)


def zipped():
    data = BytesIO()
    with ZipFile(data, "w") as archive:
        archive.writestr("a.png", picture(1))
    return data.getvalue()


ODD = [
    "Müller.png".encode("latin-1"),
    "血液.png".encode("shift_jis"),
    "白细胞.png".encode("gbk"),
    b"",
    b"n" * 3000 + b".png",
    b"scans\\",
]


@pytest.mark.parametrize("name", ODD)
def test_the_api_answers_for_each_of_three_files(caller, images_url, name):
    parts = [named(b"one.png"), named(name, seed=2), named(b"three.png", seed=3)]
    answer = posted(caller, images_url, parts)
    assert answer.status_code == 202
    first, odd, third = answer.json()["images"]
    assert (first["name"], third["name"]) == ("one.png", "three.png")
    assert odd["id"]
    assert odd["name"]


@pytest.mark.parametrize("name", ODD)
def test_the_page_answers_for_each_of_three_files(technician, page_as, sample, name):
    parts = [named(b"one.png"), named(name, seed=2), named(b"three.png", seed=3)]
    answer = posted(
        page_as(technician), f"/samples/{sample.pk}/upload/", parts, Accept="application/json"
    )
    assert answer.status_code == 202
    assert [bool(image.get("id")) for image in answer.json()["images"]] == [True] * 3


def test_files_in_a_wrong_field_have_their_line_between_the_others(caller, images_url):
    parts = [
        named(b"one.png", field=b"file"),
        named(b"two.png"),
        named(b"three.png", field=b"image"),
        part(b'name="files"', b"four.png"),
        named(b"five.png", seed=5),
    ]
    answer = posted(caller, images_url, parts)
    assert answer.status_code == 202
    images = answer.json()["images"]
    names = ["one.png", "two.png", "three.png", "unnamed", "five.png"]
    assert [image["name"] for image in images] == names
    assert [image.get("error") for image in images] == [
        "one.png: it was sent in the field “file”. Files are taken in the field “files”.",
        None,
        "three.png: it was sent in the field “image”. Files are taken in the field “files”.",
        "The field “files” holds text, not a file. Send the file itself, with its file name "
        "(with curl: -F files=@FILE).",
        None,
    ]


def test_the_page_says_the_same_of_a_wrong_field(technician, page_as):
    number = part(b'name="accession_number"', b"A-1")
    parts = [number, named(b"one.png", field=b"file"), named(b"two.png")]
    answer = posted(page_as(technician), "/upload/", parts, Accept="application/json")
    assert answer.status_code == 202
    first, second = answer.json()["images"]
    assert "in the field “file”" in first["error"]
    assert second["id"]


def test_where_all_are_in_a_wrong_field_both_fields_are_named(caller, images_url):
    answer = posted(caller, images_url, [named(b"one.png", field=b"file")])
    assert answer.status_code == 400
    sentence = "one.png: it was sent in the field “file”. Files are taken in the field “files”."
    said = {"code": "no_file", "message": sentence, "fields": {"file": [sentence]}}
    assert answer.json() == said
    assert not SmearImage.objects.exists()


def test_no_sample_is_made_for_a_page_s_files_in_a_wrong_field(technician, page_as):
    number = part(b'name="accession_number"', b"A-1")
    answer = posted(page_as(technician), "/upload/", [number, named(b"a.png", field=b"file")])
    assert answer.status_code == 400
    assert "in the field “file”" in answer.content.decode()
    assert not technician.laboratory.samples.exists()


@pytest.mark.parametrize(
    ("parts", "status", "said"),
    [
        ([named(b"a.png", field=b"file")], 400, "Files are taken in the field “image”"),
        ([named(b"a.png", field=b"image"), named(b"b.png")], 400, "b.png: it was sent in"),
        ([part(b'name="image"', b"a.png")], 400, "The field “image” holds text"),
        ([named(b"a.png", field=b"image"), named(b"b.png", field=b"image")], 413, "2 files"),
        ([part(b'name="wait"', b"1")], 400, "No file was sent"),
    ],
)
def test_predict_takes_one_file_and_says_what_it_got_instead(caller, parts, status, said):
    answer = posted(caller, "/api/v1/predict/", parts)
    assert answer.status_code == status
    assert said in answer.json()["message"]
    assert not SmearImage.objects.exists()


def test_the_only_file_may_be_called_anything(caller):
    for seed, name in enumerate(ODD):
        parts = [named(name, field=b"image", seed=seed)]
        assert posted(caller, "/api/v1/predict/?wait=0", parts).status_code in {200, 202}


@pytest.mark.parametrize(
    ("fields", "status"), [([b"file"], 400), ([b"archive", b"archive"], 413), ([b"archive"], 202)]
)
def test_an_archive_is_one_file_in_its_field(caller, sample, fields, status):
    parts = [files_part("Müller.zip".encode("latin-1"), zipped(), field=field) for field in fields]
    answer = posted(caller, f"/api/v1/samples/{sample.pk}/archives/", parts)
    assert answer.status_code == status
    assert ImageArchive.objects.exists() == (status == 202)


@pytest.mark.parametrize(("fields", "status"), [([b"file"], 400), ([b"archive", b"archive"], 413)])
def test_the_page_s_archive_is_one_file_in_its_field(technician, page_as, sample, fields, status):
    parts = [files_part(b"a.zip", zipped(), field=field) for field in fields]
    answer = posted(page_as(technician), f"/samples/{sample.pk}/archives/", parts)
    assert answer.status_code == status
    assert not ImageArchive.objects.exists()


def test_a_report_to_be_verified_is_one_file_in_its_field(caller):
    answer = posted(caller, "/api/v1/reports/verify/", [files_part(b"a.pdf", b"x", field=b"pdf")])
    assert answer.status_code == 400
    assert "“file”" in answer.json()["message"]


def test_files_beyond_the_number_are_counted(caller, images_url, settings):
    settings.MAX_FILES_PER_UPLOAD = 2
    answer = posted(caller, images_url, [named(b"a.png") for _ in range(3)])
    assert (answer.status_code, answer.json()["code"]) == (413, "too_many_files")
