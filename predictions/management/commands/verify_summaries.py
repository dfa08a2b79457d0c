"""`manage.py verify_summaries`: whether what lists show is what the rows behind it say."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from predictions.services.summary_check import verify_summaries, work_is_unfinished

MOST_LINES = 50


class Command(BaseCommand):
    """Run it while nothing is classified or reviewed."""

    help = "Compare states, counts and labels kept for lists with the rows that they follow from."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--repair", action="store_true", help="write what the rows say")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["repair"] and work_is_unfinished():
            raise CommandError(
                "Images are waiting or being classified, and what is counted now would be lost. "
                "Stop uploads, wait until nothing is left, and run this again."
            )
        found = 0
        for line in verify_summaries(repair=options["repair"]):
            found += 1
            if found <= MOST_LINES:
                self.stdout.write(line)
        if not found:
            self.stdout.write("Every summary is what its rows say.")
        elif options["repair"]:
            self.stdout.write(f"{found} summaries were written anew.")
        else:
            raise CommandError(
                f"{found} summaries are not what their rows say. Look for the cause in the log, "
                "then run this again with --repair."
            )
