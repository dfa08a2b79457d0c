"""A training must not go on when the worker that watches it is gone, however that ended."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
CHILD = """
import os, sys, time
from mlmodels.ml.children import die_with_parent
die_with_parent(int(sys.argv[1]))
print(os.getpid(), flush=True)
time.sleep(60)
"""
PARENT = f"""
import os, subprocess, sys
subprocess.run([sys.executable, "-c", {CHILD!r}, str(os.getpid())])
"""


@pytest.fixture
def family():
    """A process, and the end of a pipe that its child alone holds open once it says its id."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], cwd=ROOT, stdout=subprocess.PIPE, start_new_session=True
    )
    assert parent.stdout is not None
    yield parent, int(parent.stdout.readline())
    os.killpg(parent.pid, signal.SIGKILL)
    parent.stdout.close()
    parent.wait()


def ends_within(pipe, seconds: float) -> bool:
    """Whether every process that holds the other end of a pipe has ended."""
    readable, _, _ = select.select([pipe], [], [], seconds)
    return bool(readable) and pipe.read() == b""


def test_a_parent_that_is_killed_takes_its_child_along(family):
    parent, _ = family
    assert not ends_within(parent.stdout, 0)
    parent.kill()
    assert ends_within(parent.stdout, 10)


def test_ctrl_c_is_left_to_the_parent(family):
    parent, child = family
    os.kill(child, signal.SIGINT)
    assert not ends_within(parent.stdout, 0.3)


def test_a_child_whose_parent_was_gone_before_it_looked_ends_at_once():
    command = [sys.executable, "-c", CHILD, str(os.getpid() + 1)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=20)
    assert (done.returncode, done.stdout) == (1, b"")
