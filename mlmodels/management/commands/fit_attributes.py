"""`manage.py fit_attributes VERSION_FOLDER --data DIR`: teaches a version to name attributes."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from mlmodels.management.progress_command import ProgressCommand
from mlmodels.ml.errors import EngineError
from mlmodels.services.training.run_attributes import fit_attributes


class Command(ProgressCommand):
    """Fits a head on the features of a network that is trained; the network stays as it is."""

    help = "Fit the attributes of white cells for a version that is finished."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("version", type=Path, help="the version's folder, e.g. RUN/version")
        parser.add_argument("--data", type=Path, required=True, help="what it was trained on")
        parser.add_argument("--recipe", help="name or file; else the one beside the version")
        parser.add_argument("--output", type=Path, help="a new folder; else it is replaced")
        parser.add_argument("--cache", type=Path, default=Path("var/training"))
        parser.add_argument("--runtime", choices=("keras", "litert"), default="keras")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            about = fit_attributes(
                options["version"],
                data=options["data"],
                cache=options["cache"],
                runtime=options["runtime"],
                recipe=options["recipe"],
                output=options["output"],
            )
        except (EngineError, OSError) as error:
            raise CommandError(str(error)) from error
        for name, told in about["per_attribute"].items():
            self.stdout.write(
                f"{name}: calibration macro-F1 {told['inner_macro_f1']:.3f}, "
                f"strength {told['strength']}"
            )
        self.stdout.write(f"fitted on {about['n']} cells, chosen on {about['n_inner']}")
