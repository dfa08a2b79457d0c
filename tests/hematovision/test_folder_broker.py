"""The broker of a single machine: each message arrives whole, once, and nothing falls over."""

import multiprocessing
from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection

from hematovision import folder_broker

MESSAGES = 400
TAKERS = 3


def channel(folder: Path):
    """A channel on a folder broker of its own, as the settings configure it."""
    folder_broker.register()
    (folder / "control").mkdir(exist_ok=True)
    options = {
        "data_folder_in": str(folder),
        "data_folder_out": str(folder),
        "control_folder": str(folder / "control"),
    }
    return Connection("folder://", transport_options=options).channel()


def take_all(folder: Path, stop, taken) -> None:
    """Take messages until told to stop and none is left."""
    source = channel(folder)
    while True:
        try:
            taken.put(source._get("inference")["number"])
        except Empty:
            if stop.is_set():
                return


def bind(folder: Path, name: str) -> None:
    """Declare one queue, as each process does when it starts."""
    channel(folder)._queue_bind("shared", name, "", name)


@pytest.mark.slow
def test_several_takers_get_every_message_once_and_whole(tmp_path):
    stop = multiprocessing.Event()
    taken: multiprocessing.Queue[int] = multiprocessing.Queue()
    takers = [
        multiprocessing.Process(target=take_all, args=(tmp_path, stop, taken))
        for _ in range(TAKERS)
    ]
    for taker in takers:
        taker.start()
    target = channel(tmp_path)
    for number in range(MESSAGES):
        target._put("inference", {"number": number, "body": "x" * 2000})
    numbers = sorted(taken.get(timeout=30) for _ in range(MESSAGES))
    stop.set()
    for taker in takers:
        taker.join(timeout=30)
    assert [taker.exitcode for taker in takers] == [0] * TAKERS
    assert numbers == list(range(MESSAGES))


def test_messages_are_taken_in_the_order_they_were_sent(tmp_path):
    target = channel(tmp_path)
    for number in range(20):
        target._put("inference", {"number": number})
    assert [target._get("inference")["number"] for _ in range(20)] == list(range(20))


def test_a_queue_does_not_take_what_was_sent_to_another(tmp_path):
    target = channel(tmp_path)
    target._put("training", {"number": 1})
    with pytest.raises(Empty):
        target._get("inference")


@pytest.mark.slow
def test_processes_that_start_together_all_find_their_queue_bound(tmp_path):
    names = [f"queue{number}" for number in range(8)]
    starters = [multiprocessing.Process(target=bind, args=(tmp_path, name)) for name in names]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join(timeout=30)
    bound = {row.queue for row in channel(tmp_path).get_table("shared")}
    assert bound == set(names)


def test_a_folder_that_is_removed_ends_no_worker(tmp_path):
    folder = tmp_path / "messages"
    folder.mkdir()
    source = channel(folder)
    (folder / "control").rmdir()
    folder.rmdir()
    with pytest.raises(Empty):
        source._get("inference")
    source._put("inference", {"number": 1})
    assert source._get("inference") == {"number": 1}
