"""Whoever holds a job may be killed at any moment: the image still ends with one set of results."""

import cv2
import pytest

from tests.drawn_cells import draw_smear, encode
from tests.journeys.installation import Installation, running
from tests.journeys.killing import STAGES, Watcher, kill_holders
from tests.journeys.visitors import Program

pytestmark = pytest.mark.processes

KILLS = 20
# A short lease, so that the test need not wait a minute for each kill.
SOON = {"JOB_LEASE_S": "4", "SWEEP_EVERY_S": "1", "INFERENCE_RUNTIME": "litert"}


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    with running(tmp_path_factory.mktemp("killed"), **SOON) as it:
        yield it


def test_every_image_ends_with_one_set_of_results_after_twenty_kills(installation: Installation):
    assert_results_survive(installation)


def assert_results_survive(installation: Installation) -> None:
    """Kill twenty holders; then every image, read over HTTP, is what an undisturbed one is."""
    picture = ("field.png", large_field())
    program = Program(installation)

    def upload() -> str:
        [sent] = program.upload(program.create_sample(), picture)
        images.append(sent["id"])
        return str(sent["id"])

    images: list[str] = []
    undisturbed = findings(program.result(upload()))
    assert undisturbed
    watcher = Watcher(installation)
    before = set(installation.processes())
    kills = kill_holders(watcher, upload=upload, kills=KILLS, seed=7, within_s=200)

    assert {kill.job.stage for kill in kills} == set(STAGES)
    for image_id in images:
        image = program.result(image_id, within_s=90)
        assert image["status"] == "succeeded", image["error"]
        assert findings(image) == undisturbed
    assert watcher.cells_of_images() == dict.fromkeys(images, len(undisturbed))
    assert before - {kill.job.pid for kill in kills} <= set(installation.processes())
    assert installation.is_running()


def findings(image: dict) -> list[tuple]:
    """What the API tells of an image's cells, without their ids."""
    return [(cell["box"], cell["label"], round(cell["confidence"], 3)) for cell in image["cells"]]


def large_field() -> bytes:
    """A picture of many cells and pixels, so that each stage takes its time."""
    field = draw_smear(seed=11, cells=24, width=1200, height=900)
    return encode(cv2.resize(field, (3600, 2700), interpolation=cv2.INTER_NEAREST), "PNG")
