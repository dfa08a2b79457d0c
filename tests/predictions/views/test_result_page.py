"""What the page of an image shows, by the state of its work."""

import pytest

from mlmodels.models import Label
from predictions.services.imaging.jobs import request_rerun
from predictions.services.review.added_cells import add_cell
from predictions.services.review.reviews import review_cell
from tests.factories.images import make_image, make_sample
from tests.factories.profiles import say
from tests.factories.results import fail_image, record_result

pytestmark = pytest.mark.django_db


@pytest.fixture
def image(technician):
    return make_image(technician)


def page_of(client, image) -> str:
    answer = client.get(f"/images/{image.pk}/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_each_cell_has_box_crop_class_confidence_and_disposition(page_as, doctor, image, model):
    record_result(image, {}, {"label": "lymphocyte", "confidence": 0.41, "disposition": "review"})
    page = page_of(page_as(doctor), image)
    cells = list(image.cells.order_by("position"))
    for cell in cells:
        assert f'<rect class="box__line" x="{cell.x_px}" y="20" width="60" height="50">' in page
        assert f"/cells/{cell.pk}/crop/" in page
    for words in ("98.2 %", "high confidence", "accepted", "41.0 %", "review", "2 cells"):
        assert words in page
    assert "Reference interval 40–80 %" in page  # noqa: RUF001
    assert str(model) in page
    assert "Assistive use: a qualified person reviews every result." in page


def card_of(page: str, position: int = 1) -> str:
    """What stands on the card of a cell, without its folded table."""
    card = page.split(f'id="cell-{position}"')[1].split("</li>\n\n")[0]
    return card.split("<details")[0]


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ({"confidence": 0.2}, "no class is likely enough"),
        ({"familiarity_percentile": 99.9}, "unlike what the model knows"),
        ({"objectness": 0.3}, "most likely no cell"),
        ({"x_px": 0}, "cut off at the border"),
        ({"reason": "too_small", "confidence": 0.2}, "too small in this picture"),
        ({"probabilities": {"monocyte": 0.6, "blast": 0.4}}, "may be immature or a blast"),
    ],
)
def test_an_unidentified_cell_has_one_reason_and_no_percentage(
    page_as, doctor, image, model, found, reason
):
    record_result(image, {"disposition": "unidentified", **found})
    card = card_of(page_of(page_as(doctor), image))
    assert "Unidentified" in card
    assert f"{reason}: a person must say what it is" in card
    assert " %" not in card
    assert "familiar</span>" not in card


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ({"confidence": 0.6}, "not sure enough"),
        ({"familiarity_percentile": 98.0}, "looks unusual to the model"),
        ({"label": "basophil"}, "rare, so a person always looks"),
    ],
)
def test_a_cell_for_review_says_why(page_as, doctor, image, model, found, reason):
    record_result(image, {"disposition": "review", **found})
    card = card_of(page_of(page_as(doctor), image))
    assert reason in card
    assert card.count("badge-word ") == 1


def test_a_cell_that_only_its_own_class_holds_back_says_what_for(page_as, doctor, image, model):
    model.card["engine"]["thresholds"]["by_class"] = {
        "neutrophil": {"confidence": 0.999, "percentile": 90.0}
    }
    model.save(update_fields=["card"])
    record_result(image, {"disposition": "review"})
    assert "a blast may look like this" in card_of(page_of(page_as(doctor), image))


def test_under_a_persons_label_stands_no_confidence_of_the_models(page_as, doctor, image, model):
    record_result(image, {})
    say(doctor, image.cells.get(), "blast")
    card = card_of(page_of(page_as(doctor), image))
    above, _, below = card.partition("Model: ")
    assert "Blast" in above
    assert doctor.display_name in above
    assert "%" not in above
    assert "accepted" not in above
    assert "98.2 %</span>, accepted" in below
    assert "high confidence" not in card


def test_a_doctors_word_and_a_later_remark_are_both_in_sight(
    page_as, doctor, technician, image, model
):
    record_result(image, {})
    cell = image.cells.get()
    say(technician, cell, "monocyte")
    say(doctor, cell, "blast")
    review_cell(
        actor=technician,
        cell_id=cell.pk,
        label="lymphocyte",
        seen_number=2,
        remark="Small, dense.",
    )
    card = card_of(page_of(page_as(doctor), image))
    said = ["Model: Neutrophil", ": Monocyte", ": Blast", ": Lymphocyte"]
    places = [card.index(words) for words in said]
    assert places == sorted(places)
    assert "Small, dense." in card
    assert "a remark beside the doctor" in card
    assert card.count("badge-word ") == 1


