"""On PostgreSQL, a review that is not finished lets uploads through, and closing its sample."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections

from accounts.models import Role
from predictions.errors import ReviewRefused
from predictions.models import Cell, CellReview, Sample
from predictions.services.review.reviews import review_cell
from tests.drawn_cells import draw_smear_png
from tests.factories.images import make_image, upload_one
from tests.factories.people import make_laboratory, make_user
from tests.factories.results import record_result
from tests.own_process import in_own_process

pytestmark = pytest.mark.services


@contextmanager
def review_held_open(doctor: Any, cell: Cell) -> Iterator[list[str]]:
    """A review in another thread whose row is about to be written, with its locks taken.

    What it was refused with is in the list at the end.
    """
    locked, finish = threading.Event(), threading.Event()
    refusals: list[str] = []

    def hold(execute, sql, *rest):
        if sql.startswith('INSERT INTO "predictions_cellreview"'):
            locked.set()
            assert finish.wait(timeout=60)
        return execute(sql, *rest)

    def review() -> None:
        try:
            with connection.execute_wrapper(hold):
                review_cell(actor=doctor, cell_id=cell.pk, label="monocyte", seen_number=0)
        except ReviewRefused as error:
            refusals.append(error.message)
        finally:
            connections.close_all()

    thread = threading.Thread(target=review)
    thread.start()
    assert locked.wait(timeout=20)
    try:
        yield refusals
    finally:
        finish.set()
        thread.join(timeout=20)


def upload_beside_a_review() -> dict[str, Any]:
    """What happens to a sample while one of its cells is being reviewed."""
    call_command("migrate", verbosity=0)
    laboratory = make_laboratory()
    technician = make_user(laboratory, Role.TECHNICIAN)
    doctor = make_user(laboratory, Role.DOCTOR)
    image = record_result(make_image(technician), {}, {})
    picture = draw_smear_png(seed=77)
    first, second = image.cells.all()
    with review_held_open(doctor, first):
        began = time.monotonic()
        upload_one(technician, image.sample_id, picture)
        upload_s = time.monotonic() - began
    with review_held_open(doctor, second) as refusals:
        Sample.objects.update(state=Sample.State.SIGNED)
    return {
        "upload_s": upload_s,
        "images": image.sample.images.count(),
        "reviews": CellReview.objects.count(),
        "refusals": refusals,
    }


def test_an_upload_goes_on_while_a_cell_of_its_sample_is_reviewed(
    other_database_url, tmp_path, tell
):
    answer = in_own_process(
        upload_beside_a_review, database_url=other_database_url, var_dir=tmp_path
    )
    tell(f"an upload beside an open review: {answer['upload_s']:.2f} s")
    assert answer["upload_s"] < 1
    assert (answer["images"], answer["reviews"]) == (2, 1)
    # Who closed the sample while the second review was being written undid that review.
    assert answer["refusals"] == ["This sample is signed, so its cells cannot be reviewed."]
