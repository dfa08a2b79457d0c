"""`manage.py create_demo_users`: a technician, a doctor and an admin to try things with."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from accounts.errors import UserChangeRefused
from accounts.services.demo import DemoUser, create_demo_users


class Command(BaseCommand):
    """Print the passwords once, and keep them in a file that only its owner reads."""

    help = "Create three demo users (only where DEBUG is on); do nothing where they exist."

    def handle(self, *args: Any, **options: Any) -> None:
        """Create them, or say in a sentence why not."""
        path = settings.VAR_DIR / "demo-credentials.txt"
        try:
            users = create_demo_users()
        except UserChangeRefused as refusal:
            self.stdout.write(refusal.message)
            return
        if not users:
            kept = f"their passwords are in {path}" if path.exists() else "manage.py changepassword"
            self.stdout.write(f"The demo users exist ({kept}).")
            return
        _keep(path, users)
        self.stdout.write(f"Demo users (kept in {path}):")
        for user in users:
            self.stdout.write(f"  {user.role:<11} {user.username:<11} {user.password}")


def _keep(path: Path, users: list[DemoUser]) -> None:
    """Write the file anew, never readable by others, not for a moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.writelines(f"{user.role} {user.username} {user.password}\n" for user in users)
