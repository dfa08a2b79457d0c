"""Which processes an installation has, whether they live on, and how much memory they hold at most.

Linux only: it reads /proc.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.journeys.installation import Installation

_RESIDENT = re.compile(r"Rss(Anon|File|Shmem):\s+(\d+) kB")
# A decode that takes memory takes longer than this.
_LOOK_EVERY_S = 0.02
# By what stands in their command lines.
KINDS = {"web": "gunicorn", "inference": "inference@", "reports": "reports@", "bulk": "bulk@"}


@dataclass(frozen=True)
class Group:
    """One kind of process: the one that was started, its own children, and all that they start."""

    name: str
    root: int

    def lasting(self) -> set[int]:
        """Those that must not die: what decodes below them may be replaced."""
        return {self.root, *_children().get(self.root, [])}

    def memory_mb(self, children: dict[int, list[int]]) -> float:
        """What all of its processes hold now, in megabytes.

        A picture that a child has decoded and its parent reads is in both; it counts once.
        """
        lasting = {self.root, *children.get(self.root, [])}
        held, shared, left = 0, {True: 0, False: 0}, [self.root]
        while left:
            pid = left.pop()
            left += children.get(pid, [])
            with suppress(OSError):
                status = Path(f"/proc/{pid}/status").read_text()
                kilobytes = {name: int(value) for name, value in _RESIDENT.findall(status)}
                held += kilobytes.get("Anon", 0) + kilobytes.get("File", 0)
                shared[pid in lasting] += kilobytes.get("Shmem", 0)
        return (held + max(shared.values())) / 1024


@dataclass
class Watched:
    """What a group held at rest and at most, in megabytes, and whether its processes lived."""

    group: Group
    rest_mb: float
    lasting: set[int]
    most_mb: float = 0
    died: set[int] = field(default_factory=set)

    @property
    def rise_mb(self) -> float:
        """How far it rose above its rest."""
        return self.most_mb - self.rest_mb


def groups_of(installation: Installation) -> list[Group]:
    """The web processes and the workers of an installation."""
    found = []
    ours = set(installation.processes())
    parents = _parents()
    for name, word in KINDS.items():
        of_kind = {pid for pid in ours if word in _command(pid) and not _is_shell(pid)}
        roots = [pid for pid in of_kind if parents.get(pid) not in of_kind]
        assert len(roots) == 1, f"{len(roots)} processes are {name}"
        found.append(Group(name, roots[0]))
    return found


@contextmanager
def watching(groups: list[Group]) -> Iterator[list[Watched]]:
    """Look at the groups until the block ends; what was seen is whole only then."""
    children = _children()
    seen = [Watched(group, group.memory_mb(children), group.lasting()) for group in groups]
    is_over = threading.Event()

    def look() -> None:
        while not is_over.wait(_LOOK_EVERY_S):
            children = _children()
            for each in seen:
                each.most_mb = max(each.most_mb, each.group.memory_mb(children))

    looker = threading.Thread(target=look, daemon=True)
    looker.start()
    try:
        yield seen
    finally:
        is_over.set()
        looker.join()
        for each in seen:
            each.died = each.lasting - each.group.lasting()


def _parents() -> dict[int, int]:
    """The parent of every process of this machine."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError, ValueError):
            # Behind the name in brackets, which may hold blanks: state, parent.
            found[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    return found


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for pid, parent in _parents().items():
        found.setdefault(parent, []).append(pid)
    return found


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def _is_shell(pid: int) -> bool:
    return _command(pid).split()[0].endswith("sh")
