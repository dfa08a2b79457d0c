"""A case from its photographs to a signed report and its correction, as people and programs do it.

Over HTTP alone, with real workers. The fields are photographs where `HEMATOVISION_DATA` names
some, else drawn ones; what the engine names them does not matter to the journey: the technician
looks at every cell for which a person is asked.
"""

from __future__ import annotations

import csv
import hashlib
import os
import time
import uuid
from pathlib import Path
from typing import Any

from tests.drawn_cells import draw_smear_jpeg
from tests.journeys.installation import Installation
from tests.journeys.visitors import Person, Program

FIELDS = 120
AT_ONCE = 60
# What the technician corrects five cells to, in turn; none of them asks for more than a look.
CORRECTED_TO = ["lymphocyte", "monocyte", "eosinophil", "band", "reactive_lymphocyte"]


def fields() -> list[tuple[str, bytes]]:
    """120 photographs of fields with one to three white cells each, else drawn ones with two."""
    folder = os.environ.get("HEMATOVISION_DATA")
    if not folder:
        return [(f"field-{n:03}.jpg", draw_smear_jpeg(seed=n, cells=2)) for n in range(FIELDS)]
    with open(Path(folder) / "smears" / "bccd" / "boxes.csv", newline="") as rows:
        seen = {row["image"]: row["kind"] for row in csv.DictReader(rows)}
    names = sorted(name for name, kind in seen.items() if kind == "white_cell")[:FIELDS]
    assert len(names) == FIELDS
    return [(Path(name).name, _bytes_of(Path(folder), name)) for name in names]


def _bytes_of(folder: Path, name: str) -> bytes:
    [path] = [p for p in (folder / name, folder / "smears" / "bccd" / name) if p.is_file()]
    return path.read_bytes()


