"""`manage.py measure_picture_quality --data DIR`: what bad photographs do, and which are told."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from mlmodels.artifacts import model_directory
from mlmodels.management.progress_command import ProgressCommand
from mlmodels.ml.errors import EngineError, ManifestInvalid
from mlmodels.ml.inference.engine import load_engine
from mlmodels.research import evaluation
from mlmodels.research.robustness import photograph
from mlmodels.research.robustness.photograph_text import photograph_markdown


class Command(ProgressCommand):
    """Blurs, shrinks and wrongly exposes real pictures, and reads them as in use."""

    help = "Measure focus, pixels and light of pictures, and what is accepted of bad ones."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", type=Path, required=True, help="the data folder")
        parser.add_argument("--model", help="a shipped version or a folder; default the newest")
        parser.add_argument("--limit", type=int, default=40, help="changed pictures of a set")
        parser.add_argument(
            "--unchanged", type=int, default=300, help="unchanged pictures of a set; 0: all"
        )
        parser.add_argument(
            "--readings", type=Path, help="what was measured; read from there if it exists"
        )
        parser.add_argument("--json", help="where the figures go")
        parser.add_argument("--markdown", type=Path, help="where the tables go")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            measured = self._measured(**options)
        except (EngineError, ManifestInvalid, OSError) as error:
            raise CommandError(str(error)) from error
        tables = {
            part: photograph.tabulate(photograph.from_kept(measured[part]))
            for part in ("changed", "as_they_are")
        }
        figures = {**measured, **tables}
        evaluation.keep_results(figures, json_file=options["json"])
        if options["markdown"]:
            options["markdown"].write_text(photograph_markdown(figures), encoding="utf-8")
        unchanged = figures["as_they_are"]
        told, pictures = (sum(row[key] for row in unchanged) for key in ("told", "n"))
        self.stdout.write(f"{told} of {pictures} unchanged pictures are to be taken again")

    def _measured(
        self, *, data: Path, model: str | None, limit: int, unchanged: int, **options: Any
    ) -> dict[str, Any]:
        file: Path | None = options["readings"]
        if file is not None and file.is_file():
            kept: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            return kept
        engine = load_engine(model_directory(model), runtime="litert")
        changed = photograph.read_pictures(
            photograph.pictures_to_choose_by(data, limit), data, photograph.changes(), engine
        )
        as_they_are = photograph.read_pictures(
            photograph.pictures_as_they_are(data, unchanged),
            data,
            {photograph.AS_IS: photograph.changes()[photograph.AS_IS]},
        )
        measured = {
            "model": f"{engine.name}-{engine.version}",
            "weights_sha256": engine.weights_sha256,
            "changed": photograph.kept(changed),
            "as_they_are": photograph.kept(as_they_are),
        }
        if file is not None:
            file.write_text(json.dumps(measured), encoding="utf-8")
        return measured
