"""A day with an information system: the order comes in, the results go out, whatever it does.

Every party is a process of its own: the installation, the line on which orders come, the system.
"""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import hl7

from predictions.exchange.mllp import framed, read_frame
from tests.drawn_cells import draw_smear_jpeg
from tests.information_systems import OwnProcess
from tests.journeys.a_case import Case
from tests.journeys.installation import ROOT, Installation, free_port
from tests.journeys.visitors import Person

NUMBER = "H26-118204"
ORDER = (
    "MSH|^~\\&|LIS|Lab|HV|Lab|20260312070000||ORM^O01^ORM_O01|{control}|P|2.5.1\r"
    "PID|1||4711^^^HIS^MR||Doe^Jane||19720405|F\r"
    "PV1|1|I|Ward 7B\r"
    f"ORC|NW|ORD-9\rOBR|1|ORD-9|{NUMBER}|69738-3^Diff^LN\r"
)


@contextmanager
def line_of_orders(installation: Installation) -> Iterator[int]:
    """The process that listens for orders; gives its port."""
    port = free_port()
    environment = {**installation.environment, "EXCHANGE_LISTEN": f"127.0.0.1:{port}"}
    process = subprocess.Popen(["deploy/start", "exchange"], cwd=ROOT, env=environment)
    try:
        _wait(lambda: _answers(port), "nobody listens for orders")
        yield port
    finally:
        process.terminate()
        assert process.wait(timeout=20) == 0


def order_to_result(installation: Installation, folder: Path, system_port: int) -> None:
    """All of it: nobody types what the order says, and the system misses nothing."""
    system = OwnProcess(system_port, folder / "heard.jsonl")
    installation.manage("allow_orders", "Demo laboratory", "127.0.0.1", "--name", "LIS")
    admin = Person(installation, "admin")
    admin.submit(
        "/delivery/systems/new/",
        {"name": "LIS", "kind": "mllp", "address": system.address, "is_active": "on"},
    )
    with line_of_orders(installation) as port:
        assert "MSA|AA|Q1" in _tell(port, ORDER.format(control="Q1"))
        # The answer got lost, so the system orders once more.
        assert "MSA|AA|Q1" in _tell(port, ORDER.format(control="Q1"))
    case = _case_of_order(installation)
    try:
        _sign_and_correct_while_nobody_listens(case)
        system.start()
        _wait(lambda: len(system.accepted) >= 2, "the results did not arrive", within_s=240)
        first, second = (hl7.parse(text) for text in system.accepted)
        assert [str(m.segment("OBR")[3]) for m in (first, second)] == [NUMBER, NUMBER]
        assert [str(m.segment("OBR")[2]) for m in (first, second)] == ["ORD-9", "ORD-9"]
        assert [str(m.segment("OBR")[25]) for m in (first, second)] == ["F", "C"]
        notes = [str(nte[3]) for nte in second.segments("NTE")]
        assert any(note.startswith("CORRECTED, replaces version 1") for note in notes)
        assert any(note.startswith("Neutrophil") and ": was " in note for note in notes), notes
        assert "Doe" not in "".join(system.accepted)
        time.sleep(20)  # As long as a sweep takes that would send something twice.
        assert len(system.accepted) == 2
    finally:
        system.kill()


def _case_of_order(installation: Installation) -> Case:
    """The sample that the order made, and photographs for it."""
    pictures = [(f"field-{n:03}.jpg", draw_smear_jpeg(seed=n, cells=2)) for n in range(60)]
    case = Case(installation, pictures)
    found = case.technician.post("/samples/search/", {"accession_number": NUMBER}, status=200)
    [sample] = found["results"]
    assert (sample["origin"], sample["created_by"]) == ("order", None)
    assert (sample["sex"], sample["birth_date"]) == ("female", "1972-04-05")
    assert sample["patient_reference"].startswith("P-")
    case.sample = sample["id"]
    outcomes = case.technician.upload(case.sample, *pictures)
    assert all("id" in outcome for outcome in outcomes), outcomes
    return case


def _sign_and_correct_while_nobody_listens(case: Case) -> None:
    case.wait_until_read()
    case.review_what_asks()
    case.send_on()
    case.sign()
    case.correct()
    assert case.sign()["status"] == "corrected"


def _tell(port: int, message: str) -> str:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.sendall(framed(message))
        return read_frame(line.recv)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _wait(is_so: Callable[[], bool], otherwise: str, *, within_s: float = 60) -> None:
    end = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < end, otherwise
        time.sleep(0.2)