class Case:
    """One sample on its way, and those who work on it."""

    def __init__(
        self, installation: Installation, pictures: list[tuple[str, bytes]] | None = None
    ) -> None:
        self.installation = installation
        self.pictures = pictures or fields()
        self.technician = Program(installation, "technician")
        self.doctor = Program(installation, "doctor")
        self.sample = ""
        self.reports: list[dict[str, Any]] = []

    def arrive(self) -> None:
        """The technician makes the sample and sends the photographs."""
        body = {
            "accession_number": f"J-{uuid.uuid4().hex[:8]}",
            "patient_reference": "P-0042",
            "sex": "female",
            "birth_date": "1980-05-17",
            "wbc": "7.4",
            "wbc_is_corrected": False,
        }
        self.sample = self.technician.post("/samples/", body, status=201)["id"]
        for begin in range(0, len(self.pictures), AT_ONCE):
            sent = self.technician.upload(self.sample, *self.pictures[begin : begin + AT_ONCE])
            assert all("id" in outcome for outcome in sent), sent

    def wait_until_read(self, *, within_s: float = 240) -> None:
        """Wait as a page does, until nothing is at work on any image."""
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            states = {image["status"] for image in self.sample_now()["images"]}
            if states <= {"succeeded", "failed"}:
                assert states == {"succeeded"}
                assert self.sample_now()["state"] == "in_review"
                return
            time.sleep(0.5)
        raise AssertionError("the images are still being read")

    def sample_now(self) -> dict[str, Any]:
        """The sample as the API tells it."""
        return self.technician.get(f"/samples/{self.sample}/")

    def cells(self) -> list[dict[str, Any]]:
        """Every cell of the sample, page by page."""
        found: list[dict[str, Any]] = []
        path = f"/samples/{self.sample}/cells/"
        while path:
            page = self.technician.get(path)
            found += page["results"]
            path = (page["next"] or "").removeprefix(self.technician.url)
        return found

    def review_what_asks(self) -> None:
        """The technician looks at each cell that asks for a person, and corrects five others."""
        cells = self.cells()
        assert len({cell["image"] for cell in cells}) > len(self.pictures) * 0.9
        asking = [cell for cell in cells if cell["disposition"] != "accepted"]
        others = [cell for cell in cells if cell["disposition"] == "accepted"]
        words = [(cell, self._word_for(cell)) for cell in asking]
        corrected = (others or asking)[:5]
        words = [(cell, word) for cell, word in words if cell not in corrected]
        words += list(zip(corrected, CORRECTED_TO, strict=True))
        for begin in range(0, len(words), 500):
            body = {
                "reviews": [
                    {
                        "cell": cell["id"],
                        "label": word,
                        "seen_number": cell["last_review_number"],
                        "seconds": 1.5,
                    }
                    for cell, word in words[begin : begin + 500]
                ]
            }
            answer = self.technician.post(f"/samples/{self.sample}/reviews/", body, status=200)
            outcomes = answer["outcomes"]
            assert not [outcome for outcome in outcomes if outcome.get("error")], outcomes

    def _word_for(self, cell: dict[str, Any]) -> str:
        """A mature class in turn: a film in which nothing is critical."""
        turn = ("neutrophil", "neutrophil", "lymphocyte", "neutrophil", "monocyte")
        return turn[int(uuid.UUID(cell["id"]).int % len(turn))]

    def add_one(self) -> None:
        """The technician draws a box around a cell that was missed, and the engine names it."""
        image = self.sample_now()["images"][0]["id"]
        before = len(self.technician.image(image)["cells"])
        body = {"box": [4, 4, 60, 60], "label": "lymphocyte"}
        added = self.technician.post(f"/images/{image}/cells/", body, status=201)
        assert added["origin"] == "person"
        end = time.monotonic() + 60
        while True:
            now = {cell["id"]: cell for cell in self.cells()}[added["id"]]
            if now["confidence"]:
                break
            assert time.monotonic() < end, "the engine did not name the added cell"
            time.sleep(0.3)
        assert now["present_label"] == "lymphocyte"
        assert len(self.technician.image(image)["cells"]) == before + 1

    def send_on(self) -> None:
        """Nothing is missing any more, so the sample goes to the doctor."""
        assert self.differential()["missing"] == []
        sent = self.technician.post(f"/samples/{self.sample}/state/", {"to": "ready"}, status=200)
        assert sent["state"] == "ready"

    def differential(self) -> dict[str, Any]:
        """The differential as the doctor reads it."""
        return self.doctor.get(f"/samples/{self.sample}/differential/")

    def sign(self, comment: str = "No abnormal cells seen.") -> dict[str, Any]:
        """The doctor signs; the same request once more changes nothing and answers the same."""
        codes = {missing["code"] for missing in self.differential()["missing"]}
        if "blasts" in codes:
            self.doctor.post(
                f"/samples/{self.sample}/alarm/acknowledge/", {"note": "Looked at."}, status=201
            )
        body = {
            "password": self.doctor.password,
            "meaning": "responsibility",
            "comment": comment,
        }
        key = uuid.uuid4().hex
        path = f"/samples/{self.sample}/sign/"
        signed = self.doctor.post(path, body, status=201, key=key)
        assert self.doctor.post(path, body, status=201, key=key) == signed
        self.reports.append(signed["report"])
        return dict(signed["report"])

    def pdf_of(self, report: dict[str, Any], *, within_s: float = 60) -> bytes:
        """The report's file, as soon as a worker has made it."""
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            answer = self.doctor.ask("GET", f"/reports/{report['id']}/pdf/")
            if answer.status_code == 200:
                assert answer.content.startswith(b"%PDF")
                return answer.content
            assert answer.status_code == 202, answer.text
            time.sleep(min(1.0, float(answer.headers["Retry-After"])))
        raise AssertionError("the report was not made")

    def verify(self, pdf: bytes) -> dict[str, Any]:
        """What the verification says of a file."""
        answer = self.technician.ask(
            "POST", "/reports/verify/", files={"file": ("report.pdf", pdf, "application/pdf")}
        )
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def correct(self) -> None:
        """The doctor begins an amendment and corrects one cell."""
        self.doctor.post(
            f"/samples/{self.sample}/amend/", {"reason": "One cell was misread."}, status=200
        )
        [cell, *_] = [c for c in self.cells() if c["present_label"] == "neutrophil"]
        body = {"label": "monocyte", "seen_number": cell["last_review_number"]}
        self.doctor.post(f"/cells/{cell['id']}/reviews/", body, status=201)


