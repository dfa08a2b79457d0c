"""From upload to stored prediction on real PostgreSQL and Redis, with real worker processes."""

import psycopg2
import pytest

from tests.drawn_cells import draw_smear_png
from tests.journeys.installation import Installation
from tests.journeys.visitors import Person, Program

pytestmark = pytest.mark.services


def test_the_prediction_that_is_read_is_the_one_that_is_stored(
    installation: Installation, database_url: str
):
    program = Program(installation)
    [sent] = program.upload(program.create_sample(), ("s.png", draw_smear_png(seed=21, cells=3)))
    image = program.result(sent["id"])
    assert image["status"] == "succeeded", image["error"]
    with psycopg2.connect(database_url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT label, confidence FROM predictions_cell WHERE image_id = %s ORDER BY position",
            [sent["id"]],
        )
        stored = cursor.fetchall()
    assert len(stored) == 3
    assert stored == [(cell["label"], pytest.approx(cell["confidence"])) for cell in image["cells"]]


def test_a_person_sees_the_result_on_the_page(installation: Installation):
    technician = Person(installation, "technician")
    [image_id] = technician.upload("SERVICES-1", ("smear.png", draw_smear_png(seed=22)))
    technician.watch(image_id)
    assert "/crop/" in technician.open(f"/images/{image_id}/").text


def test_the_broker_in_use_is_redis(installation: Installation):
    assert not (installation.var_dir / "broker").exists()
    assert "Connected to redis://" in installation.log.read_text()
