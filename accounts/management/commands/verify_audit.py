"""Compute every audit chain again and name the first link that does not hold."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.selectors.audit import chain_reports


class Command(BaseCommand):
    """`manage.py verify_audit`: exit code 1 when a chain is broken."""

    help = "Compute every audit chain again; name the first broken link of each."

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
        broken = [report.key for report in reports if report.broken_at is not None]
        if broken:
            raise CommandError(f"Broken chains: {len(broken)} of {len(reports)}.")
