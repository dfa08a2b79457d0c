"""`manage.py sweep_jobs`: what beat does every few seconds, once, by hand."""

from typing import Any

from django.core.management.base import BaseCommand

from predictions.services.imaging.sweep import sweep


class Command(BaseCommand):
    """Sends stale jobs again and fails those without attempts left."""

    help = "Look after stale jobs: send them again, or fail them."

    def handle(self, *args: Any, **options: Any) -> None:
        swept = sweep()
        self.stdout.write(f"sent again: {swept.sent}, failed: {swept.failed}")
