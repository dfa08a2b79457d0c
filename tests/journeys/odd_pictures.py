"""What may be expected of an odd picture: to be shown as it is, counted, or refused by name."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from tests.journeys.odd_desk import Answer, Case, Desk

Check = Callable[[Desk, Case], None]
# Of 255: what a JPEG of high quality and a conversion of colours may come to.
WITHIN_LEVELS = 3


@dataclass(frozen=True)
class Read:
    """A picture that was taken: what the API tells of it, and what a page would show."""

    body: dict[str, Any]
    shown: np.ndarray

    @property
    def cells(self) -> list[dict[str, Any]]:
        return list(self.body["cells"])

    @property
    def notes(self) -> str:
        """Every sentence that stands beside the picture."""
        return " ".join([self.body["field_note"], *(self.body.get("conversions") or ())]).strip()

    def __str__(self) -> str:
        named = Counter((cell["label"], cell["disposition"]) for cell in self.cells)
        return f"{self.shown.shape}, cells {dict(named)}, note: {self.notes or 'none'}"


def rendition_equals(
    reference: str, *, corner: tuple[int, int] | None = None, within: float = WITHIN_LEVELS
) -> Check:
    """The picture is taken, and shown as the reference is, or as its top left `corner` is."""

    def check(desk: Desk, case: Case) -> None:
        expected = np.asarray(Image.open(desk.folder / reference).convert("RGB")).astype(float)
        if corner:
            expected = expected[: corner[1], : corner[0]]
        read = _read(desk, case)
        assert read.shown.shape == expected.shape
        difference = float(np.abs(read.shown - expected).mean())
        assert difference <= within, f"differs by a mean of {difference:.1f} levels; {read}"

    return check


def refused_naming(*words: str, but_not: tuple[str, ...] = ()) -> Check:
    """The picture is refused by a sentence that names all these words and none of the others."""

    def check(desk: Desk, case: Case) -> None:
        answer = desk.run(case)
        assert answer.status == 400, answer
        said = answer.message.lower()
        assert all(word in said for word in words), answer
        assert not any(word in said for word in but_not), answer

    return check


def noted(*words: str) -> Check:
    """The picture is taken, and a note beside it names one of these words."""

    def check(desk: Desk, case: Case) -> None:
        read = _read(desk, case)
        assert any(word in read.notes.lower() for word in words), str(read)

    return check


def about_cells(count: int, *, within: int) -> Check:
    """So many cells are found, a few more or less."""

    def check(desk: Desk, case: Case) -> None:
        read = _read(desk, case)
        assert abs(len(read.cells) - count) <= within, f"{len(read.cells)} cells; {read}"

    return check


def cells_named(*, within: int, **counts: int) -> Check:
    """So many cells of each class are found, and hardly any of another."""

    def check(desk: Desk, case: Case) -> None:
        read = _read(desk, case)
        named = Counter(cell["label"] for cell in read.cells)
        for label, count in counts.items():
            assert abs(named.pop(label, 0) - count) <= within, str(read)
        assert named.total() <= within, str(read)

    return check


def nothing_accepted_but(label: str) -> Check:
    """A cell is found, and none is accepted as another class than this one."""

    def check(desk: Desk, case: Case) -> None:
        read = _read(desk, case)
        assert read.cells, str(read)
        accepted = {cell["label"] for cell in read.cells if cell["disposition"] == "accepted"}
        assert accepted <= {label}, str(read)

    return check


def either(*checks: Check) -> Check:
    """One of several outcomes, each of them as good as another."""

    def check(desk: Desk, case: Case) -> None:
        complaints = []
        for one in checks:
            try:
                return one(desk, case)
            except AssertionError as complaint:
                complaints.append(str(complaint))
        raise AssertionError("; or: ".join(complaints))

    return check


def _read(desk: Desk, case: Case) -> Read:
    """The picture of a row once its result is there."""
    answer = desk.run(case)
    assert answer.status in (200, 202), answer
    return read_of(desk, answer)


def read_of(desk: Desk, answer: Answer) -> Read:
    """The picture that `predict` took, with its result."""
    body = desk.program.result(answer.body["id"])
    assert body["status"] == "succeeded", body["error"]
    rendition = desk.program.ask("GET", f"/images/{body['id']}/rendition/")
    assert rendition.status_code == 200, rendition.text
    picture = Image.open(io.BytesIO(rendition.content)).convert("RGB")
    return Read(body, np.asarray(picture).astype(float))
