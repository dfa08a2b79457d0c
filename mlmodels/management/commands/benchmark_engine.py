"""`manage.py benchmark_engine --json OUT.json`: seconds and memory of a version on this machine."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from mlmodels.artifacts import model_directory
from mlmodels.management.progress_command import ProgressCommand
from mlmodels.ml.errors import EngineError
from mlmodels.research import evaluation
from mlmodels.research.benchmark.run import Plan, benchmark


class Command(ProgressCommand):
    """Measures each part in a fresh process; run it while nothing else runs."""

    help = "Measure milliseconds and memory of a model version, each part in a fresh process."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        plan = Plan()
        parser.add_argument("--model", help="a shipped version or a folder; default the newest")
        parser.add_argument(
            "--runtimes", nargs="+", choices=("litert", "keras", "int8"), default=plan.runtimes
        )
        parser.add_argument("--threads", nargs="+", type=int, default=plan.threads)
        parser.add_argument("--batches", nargs="+", type=int, default=plan.batches)
        parser.add_argument("--repetitions", type=int, default=plan.repetitions)
        parser.add_argument("--memory-images", type=int, default=plan.memory_images)
        parser.add_argument(
            "--input-px",
            type=int,
            default=plan.untrained_px,
            help="also an untrained network of width 1.0 of this input size, e.g. 224",
        )
        parser.add_argument("--json", help="where the figures go")

    def handle(self, *args: Any, **options: Any) -> None:
        numbers = [options["repetitions"], *options["threads"], *options["batches"]]
        if min(numbers) < 1 or options["memory_images"] < 0:
            raise CommandError("Repetitions, threads and batches are at least 1.")
        plan = Plan(
            runtimes=tuple(options["runtimes"]),
            threads=tuple(options["threads"]),
            batches=tuple(options["batches"]),
            repetitions=options["repetitions"],
            memory_images=options["memory_images"],
            untrained_px=options["input_px"],
        )
        try:
            directory = model_directory(options["model"])
            figures = benchmark(directory, plan)
            evaluation.keep_results(figures, json_file=options["json"])
        except (EngineError, OSError) as error:
            raise CommandError(str(error)) from error
