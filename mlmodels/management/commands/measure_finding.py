"""`manage.py measure_finding --data DIR`: which cells are found in wide fields, by their size."""

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from mlmodels.artifacts import model_directory
from mlmodels.management.progress_command import ProgressCommand
from mlmodels.ml.errors import EngineError
from mlmodels.research import evaluation
from mlmodels.research.finding.films import MOST_FIELDS, measure_films
from mlmodels.research.finding.run import Plan, measure_finding
from mlmodels.research.finding.text import finding_markdown


class Command(ProgressCommand):
    """Lays fields of BCCD together and reduces them, then reads them as in use."""

    help = "Measure which cells are found in wide fields, by size of cell and field, and by class."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        plan = Plan()
        parser.add_argument("--data", type=Path, required=True, help="the data folder")
        parser.add_argument("--model", help="a shipped version or a folder; default the newest")
        parser.add_argument("--across", nargs="+", type=int, default=plan.across)
        parser.add_argument("--cell-px", nargs="+", type=int, default=plan.cell_px)
        parser.add_argument("--least-cells", type=int, default=plan.least_cells)
        parser.add_argument("--seed", type=int, default=plan.seed)
        parser.add_argument(
            "--films",
            action="store_true",
            help="instead: which real fields of each set are doubted, also in other stains",
        )
        parser.add_argument("--most", type=int, default=MOST_FIELDS, help="fields a set, --films")
        parser.add_argument("--json", help="where the figures go")
        parser.add_argument("--markdown", type=Path, help="where the page goes")

    def handle(self, *args: Any, **options: Any) -> None:
        numbers = [*options["across"], *options["cell_px"], options["least_cells"]]
        numbers.append(options["most"])
        if min(numbers) < 1:
            raise CommandError("Fields across, widths of cells and counts are at least 1.")
        if options["films"]:
            self._measure_films(options)
            return
        plan = Plan(
            tuple(options["across"]),
            tuple(options["cell_px"]),
            options["least_cells"],
            options["seed"],
        )
        try:
            figures = measure_finding(
                data=options["data"], directory=model_directory(options["model"]), plan=plan
            )
            evaluation.keep_results(figures, json_file=options["json"])
        except (EngineError, OSError) as error:
            raise CommandError(str(error)) from error
        if options["markdown"]:
            command = (
                f"manage.py measure_finding --data DIR --across {_words(plan.across)} --cell-px "
                f"{_words(plan.cell_px)} --least-cells {plan.least_cells} --seed {plan.seed} "
                "--markdown FILE"
            )
            page = finding_markdown({**figures, "command": command})
            options["markdown"].write_text(page, encoding="utf-8")
        cells = sum(row["cells"] for row in figures["rows"])
        found = sum(row["found"] for row in figures["rows"])
        self.stdout.write(f"{found} of {cells} cells found")

    def _measure_films(self, options: dict[str, Any]) -> None:
        try:
            figures = measure_films(data=options["data"], most=options["most"])
            evaluation.keep_results(figures, json_file=options["json"])
        except (EngineError, OSError) as error:
            raise CommandError(str(error)) from error
        for row in figures["rows"]:
            drawn = f", {row['drawn_found']} of {row['drawn']} drawn cells found and "
            self.stdout.write(
                f"{row['set']} {row['stain']}: {row['doubted']} of {row['fields']} doubted, "
                f"{row['central_found']} with a nucleus in the middle, "
                f"{row['nothing_found']} with none"
                + (f"{drawn}{row['false']} others" if row["drawn"] else "")
                + f", {row['median_ms']} ms"
            )


def _words(numbers: Sequence[int]) -> str:
    return " ".join(map(str, numbers))
