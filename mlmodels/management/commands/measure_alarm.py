"""`manage.py measure_alarm --model VERSION_DIR --data DIR`: which films raise an alarm."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from mlmodels.artifacts import model_directory
from mlmodels.management.progress_command import ProgressCommand
from mlmodels.ml.errors import EngineError
from mlmodels.research import evaluation
from mlmodels.research.alarm.run import Plan, measure_alarm


class Command(ProgressCommand):
    """Draws films of 100 cells, healthy ones and some with blasts, and counts the alarms."""

    help = "Measure how many healthy films, and films with blasts, raise a version's alarm."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        plan = Plan()
        parser.add_argument("--data", type=Path, required=True, help="the data folder")
        parser.add_argument("--model", help="a shipped version or a folder; default the newest")
        parser.add_argument("--runtime", choices=("keras", "litert"), default="litert")
        parser.add_argument("--films", type=int, default=plan.films)
        parser.add_argument("--seed", type=int, default=plan.seed)
        parser.add_argument(
            "--cache", type=Path, default=Path("var/alarm"), help="where answers are kept"
        )
        parser.add_argument("--json", help="where the figures go")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["films"] < 1:
            raise CommandError("At least one film is drawn.")
        try:
            figures = measure_alarm(
                data=options["data"],
                directory=model_directory(options["model"]),
                runtime=options["runtime"],
                cache=options["cache"],
                plan=Plan(options["films"], options["seed"]),
            )
            evaluation.keep_results(figures, json_file=options["json"])
        except (EngineError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{figures['model']}, weights {figures['weights_sha256'][:8]}")
        for name, found in figures["sets"].items():
            doses = ", ".join(
                f"{dose} blasts {_said(each)}" for dose, each in found["blasts"].items()
            )
            self.stdout.write(f"{name}: healthy {_said(found['healthy'])}, {doses}")


def _said(counted: dict[str, Any]) -> str:
    low, high = (100 * bound for bound in counted["interval"])
    share = 100 * counted["alarmed"] / counted["n"]
    return f"{counted['alarmed']}/{counted['n']} ({share:.1f} %, {low:.1f} to {high:.1f})"
