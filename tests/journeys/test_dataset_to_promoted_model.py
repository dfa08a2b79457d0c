"""The whole circle, over HTTP and with real processes: from an archive of pictures to a model
that classifies, and back; and a training that is killed while a hundred images arrive."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.drawn_cells import draw_smear_png
from tests.factories.archives import class_folders, zip_of
from tests.journeys.installation import ROOT, Installation, running
from tests.journeys.visitors import Person, Program

pytestmark = pytest.mark.processes

SHIPPED = "hematovision "
OTHER_ADMIN = ("other-admin", "a-password-for-tests-1")
GROUP = re.compile(r'id="group-([0-9a-f]{32})"')
VERSION_PAGE = re.compile(r"/models/([0-9a-f-]{36})/")
GATE_PART = re.compile(r"/models/checks/[0-9a-f-]{36}/")
SEEN_NUMBER = re.compile(r'name="seen" value="(\d+)"')
REASON = "Drawn cells only, to see the whole circle once."


@pytest.fixture(scope="module")
def installation(tmp_path_factory) -> Iterator[Installation]:
    """`make run` with a second laboratory in it."""
    with running(tmp_path_factory.mktemp("circle"), INFERENCE_RUNTIME="litert") as made:
        subprocess.run(
            [sys.executable, "manage.py", "create_laboratory", "Other", "--admin", OTHER_ADMIN[0]],
            cwd=ROOT,
            env={**made.environment, "HEMATOVISION_ADMIN_PASSWORD": OTHER_ADMIN[1]},
            check=True,
            capture_output=True,
        )
        yield made


@pytest.fixture(scope="module")
def dataset(installation) -> str:
    """The page of a frozen dataset that came in as an archive of class folders."""
    admin = Person(installation, "admin")
    archive = zip_of(class_folders(each=16))
    answer = admin.submit(
        "/datasets/new/",
        {"name": "Drawn cells", "origin": "Drawn by the tests", "licence": "own"},
        [("archive", ("drawn.zip", archive, "application/zip"))],
    )
    assert answer.status_code == 200, answer.text
    page = answer.url.removeprefix(installation.url)
    admin.wait_for(f"{page}status/", within_s=120)
    # One drawn cell is much like another: the search says so, and a person says that they differ.
    groups = f"{page}near-duplicates/"
    while keys := dict.fromkeys(GROUP.findall(admin.open(groups).text)):
        for key in keys:
            admin.press(f"{groups}group/", on=groups, seen=key, answer="not_the_same")
    freeze = f"{page}freeze/"
    seen = SEEN_NUMBER.search(admin.open(freeze).text)
    assert seen
    answer = admin.press(freeze, on=freeze, seen=seen[1])
    assert "is frozen" in answer.text, answer.text
    return page


def test_from_an_archive_to_the_model_that_classifies_and_back(installation, dataset):
    admin, program = Person(installation, "admin"), Program(installation)

    run = train(admin, dataset, epochs=6)
    seen = watch_training(admin, run)
    assert any(re.search("epoch [1-6] of 6", part) for part in seen)
    assert "the candidate" in seen[-1]
    candidate = candidate_of(admin, run)
    page = f"/models/{candidate}/"

    before = classified(program, seed=1)
    assert before["model_version"].startswith(SHIPPED)

    admin.press(f"{page}check/", on=page)
    [check] = dict.fromkeys(GATE_PART.findall(admin.open(page).text))
    verdict = admin.wait_for(check, within_s=120)
    ledger = SEEN_NUMBER.search(verdict)
    assert "not passed" in verdict
    assert ledger
    promote = f"{page}promote/"
    refused = admin.press(promote, on=page, seen=ledger[1], profile="", reason="")
    assert refused.status_code in (400, 409)
    assert "reason" in refused.text
    assert classified(program, seed=2)["model_version"].startswith(SHIPPED)

    promoted = admin.press(promote, on=page, seen=ledger[1], profile="", reason=REASON)
    assert promoted.status_code == 200
    assert "classifies from now on" in promoted.text
    after = classified(program, seed=3)
    assert after["model_version"].startswith("own_cells_small")
    assert after["cells"][0]["label"] in ("neutrophil", "lymphocyte")
    assert REASON in admin.open("/models/").text

    other = Person(installation, "admin", OTHER_ADMIN).open("/models/").text
    assert SHIPPED in other
    assert "own_cells_small" not in other

    seen_now = SEEN_NUMBER.search(admin.open("/models/").text)
    assert seen_now
    back = admin.press("/models/roll-back/", on="/models/", seen=seen_now[1], profile="")
    assert back.status_code == 200, back.text
    assert classified(program, seed=4)["model_version"].startswith(SHIPPED)
    # What the candidate said stays what it said.
    assert program.image(after["id"])["model_version"] == after["model_version"]


def test_a_killed_training_goes_on_while_a_hundred_images_arrive(installation, dataset, capsys):
    admin, program = Person(installation, "admin"), Program(installation)
    run = train(admin, dataset, epochs=6)
    installation.stop_trainers_after_an_epoch(run)
    worker = wait_for_epochs(installation, run, 1)

    sample = program.create_sample()
    pictures = [(f"{n}.png", draw_smear_png(seed=1000 + n)) for n in range(100)]
    sent = program.upload(sample, *pictures[:50])
    os.kill(worker, signal.SIGKILL)
    sent += program.upload(sample, *pictures[50:])
    waits = []
    for image in sent:
        began = time.monotonic()
        admin.open("/dashboard/")
        waits.append(time.monotonic() - began)
        assert program.result(image["id"], within_s=180)["status"] == "succeeded"
    with capsys.disabled():
        print(f"\n100 images beside a training; a page took {max(waits):.2f} s at most")

    assert "the candidate" in watch_training(admin, run)[-1]
    [attempts, *_] = row_of(installation, run)
    positions = rows(
        installation, "SELECT position FROM mlmodels_trainingepoch WHERE run_id = ?", run
    )
    assert attempts == 2
    assert [position for [position] in positions] == [1, 2, 3, 4, 5, 6]
    log = admin.open(f"/training/{run}/log/").text
    assert all(log.count(f"epoch={epoch} ") == 1 for epoch in range(1, 7))


def train(admin: Person, dataset_page: str, *, epochs: int) -> str:
    """Ask for a training on the page; return the run's id."""
    answer = admin.submit(
        "/training/new/",
        {
            "dataset": dataset_page.strip("/").split("/")[-1],
            "recipe": "own_cells_small",
            "epochs": str(epochs),
            "seed": "7",
        },
    )
    assert answer.status_code == 200, answer.text
    return answer.url.strip("/").split("/")[-1]


