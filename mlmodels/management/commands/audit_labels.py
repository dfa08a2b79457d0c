"""`manage.py audit_labels --data DIR`: lists labels that a model doubts which did not see them."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from mlmodels.artifacts import model_directory
from mlmodels.management.progress_command import ProgressCommand
from mlmodels.ml.errors import EngineError
from mlmodels.research.label_audit.run import audit_labels


class Command(ProgressCommand):
    """Writes a page of paths, ranked; it drops and changes nothing."""

    help = "List pictures whose label a model contradicts that was not fitted on them."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", type=Path, required=True, help="the data folder")
        parser.add_argument("--model", help="a shipped version or a folder; default the newest")
        parser.add_argument("--runs", type=Path, help="runs by fold, e.g. var/runs/cv")
        parser.add_argument("--cache", type=Path, default=Path("var/training/features"))
        parser.add_argument("--runtime", choices=("keras", "litert"), default="keras")
        parser.add_argument("--markdown", type=Path, default=Path("docs/model/label_audit.md"))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            audits = audit_labels(
                data=options["data"],
                directory=model_directory(options["model"]),
                runs=options["runs"],
                cache=options["cache"],
                runtime=options["runtime"],
                markdown=options["markdown"],
                command=_command(options),
            )
        except (EngineError, OSError) as error:
            raise CommandError(str(error)) from error
        for audit in audits:
            self.stdout.write(
                f"{audit.name}: {len(audit.doubts)} of {audit.sources} sources doubted"
            )


def _command(options: dict[str, Any]) -> str:
    """The command as somebody else would type it: their data folder, not ours."""
    words = ["manage.py audit_labels --data DIR"]
    if options["runs"]:
        words.append("--runs RUNS")
    return " ".join([*words, f"--runtime {options['runtime']}"])
