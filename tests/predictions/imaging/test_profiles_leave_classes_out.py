"""Images are read among the classes that their profile declares, and keep which these were."""

import pytest

from accounts.models import AuditAction, AuditEvent, Role
from mlmodels.services.profiles import ProfileFields, change_profile
from mlmodels.services.versions.shadows import start_shadow
from predictions.models import Cell, ShadowReading
from predictions.services.imaging.jobs import request_rerun
from predictions.services.imaging.run_classification import classify_image
from predictions.services.imaging.run_shadow import read_in_shadow
from tests.factories.models import make_candidate
from tests.factories.people import make_user
from tests.factories.profiles import image_of, make_profile

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("model")]

MATURE = ["neutrophil", "eosinophil", "basophil", "lymphocyte", "monocyte"]
# Blasts are never left out.
OCCUR = {*MATURE, "blast"}
PROFILES = "/api/v1/imaging-profiles/"


def read(image) -> list[Cell]:
    """Its newest job done; the cells of it."""
    job = image.jobs.first()
    classify_image(job_id=job.pk)
    return list(Cell.objects.filter(job=job))


def test_cells_are_named_as_classes_that_occur_and_none_passes_by_it(technician, admin, doctor):
    profile = make_profile(admin)
    image = image_of(technician, profile, seed=0, width=160, height=120)
    [free] = read(image)
    others = [name for name in MATURE if name != free.label]
    assert free.label != "blast"
    change_profile(
        actor=admin,
        profile_id=profile.pk,
        fields=ProfileFields(profile.name, classes=others),
    )
    request_rerun(actor=doctor, image_id=image.pk, confirmed=True)
    [masked] = read(image)
    assert masked.label in {*others, "blast"}
    assert masked.disposition != Cell.Disposition.ACCEPTED
    # The earlier reading keeps what it could choose from, and so does this one.
    assert set(Cell.objects.get(pk=free.pk).probabilities) > set(masked.probabilities)
    assert set(masked.probabilities) == {*others, "blast"}


def test_the_trail_says_with_which_classes_an_image_was_read(technician, admin):
    profile = make_profile(admin, classes=MATURE)
    own, other = image_of(technician, profile), image_of(technician, make_profile(admin))
    read(own)
    read(other)
    events = AuditEvent.objects.filter(action=AuditAction.IMAGE_CLASSIFIED)
    told = {event.object_id: event.changes.get("classes") for event in events}
    assert told == {str(own.pk): [None, MATURE], str(other.pk): None}


def test_small_images_that_wait_beside_are_read_among_the_same_classes(technician, admin):
    profile = make_profile(admin, classes=MATURE)
    images = [image_of(technician, profile) for _ in range(3)]
    classify_image(job_id=images[0].jobs.get().pk)
    for image in images:
        for cell in Cell.objects.filter(image=image):
            assert set(cell.probabilities) == OCCUR
    events = AuditEvent.objects.filter(action=AuditAction.IMAGE_CLASSIFIED)
    assert [event.changes["classes"] for event in events] == [[None, MATURE]] * len(events)


def test_a_version_in_shadow_chooses_from_the_same_classes(technician, admin, laboratory, settings):
    start_shadow(actor=admin, version_id=make_candidate(laboratory).pk)
    image = image_of(technician, make_profile(admin, classes=MATURE), seed=0, width=160, height=120)
    [cell] = read(image)
    read_in_shadow(job_id=cell.job_id)
    [found] = ShadowReading.objects.get().cells
    assert found["label"] == cell.label
    assert found["label"] in OCCUR


# --- Said on the page and over the API ---------------------------------------------------------


def test_an_admin_marks_the_classes_on_the_page_and_reads_what_it_means(page_as, admin):
    profile = make_profile(admin, "School")
    browser = page_as(admin)
    form = browser.get(f"/profiles/{profile.pk}/change/").content.decode()
    meaning = "ells of other classes will be named as one of these or left to a person"
    assert meaning in form
    browser.post(f"/profiles/{profile.pk}/change/", {"name": "School", "classes": MATURE})
    profile.refresh_from_db()
    assert profile.classes == MATURE
    page = browser.get(f"/profiles/{profile.pk}/").content.decode()
    assert meaning in page
    assert "Neutrophil, Eosinophil, Basophil, Lymphocyte, Monocyte" in page
    refused = browser.post(f"/profiles/{profile.pk}/change/", {"name": "x", "classes": MATURE[:1]})
    assert refused.status_code == 400
    assert "Mark at least 2 classes" in refused.content.decode()


def test_a_program_declares_classes_and_leaves_the_rest_as_it_is(api_as, admin):
    profile = make_profile(admin, "School", stain="Giemsa")
    program = api_as(admin)
    changed = program.patch(f"{PROFILES}{profile.pk}/", {"classes": MATURE}, format="json")
    assert changed.status_code == 200
    assert changed.json() == {
        "id": str(profile.pk),
        "name": "School",
        "microscope": "",
        "camera": "",
        "objective": "",
        "stain": "Giemsa",
        "um_per_px": None,
        "classes": MATURE,
        "is_default": True,
        "is_retired": False,
    }
    assert program.get(f"{PROFILES}{profile.pk}/").json() == changed.json()
    assert program.get(PROFILES).json()["results"] == [changed.json()]
    event = AuditEvent.objects.get(action=AuditAction.PROFILE_CHANGED)
    assert (event.actor, event.changes) == (admin, {"classes": [None, MATURE]})
    cleared = program.patch(f"{PROFILES}{profile.pk}/", {"classes": None}, format="json")
    assert cleared.json()["classes"] is None


def test_a_program_is_told_which_classes_cannot_be_declared(api_as, admin, other_laboratory):
    profile = make_profile(admin)
    body = {"classes": ["neutrophil", "leaf"]}
    refused = api_as(admin).patch(f"{PROFILES}{profile.pk}/", body, format="json")
    assert (refused.status_code, refused.json()["code"]) == (400, "profile_invalid")
    assert "leaf" in refused.json()["message"]
    stranger = api_as(make_user(other_laboratory, Role.ADMIN))
    assert stranger.patch(f"{PROFILES}{profile.pk}/", body, format="json").status_code == 404
