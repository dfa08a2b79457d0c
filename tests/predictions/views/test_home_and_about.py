"""What everybody may read before signing in."""

import pytest

pytestmark = pytest.mark.django_db


def test_home_welcomes_and_shows_the_cells_with_their_share(client, model):
    page = client.get("/").content.decode()
    assert "Welcome to HematoVision" in page
    for word in ("immunity", "oxygen", "clotting", "Neutrophil", "40–80 %", "Sign in"):  # noqa: RUF001
        assert word in page


def test_home_shows_only_classes_that_the_model_can_give(client, model):
    page = client.get("/").content.decode()
    assert "Platelet" in page
    assert "Myelocyte" not in page


def test_about_says_what_it_must_not_be_used_for(client):
    page = client.get("/about/").content.decode()
    assert "What it must not be used for" in page
    assert "Not a certified medical device" in page


def test_somebody_signed_in_is_led_to_the_dashboard(page_as, doctor):
    page = page_as(doctor).get("/").content.decode()
    assert "Open your dashboard" in page
    assert "Upload" not in page


@pytest.mark.parametrize("address", ["/", "/about/"])
def test_what_is_said_of_blasts_follows_the_classes_of_the_model(client, model, address):
    model.classes = [name for name in model.classes if name != "blast"]
    model.save()
    without = client.get(address).content.decode()
    assert "no class for blasts" in without or "Blasts, reactive lymphocytes" in without
    model.classes = [*model.classes, "blast"]
    model.save()
    knowing = client.get(address).content.decode()
    assert "no class for blasts" not in knowing
    assert "Blasts, reactive lymphocytes" not in knowing
    assert "calls some" in knowing
