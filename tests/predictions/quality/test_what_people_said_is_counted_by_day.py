"""What people called what a model had called otherwise, counted with each result and review."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection

from predictions.models import DailyAgreement, SmearImage
from predictions.services.imaging.dismissing import dismiss_image
from predictions.services.imaging.jobs import request_rerun
from predictions.services.review.added_cells import add_cell
from tests.factories.images import make_image
from tests.factories.profiles import image_of, make_profile, say
from tests.factories.results import record_result

UNSURE: dict[str, object] = {"disposition": "review"}
UNNAMED: dict[str, object] = {"disposition": "unidentified"}

pytestmark = pytest.mark.usefixtures("summaries_hold")


def counted() -> dict[tuple[str, str], tuple[int, int]]:
    rows = DailyAgreement.objects.exclude(cells=0)
    return {(row.code, row.said): (row.cells, row.accepted) for row in rows}


def said_of(actor, image: SmearImage, position: int, label: str) -> None:
    say(actor, image.cells.get(job=image.jobs.first(), position=position), label)


def test_only_cells_that_a_person_spoke_of_are_counted(technician, model):
    image = record_result(make_image(technician), {}, UNSURE, UNNAMED, {})
    assert counted() == {}
    said_of(technician, image, 1, "neutrophil")
    said_of(technician, image, 2, "monocyte")
    said_of(technician, image, 3, "blast")
    assert counted() == {
        ("neutrophil", "neutrophil"): (1, 1),
        ("neutrophil", "monocyte"): (1, 0),
        ("unidentified", "blast"): (1, 0),
    }


def test_they_are_of_the_day_version_and_profile_of_the_image(technician, admin, model):
    profile = make_profile(admin)
    image = record_result(image_of(technician, profile), {})
    said_of(technician, image, 1, "neutrophil")
    [row] = DailyAgreement.objects.all()
    assert row.laboratory == technician.laboratory
    assert row.day == technician.laboratory.today
    assert (row.version, row.profile) == (str(model.pk), str(profile.pk))


def test_the_doctors_word_takes_the_place_of_the_technicians(technician, doctor, model):
    image = record_result(make_image(technician), {})
    said_of(technician, image, 1, "monocyte")
    said_of(doctor, image, 1, "blast")
    said_of(technician, image, 1, "monocyte")
    assert counted() == {("neutrophil", "blast"): (1, 1)}


def test_a_cell_that_the_model_missed_is_counted_as_not_found(technician, model):
    image = record_result(make_image(technician), {})
    add_cell(
        actor=technician, image_id=image.pk, x_px=5, y_px=90, width_px=40, height_px=40,
        label="blast",
    )  # fmt: skip
    add_cell(actor=technician, image_id=image.pk, x_px=99, y_px=90, width_px=40, height_px=40)
    assert counted() == {(DailyAgreement.NOT_FOUND, "blast"): (1, 0)}


def test_of_an_image_that_is_run_again_the_newest_result_is_counted(technician, doctor, model):
    image = record_result(make_image(technician), {}, UNSURE)
    said_of(doctor, image, 1, "monocyte")
    request_rerun(actor=technician, image_id=image.pk, confirmed=True)
    record_result(image, {"label": "monocyte"})
    assert counted() == {("monocyte", "monocyte"): (1, 1)}


def test_a_dismissed_image_counts_no_more_until_it_is_run_again(technician, model):
    image = record_result(make_image(technician), {})
    said_of(technician, image, 1, "monocyte")
    dismiss_image(actor=technician, image_id=image.pk, reason="blurred")
    assert counted() == {}
    request_rerun(actor=technician, image_id=image.pk, confirmed=True)
    record_result(image, {})
    assert counted() == {("neutrophil", "monocyte"): (1, 1)}


def test_what_is_counted_wrong_is_named_and_repaired(technician, model, capsys):
    image = record_result(make_image(technician), {}, {})
    said_of(technician, image, 1, "monocyte")
    DailyAgreement.objects.update(cells=7)
    with pytest.raises(CommandError):
        call_command("verify_summaries")
    assert "neutrophil, said monocyte: (7, 1) is counted, not (1, 1)" in capsys.readouterr().out
    call_command("verify_summaries", repair=True)
    assert counted() == {("neutrophil", "monocyte"): (1, 1)}


def test_an_upgrade_counts_what_was_said_before(technician, doctor, admin, model):
    image = record_result(image_of(technician, make_profile(admin)), {}, UNSURE, UNNAMED, {})
    for position, label in enumerate(("neutrophil", "monocyte", "blast"), start=1):
        said_of(technician, image, position, label)
    said_of(doctor, image, 1, "blast")
    add_cell(
        actor=technician, image_id=image.pk, x_px=5, y_px=90, width_px=40, height_px=40,
        label="blast",
    )  # fmt: skip
    before = counted()
    assert len(before) == 4
    DailyAgreement.objects.all().delete()
    with connection.cursor() as cursor:
        editor = SimpleNamespace(connection=connection, execute=cursor.execute)
        import_module("predictions.migrations.0021_quality_figures").fill(apps, editor)
    # That versions and profiles are written as the services write them, the check at the end says.
    assert counted() == before