def test_a_cell_that_waits_for_the_engine_says_so(page_as, technician, image):
    record_result(image)
    add_cell(actor=technician, image_id=image.pk, x_px=50, y_px=50, width_px=60, height_px=60)
    card = card_of(page_of(page_as(technician), image))
    assert "added by hand, not yet read by the model" in card
    assert technician.display_name in card


def test_the_headline_counts_by_class(page_as, doctor, image, model):
    unsure: dict[str, object] = {"label": "monocyte", "disposition": "review"}
    record_result(image, {}, {}, unsure, {"disposition": "unidentified"})
    browser = page_as(doctor)
    pages = ("/history/", f"/images/{image.pk}/status/", f"/images/{image.pk}/")
    for address in pages:
        page = browser.get(address).content.decode()
        assert "2 neutrophils, 1 monocyte, 1 unidentified" in page, address
        assert "2 to review" in page, address


def test_an_image_is_reviewed_when_nothing_of_it_asks_any_more(page_as, doctor, image, model):
    record_result(image, {}, {"disposition": "review"}, {"disposition": "unidentified"})
    browser = page_as(doctor)
    for position, expected in [(1, "2 to review"), (2, "1 to review"), (3, "reviewed")]:
        say(doctor, image.cells.get(position=position), "monocyte")
        status = browser.get(f"/images/{image.pk}/status/").content.decode()
        assert expected in status
        assert ("reviewed</span>" in status) == (position == 3)


def test_cards_of_many_cells_ask_no_more(
    page_as, doctor, technician, django_assert_max_num_queries
):
    sample = make_sample(technician)
    unnamed: dict[str, object] = {"disposition": "unidentified"}
    image = record_result(make_image(technician, sample), *[unnamed] * 20)
    for cell in image.cells.all()[:10]:
        say(doctor, cell, "blast")
    browser = page_as(doctor)
    with django_assert_max_num_queries(14):
        browser.get(f"/images/{image.pk}/")


def test_a_label_out_of_use_is_not_offered(page_as, doctor, image):
    record_result(image, {})
    Label.objects.filter(code="band").update(is_used=False)
    assert 'value="band"' not in page_of(page_as(doctor), image)


def test_certainty_is_never_claimed(page_as, doctor, image):
    record_result(image, {"confidence": 0.99999})
    page = page_of(page_as(doctor), image)
    assert "&gt; 99.9 %" in page
    assert "100.0 %" not in page


def test_no_cell_found_says_what_to_do(page_as, doctor, image):
    record_result(image)
    assert "No white cell was found in this image." in page_of(page_as(doctor), image)


def test_a_waiting_image_asks_again_and_a_final_one_does_not(page_as, doctor, image):
    browser = page_as(doctor)
    assert 'hx-trigger="every' in page_of(browser, image)
    record_result(image, {})
    page = page_of(browser, image)
    assert "hx-trigger" not in page
    assert "data-final" in browser.get(f"/images/{image.pk}/status/").content.decode()


def test_a_failure_says_why_and_offers_another_try(page_as, technician, admin, image):
    fail_image(image, "The engine stopped.")
    page = page_of(page_as(technician), image)
    assert "The engine stopped." in page
    assert "Try again" in page
    assert "Try again" not in page_of(page_as(admin), image)


def test_the_last_result_stays_while_a_new_one_is_made(page_as, technician, image):
    record_result(image, {})
    request_rerun(actor=technician, image_id=image.pk)
    page = page_of(page_as(technician), image)
    assert "These are the cells of the last result; a new one is on its way." in page
    assert "98.2 %" in page


def test_only_an_uploader_is_offered_another_upload(page_as, technician, doctor, image):
    record_result(image, {})
    assert "Upload another" in page_of(page_as(technician), image)
    assert "Upload another" not in page_of(page_as(doctor), image)


def test_neighbours_of_the_sample_are_linked(page_as, technician):
    sample = make_sample(technician)
    first, second = make_image(technician, sample), make_image(technician, sample)
    browser = page_as(technician)
    assert f'rel="next" href="/images/{second.pk}/"' in page_of(browser, first)
    assert f'rel="prev" href="/images/{first.pk}/"' in page_of(browser, second)
