"""`manage.py prepare_data FOLDER_OR_ZIP --output manifest.csv`: pictures become a manifest."""

from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mlmodels.management.archive_options import add_archive_options, choices_of
from mlmodels.ml.errors import EngineError
from mlmodels.services.datasets.run_preparing import prepare_data


class Command(BaseCommand):
    """Opens every picture of a folder or a ZIP, in any layout an import reads."""

    help = "Turn class folders, boxes or tables, in a folder or a ZIP, into a manifest."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help="a folder, or a ZIP that is unpacked")
        parser.add_argument("--output", type=Path, help="default: manifest.csv in the folder")
        add_archive_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            prepared = prepare_data(options["path"], options["output"], choices=choices_of(options))
        except (EngineError, OSError) as error:
            raise CommandError(str(error)) from error
        for row in prepared.report:
            self.stdout.write(f"{row.path or '-'}: {row.reason}")
        counts = Counter((row.split, row.label) for row in prepared.rows)
        for (split, label), n in sorted(counts.items()):
            self.stdout.write(f"{split or '-':12} {label:24} {n}")
        output = options["output"] or prepared.folder / "manifest.csv"
        self.stdout.write(f"{len(prepared.rows)} pictures, written to {output}")
