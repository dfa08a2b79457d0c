"""`manage.py compare_recipes --data DIR --scale small`: recipes side by side."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from mlmodels.management.progress_command import ProgressCommand
from mlmodels.ml.errors import EngineError
from mlmodels.research.comparison.run import compare_recipes
from mlmodels.research.comparison.scales import RECIPES, SCALES


class Command(ProgressCommand):
    """Trains and measures every compared recipe; interrupted, it goes on where it was."""

    help = "Compare recipes trained on the same data, and write the page about it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", type=Path, required=True, help="the data folder")
        parser.add_argument("--scale", choices=tuple(SCALES), default="small")
        parser.add_argument("--recipes", nargs="+", default=list(RECIPES), metavar="NAME")
        parser.add_argument("--work", type=Path, default=Path("var/compare"))
        parser.add_argument("--markdown", type=Path, default=Path("docs/model/comparison.md"))

    def handle(self, *args: Any, **options: Any) -> None:
        command = f"manage.py compare_recipes --data DIR --scale {options['scale']}"
        if tuple(options["recipes"]) != RECIPES:
            command += f" --recipes {' '.join(options['recipes'])}"
        try:
            found = compare_recipes(
                recipes=options["recipes"],
                data=options["data"],
                scale_name=options["scale"],
                work=options["work"],
                page=options["markdown"],
                command=command,
            )
        except (EngineError, OSError) as error:
            raise CommandError(str(error)) from error
        for f in found:
            fold, pbc = f["sets"]["fold"], f["sets"]["pbc"]
            self.stdout.write(
                f"{f['recipe']}: fold {fold['right']} of {fold['n']}, "
                f"pbc {pbc['right']} of {pbc['n']}, {f['training_seconds']:.0f} s"
            )
