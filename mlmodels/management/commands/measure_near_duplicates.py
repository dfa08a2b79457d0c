"""`manage.py measure_near_duplicates --data DIR`: how well copies across a split are found."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from mlmodels.artifacts import model_directory
from mlmodels.management.progress_command import ProgressCommand
from mlmodels.ml.errors import EngineError
from mlmodels.research.near_duplicates import measure_near_duplicates


class Command(ProgressCommand):
    """Splits the public four-class set by file and by source, and counts what is claimed."""

    help = "Measure the search for near-duplicates on the public four-class set."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", type=Path, required=True, help="the data folder")
        parser.add_argument("--sources", type=int, help="at most so many photographs")
        parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
        parser.add_argument("--model", help="a version's folder; default: the newest shipped")
        parser.add_argument("--json", type=Path, help="where the figures go")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            figures = measure_near_duplicates(
                data=options["data"],
                directory=model_directory(options["model"]),
                sources=options["sources"],
                seeds=options["seeds"],
            )
            if options["json"]:
                options["json"].parent.mkdir(parents=True, exist_ok=True)
                options["json"].write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
        except (EngineError, OSError) as error:
            raise CommandError(str(error)) from error
        for name, part in figures["parts"].items():
            found, false = part["by_file_together"], part["by_source"]
            self.stdout.write(f"{name}: {part['files']} files of {part['sources']} photographs")
            self.stdout.write(f"  by file: {_words(found)} found")
            self.stdout.write(f"  by source: {_words(false)} falsely claimed")


def _words(share: dict[str, Any]) -> str:
    if share["share"] is None:
        return "none of 0 files"
    low, high = share["interval"]
    return (
        f"{share['part']} of {share['whole']} files, {100 * share['share']:.2f} % "
        f"(95 % interval {100 * low:.2f} to {100 * high:.2f})"
    )
