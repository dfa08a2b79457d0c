"""`manage.py evaluate_model --data DIR --json OUT.json`: measures a version on known classes."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from mlmodels.artifacts import model_directory
from mlmodels.management.progress_command import ProgressCommand
from mlmodels.ml.errors import EngineError
from mlmodels.ml.training.reports.attribute_text import attributes_markdown
from mlmodels.research import attribute_evaluation, evaluation
from mlmodels.research.robustness import run as robustness


class Command(ProgressCommand):
    """Calls the very function that the worker calls, on every picture."""

    help = "Measure a model version on pictures with known classes."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", help="a folder of class folders, or with labels.csv")
        parser.add_argument("--manifest", help="CSV: path,class,source,split")
        parser.add_argument("--root", help="what paths in the manifest or boxes are relative to")
        parser.add_argument("--split", help="only this split of the manifest")
        parser.add_argument(
            "--classes", nargs="*", default=[], metavar="CLASS", help="only pictures of these"
        )
        parser.add_argument(
            "--occurring",
            nargs="+",
            metavar="CLASS",
            help="name cells among these, as in a profile that declares them",
        )
        parser.add_argument("--model", help="a shipped version or a folder; default the newest")
        parser.add_argument("--runtime", choices=("keras", "litert", "int8"), default="keras")
        parser.add_argument("--json", help="where the figures go")
        parser.add_argument("--predictions", help="where a CSV, one row a picture, goes")
        parser.add_argument(
            "--cross-validate",
            type=Path,
            metavar="RUNS",
            help="pool the folds, each read by the run in RUNS that left it out",
        )
        parser.add_argument("--boxes", type=Path, help="a boxes.csv: measure where cells are found")
        parser.add_argument(
            "--attributes", type=Path, metavar="CSV", help="measure what is said of cells' looks"
        )
        parser.add_argument("--markdown", type=Path, help="where the page on attributes goes")
        parser.add_argument(
            "--perturb",
            action="store_true",
            help="read each picture as it is and perturbed; with --cross-validate by fold",
        )
        parser.add_argument("--limit", type=int, default=0, help="a stratified draw of so many")
        parser.add_argument("--seed", type=int, default=0, help="of the draw and the perturbations")
        parser.add_argument(
            "--not-blood", action="store_true", help="pictures that are no blood film; no data"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["boxes"]:
                self._measure_boxes(options)
                return
            if options["attributes"]:
                self._measure_attributes(options)
                return
            if options["not_blood"]:
                self._measure_out_of_distribution(options)
                return
            if options["perturb"]:
                self._measure_perturbed(options)
                return
            figures = self._measure(options)
        except (EngineError, OSError) as error:
            raise CommandError(str(error)) from error
        known = figures["trained_on"]
        for name, table in (("not trained on", figures), ("trained on", known)):
            if table["n"]:
                low, high = table["intervals"]["accuracy"]
                self.stdout.write(
                    f"{name}: accuracy {table['accuracy']:.2%} ({low:.2%} to {high:.2%}), "
                    f"balanced {table['balanced_accuracy']:.2%}, n {table['n']}, "
                    f"accepted {table['coverage']:.2%}, ECE {table['ece']:.4f}"
                )
        self.stdout.write(f"{figures['ms_per_image']:.1f} ms an image")

    def _measure_boxes(self, options: dict[str, Any]) -> None:
        root = Path(options["root"] or options["boxes"].parent)
        if options["cross_validate"]:
            figures = evaluation.evaluate_boxes_by_fold(
                options["boxes"],
                root=root,
                manifest=Path(options["manifest"]) if options["manifest"] else None,
                runs=options["cross_validate"],
                runtime=options["runtime"],
            )
        else:
            figures = evaluation.evaluate_boxes(
                options["boxes"],
                root=root,
                directory=model_directory(options["model"]),
                runtime=options["runtime"],
            )
        evaluation.keep_results(figures, json_file=options["json"])
        for name, value in figures.items():
            self.stdout.write(f"{name}: {value}")

    def _measure_attributes(self, options: dict[str, Any]) -> None:
        figures = attribute_evaluation.evaluate_attributes(
            self._pictures(options),
            table=options["attributes"],
            directory=model_directory(options["model"]),
            runtime=options["runtime"],
        )
        evaluation.keep_results(figures, json_file=options["json"])
        if options["markdown"]:
            options["markdown"].write_text(attributes_markdown(figures), encoding="utf-8")
        for line in attribute_evaluation.lines_of_attributes(figures):
            self.stdout.write(line)

    def _measure_out_of_distribution(self, options: dict[str, Any]) -> None:
        figures = robustness.evaluate_out_of_distribution(
            model_directory(options["model"]), runtime=options["runtime"]
        )
        evaluation.keep_results(figures, json_file=options["json"])
        for line in robustness.lines_of_out_of_distribution(figures):
            self.stdout.write(line)

    def _measure_perturbed(self, options: dict[str, Any]) -> None:
        figures = robustness.evaluate_perturbed(
            self._pictures(options),
            model=options["model"],
            runs=options["cross_validate"],
            runtime=options["runtime"],
            limit=options["limit"],
            seed=options["seed"],
        )
        evaluation.keep_results(figures, json_file=options["json"])
        for line in robustness.lines_of_perturbed(figures):
            self.stdout.write(line)

    def _pictures(self, options: dict[str, Any]) -> evaluation.Pictures:
        return evaluation.pictures_of(
            data=options["data"],
            manifest=options["manifest"],
            root=options["root"],
            split=options["split"],
            classes=options["classes"],
        )

    def _measure(self, options: dict[str, Any]) -> dict[str, Any]:
        pictures = self._pictures(options)
        runtime, runs = options["runtime"], options["cross_validate"]
        if runs:
            measured = evaluation.cross_validate(pictures, runs=runs, runtime=runtime)
        else:
            directory = model_directory(options["model"])
            measured = evaluation.evaluate(
                pictures,
                directory=directory,
                runtime=runtime,
                occurring=options["occurring"],
            )
        evaluation.keep_results(
            *measured, json_file=options["json"], predictions_file=options["predictions"]
        )
        return measured[0]
