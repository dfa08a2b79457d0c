"""The gallery of a sample: which cells stand in which column, and in which order."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mlmodels.models import Label
from predictions.errors import SampleNotFound
from predictions.models import Sample
from predictions.selectors.review.gallery import changes_since, gallery_of, state_of
from predictions.services.imaging.jobs import request_rerun
from tests.factories.images import make_image, make_sample
from tests.factories.profiles import say
from tests.factories.results import record_result

pytestmark = pytest.mark.django_db

REVIEW: dict[str, object] = {"disposition": "review"}
UNIDENTIFIED: dict[str, object] = {"disposition": "unidentified", "confidence": 0.3}


def column(gallery, code):
    return next(each for each in gallery.columns if each.code == code)


def test_unidentified_stands_first_and_then_the_order_of_the_laboratory(technician, sample):
    record_result(
        make_image(technician, sample),
        {},
        {"label": "monocyte"},
        UNIDENTIFIED,
        {"label": "basophil"},
    )
    present = [each.code for each in gallery_of(technician, sample.pk).columns if each.cells]
    assert present == ["unidentified", "neutrophil", "basophil", "monocyte"]


def test_labels_without_cells_have_a_column_to_be_dropped_on(technician, sample):
    record_result(make_image(technician, sample), {})
    Label.objects.filter(code="duplicate").update(is_used=False)
    codes = [each.code for each in gallery_of(technician, sample.pk).columns]
    assert "blast" in codes
    assert "duplicate" not in codes


def test_what_asks_for_a_person_comes_first_then_the_least_sure_then_the_reviewed(
    technician, sample
):
    image = record_result(
        make_image(technician, sample),
        {"confidence": 0.99},
        {"confidence": 0.95},
        {"confidence": 0.7, **REVIEW},
        {"confidence": 0.6, **REVIEW},
        {"confidence": 0.5, **REVIEW},
    )
    say(technician, image.cells.get(position=5), "neutrophil")
    cells = column(gallery_of(technician, sample.pk), "neutrophil").cells
    assert [cell.position for cell in cells] == [4, 3, 2, 1, 5]
    assert [cell.asks for cell in cells] == [True, True, False, False, False]


def test_a_rare_and_grave_class_asks_for_a_person_however_sure_the_model_was(technician, sample):
    record_result(make_image(technician, sample), {"label": "basophil", "confidence": 0.99})
    [cell] = column(gallery_of(technician, sample.pk), "basophil").cells
    assert cell.asks


def test_percent_is_of_the_counted_cells(technician, sample):
    record_result(
        make_image(technician, sample),
        *[{}] * 3,
        {"label": "lymphocyte"},
        {"label": "lymphocyte", **REVIEW},
        {"label": "platelet"},
        UNIDENTIFIED,
    )
    gallery = gallery_of(technician, sample.pk)
    assert gallery.counted == 4
    assert (column(gallery, "neutrophil").percent, column(gallery, "lymphocyte").percent) == (
        75,
        25,
    )
    assert column(gallery, "platelet").percent is None
    assert column(gallery, "unidentified").percent is None
    assert gallery.to_review == 2


def test_a_cell_is_told_in_words(technician, doctor, sample, model):
    make_image(technician, sample)
    image = record_result(make_image(technician, sample), {}, REVIEW, UNIDENTIFIED)
    say(doctor, image.cells.get(position=2), "blast")
    words = {
        cell.place: (cell.name, cell.state_in_words)
        for cell in gallery_of(doctor, sample.pk).cells.values()
    }
    assert words == {
        "cell 1 of field 2": ("Neutrophil", "high confidence, not reviewed"),
        "cell 2 of field 2": ("Blast", "named by a doctor, the model said Neutrophil"),
        "cell 3 of field 2": ("Unidentified", "a person must say what it is"),
    }


def test_only_the_newest_result_is_shown(technician, sample):
    image = record_result(make_image(technician, sample), {}, {})
    before = gallery_of(technician, sample.pk).results
    request_rerun(actor=technician, image_id=image.pk)
    record_result(image, {"label": "monocyte"})
    gallery = gallery_of(technician, sample.pk)
    assert [cell.code for cell in gallery.cells.values()] == ["monocyte"]
    assert gallery.results != before


def test_one_class_is_shown_alone_and_an_unknown_one_shows_all(technician, sample):
    record_result(make_image(technician, sample), {}, {"label": "monocyte"})
    assert [each.code for each in gallery_of(technician, sample.pk, "monocyte").shown] == [
        "monocyte"
    ]
    assert len(gallery_of(technician, sample.pk, "dragon").shown) > 10


def test_a_label_that_the_laboratory_lacks_keeps_its_column(technician, sample):
    record_result(make_image(technician, sample), {"label": "odd_cell"})
    assert column(gallery_of(technician, sample.pk), "odd_cell").name == "Odd cell"


def test_tiles_follow_the_numbers_of_the_cells(technician, sample):
    record_result(make_image(technician, sample), *[{}] * 17)
    gallery = gallery_of(technician, sample.pk)
    tiles = {cell.position: cell.tile for cell in gallery.cells.values()}
    assert (tiles[1], tiles[2], tiles[17]) == ((0, 0), (128, 0), (0, 128))
    assert gallery.fields[0].sheet_px == (16 * 128, 2 * 128)


@pytest.mark.parametrize("state", [Sample.State.SIGNED, Sample.State.CANCELLED])
def test_a_frozen_sample_is_looked_at_only(doctor, technician, sample, state):
    record_result(make_image(technician, sample), {})
    Sample.objects.filter(pk=sample.pk).update(state=state)
    assert not gallery_of(doctor, sample.pk).can_review


def test_admins_look_and_others_see_nothing(admin, other_technician, technician, sample):
    record_result(make_image(technician, sample), {})
    assert not gallery_of(admin, sample.pk).can_review
    with pytest.raises(SampleNotFound):
        gallery_of(other_technician, sample.pk)
    with pytest.raises(SampleNotFound):
        state_of(other_technician, sample.pk)


def test_a_hundred_cells_ask_as_often_as_ten(technician, doctor, sample, model):
    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            gallery_of(doctor, sample.pk)
        assert not any("probabilities" in query["sql"] for query in queries)
        return len(queries)

    record_result(make_image(technician, sample), *[{}] * 10)
    few = asked()
    for _ in range(3):
        record_result(make_image(technician, sample), *[{}] * 30)
    assert asked() == few == 6


def test_the_state_changes_with_each_review_and_each_result(technician, sample):
    states = [state_of(technician, sample.pk)]
    image = record_result(make_image(technician, sample), {})
    states.append(state_of(technician, sample.pk))
    say(technician, image.cells.get(), "monocyte")
    states.append(state_of(technician, sample.pk))
    assert len(set(states)) == 3
    assert state_of(technician, sample.pk) == states[-1]


def test_changes_name_the_last_who_spoke_of_each_cell_of_the_sample(
    technician, doctor, other_technician, sample
):
    began = timezone.now()
    image = record_result(make_image(technician, sample), {}, {})
    elsewhere = record_result(make_image(technician, make_sample(technician)), {})
    cell = image.cells.get(position=1)
    say(technician, cell, "monocyte")
    say(doctor, cell, "blast")
    say(doctor, elsewhere.cells.get(), "blast")
    [change] = changes_since(technician, sample.pk, began)
    assert (change.cell_id, change.by) == (cell.pk, doctor.display_name)
    assert changes_since(technician, sample.pk, timezone.now() + timedelta(minutes=1)) == []
    assert changes_since(other_technician, sample.pk, began) == []
