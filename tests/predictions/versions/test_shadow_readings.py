"""A version in shadow reads along, apart: nobody who works with samples sees what it found."""

import pytest

from accounts.errors import AccessDenied
from mlmodels import artifacts
from mlmodels.errors import ModelVersionNotFound, ShadowRefused
from mlmodels.models import Shadow
from mlmodels.services.versions.promotions import promote
from mlmodels.services.versions.shadows import end_shadow, start_shadow
from predictions.models import Cell, ShadowReading
from predictions.selectors.models.shadow_agreement import MOST_CELLS, agreement_of, matched_cells
from predictions.services.imaging.run_classification import classify_image
from predictions.services.imaging.run_shadow import read_in_shadow
from tests.factories.images import make_image
from tests.factories.models import make_active, make_candidate, make_gate, mixed_up
from tests.factories.results import make_cell, record_result

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("model")]


@pytest.fixture(autouse=True)
def _registry_of_this_test_only(settings, tmp_path):
    settings.REGISTRY_DIR = tmp_path / "registry"


@pytest.fixture
def shadow(admin, laboratory) -> Shadow:
    """A version that names every cell by another class's name, in shadow."""
    return start_shadow(actor=admin, version_id=make_candidate(laboratory, mixed_up).pk)


def messages(callbacks) -> list[str]:
    """The names of the tasks that would be sent."""
    return [callback.args[0] for callback in callbacks]


def shadowed(image, *cells: dict, version) -> ShadowReading:
    """What a shadow found in the image's last result."""
    return ShadowReading.objects.create(
        job=image.jobs.first(), model_version=version, cells=list(cells)
    )


def other(x: int, label: str, **fields: object) -> dict:
    """A cell as a shadow stores it, of the size that `make_cell` has."""
    return {
        "box": [x, 20, 60, 50],
        "label": label,
        "confidence": 0.9,
        "disposition": "accepted",
        **fields,
    }


def test_a_finished_image_is_read_by_the_shadow_too(
    technician, shadow, django_capture_on_commit_callbacks
):
    image = make_image(technician)
    with django_capture_on_commit_callbacks() as callbacks:
        classify_image(job_id=image.jobs.get().pk)
    assert messages(callbacks) == ["predictions.read_in_shadow"]
    read_in_shadow(job_id=image.jobs.get().pk)
    reading = ShadowReading.objects.get()
    assert reading.model_version == shadow.version
    [cell], [found] = Cell.objects.filter(image=image), reading.cells
    assert found["box"] == [cell.x_px, cell.y_px, cell.width_px, cell.height_px]
    assert found["label"] != cell.label


def test_without_a_shadow_nothing_is_sent(technician, django_capture_on_commit_callbacks):
    image = make_image(technician)
    with django_capture_on_commit_callbacks() as callbacks:
        record_result(image, {})
    assert messages(callbacks) == []
    read_in_shadow(job_id=image.jobs.get().pk)
    assert not ShadowReading.objects.exists()


def test_another_laboratorys_images_are_not_read(
    other_technician, shadow, django_capture_on_commit_callbacks
):
    image = make_image(other_technician)
    with django_capture_on_commit_callbacks() as callbacks:
        record_result(image, {})
    assert messages(callbacks) == []
    read_in_shadow(job_id=image.jobs.get().pk)
    assert not ShadowReading.objects.exists()


def test_a_message_that_comes_twice_counts_once(technician, shadow):
    image = record_result(make_image(technician), {})
    for _ in range(2):
        read_in_shadow(job_id=image.jobs.get().pk)
    assert ShadowReading.objects.count() == 1


def test_a_damaged_version_is_not_put_in_shadow(admin, laboratory):
    version = make_candidate(laboratory)
    (artifacts.model_folder(version) / "model.tflite").write_bytes(b"something else")
    with pytest.raises(ShadowRefused, match="not the ones that were registered"):
        start_shadow(actor=admin, version_id=version.pk)
    assert not Shadow.objects.exists()


def test_a_damaged_shadow_harms_nothing(technician, shadow):
    (artifacts.model_folder(shadow.version) / "model.tflite").write_bytes(b"something else")
    image = record_result(make_image(technician), {})
    read_in_shadow(job_id=image.jobs.get().pk)
    assert not ShadowReading.objects.exists()
    assert image.jobs.get().status == "succeeded"


def test_what_the_shadow_found_is_on_no_page_and_in_no_answer(
    technician, doctor, shadow, page_as, api_as
):
    image = record_result(make_image(technician), {"label": "neutrophil"})
    shadowed(image, other(10, "shadow_only_word"), version=shadow.version)
    for person in (technician, doctor):
        for address in (f"/images/{image.pk}/", "/dashboard/", "/history/"):
            page = page_as(person).get(address).content.decode()
            assert "shadow_only_word" not in page
            assert str(shadow.version) not in page
        answer = api_as(person).get(f"/api/v1/images/{image.pk}/").content.decode()
        assert "shadow_only_word" not in answer
        assert str(shadow.version) not in answer
        assert page_as(person).get(f"/models/{shadow.version_id}/shadow/").status_code == 403


def test_cells_are_the_same_where_their_boxes_overlap_by_half(technician):
    image = make_image(technician)
    near, far = make_cell(image, 1), make_cell(image, 20)
    # Boxes are 60 px wide: shifted by 15, 45 of 75 px are shared, 0.6; by 25, 35 of 85, 0.41.
    others = [other(25, "a"), other(225, "b")]
    assert matched_cells([near, far], others) == [(near, others[0])]


