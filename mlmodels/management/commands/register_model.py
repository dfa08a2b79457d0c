"""`manage.py register_model`: the models that come with the program, or a laboratory's own."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.selectors.laboratories import laboratory_named
from hematovision.errors import DomainError
from mlmodels.ml.errors import ArtifactDamaged
from mlmodels.services.versions import registration


class Command(BaseCommand):
    """Registers model versions; the shipped ones as often as wanted, it changes nothing."""

    help = "Register the shipped model versions, or a folder as a laboratory's candidate."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--shipped", action="store_true", help="every shipped version")
        parser.add_argument("--folder", type=Path, help="a finished version, e.g. RUN/version")
        parser.add_argument("--laboratory", metavar="NAME", help="whose candidate it becomes")
        parser.add_argument(
            "--as",
            dest="called",
            nargs=2,
            metavar=("NAME", "VERSION"),
            help="what it is called there; else what its card says",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["shipped"]:
                self._shipped()
            elif options["folder"] and options["laboratory"]:
                self._candidate(options["folder"], options["laboratory"], options["called"])
            else:
                raise CommandError(
                    "Say --shipped for every shipped version, or --folder FOLDER with "
                    "--laboratory NAME for a candidate."
                )
        except (ArtifactDamaged, DomainError) as error:
            raise CommandError(error.message) from error

    def _shipped(self) -> None:
        registered = registration.register_shipped()
        if not registered:
            self.stderr.write("No shipped model was found; nothing can be classified yet.")
        for version in registered:
            self.stdout.write(f"registered: {version}")

    def _candidate(self, folder: Path, laboratory: str, called: list[str] | None) -> None:
        name, version = called or registration.name_on_card(folder)
        registered = registration.register_candidate(
            laboratory=laboratory_named(laboratory), folder=folder, name=name, version=version
        )
        self.stdout.write(f"registered: {registered}")
