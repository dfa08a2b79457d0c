"""Measures how often words about cells contradict what is measured, and what is remarkable."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError

from mlmodels.artifacts import model_directory
from mlmodels.errors import ModelVersionNotFound
from mlmodels.ml.errors import EngineError
from mlmodels.ml.inference.engine import load_engine
from mlmodels.ml.inference.measured_words import USUAL
from mlmodels.research import word_agreement as words


class Command(BaseCommand):
    """`manage.py measure_words --data DATA`."""

    help = "Measure how often words contradict the measure, and how many cells are remarkable."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", required=True, help="folder that holds cells/")
        parser.add_argument("--model", help="a shipped version; else the newest")
        parser.add_argument("--fields", type=int, default=25, help="composed fields")
        parser.add_argument("--most", type=int, default=625, help="single cells of each set")
        parser.add_argument("--sets", nargs="*", default=["pbc", "deepapl"])
        parser.add_argument(
            "--usual", type=int, metavar="N", help="write the usual look by N training cells"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        data = Path(options["data"])
        try:
            engine = load_engine(model_directory(options["model"]), runtime="litert", threads=1)
        except (EngineError, ModelVersionNotFound) as error:
            raise CommandError(error.message) from error
        named = f"{engine.name}-{engine.version}, weights {engine.weights_sha256[:8]}"
        if options["usual"]:
            rows = _drawn(words.rows_of(data, "pbc", "train"), options["usual"])
            table = words.usual_table(
                words.read_singles(rows, data, engine),
                data,
                source=f"PBC train; nuclei of {len(rows)} cells read by {named}",
            )
            words.write_usual(table, USUAL)
            return
        self.stdout.write(named)
        described = set(words.read_attribute_table(data / words.TABLE))
        test = [row for row in words.rows_of(data, "pbc", "test") if row["path"] in described]
        for name in options["sets"]:
            rows = test if name == "pbc" else words.rows_of(data, name)
            seen = words.read_singles(_drawn(rows, options["most"]), data, engine)
            self.stdout.write("\n".join(words.lines_of(name, words.figures_of(seen))))
        seen = words.read_composed(test, data, engine, fields=options["fields"], seed=0)
        title = f"{options['fields']} composed fields"
        self.stdout.write("\n".join(words.lines_of(title, words.figures_of(seen))))


def _drawn(rows: list[dict[str, str]], most: int) -> list[dict[str, str]]:
    """So many rows, drawn with a fixed seed; all where there are no more."""
    order = np.random.default_rng(0).permutation(len(rows))[:most]
    return [rows[k] for k in order]
