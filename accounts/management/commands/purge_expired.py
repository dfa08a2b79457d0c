"""`manage.py purge_expired`: what beat does every hour, once, by hand."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts.services.expiry import purge_expired


class Command(BaseCommand):
    """Deletes sessions, families of API tokens and kept answers that have expired."""

    help = "Delete sessions, families of API tokens and kept answers that have expired."

    def handle(self, *args: Any, **options: Any) -> None:
        """Say how many went."""
        purged = purge_expired()
        self.stdout.write(
            f"sessions: {purged.sessions}, token families: {purged.token_families}, "
            f"answers: {purged.answers}"
        )
