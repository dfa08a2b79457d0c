"""`manage.py prepare_data FOLDER --output manifest.csv`: class folders become a manifest."""

from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mlmodels.ml.errors import EngineError
from mlmodels.services.training.run_training import prepare_data


class Command(BaseCommand):
    """Reads the public archive's layout, or any folder tree, and writes a manifest."""

    help = "Turn folders named after classes (any letter case) into a manifest."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--output", type=Path, help="default: FOLDER/manifest.csv")

    def handle(self, *args: Any, **options: Any) -> None:
        output = options["output"] or options["folder"] / "manifest.csv"
        try:
            rows = prepare_data(options["folder"], output)
        except (EngineError, OSError) as error:
            raise CommandError(str(error)) from error
        for (split, label), n in sorted(Counter((r.split, r.label) for r in rows).items()):
            self.stdout.write(f"{split or '-':12} {label:24} {n}")
        self.stdout.write(f"{len(rows)} pictures, written to {output}")
