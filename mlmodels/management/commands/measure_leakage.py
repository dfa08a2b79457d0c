"""`manage.py measure_leakage --data DIR --json OUT`: what group leakage is worth."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from mlmodels.management.progress_command import ProgressCommand
from mlmodels.ml.errors import EngineError
from mlmodels.research.leakage.run import measure_leakage
from mlmodels.research.leakage.text import leakage_markdown

NETWORKS = ("linear", "trained")


class Command(ProgressCommand):
    """Scores the same networks on the public four-class set under four splits."""

    help = "Score the public four-class set split by file, number, photograph and its own TEST."
    # Its own lines; those of each training would be hundreds.
    shows = "mlmodels.research"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", type=Path, required=True, help="the data folder")
        parser.add_argument("--json", type=Path, required=True, help="where the figures go")
        parser.add_argument("--markdown", type=Path, help="where the page goes")
        parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS))
        parser.add_argument("--epochs", type=int, help="at most so many for the trained network")
        parser.add_argument("--work", type=Path, default=Path("var/leakage"))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            figures = measure_leakage(
                data=options["data"],
                networks=options["networks"],
                work=options["work"],
                epochs=options["epochs"],
            )
            figures["command"] = _command(options)
            options["json"].parent.mkdir(parents=True, exist_ok=True)
            options["json"].write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
            if options["markdown"]:
                options["markdown"].parent.mkdir(parents=True, exist_ok=True)
                options["markdown"].write_text(leakage_markdown(figures), encoding="utf-8")
        except (EngineError, OSError) as error:
            raise CommandError(str(error)) from error


def _command(options: dict[str, Any]) -> str:
    """The command as somebody else would type it: their data folder, not ours."""
    words = ["manage.py measure_leakage --data DIR --json OUT"]
    if options["markdown"]:
        words.append(f"--markdown {options['markdown']}")
    if set(options["networks"]) != set(NETWORKS):
        words.append(f"--networks {' '.join(options['networks'])}")
    if options["epochs"]:
        words.append(f"--epochs {options['epochs']}")
    return " ".join(words)
