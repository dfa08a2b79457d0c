"""`manage.py adapt_model --base NAME --cells DIR --output DIR`: adapts a version to a microscope.

With `--run`, it does what an adaptation that was asked for on a page needs; so do the workers.
"""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

# The fits are small: on a busy machine, threads of the algebra wait for each other for minutes.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from django.core.management.base import CommandError

from hematovision.errors import DomainError
from mlmodels.artifacts import model_directory
from mlmodels.management.progress_command import ProgressCommand
from mlmodels.ml.children import die_with_parent
from mlmodels.ml.errors import EngineError
from mlmodels.ml.training.progress import write_failure
from mlmodels.services.training.run_adaptation import adapt_folder, adapt_for_run


class Command(ProgressCommand):
    """Adapts a version to reviewed cells and writes the folder of the new version."""

    help = "Adapt a model version to reviewed cells of another microscope."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--base", metavar="NAME|DIR", help="the version; the newest shipped")
        parser.add_argument(
            "--cells", type=Path, help="a folder with manifest.csv: path, class, source and boxes"
        )
        parser.add_argument(
            "--classes", nargs="+", metavar="CLASS", help="that occur there; every class if none"
        )
        parser.add_argument("--output", type=Path, required=True, help="the run folder")
        parser.add_argument("--name", default="adapted", help="of the adapted version")
        parser.add_argument("--model-version", default="0.0.0")
        parser.add_argument("--run", type=UUID, metavar="ID", help="instead: an adaptation's id")
        parser.add_argument(
            "--parent", type=int, metavar="PID", help="of the process that this one ends with"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["parent"]:
            die_with_parent(options["parent"])
        try:
            card = self._adapt(options)
        except (EngineError, DomainError, OSError) as error:
            if options["parent"]:
                write_failure(options["output"], code="adaptation_failed", sentence=str(error))
            raise CommandError(str(error)) from error
        done = card["adaptation"]
        self.stdout.write(
            f"{done['chosen']}; accuracy {done['before']['accuracy']:.3f} -> "
            f"{done['after']['accuracy']:.3f} of {done['cells']} cells"
        )

    def _adapt(self, options: dict[str, Any]) -> dict[str, Any]:
        if options["run"]:
            return adapt_for_run(run_id=options["run"], output=options["output"])
        if options["cells"] is None:
            raise CommandError("Name the reviewed cells with --cells DIR, or a run with --run ID.")
        return adapt_folder(
            base=model_directory(options["base"]),
            cells=options["cells"],
            output=options["output"] / "version",
            name=options["name"],
            version=options["model_version"],
            classes=options["classes"],
        )
