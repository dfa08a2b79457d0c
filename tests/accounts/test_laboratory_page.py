"""The settings page of a laboratory: name, address, time zone, logo, and their history."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from accounts.errors import AccessDenied
from accounts.models import AuditAction, AuditEvent, Laboratory
from accounts.services.laboratories import change_laboratory
from accounts.services.logos import change_logo, remove_logo

pytestmark = pytest.mark.django_db

SAID = {"name": "St Mary", "address": "1 High Street\r\nYork", "time_zone": "Europe/London"}


@pytest.fixture
def browser(page_as, admin):
    return page_as(admin)


def picture(size=(900, 300), kind="PNG", mode="RGB", **saved) -> bytes:
    made = io.BytesIO()
    Image.new(mode, size, 120).save(made, format=kind, **saved)
    return made.getvalue()


def upload(browser, data: bytes):
    return browser.post("/settings/logo/", {"logo": SimpleUploadedFile("logo.png", data)})


def stored_logo(admin) -> bytes:
    stored = Laboratory.objects.get(pk=admin.laboratory_id).logo
    assert stored is not None
    return bytes(stored)


def logo_of(admin) -> Image.Image:
    return Image.open(io.BytesIO(stored_logo(admin)))


def test_a_laboratory_says_where_it_is_and_the_page_says_what_was_changed(browser, admin):
    assert browser.post("/settings/", SAID)["Location"] == "/settings/"
    laboratory = Laboratory.objects.get(pk=admin.laboratory_id)
    assert laboratory.address == "1 High Street\nYork"
    assert laboratory.time_zone == "Europe/London"
    event = AuditEvent.objects.get(action=AuditAction.LABORATORY_CHANGED)
    assert event.changes == {
        "address": ["", "1 High Street\nYork"],
        "time_zone": ["UTC", "Europe/London"],
    }
    page = browser.get("/settings/").content.decode()
    assert "<del>UTC</del> <ins>Europe/London</ins>" in page


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"name": "North Clinic"}, "This name is taken."),
        ({"name": " "}, "This field is required."),
        ({"time_zone": "Mars/Olympus"}, "Select a valid choice."),
        ({"address": "x" * 501}, "at most 500 characters"),
    ],
)
def test_what_a_laboratory_cannot_be_called_is_said_at_the_field(
    browser, other_laboratory, changed, sentence
):
    answer = browser.post("/settings/", {**SAID, **changed})
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert not AuditEvent.objects.filter(action=AuditAction.LABORATORY_CHANGED).exists()


def test_saving_what_is_said_already_leaves_no_trace(admin):
    change_laboratory(actor=admin, name="St Mary", address="", time_zone="UTC")
    assert not AuditEvent.objects.filter(action=AuditAction.LABORATORY_CHANGED).exists()


def test_a_logo_is_made_anew_and_small(browser, admin):
    about = PngInfo()
    about.add_text("Comment", "taken by Ada at 53.9, -1.1")
    assert upload(browser, picture(pnginfo=about)).status_code == 302
    logo = logo_of(admin)
    assert (logo.format, logo.size, logo.info) == ("PNG", (600, 200), {})
    assert b"Ada" not in stored_logo(admin)
    shown = browser.get("/settings/logo/")
    assert shown["Content-Type"] == "image/png"
    assert 'src="/settings/logo/"' in browser.get("/settings/").content.decode()


def test_a_photograph_that_lies_on_its_side_is_set_upright_and_loses_its_place(browser, admin):
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "A camera"
    upload(browser, picture((100, 50), "JPEG", exif=exif))
    logo = logo_of(admin)
    assert (logo.size, dict(logo.getexif())) == ((50, 100), {})


def test_a_logo_keeps_what_is_transparent(browser, admin):
    upload(browser, picture((60, 20), mode="RGBA"))
    assert logo_of(admin).mode == "RGBA"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The file is empty."),
        (b"no picture", "no whole PNG or JPEG"),
        (picture((60, 20), "GIF"), "no whole PNG or JPEG"),
        (picture((600, 200))[:200], "no whole PNG or JPEG"),
        (picture((5000, 4001), mode="1"), "over 20 megapixels"),
        (picture((60, 20)) + b"x" * 1024 * 1024, "larger than 1 MB"),
    ],
)
def test_a_file_that_is_no_logo_is_refused(browser, admin, data, sentence):
    answer = upload(browser, data)
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert Laboratory.objects.get(pk=admin.laboratory_id).logo is None


def test_a_logo_is_taken_away_again_and_both_are_written_down(browser, admin):
    upload(browser, picture())
    assert browser.post("/settings/logo/remove/").status_code == 302
    assert browser.get("/settings/logo/").status_code == 404
    events = AuditEvent.objects.filter(action=AuditAction.LABORATORY_CHANGED).order_by("position")
    assert [event.changes for event in events] == [
        {"logo": [None, "600 × 200 px"]},
        {"logo": ["600 × 200 px", None]},
    ]


def test_a_person_is_looked_up_without_the_logo_of_the_laboratory(browser, admin):
    upload(browser, picture())
    person = type(admin).objects.get(pk=admin.pk)
    assert "logo" in person.laboratory.get_deferred_fields()


@pytest.mark.parametrize("who", ["technician", "doctor"])
def test_only_admins_change_the_laboratory(request, who):
    actor = request.getfixturevalue(who)
    with pytest.raises(AccessDenied):
        change_laboratory(actor=actor, name="Ours", address="", time_zone="UTC")
    with pytest.raises(AccessDenied):
        change_logo(actor=actor, picture=picture())
    with pytest.raises(AccessDenied):
        remove_logo(actor=actor)


def test_the_settings_stand_in_the_top_bar_of_admins_alone(page_as, admin, doctor):
    assert 'href="/settings/"' in page_as(admin).get("/dashboard/").content.decode()
    assert 'href="/settings/"' not in page_as(doctor).get("/dashboard/").content.decode()
