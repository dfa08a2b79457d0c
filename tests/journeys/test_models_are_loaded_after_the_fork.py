"""A pool's processes load the model for themselves: loaded before the fork, TensorFlow hangs."""

from pathlib import Path

import pytest

from tests.drawn_cells import draw_smear_png
from tests.journeys.installation import Installation
from tests.journeys.visitors import Program

pytestmark = pytest.mark.processes

RUNTIMES = ("tensorflow", "ai_edge_litert")


def holders_of_a_runtime(installation: Installation) -> dict[int, str]:
    """The processes that have a runtime's library in memory, with their command lines."""
    found = {}
    for pid in installation.processes():
        process = Path("/proc") / str(pid)
        if any(name in (process / "maps").read_text() for name in RUNTIMES):
            found[pid] = (process / "cmdline").read_text().replace("\0", " ")
    return found


def parent_of(pid: int) -> int:
    """The process that started `pid`."""
    status = Path(f"/proc/{pid}/stat").read_text()
    return int(status.rpartition(")")[2].split()[1])


def test_only_the_children_of_the_inference_worker_hold_a_runtime(installation_of_each_runtime):
    installation = installation_of_each_runtime
    answer = Program(installation).predict(("a.png", draw_smear_png(seed=5)), wait_s=20)
    assert answer.status_code in {200, 202}
    holders = holders_of_a_runtime(installation)
    assert holders
    assert all("--queues inference" in command for command in holders.values())
    assert len({parent_of(pid) for pid in holders}) == 1
    assert not {parent_of(pid) for pid in holders} & set(holders)
