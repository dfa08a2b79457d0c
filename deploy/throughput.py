"""How many images a second the workers take, beside the engine alone: `make throughput`.

Makes a database of its own on the PostgreSQL server that SCALE_SERVER names, uploads a batch,
lets `deploy/start worker-inference` classify it with two LiteRT processes and Redis, and prints
images a second from the first claim to the last record. Then two processes read the same files
with the engine alone. Run it while nothing else runs.

    make throughput                          100 drawn fields
    make throughput FIELDS=/folder/of/images the pictures of a folder, as far as they reach
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "deploy"))

from scale_database import own_database  # noqa: E402  a script beside this one

REDIS = os.environ.get("THROUGHPUT_REDIS", "redis://127.0.0.1:6379/14")
PROCESSES = 2
AT_MOST_S = 300

ENGINE_ALONE = """
import json, sys, time
from pathlib import Path
import django
django.setup()
from mlmodels.artifacts import model_directory
from mlmodels.ml.inference.engine import load_engine
from mlmodels.ml.pictures.picture import ImageLimits
from mlmodels.ml.inference.pipeline import read_image
engine = load_engine(model_directory(None), runtime="litert")
limits = ImageLimits(10**8, 100)
files = [Path(name).read_bytes() for name in json.loads(sys.stdin.readline())]
read_image(files[0], engine, limits)
print("ready", flush=True)
sys.stdin.readline()
began = time.time()
for data in files:
    read_image(data, engine, limits)
print(json.dumps([began, time.time()]), flush=True)
"""


def main() -> None:
    """Measure both and print their share."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=100, help="images in the batch")
    parser.add_argument("--fields", type=Path, help="a folder of pictures; else they are drawn")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as var, own_database("hematovision_throughput") as url:
        os.environ |= {
            "DATABASE_URL": url,
            "REDIS_URL": REDIS,
            "BROKER_URL": REDIS,
            "VAR_DIR": var,
            "DEBUG": "true",
            "LOG_LEVEL": "WARNING",
            "INFERENCE_RUNTIME": "litert",
            "INFERENCE_PROCESSES": str(PROCESSES),
            "DJANGO_SETTINGS_MODULE": "hematovision.settings",
        }
        sys.path.insert(0, str(ROOT))
        import django

        django.setup()
        pictures = pictures_of(options, Path(var) / "pictures")
        people = prepare()
        for round_ in range(options.rounds):
            through = images_a_second_through_workers(people, pictures, round_)
            alone = images_a_second_of_the_engine(pictures)
            print(
                f"{len(pictures)} images: {through:.1f} a second through the workers, "
                f"{alone:.1f} by the engine alone, share {through / alone:.2f}",
                flush=True,
            )


def pictures_of(options: argparse.Namespace, folder: Path) -> list[Path]:
    """The files of the batch."""
    if options.fields:
        endings = {".jpg", ".jpeg", ".png"}
        found = sorted(f for f in options.fields.rglob("*") if f.suffix.lower() in endings)
        return found[: options.count]
    from mlmodels.research.benchmark.drawn_field import field_jpeg

    folder.mkdir()
    for n in range(options.count):
        (folder / f"{n:03}.jpg").write_bytes(field_jpeg(640, 480, cells=1 + n % 3, seed=n))
    return sorted(folder.iterdir())


def prepare() -> Any:
    """Tables, the shipped model, and a technician."""
    import redis
    from django.core.management import call_command

    from accounts.models import Laboratory, Role, User
    from mlmodels.services.versions.registration import register_shipped

    if urlsplit(REDIS).path in ("", "/"):
        sys.exit("Name a numbered database of Redis in THROUGHPUT_REDIS; it is emptied.")
    redis.Redis.from_url(REDIS).flushdb()
    call_command("migrate", verbosity=0)
    register_shipped()
    laboratory = Laboratory.objects.create(name="Throughput")
    return User.objects.create(username="tina", laboratory=laboratory, role=Role.TECHNICIAN)


def images_a_second_through_workers(technician: Any, pictures: list[Path], round_: int) -> float:
    """Upload everything, then start the workers, and wait for the last record."""
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.db.models import Max, Min

    from predictions.models import ClassificationJob, SmearImage
    from predictions.services.imaging.intake import receive_upload

    for begin in range(0, len(pictures), 50):
        receive_upload(
            actor=technician,
            accession_number=f"T-{round_}",
            files=[
                SimpleUploadedFile(f.name, f.read_bytes(), "image/jpeg")
                for f in pictures[begin : begin + 50]
            ],
        )
    jobs = ClassificationJob.objects.filter(image__sample__accession_number=f"T-{round_}")
    expected = jobs.count()
    worker = subprocess.Popen(
        ["deploy/start", "worker-inference"],
        cwd=ROOT,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + AT_MOST_S
        while jobs.filter(status="succeeded").count() < expected:
            if time.monotonic() > end:
                sys.exit(f"Not done in {AT_MOST_S} s: {SmearImage.objects.count()} images.")
            time.sleep(0.5)
    finally:
        os.killpg(worker.pid, signal.SIGTERM)
        worker.wait()
    span = jobs.aggregate(first=Min("started_at"), last=Max("finished_at"))
    return expected / (span["last"] - span["first"]).total_seconds()


def images_a_second_of_the_engine(pictures: list[Path]) -> float:
    """Two processes read halves of the same files at once, with opened engines."""
    halves = [[str(f) for f in pictures[n::PROCESSES]] for n in range(PROCESSES)]
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", ENGINE_ALONE],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in halves
    ]
    for reader, half in zip(readers, halves, strict=True):
        _tell(reader, json.dumps(half))
    for reader in readers:
        _hear(reader)
    for reader in readers:
        _tell(reader, "go")
    spans = [json.loads(_hear(reader)) for reader in readers]
    for reader in readers:
        reader.wait()
    return len(pictures) / (max(end for _, end in spans) - min(begin for begin, _ in spans))


def _tell(reader: subprocess.Popen[str], line: str) -> None:
    reader.stdin.write(line + "\n")  # type: ignore[union-attr]
    reader.stdin.flush()  # type: ignore[union-attr]


def _hear(reader: subprocess.Popen[str]) -> str:
    return reader.stdout.readline()  # type: ignore[union-attr]


if __name__ == "__main__":
    main()
