"""`make run` as a person meets it: started again, gone after Ctrl-C or a closed terminal."""

import signal
import stat
import time

import pytest

from tests.drawn_cells import draw_smear_png
from tests.journeys.installation import Installation
from tests.journeys.visitors import Program

pytestmark = pytest.mark.processes


@pytest.fixture
def installation(tmp_path):
    it = Installation(tmp_path, INFERENCE_RUNTIME="litert")
    yield it
    it.stop()


def test_it_starts_again_and_leaves_no_process_behind(installation: Installation, tell):
    installation.start()
    assert len(installation.processes()) > 4
    installation.stop()
    assert installation.processes() == []
    seconds = installation.start()
    tell(f"second start: ready after {seconds:.1f} s")
    installation.stop(by=signal.SIGHUP)
    until = time.monotonic() + 15
    while installation.processes() and time.monotonic() < until:
        time.sleep(0.2)
    assert installation.processes() == []


def test_setup_makes_passwords_once_for_the_owner_alone(
    installation: Installation,
):
    printed = installation.set_up()
    kept = installation.var_dir / "demo-credentials.txt"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    before = kept.read_text()
    passwords = [line.split()[2] for line in before.splitlines()]
    assert len(passwords) == 3
    assert all(password in printed for password in passwords)
    again = installation.set_up()
    assert kept.read_text() == before
    assert not any(password in again for password in passwords)


def test_setup_makes_no_demo_users_where_debug_is_off(installation: Installation):
    installation.environment["DEBUG"] = "false"
    assert "DEBUG" in installation.set_up()
    assert not (installation.var_dir / "demo-credentials.txt").exists()


def test_a_job_that_runs_at_ctrl_c_is_finished_first(installation: Installation):
    installation.start()
    program = Program(installation)
    names = [(f"{seed}.png", draw_smear_png(seed=seed, cells=6)) for seed in range(12)]
    sent = program.upload(program.create_sample(), *names)
    installation.stop()
    installation.start()
    began = time.monotonic()
    for image in sent:
        assert program.result(image["id"])["status"] == "succeeded"
    # Far less than a lease: nobody had to wait for a dead process's.
    assert time.monotonic() - began < 45
