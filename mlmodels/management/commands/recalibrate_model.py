"""`manage.py recalibrate_model VERSION_FOLDER --recipe R --data DIR --output DIR`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mlmodels.ml.errors import EngineError
from mlmodels.services.training.run_calibration import recalibrate


class Command(BaseCommand):
    """Chooses temperature, thresholds and size limits anew; the network stays as it is."""

    help = "Calibrate a finished version by a recipe that differs in its calibration alone."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("version", type=Path, help="the version's folder, e.g. RUN/version")
        parser.add_argument("--recipe", required=True, help="name or file")
        parser.add_argument("--data", type=Path, required=True, help="what it was trained on")
        parser.add_argument("--output", type=Path, required=True, help="replaced if it is there")
        parser.add_argument("--model-version", default="0.0.0")
        parser.add_argument("--cache", type=Path, default=Path("var/training"))
        parser.add_argument("--runtime", choices=("keras", "litert"), default="litert")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            card = recalibrate(
                options["version"],
                recipe=options["recipe"],
                data=options["data"],
                cache=options["cache"],
                output=options["output"],
                version=options["model_version"],
                runtime=options["runtime"],
            )
        except (EngineError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{card['calibration']} {card['engine']['thresholds']}")
