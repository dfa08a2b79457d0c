"""`manage.py measure_drift`: how often the drift rule speaks, without a cause and with one."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from predictions.quality.drift import Measure
from predictions.quality.drift_words import NAMES
from predictions.research.drift import NONE, SAMPLES, Shift, tally

SHIFTS = {
    "cells look stranger by 0.25": Shift(look=0.25),
    "cells look stranger by 0.5": Shift(look=0.5),
    "cells look stranger by 1": Shift(look=1.0),
    "10 points from neutrophils to lymphocytes": Shift(lymphocytes=0.1),
    "20 points from neutrophils to lymphocytes": Shift(lymphocytes=0.2),
    "30 points from neutrophils to lymphocytes": Shift(lymphocytes=0.3),
    "10 points more overrides": Shift(overrides=0.1),
    "20 points more overrides": Shift(overrides=0.2),
    "30 points more overrides": Shift(overrides=0.3),
}
WEEKS_WITHOUT, WEEKS_WITH = 200, 40


class Command(BaseCommand):
    """Simulates laboratories; what varies in them: `predictions/research/drift.py`."""

    help = "Measure false alarms and detection of the drift rule in simulated laboratories."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--laboratories", type=int, default=20, help="without drift")
        parser.add_argument("--baselines", type=int, default=4, help="a shift is measured against")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Without drift, {WEEKS_WITHOUT} weeks each:\n")
        self._row("laboratory", "weeks told", *NAMES.values())
        self._row(*["---"] * (2 + len(NAMES)))
        told = []
        for seed in range(options["laboratories"]):
            found = tally(seed=seed, weeks=WEEKS_WITHOUT, shift=NONE)
            told.append(found.told)
            self._row(seed, found.told, *(found.by_measure[measure] for measure in Measure))
        weeks = WEEKS_WITHOUT * len(told)
        most = max(told, default=0)
        self.stdout.write(f"\n{sum(told)} of {weeks} weeks; at most {most} in one laboratory.")
        self.stdout.write(
            f"\nWith a shift, share of weeks told ({SAMPLES[0]} and {SAMPLES[1]} samples a week, "
            f"{options['baselines']} baselines, {WEEKS_WITH} weeks):\n"
        )
        self._row("shift", *(f"{n} samples" for n in SAMPLES), "told by")
        self._row(*["---"] * (2 + len(SAMPLES)))
        for words, shift in SHIFTS.items():
            self._shift(words, shift, options["baselines"])

    def _shift(self, words: str, shift: Shift, baselines: int) -> None:
        shares, spoke = [], dict.fromkeys(Measure, 0)
        for samples in SAMPLES:
            found = [
                tally(
                    seed=1000 + n,
                    weeks=WEEKS_WITH // baselines,
                    shift=shift,
                    samples=(samples, samples),
                )
                for n in range(baselines)
            ]
            weeks = sum(each.weeks for each in found)
            shares.append(f"{100 * sum(each.told for each in found) / weeks:.0f} %")
            for measure in Measure:
                spoke[measure] += sum(each.by_measure[measure] for each in found)
        told_by = ", ".join(NAMES[m].lower() for m in Measure if spoke[m]) or "nothing"
        self._row(words, *shares, told_by)

    def _row(self, *columns: object) -> None:
        self.stdout.write(f"| {' | '.join(map(str, columns))} |")
        self.stdout.flush()
