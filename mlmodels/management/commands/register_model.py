"""`manage.py register_model --shipped`: the models that come with the program."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hematovision.errors import DomainError
from mlmodels.ml.errors import ArtifactDamaged
from mlmodels.services import versions


class Command(BaseCommand):
    """Registers model versions; run again, it changes nothing."""

    help = "Register the model versions that come with the program."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--shipped", action="store_true", help="every shipped version")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["shipped"]:
            raise CommandError("Say --shipped: it registers every version that is shipped.")
        try:
            registered = versions.register_shipped()
        except (ArtifactDamaged, DomainError) as error:
            raise CommandError(error.message) from error
        if not registered:
            self.stderr.write("No shipped model was found; nothing can be classified yet.")
        for version in registered:
            self.stdout.write(f"registered: {version}")
