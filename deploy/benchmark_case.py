"""What the pages of one large case cost on this machine: `make benchmark-case`.

Makes a database and a folder of its own, puts a sample of 1,000 cells in 120 images there as
workers record them, and asks its pages with Django's test client, twenty times each. Then reviews
are stored, sheets of crops are cut, and cases of 200 cells are signed and their reports made.
It prints medians, as the web process and the worker spend them, beside what each may cost.
Nothing of the installation in `var/` is touched. Run it while nothing else runs.

    make benchmark-case                        on SQLite
    make benchmark-case DATABASE=postgresql    on the server that SCALE_SERVER names
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import secrets
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from scale_database import own_database

ROOT = Path(__file__).resolve().parent.parent
IMAGES, CELLS = 120, 1000
IMAGES_SIGNED, CELLS_SIGNED, SIGNED = 24, 200, 3
TIMES = 20
MOST_QUERIES = 12
WIDTH_PX, HEIGHT_PX = 1280, 960
# An ordinary film; of a thousand cells, 35 ask for a person.
FILM = {"neutrophil": 620, "lymphocyte": 270, "monocyte": 65, "eosinophil": 45}
ASKS_EVERY = 29
PASSWORD = secrets.token_urlsafe(16)


@dataclass(frozen=True)
class Target:
    """What something may cost; none where nothing is said."""

    ms: float | None = None
    queries: int | None = None

    def __str__(self) -> str:
        parts = [f"{self.ms:.0f} ms"] if self.ms else []
        parts += [f"{self.queries} queries"] if self.queries else []
        return ", ".join(parts) or "none"


PAGE, ANY_PAGE = Target(150, MOST_QUERIES), Target(None, MOST_QUERIES)
REVIEW, CROPS, REPORT = Target(300), Target(1000), Target(5000)


class Counted:
    """Counts queries, without the marks of transactions."""

    def __init__(self) -> None:
        self.queries = 0

    def __call__(self, execute: Any, sql: str, *rest: Any) -> Any:
        self.queries += not sql.startswith(("SAVEPOINT", "RELEASE"))
        return execute(sql, *rest)


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    options = parser.parse_args()
    on_server = options.database == "postgresql"
    database = own_database("hematovision_case") if on_server else nullcontext("")
    with tempfile.TemporaryDirectory() as var, database as url:
        os.environ |= {
            "DATABASE_URL": url or f"sqlite:///{var}/case.sqlite3",
            "VAR_DIR": var,
            "DEBUG": "true",
            "LOG_LEVEL": "ERROR",
            "DJANGO_SETTINGS_MODULE": "hematovision.settings",
        }
        sys.path.insert(0, str(ROOT))
        # Nothing was collected for a folder of its own, and no asset is asked for.
        warnings.filterwarnings("ignore", message="No directory at")
        import django
        from django.conf import settings

        django.setup()
        settings.ALLOWED_HOSTS = ["*"]
        people = prepare()
        sample = make_case(people, "C-0001", IMAGES, CELLS, sheets_left=TIMES + 1)
        print(f"\n{IMAGES} images, {CELLS} cells, {options.database}; median of {TIMES}\n")
        print("| what | ms | CPU, ms | queries | target |\n|---|---|---|---|---|")
        measure_pages(people, sample)
        measure_reviews(people, sample)
        measure_sheets(people, sample)
        measure_report(people)


def prepare() -> dict[str, Any]:
    """Tables, the shipped model, and a laboratory of a technician and a doctor."""
    from django.core.management import call_command

    from accounts.models import Laboratory, Role
    from accounts.services.users import create_user
    from mlmodels.services.versions.registration import register_shipped

    call_command("migrate", verbosity=0)
    register_shipped()
    laboratory = Laboratory.objects.create(name="Case")
    return {
        role.value: create_user(
            actor=None,
            laboratory=laboratory,
            username=f"{role.value}-of-the-case",
            password=PASSWORD,
            role=role,
        )
        for role in (Role.TECHNICIAN, Role.DOCTOR)
    }


def make_case(
    people: dict[str, Any], number: str, images: int, cells: int, *, sheets_left: int = 0
) -> Any:
    """A sample with drawn fields whose results are recorded as workers record them.

    Args:
        sheets_left: of so many images, the last ones, the crops are not cut ahead.
    """
    from django.core.files.uploadedfile import SimpleUploadedFile

    from mlmodels.research.benchmark.drawn_field import field_jpeg
    from predictions.models import ClassificationJob
    from predictions.services.imaging import jobs, sheets
    from predictions.services.imaging.intake import receive_upload

    drawn = [field_jpeg(WIDTH_PX, HEIGHT_PX, cells=1 + n % 5, seed=n) for n in range(images)]
    for begin in range(0, images, 50):
        upload = receive_upload(
            actor=people["technician"],
            accession_number=number,
            files=[
                SimpleUploadedFile(f"{begin + n:03}.jpg", data, "image/jpeg")
                for n, data in enumerate(drawn[begin : begin + 50])
            ],
        )
    named = itertools.cycle(_film())
    keys = ClassificationJob.objects.filter(image__sample=upload.sample).values_list("pk")
    for n, (key,) in enumerate(keys.order_by("image__uploaded_at", "image_id")):
        held: Any = jobs.claim(key)
        each = cells * (n + 1) // images - cells * n // images
        found = [
            _cell(held, place, label, asks=asks)
            for place, (label, asks) in enumerate(itertools.islice(named, each), 1)
        ]
        jobs.record([jobs.Result(held, cells=found)])
        if n < images - sheets_left:
            sheets.prepare_sheet(held.image, held.job_id, found)
    upload.sample.refresh_from_db()
    return upload.sample


def _film() -> list[tuple[str, bool]]:
    """Classes mixed as on a film, and whether the model leaves the cell to a person."""
    # 7 and 1,000 have no common divisor: every place is taken once.
    labels = [label for label, count in FILM.items() for _ in range(count)]
    return [(labels[7 * n % len(labels)], n % ASKS_EVERY == 0) for n in range(len(labels))]


def _cell(held: Any, place: int, label: str, *, asks: bool) -> Any:
    from predictions.models import Cell

    sure = 0.62 if asks else 0.97
    return Cell(
        image=held.image,
        job_id=held.job_id,
        position=place,
        x_px=40 + 120 * (place % 9),
        y_px=60 + 90 * (place // 9),
        width_px=90,
        height_px=90,
        label=label,
        present_label=label,
        confidence=sure,
        probabilities={**dict.fromkeys(FILM, (1 - sure) / 3), label: sure},
        disposition=Cell.Disposition.REVIEW if asks else Cell.Disposition.ACCEPTED,
        objectness=0.99,
        nucleus_area_px=900.0,
        nucleus_in_red_cells=1.4,
    )


def measure_pages(people: dict[str, Any], sample: Any) -> None:
    """What the pages of the case take."""
    pages = [
        ("gallery", f"/samples/{sample.pk}/gallery/", PAGE),
        ("gallery of one class", f"/samples/{sample.pk}/gallery/?class=neutrophil", PAGE),
        ("differential", f"/samples/{sample.pk}/differential/", PAGE),
        ("differential, API", f"/api/v1/samples/{sample.pk}/differential/", PAGE),
        ("sample", f"/samples/{sample.pk}/", ANY_PAGE),
        ("worklist", "/samples/", ANY_PAGE),
    ]
    client = client_of(people["technician"])
    for name, address, target in pages:
        tell(name, measured(partial(open_page, client, address)), target)


def measure_reviews(people: dict[str, Any], sample: Any) -> None:
    """What it takes until one review is stored and the answer is there."""
    from predictions.models import Cell

    client = client_of(people["technician"])
    keys = list(Cell.objects.filter(image__sample=sample).values_list("pk", flat=True))
    said = {"label": "monocyte", "seen_number": 0, "seconds": 1.2}
    address = f"/samples/{sample.pk}/gallery/reviews/"
    tell(
        "one review from the gallery",
        measured(lambda n: send(client, address, {"reviews": [{"cell": str(keys[n]), **said}]})),
        REVIEW,
    )
    tell(
        "one review, API",
        measured(lambda n: send(client, f"/api/v1/cells/{keys[-1 - n]}/reviews/", said)),
        REVIEW,
    )


def measure_sheets(people: dict[str, Any], sample: Any) -> None:
    """What it takes until the crops of one image are there."""
    from predictions.selectors.review.gallery import gallery_of

    client = client_of(people["technician"])
    addresses = [
        f"/images/{field.image_id}/sheets/{field.job_id}/{field.cells}/"
        for field in gallery_of(people["technician"], sample.pk).fields
    ]
    tell(
        "crops of one image, cut ahead",
        measured(lambda n: asked(client.get(addresses[n]))),
        CROPS,
    )
    tell(
        "crops of one image, to be cut",
        measured(lambda n: asked(client.get(addresses[-1 - n]))),
        CROPS,
    )


def measure_report(people: dict[str, Any]) -> None:
    """What it takes from the signature to the finished file; the wait for a worker is not in it."""
    from predictions.models import ReportFile
    from predictions.services.reports.run_reports import make_report
    from predictions.services.reports.signing import sign

    ready = [make_ready(people, f"C-1{n:03}") for n in range(SIGNED + 1)]

    def sign_and_make(n: int) -> None:
        report = sign(
            actor=people["doctor"],
            sample_id=ready[n].pk,
            password=PASSWORD,
            meaning="responsibility",
            comment="No abnormal cells seen.",
        )
        make_report(report_id=report.pk)
        if ReportFile.objects.get(pk=report.pk).status != "succeeded":
            sys.exit("The file of a report was not made.")

    name = f"signature to finished PDF, {CELLS_SIGNED} cells (median of {SIGNED})"
    tell(name, measured(sign_and_make, times=SIGNED), REPORT)


def make_ready(people: dict[str, Any], number: str) -> Any:
    """A case that nothing is missing of: what asked for a person was looked at."""
    from predictions.selectors.review.gallery import gallery_of
    from predictions.services.review.reviews import WantedReview, review_cells
    from predictions.services.samples.states import send_to_doctor

    technician = people["technician"]
    sample = make_case(people, number, IMAGES_SIGNED, CELLS_SIGNED)
    asking = [c for c in gallery_of(technician, sample.pk).cells.values() if c.asks]
    looked_at = [WantedReview(cell.id, cell.code, seen_number=0) for cell in asking]
    review_cells(actor=technician, sample_id=sample.pk, reviews=looked_at)
    return send_to_doctor(actor=technician, sample_id=sample.pk)


def client_of(user: Any) -> Any:
    """Somebody who is signed in."""
    from django.test import Client

    client = Client()
    client.force_login(user)
    return client


def open_page(client: Any, address: str, n: int) -> None:
    """Open a page, for the `n`th time."""
    asked(client.get(address))


def send(client: Any, address: str, body: dict[str, Any]) -> None:
    """Send JSON that has to be taken."""
    answer = asked(client.post(address, json.dumps(body), content_type="application/json"))
    if not all(outcome["stored"] for outcome in answer.json().get("outcomes", [])):
        sys.exit(f"A review was not stored: {answer.content.decode()}")


def asked(answer: Any) -> Any:
    """An answer that has to be a good one."""
    if answer.status_code not in (200, 201):
        sys.exit(f"{answer.request['PATH_INFO']} answered {answer.status_code}.")
    return answer


def measured(act: Callable[[int], object], *, times: int = TIMES) -> tuple[float, float, float]:
    """Medians of ms, of ms of the processor, and of queries, after once to warm up."""
    from django.db import connection

    figures = []
    for n in range(times + 1):
        counted = Counted()
        with connection.execute_wrapper(counted):
            wall, cpu = time.perf_counter(), time.process_time()
            act(n)
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        figures.append((1000 * wall, 1000 * cpu, counted.queries))
    wall_ms, cpu_ms, queries = zip(*figures[1:], strict=True)
    return statistics.median(wall_ms), statistics.median(cpu_ms), statistics.median(queries)


def tell(name: str, figures: tuple[float, float, float], target: Target) -> None:
    """One line of the table; what is beyond its target says so."""
    wall_ms, cpu_ms, queries = figures
    slow = target.ms is not None and wall_ms > target.ms
    over = slow or (target.queries is not None and queries > target.queries)
    line = f"| {name} | {wall_ms:.0f} | {cpu_ms:.0f} | {queries:.0f} | {target} |"
    print(line + (" **over**" if over else ""), flush=True)


if __name__ == "__main__":
    main()
