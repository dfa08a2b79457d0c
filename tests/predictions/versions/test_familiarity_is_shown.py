"""A percentile becomes a word, on the image, on the profile and at upload."""

import pytest

from predictions.selectors.imaging.familiarity import (
    familiarity_of_cells,
    familiarity_of_profile,
    profile_rows,
)
from tests.factories.profiles import image_of, make_profile
from tests.factories.results import record_result

pytestmark = pytest.mark.django_db


@pytest.fixture
def profile(admin):
    return make_profile(admin, "Bench 2")


def read(technician, profile, *percentiles):
    cells = [{"familiarity_percentile": value} for value in percentiles]
    return record_result(image_of(technician, profile), *cells)


def test_the_median_over_recent_images_has_the_versions_word(technician, profile, model):
    read(technician, profile, 50.0, 99.9, 99.9)
    read(technician, profile, 99.8, 99.9)
    now = familiarity_of_profile(technician, profile)
    assert (now.word, now.percentile, now.cells, now.images) == ("unfamiliar", 99.9, 5, 2)


def test_few_cells_ask_for_nothing_and_ten_do(technician, profile, model):
    read(technician, profile, *[99.9] * 9)
    assert not familiarity_of_profile(technician, profile).asks_for_onboarding
    read(technician, profile, 99.9)
    assert familiarity_of_profile(technician, profile).asks_for_onboarding


def test_another_profile_counts_for_itself(technician, profile, admin, model):
    other = make_profile(admin)
    read(technician, profile, 99.9)
    read(technician, other, 10.0)
    words = [row.familiarity.word for row in profile_rows(technician, [profile, other])]
    assert words == ["unfamiliar", "familiar"]


def test_nothing_is_known_where_nothing_was_read(technician, profile, model):
    assert familiarity_of_profile(technician, profile).word == ""


def test_the_result_page_says_the_word_and_the_profile(page_as, doctor, technician, profile, model):
    image = read(technician, profile, 99.8)
    page = page_as(doctor).get(f"/images/{image.pk}/").content.decode()
    for words in ("unfamiliar", "Bench 2", "Check each one", "percentile 100"):
        assert words in page
    assert "Onboard" not in page


def test_a_familiar_image_has_no_notice(page_as, doctor, technician, profile, model):
    image = read(technician, profile, 20.0)
    page = page_as(doctor).get(f"/images/{image.pk}/").content.decode()
    assert "familiar" in page
    assert "Check each one" not in page


def test_the_api_says_the_word(api_as, doctor, technician, profile, model):
    image = read(technician, profile, 98.0)
    body = api_as(doctor).get(f"/api/v1/images/{image.pk}/").json()
    assert body["familiarity"] == "unusual"
    assert body["cells"][0]["familiarity_percentile"] == 98.0


def test_the_upload_says_so_plainly_and_the_admin_is_asked_to_onboard(
    page_as, technician, admin, profile, model
):
    read(technician, profile, *[99.9] * 12)
    upload = page_as(technician).get("/upload/").content.decode()
    assert "Pictures of Bench 2 look unfamiliar to the model" in upload
    assert "Onboard" not in upload
    page = page_as(admin).get("/profiles/").content.decode()
    assert "Onboard it" in page


def test_a_find_of_low_objectness_says_nothing_of_the_microscope(technician, profile, model):
    least = model.card["engine"]["thresholds"]["cell_score"]
    cells = [{"familiarity_percentile": 20.0, "objectness": least}] * 2
    cells += [{"familiarity_percentile": 99.9, "objectness": least - 0.1}] * 5
    image = record_result(image_of(technician, profile), *cells)
    now = familiarity_of_profile(technician, profile)
    assert (now.word, now.percentile, now.cells) == ("familiar", 20.0, 2)
    assert familiarity_of_cells(image.cells.all(), model).word == "familiar"