def test_each_cell_is_matched_once_and_the_nearest_first(technician):
    image = make_image(technician)
    cells = [make_cell(image, 1), make_cell(image, 2)]
    others = [other(20, "second"), other(12, "first")]
    # Each of both overlaps both; the surest pair is the second cell with the box at its place.
    assert {(c.position, o["label"]) for c, o in matched_cells(cells, others)} == {
        (2, "second"),
        (1, "first"),
    }


def test_agreement_is_counted_class_by_class(technician, admin, shadow):
    first = record_result(make_image(technician), {"label": "neutrophil"}, {"label": "monocyte"})
    Cell.objects.filter(position=2).update(x_px=300)
    shadowed(
        first,
        other(10, "neutrophil"),
        other(300, "lymphocyte", confidence=0.7),
        other(600, "basophil"),
        version=shadow.version,
    )
    second = record_result(make_image(technician), {"label": "neutrophil"})
    shadowed(second, version=shadow.version)
    agreement = agreement_of(admin, shadow.version_id)
    assert agreement.readings == 2
    assert (agreement.only_active, agreement.only_shadow) == (1, 1)
    assert agreement.whole is not None
    assert (agreement.whole.same, agreement.whole.cells) == (1, 2)
    assert {(row.code, row.same, row.cells) for row in agreement.classes} == {
        ("neutrophil", 1, 1),
        ("monocyte", 0, 1),
    }
    [example] = agreement.examples
    assert (example.cell.label, example.other_code, example.other_confidence) == (
        "monocyte",
        "lymphocyte",
        0.7,
    )


def test_the_page_shows_agreement_and_where_it_differs(technician, admin, shadow, page_as):
    image = record_result(make_image(technician), {"label": "monocyte"})
    shadowed(image, other(10, "lymphocyte"), version=shadow.version)
    page = page_as(admin).get(f"/models/{shadow.version_id}/shadow/").content.decode()
    assert "Named differently" in page
    assert f"/cells/{Cell.objects.get().pk}/crop/" in page
    assert "0 of 1" in page


def test_the_page_of_a_shadow_that_read_nothing_says_so(admin, shadow, page_as):
    page = page_as(admin).get(f"/models/{shadow.version_id}/shadow/").content.decode()
    assert "It has read no image yet" in page


def test_only_those_who_manage_models_ask_for_agreement(technician, shadow, other_technician):
    for person in (technician, other_technician):
        with pytest.raises(AccessDenied):
            agreement_of(person, shadow.version_id)


def test_one_version_at_a_time_is_in_shadow(admin, laboratory, shadow):
    with pytest.raises(ShadowRefused, match="End that shadow first"):
        start_shadow(actor=admin, version_id=make_candidate(laboratory).pk)
    end_shadow(actor=admin, version_id=shadow.version_id)
    start_shadow(actor=admin, version_id=make_candidate(laboratory).pk)
    with pytest.raises(ShadowRefused, match="is not in shadow"):
        end_shadow(actor=admin, version_id=shadow.version_id)


def test_another_laboratorys_shadow_does_not_exist(admin, other_laboratory):
    version = make_candidate(other_laboratory)
    with pytest.raises(ModelVersionNotFound):
        end_shadow(actor=admin, version_id=version.pk)


def test_the_active_version_needs_no_shadow(admin, model):
    with pytest.raises(ShadowRefused, match="is the active version"):
        start_shadow(actor=admin, version_id=model.pk)


def test_a_promoted_version_leaves_the_shadow(admin, shadow):
    make_gate(admin, shadow.version)
    promote(actor=admin, version_id=shadow.version_id)
    shadow.refresh_from_db()
    assert shadow.ended_by == admin
    assert shadow.ended_at is not None


def test_the_active_version_does_not_read_its_own_images_again(
    admin, technician, laboratory, shadow, django_capture_on_commit_callbacks
):
    make_active(admin, make_candidate(laboratory))
    image = make_image(technician)
    with django_capture_on_commit_callbacks() as callbacks:
        record_result(image, {})
    assert messages(callbacks) == ["predictions.read_in_shadow"]


def test_crowded_fields_are_counted_until_there_are_enough_cells(technician, admin, shadow):
    crowd = [other(20, "neutrophil")] * (MOST_CELLS + 1)
    for _ in range(3):
        image = make_image(technician)
        record_result(image)
        shadowed(image, *crowd, version=shadow.version)
    agreement = agreement_of(admin, shadow.version_id)
    assert (agreement.readings, agreement.only_shadow) == (1, MOST_CELLS + 1)


def test_a_stage_that_one_of_them_alone_knows_agrees_with_its_wider_class(
    technician, admin, laboratory
):
    def with_stages(card: dict) -> None:
        classes = card["engine"]["classes"]
        card["engine"]["classes"] = ["myelocyte" if c == "platelet" else c for c in classes]

    version = make_candidate(laboratory, with_stages)
    image = record_result(make_image(technician), {"label": "immature_granulocyte", "x_px": 10})
    shadowed(image, other(10, "myelocyte"), version=version)
    [row] = agreement_of(admin, version.pk).classes
    assert (row.code, row.cells, row.same) == ("immature_granulocyte", 1, 1)
