"""Each image says how it was taken: what was chosen, else the default; what is not offered, not."""

import pytest

from accounts.models import Role
from mlmodels.errors import ProfileUnusable
from mlmodels.services.profiles import retire_profile
from predictions.models import SmearImage
from predictions.services.imaging.intake import receive_single
from tests.drawn_cells import draw_smear_png
from tests.factories.images import file_of, make_sample
from tests.factories.people import make_user
from tests.factories.profiles import image_of, make_profile

pytestmark = pytest.mark.django_db


@pytest.fixture
def default(admin):
    return make_profile(admin, "Bench 1")


@pytest.fixture
def chosen(default, admin):
    return make_profile(admin, "Bench 2")


def test_without_a_choice_the_default_is_taken(technician, default):
    assert image_of(technician, None).imaging_profile == default


def test_without_profiles_an_image_has_none(technician):
    assert image_of(technician, None).imaging_profile is None


def test_what_is_chosen_is_taken(technician, chosen):
    assert image_of(technician, chosen).imaging_profile == chosen


def test_a_retired_profile_is_refused(technician, chosen, admin):
    retire_profile(actor=admin, profile_id=chosen.pk)
    with pytest.raises(ProfileUnusable, match="Bench 2 is retired"):
        image_of(technician, chosen)


def test_another_laboratorys_profile_is_none(technician, other_laboratory):
    theirs = make_profile(make_user(other_laboratory, Role.ADMIN))
    with pytest.raises(ProfileUnusable, match="no such imaging profile in your laboratory"):
        image_of(technician, theirs)


def test_what_is_no_id_is_refused_and_nothing_is_kept(technician, default):
    with pytest.raises(ProfileUnusable):
        receive_single(actor=technician, files=[file_of(draw_smear_png())], imaging_profile="bench")
    assert not SmearImage.objects.exists()


def test_the_page_offers_the_profiles_and_takes_one(page_as, technician, chosen):
    browser = page_as(technician)
    page = browser.get("/upload/").content.decode()
    assert page.index("Bench 1 (default)") < page.index("Bench 2")
    form = {
        "accession_number": "P-1",
        "imaging_profile": str(chosen.pk),
        "files": [file_of(draw_smear_png())],
    }
    assert browser.post("/upload/", form).status_code == 202
    assert SmearImage.objects.get().imaging_profile == chosen


def test_the_page_says_what_is_wrong_with_a_profile(page_as, technician, chosen, admin):
    retire_profile(actor=admin, profile_id=chosen.pk)
    form = {
        "accession_number": "P-1",
        "imaging_profile": str(chosen.pk),
        "files": [file_of(draw_smear_png())],
    }
    answer = page_as(technician).post("/upload/", form)
    assert answer.status_code == 400
    assert "Bench 2 is retired" in answer.content.decode()


def test_the_api_takes_a_profile_and_says_it(api_as, technician, chosen, model):
    form = {"image": file_of(draw_smear_png()), "imaging_profile": str(chosen.pk)}
    answer = api_as(technician).post("/api/v1/predict/?wait=0", form)
    assert answer.status_code == 202
    assert answer.json()["imaging_profile"] == str(chosen.pk)


def test_the_api_refuses_one_that_is_not_the_laboratorys(api_as, technician, other_laboratory):
    theirs = make_profile(make_user(other_laboratory, Role.ADMIN))
    form = {"image": file_of(draw_smear_png()), "imaging_profile": str(theirs.pk)}
    answer = api_as(technician).post("/api/v1/predict/", form)
    assert answer.status_code == 400
    assert answer.json()["code"] == "imaging_profile"


def test_the_history_is_filtered_by_profile(page_as, technician, default, chosen):
    image_of(technician, default, make_sample(technician, accession_number="ONE-1"))
    image_of(technician, chosen, make_sample(technician, accession_number="TWO-2"))
    page = page_as(technician).get(f"/history/?profile={chosen.pk}").content.decode()
    assert "TWO-2" in page
    assert "ONE-1" not in page
