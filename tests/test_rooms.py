"""A room is small enough to be known, and what the pages about the code name is there."""

import re
import subprocess
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MOST_FILES = 20
# Data, and rows of history that only ever grow.
NOT_ROOMS = re.compile(r"migrations|shipped|recipes|docs|static/vendor")


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    return [Path(name) for name in listed.stdout.splitlines()]


def test_no_room_holds_more_than_twenty_files():
    rooms = Counter(
        path.parent.as_posix()
        for path in tracked()
        if path.name != "__init__.py" and path.parent != Path() and not NOT_ROOMS.search(str(path))
    )
    assert rooms, "git tells of no file"
    assert {room: count for room, count in rooms.items() if count > MOST_FILES} == {}


def test_every_file_that_the_architecture_names_is_there():
    text = (ROOT / "docs" / "architecture.md").read_text()
    named = set(re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.py)", text))
    assert len(named) > 20
    assert {name for name in named if not (ROOT / name).is_file()} == set()


def test_every_room_of_the_tree_is_there():
    text = (ROOT / "docs" / "architecture.md").read_text()
    tree = text.partition("```\n")[2].partition("```")[0]
    path: list[str] = []
    missing = []
    for line in tree.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        # On one line stand several rooms, or a room with those inside it.
        for name in re.findall(r"(?:^|\s)([a-z_]+/)(?=\s|$)", line.partition("(")[0])[:1]:
            path = [*path[:depth], name]
            if not (ROOT / "".join(path)).is_dir():
                missing.append("".join(path))
    assert path
    assert missing == []
