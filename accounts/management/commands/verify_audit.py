"""Compute every audit chain again and name the first link that does not hold."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.selectors.audit import chain_reports
from accounts.services.audit_checks import keep_heads


class Command(BaseCommand):
    """`manage.py verify_audit`: exit code 1 when a chain is broken."""

    help = "Compute every audit chain again; name the first broken link of each."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--keep-heads-anew",
            action="store_true",
            help="afterwards let what stands now count as the chains' ends, also where kept heads "
            "say otherwise: after an older backup was restored, or AUDIT_KEY was changed",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Report on each chain, then fail if one of them is broken."""
        reports = list(chain_reports())
        for report in reports:
            if report.broken_at is None:
                self.stdout.write(f"{report.key}: {report.length} events, all links hold")
            else:
                self.stdout.write(
                    f"{report.key}: broken at event {report.broken_at} of {report.length}: "
                    f"{report.because}"
                )
        if options["keep_heads_anew"]:
            self.stdout.write(f"heads kept anew: {keep_heads(anew=True)}")
        broken = [report.key for report in reports if report.broken_at is not None]
        if broken:
            raise CommandError(f"Broken chains: {len(broken)} of {len(reports)}.")
