"""`manage.py demonstrate_onboarding --data DIR --set jtsc`: what some reviewed cells are worth."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

# The fits are small: on a busy machine, threads of the algebra wait for each other for minutes.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from django.conf import settings
from django.core.management.base import CommandError

from mlmodels.artifacts import model_directory
from mlmodels.management.progress_command import ProgressCommand
from mlmodels.ml.errors import EngineError
from mlmodels.research.onboarding import Asked, demonstrate
from mlmodels.research.onboarding_text import onboarding_markdown


class Command(ProgressCommand):
    """Adapts to some cells of a set and measures on all others; registers nothing."""

    help = "Adapt a version to some cells of a set, and measure it on the others."
    # Its own lines; those of each adaptation would hide them.
    shows = "mlmodels.research"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", type=Path, required=True, help="the data folder")
        parser.add_argument("--set", required=True, help="a folder of its cells/, e.g. jtsc")
        parser.add_argument("--cells", type=int, default=50, help="adapted on in each draw")
        parser.add_argument("--draws", type=int, default=5)
        parser.add_argument(
            "--classes", nargs="+", metavar="CLASS", help="that occur there; every class if none"
        )
        parser.add_argument("--reviewed", default="", metavar="SPLIT", help="cells are drawn from")
        parser.add_argument("--measured", default="", metavar="SPLIT", help="instead of all others")
        parser.add_argument("--at-most", type=int, metavar="N", help="measured of each class")
        parser.add_argument("--base", metavar="NAME|DIR", help="the version; the newest shipped")
        parser.add_argument("--output", type=Path, help="a folder for the figures")
        parser.add_argument("--page", type=Path, help="write the figures as a page of text, too")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            result = demonstrate(
                base=model_directory(options["base"]),
                data=options["data"],
                asked=Asked(
                    name=options["set"],
                    cells=options["cells"],
                    draws=options["draws"],
                    classes=tuple(options["classes"]) if options["classes"] else None,
                    reviewed=options["reviewed"],
                    measured=options["measured"],
                    at_most=options["at_most"],
                ),
                output=options["output"] or Path(settings.VAR_DIR) / "onboarding",
            )
        except (EngineError, OSError) as error:
            raise CommandError(str(error)) from error
        if options["page"]:
            options["page"].parent.mkdir(parents=True, exist_ok=True)
            text = onboarding_markdown(result, _command(options))
            options["page"].write_text(text, encoding="utf-8")
        for figure, v in result["summary"].items():
            self.stdout.write(
                f"{figure:26} mean {v['mean']:.3f}  deviation {v['deviation']:.3f}  "
                f"{v['lowest']:.3f} to {v['highest']:.3f}"
            )


def _command(options: dict[str, Any]) -> str:
    """The command as somebody else would type it: their data folder, not ours."""
    words = [f"manage.py demonstrate_onboarding --data DATA --set {options['set']}"]
    words.append(f"--cells {options['cells']} --draws {options['draws']}")
    words += [f"--classes {' '.join(options['classes'])}"] if options["classes"] else []
    for name in ("reviewed", "measured", "at_most", "base"):
        words += [f"--{name.replace('_', '-')} {options[name]}"] if options[name] else []
    return " ".join([*words, f"--page {options['page']}"])
