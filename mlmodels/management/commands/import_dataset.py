"""`manage.py import_dataset LABORATORY FOLDER_OR_ZIP --name NAME`: a dataset without a browser."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Laboratory
from hematovision.errors import DomainError
from mlmodels.management.archive_options import (
    add_archive_options,
    choices_of,
    questions_in_words,
)
from mlmodels.models import Dataset
from mlmodels.services.datasets import run_datasets, sending


class Command(BaseCommand):
    """Imports a folder or a ZIP as a page does, and says what was refused."""

    help = "Import a folder or a ZIP as a dataset of a laboratory."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("laboratory", help="the laboratory's name")
        parser.add_argument("path", type=Path, help="a folder, or a ZIP archive")
        parser.add_argument("--name", required=True, help="of the dataset")
        parser.add_argument("--origin", default="", help="where the pictures come from")
        parser.add_argument("--licence", default="", help="e.g. CC BY 4.0")
        add_archive_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        laboratory = Laboratory.objects.filter(name=options["laboratory"]).first()
        if laboratory is None:
            raise CommandError(f"There is no laboratory {options['laboratory']}.")
        try:
            dataset = sending.import_from_operator(
                laboratory=laboratory,
                path=options["path"],
                name=options["name"],
                origin=options["origin"],
                licence=options["licence"],
                choices=choices_of(options),
            )
        except DomainError as error:
            raise CommandError(error.message) from error
        # A worker may be faster: then nothing is left to do here.
        run_datasets.import_dataset(dataset_id=dataset.pk)
        dataset.refresh_from_db()
        for row in dataset.report:
            self.stdout.write(f"{row['path'] or '-'}: {row['reason']}")
        if dataset.state == Dataset.State.REFUSED:
            raise CommandError(dataset.error)
        if dataset.state == Dataset.State.MAPPING:
            raise CommandError(
                "Nothing is imported yet.\n"
                f"{questions_in_words(dataset)}\n"
                "Run the command again with that, or choose on the dataset's page."
            )
        if dataset.state == Dataset.State.IMPORTING:
            self.stdout.write("A worker imports it; see its page.")
            return
        self.stdout.write(f"{dataset.name}: {dataset.images.count()} pictures imported.")
