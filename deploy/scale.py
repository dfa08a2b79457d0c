"""Fill a PostgreSQL database as a large laboratory would, and measure every page: `make scale`.

Makes a database of its own on the server that SCALE_SERVER names, fills it with plain SQL, asks
each page and endpoint with Django's test client, prints a table, and drops the database again.
Milliseconds are those spent in the database, of the second of two asks. Nothing of the
installation in `var/` is touched.

    make scale                           100,000 images, 1,000,000 cells, 10,000 samples
    make scale IMAGES=10000              a tenth of it
    .venv/bin/python deploy/scale.py --keep    leaves the database for a look by hand
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from contextlib import nullcontext
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from scale_database import SERVER, fill, own_database, places_of_kept

ROOT = Path(__file__).resolve().parent.parent
NAME = "hematovision_scale"
# What a page may cost, as the house wants it; beyond, its row says so.
# Twelve queries, and the three that tell the trail that somebody looked.
MOST_MS, MOST_QUERIES = 100.0, 15


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--samples", type=int, default=0, help="a tenth of the images by itself")
    parser.add_argument("--cells-each", type=int, default=10)
    parser.add_argument("--keep", action="store_true", help="leave the database on the server")
    parser.add_argument("--again", action="store_true", help="only measure one that was kept")
    options = parser.parse_args()
    kept = nullcontext(f"{SERVER}/{NAME}")
    database = kept if options.again else own_database(NAME, keep=options.keep)
    with tempfile.TemporaryDirectory() as var, database as url:
        os.environ |= {"DATABASE_URL": url, "VAR_DIR": var, "DEBUG": "true", "LOG_LEVEL": "ERROR"}
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hematovision.settings")
        sys.path.insert(0, str(ROOT))
        import django

        django.setup()
        began = time.monotonic()
        if not options.again:
            fill(options)
            print(f"filled and upgraded in {time.monotonic() - began:.0f} s", flush=True)
            verify()
        measure(places_of_kept())


def verify() -> None:
    """End here where a list would show what its rows do not say."""
    from predictions.services.summary_check import verify_summaries

    began = time.monotonic()
    wrong = list(islice(verify_summaries(), 5))
    if wrong:
        sys.exit("Summaries are not what their rows say:\n" + "\n".join(wrong))
    print(f"every summary verified in {time.monotonic() - began:.0f} s", flush=True)


def measure(places: dict[str, Any]) -> None:
    """Ask every page twice and print what the second time cost."""
    from django.conf import settings
    from django.db import connection
    from django.db.models import Count
    from django.test import Client

    from predictions.models import Cell, Sample, SmearImage
    from predictions.selectors.samples.worklist import Filters, worklist_page

    settings.ALLOWED_HOSTS = ["*"]
    settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] = {"anon": None, "user": None}
    own = SmearImage.objects.filter(sample__laboratory=places["own"])
    uploader = places["technician"].pk
    middle = own.order_by("-uploaded_at")[own.count() // 2]
    cursor = f"{int(middle.uploaded_at.timestamp() * 1e6)}-{middle.pk.hex}"
    sample = Sample.objects.get(pk=middle.sample_id)
    ready = Sample.objects.filter(laboratory=places["own"], state=Sample.State.READY)[0]
    patients = Sample.objects.filter(laboratory=places["own"]).values("patient_key")
    often = patients.annotate(samples=Count("pk")).filter(samples__gt=1).order_by("patient_key")[0]
    first, second = Sample.objects.filter(
        laboratory=places["own"], patient_key=often["patient_key"]
    )[:2]
    cell = Cell.objects.filter(image=middle).first()
    day = f"{middle.uploaded_at:%Y-%m-%d}"
    year_ago = places["own"].today - timedelta(days=365)
    of_one = f"version={places['version'].pk}&profile={places['profile'].pk}"
    combined = f"status=succeeded&uploader={uploader}&profile={places['profile'].pk}"
    history = {
        "": "",
        "a page half way down": f"before={cursor}",
        **{
            f"class {code}": f"label={code}"
            for code in ("neutrophil", "eosinophil", "basophil", "erythroblast", "unidentified")
        },
        "class basophil, half way down": f"label=basophil&before={cursor}",
        "class neutrophil, half way down": f"label=neutrophil&before={cursor}",
        **{
            f"status {status}": f"status={status}"
            for status in ("unfinished", "queued", "running", "succeeded", "failed")
        },
        "one uploader": f"uploader={uploader}",
        "one profile": f"profile={places['profile'].pk}",
        "no profile": "profile=none",
        "one day": f"first_day={day}&last_day={day}",
        "status, uploader and profile": combined,
        "class basophil, status, uploader and profile": f"label=basophil&{combined}",
        "class neutrophil, failed": "label=neutrophil&status=failed",
        "class platelet, one day": f"label=platelet&first_day={day}&last_day={day}",
        "class neutrophil, one day": f"label=neutrophil&first_day={day}&last_day={day}",
        "class neutrophil, queued, since a day": f"label=neutrophil&status=queued&first_day={day}",
    }
    after = "after=" + worklist_page(places["technician"], Filters()).after
    worklist = {
        "": "",
        "every state": "state=all",
        "every state, its second page": f"state=all&{after}",
        "every state, newest first": "state=all&order=newest",
        "every state, most to review first": "state=all&order=most_to_review",
        "awaits my review": "awaits_me=on",
        "urgent": "priority=urgent",
        **{
            f"class {code}, every state": f"state=all&label={code}"
            for code in ("neutrophil", "basophil", "erythroblast", "unidentified")
        },
        "one uploader": f"uploader={uploader}",
        "one profile": f"profile={places['profile'].pk}",
        "one day": f"first_day={day}&last_day={day}",
        "all of them": f"label=basophil&priority=urgent&awaits_me=on&first_day={day}&{combined}",
    }
    case = f"/samples/{sample.pk}/"
    pages: dict[str, list[Any]] = {
        "technician": [
            ("dashboard", "/dashboard/"),
            ("dashboard, its poll", "/dashboard/", {"HX-Request": "true"}),
            ("upload", "/upload/"),
            ("quality, own", "/quality/mine/"),
            ("image", f"/images/{middle.pk}/"),
            ("image, its poll", f"/images/{middle.pk}/status/", {"HX-Request": "true"}),
            *(
                (f"history: {name}" if name else "history", f"/history/?{query}")
                for name, query in history.items()
            ),
            ("history: search, one hit", ("S-0000123",)),
            ("history: search, 1,000 hits", ("S-00012",)),
            ("history: search, every sample", ("S-",)),
            ("history: search, no hit", ("nothing",)),
            ("history: search, no hit, class neutrophil", ("nothing", "neutrophil")),
            ("history: search, one hit, class neutrophil", ("S-0000123", "neutrophil")),
            *(
                (f"worklist: {name}" if name else "worklist", f"/samples/?{query}")
                for name, query in worklist.items()
            ),
            ("sample", case),
            ("sample, its poll", f"{case}status/", {"HX-Request": "true"}),
            ("gallery", f"{case}gallery/"),
            ("gallery of one class", f"{case}gallery/?class=neutrophil"),
            ("gallery, reference cells", "/references/?class=neutrophil"),
            ("differential", f"{case}differential/"),
            ("history of a sample", f"{case}history/"),
            ("reports of a sample", f"{case}reports/"),
            ("API samples", "/api/v1/samples/"),
            ("API samples, one state", "/api/v1/samples/?state=in_review"),
            ("API cells of a sample", f"/api/v1{case}cells/"),
            ("API differential", f"/api/v1{case}differential/"),
            ("API samples, 200 a page", "/api/v1/samples/?page_size=200"),
            ("API sample", f"/api/v1/samples/{sample.pk}/"),
            ("API image", f"/api/v1/images/{middle.pk}/"),
        ],
        "doctor": [
            ("dashboard", "/dashboard/"),
            ("worklist", "/samples/"),
            ("worklist: awaits my review", "/samples/?awaits_me=on"),
            ("sign", f"/samples/{ready.pk}/sign/"),
            ("differential", f"/samples/{ready.pk}/differential/"),
            ("models", "/models/"),
            ("one patient", f"/samples/{first.pk}/patient/"),
            ("two samples side by side", f"/samples/{first.pk}/patient/{second.pk}/"),
            ("quality", "/quality/"),
            ("second reads", "/quality/second-reads/"),
            ("what waits to be read again", "/dashboard/quality/"),
            ("control slide", "/quality/control/"),
            ("research", "/research/"),
            ("quality, a year", f"/quality/?first_day={year_ago}"),
            ("quality, a version and a profile", f"/quality/?{of_one}"),
        ],
        "admin": [
            ("dashboard", "/dashboard/"),
            ("models", "/models/"),
            ("version, shipped", f"/models/{places['version'].pk}/"),
            ("version, own", f"/models/{places['candidate'].pk}/"),
            ("shadow", f"/models/{places['candidate'].pk}/shadow/"),
            ("profiles", "/profiles/"),
            ("profile", f"/profiles/{places['profile'].pk}/"),
            ("datasets", "/datasets/"),
            ("dataset", f"/datasets/{places['dataset'].pk}/"),
            ("trainings", "/training/"),
            ("training, new", "/training/new/"),
            ("training", f"/training/{places['run'].pk}/"),
            ("users", "/users/"),
            ("audit", "/audit/"),
            ("audit, one person", f"/audit/?person={uploader}"),
            ("audit, one day", f"/audit/?first_day={day}&last_day={day}&with_reads=on"),
            ("delivery", "/delivery/"),
            ("drift", "/quality/drift/"),
            ("reports that a version touched", f"/models/{places['version'].pk}/reports/"),
            ("dataset from reviews", "/datasets/from-reviews/"),
        ],
    }
    print("\n| who | page | queries | ms in the database | ms in all |\n|---|---|---|---|---|")
    worst_ms = worst_queries = 0.0
    for who, asked in pages.items():
        client = Client()
        client.force_login(places[who])
        for name, address, *more in asked:
            headers = more[0] if more else {}
            if isinstance(address, tuple):
                sent = dict(zip(("search", "label"), address, strict=False))
                address = client.post("/history/", sent)["Location"]
            client.get(address, headers=headers)
            timed = Timed()
            with connection.execute_wrapper(timed):
                began = time.perf_counter()
                answer = client.get(address, headers=headers)
                all_ms = 1000 * (time.perf_counter() - began)
            if answer.status_code != 200:
                sys.exit(f"{address} answered {answer.status_code}.")
            over = timed.ms > MOST_MS or timed.queries > MOST_QUERIES
            mark = " **over**" if over else ""
            print(
                f"| {who} | {name} | {timed.queries} | {timed.ms:.1f}{mark} | {all_ms:.0f} |",
                flush=True,
            )
            worst_ms, worst_queries = max(worst_ms, timed.ms), max(worst_queries, timed.queries)
    print(
        f"\nworst: {worst_ms:.0f} ms, {worst_queries:.0f} queries; "
        f"{own.count()} images and {Cell.objects.count()} cells; cell {cell.pk if cell else ''}"
    )


class Timed:
    """Counts queries and adds up their time."""

    def __init__(self) -> None:
        self.queries, self.ms = 0, 0.0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.ms += 1000 * (time.perf_counter() - began)
            if not sql.startswith(("SAVEPOINT", "RELEASE")):
                self.queries += 1


if __name__ == "__main__":
    main()