def finish_a_case(installation: Installation) -> Case:
    """All of it, each step checked."""
    case = Case(installation)
    case.arrive()
    case.wait_until_read()
    case.review_what_asks()
    case.add_one()
    case.send_on()

    shown = case.differential()
    assert shown["counted"] >= 100
    assert sum(row["count"] for row in shown["rows"]) == shown["counted"]
    first = case.sign()
    assert (first["version"], first["status"]) == (1, "final")
    old = case.pdf_of(first)
    verdict = case.verify(old)
    assert (verdict["genuine"], verdict["superseded_by"]) == (True, None)

    case.correct()
    second = case.sign()
    assert (second["version"], second["status"]) == (2, "corrected")
    new = case.pdf_of(second)
    assert old != new
    assert case.verify(old)["superseded_by"]["id"] == second["id"]
    assert (case.verify(new)["genuine"], case.verify(new)["superseded_by"]) == (True, None)
    assert not case.verify(old[:-1] + b"x")["genuine"]
    assert hashlib.sha256(case.pdf_of(first)).digest() == hashlib.sha256(old).digest()
    return case


def assert_no_other_laboratory_sees(case: Case, people: dict[str, tuple[str, str]]) -> None:
    """Every address of the case is not found for another laboratory's people.

    Args:
        people: user name and password by role.
    """
    image = case.sample_now()["images"][0]["id"]
    cell = case.cells()[0]["id"]
    report = case.reports[0]["id"]
    sample = f"/samples/{case.sample}/"
    reads = [
        sample,
        f"{sample}cells/",
        f"{sample}differential/",
        f"{sample}reports/",
        f"/images/{image}/",
        f"/images/{image}/rendition/",
        f"/reports/{report}/",
        f"/reports/{report}/pdf/",
    ]
    password = people["doctor"][1]
    writes: list[tuple[str, dict[str, Any]]] = [
        (f"{sample}state/", {"to": "in_review", "reason": "x"}),
        (f"{sample}sign/", {"password": password, "meaning": "responsibility"}),
        (f"{sample}amend/", {"reason": "x"}),
        (f"{sample}amend/withdraw/", {}),
        (f"{sample}retract/", {"password": password, "reason": "x"}),
        (f"{sample}alarm/acknowledge/", {}),
        (
            f"{sample}reviews/",
            {"reviews": [{"cell": cell, "label": "blast", "seen_number": 0}]},
        ),
        (f"/images/{image}/cells/", {"box": [1, 1, 50, 50]}),
        (f"/images/{image}/run/", {}),
        (f"/images/{image}/dismiss/", {"reason": "x"}),
        (f"/images/{image}/move/", {"sample": case.sample, "reason": "x"}),
        (f"/cells/{cell}/reviews/", {"label": "blast", "seen_number": 0}),
    ]
    stranger = Program(case.installation, names=people["doctor"])
    for path in reads:
        assert stranger.ask("GET", path).status_code == 404, path
    for path, body in writes:
        assert stranger.ask("POST", path, json=body).status_code == 404, path
    assert stranger.get("/samples/")["results"] == []
    found = stranger.post("/samples/search/", {"patient_reference": "P-0042"}, status=200)
    assert found["results"] == []
    visitor = Person(case.installation, "doctor", people["doctor"])
    for path in (
        f"/samples/{case.sample}/",
        f"/samples/{case.sample}/gallery/",
        f"/samples/{case.sample}/differential/",
        f"/samples/{case.sample}/history/",
        f"/samples/{case.sample}/sign/",
        f"/images/{image}/",
        f"/cells/{cell}/crop/",
        f"/reports/{report}/",
        f"/reports/{report}/verify/",
    ):
        assert visitor.open(path).status_code == 404, path