def watch_training(admin: Person, run: str, *, within_s: float = 180) -> list[str]:
    """What the live part of the run's page said, until it stopped asking for itself."""
    parts, end = [], time.monotonic() + within_s
    while time.monotonic() < end:
        parts.append(admin.open(f"/training/{run}/progress/").text)
        if "hx-trigger" not in parts[-1]:
            return parts
        time.sleep(0.2)
    raise AssertionError(f"the training did not end: {parts[-1]}")


def candidate_of(admin: Person, run: str) -> str:
    """The id of the version that a run made, as its page links to it."""
    found = VERSION_PAGE.search(admin.open(f"/training/{run}/").text)
    assert found
    return found[1]


def classified(program: Program, *, seed: int) -> dict:
    """A new image once it is classified."""
    [sent] = program.upload(program.create_sample(), ("cell.png", draw_smear_png(seed=seed)))
    image = program.result(sent["id"])
    assert image["status"] == "succeeded", image
    return image


def wait_for_epochs(installation: Installation, run: str, epochs: int) -> int:
    """Wait until the run has so many epochs; return the pid of the process that holds it."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        done = rows(
            installation, "SELECT position FROM mlmodels_trainingepoch WHERE run_id = ?", run
        )
        _, status, worker = row_of(installation, run)
        if len(done) >= epochs and status == "running":
            return int(worker.rpartition(":")[2])
        assert status in ("queued", "running"), "the training ended before it could be killed"
        time.sleep(0.05)
    raise AssertionError("the training did not come so far")


def row_of(installation: Installation, run: str) -> tuple[int, str, str]:
    """Attempts, status and worker of a run."""
    query = "SELECT attempts, status, worker FROM mlmodels_trainingrun WHERE id = ?"
    [row] = rows(installation, query, run)
    return row


def rows(installation: Installation, query: str, run: str) -> list[tuple]:
    """Read the database as an operator would, over a connection that cannot write."""
    uri = f"file:{installation.var_dir / 'hematovision.sqlite3'}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, timeout=20)
    try:
        return connection.execute(query, [run.replace("-", "")]).fetchall()
    finally:
        connection.close()
