"""`manage.py train_model --recipe NAME --data DIR`: trains, or goes on where a kill left it.

With `--dataset`, it trains on one dataset of somebody's own; so do the workers of the product.
"""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from hematovision.errors import DomainError
from mlmodels.management.progress_command import ProgressCommand
from mlmodels.ml.children import die_with_parent
from mlmodels.ml.errors import EngineError
from mlmodels.ml.training.progress import write_failure
from mlmodels.selectors.training.runs import folder_of_dataset
from mlmodels.services.training.run_dataset_training import train_on_dataset
from mlmodels.services.training.run_training import NAME, run_training, ship


class Command(ProgressCommand):
    """Trains a recipe into a run folder; with --ship, puts a finished run into the product."""

    help = "Train a model from a recipe, or ship a finished run."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--recipe", default="mobilenet_v2_sized")
        parser.add_argument("--data", type=Path, help="the data folder")
        parser.add_argument(
            "--dataset", metavar="ID|FOLDER", help="instead: one dataset, by its id or its folder"
        )
        parser.add_argument("--frozen", default="", metavar="SHA256", help="of the dataset's rows")
        parser.add_argument("--name", default=NAME, help="of the version, with --dataset")
        parser.add_argument(
            "--parent", type=int, metavar="PID", help="of the process that this one ends with"
        )
        parser.add_argument("--hold-out", default="", metavar="SPLIT", help="e.g. fold0")
        parser.add_argument("--without", default="", metavar="SET", help="leave a whole set out")
        parser.add_argument("--output", type=Path, help="the run folder")
        parser.add_argument("--cache", type=Path, default=Path("var/training"))
        parser.add_argument("--model-version", default="0.0.0")
        parser.add_argument("--seed", type=int)
        parser.add_argument("--epochs", type=int, help="at most so many in each stage")
        parser.add_argument("--threads", type=int, default=2)
        parser.add_argument("--ship", metavar="VERSION", help="ship the run in --output")
        parser.add_argument("--about", type=Path, help="JSON: intended use, licences, failures")
        parser.add_argument("--metrics", nargs="*", default=[], metavar="NAME=FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["parent"]:
            die_with_parent(options["parent"])
            # Reading images and answering pages go before.
            os.nice(5)
        default = f"var/runs/{options['recipe']}-{options['hold_out'] or 'all'}"
        output = options["output"] or Path(default)
        try:
            if options["ship"]:
                metrics = {k: Path(v) for k, _, v in (m.partition("=") for m in options["metrics"])}
                folder = ship(
                    output, version=options["ship"], about=options["about"], metrics=metrics
                )
                self.stdout.write(f"shipped: {folder}")
                return
            if options["dataset"]:
                card = self._train_on_dataset(output, options)
                self.stdout.write(f"{card['calibration']} agreement {card['agreement']}")
                return
            if options["data"] is None:
                raise CommandError("Name the data with --data DIR or --dataset ID.")
            card = run_training(
                recipe=options["recipe"],
                data=options["data"],
                output=output,
                cache=options["cache"],
                version=options["model_version"],
                hold_out=options["hold_out"],
                seed=options["seed"],
                epochs=options["epochs"],
                without=options["without"],
                threads=options["threads"],
            )
        except (EngineError, DomainError, OSError) as error:
            if options["parent"]:
                write_failure(output, code="training_failed", sentence=_sentence(error))
            raise CommandError(str(error)) from error
        self.stdout.write(f"{card['calibration']} agreement {card['agreement']}")

    def _train_on_dataset(self, output: Path, options: dict[str, Any]) -> dict[str, Any]:
        return train_on_dataset(
            recipe=options["recipe"],
            dataset=folder_of_dataset(options["dataset"]),
            output=output,
            cache=options["cache"],
            name=options["name"],
            version=options["model_version"],
            seed=options["seed"],
            epochs=options["epochs"],
            threads=options["threads"],
            weights=Path(settings.BASE_WEIGHTS_DIR),
            frozen_sha256=options["frozen"],
        )


def _sentence(error: Exception) -> str:
    """What a person is told; what the system says of a file is put into words."""
    if isinstance(error, OSError):
        reason = error.strerror or str(error)
        return f"A file could not be read or written ({reason}). Tell the operator, then resume."
    return str(error)
