"""Make a laboratory and its first admin."""

import getpass
import os
import secrets
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.services.laboratories import create_laboratory
from hematovision.errors import DomainError

PASSWORD_VARIABLE = "HEMATOVISION_ADMIN_PASSWORD"  # noqa: S105 - a name, not a password


class Command(BaseCommand):
    """`manage.py create_laboratory NAME --admin USER`."""

    help = (
        "Make a laboratory and its first admin. The password is asked for twice, read from "
        f"{PASSWORD_VARIABLE}, or made and printed once with --generate-password."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The laboratory's name and the admin's user name."""
        parser.add_argument("name", help="the laboratory's name")
        parser.add_argument("--admin", required=True, metavar="USER", help="user name of the admin")
        parser.add_argument("--time-zone", default="UTC", help="like Europe/Berlin; default UTC")
        parser.add_argument(
            "--generate-password", action="store_true", help="make a password and print it once"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make both, or say in a sentence why not."""
        generated = secrets.token_urlsafe(18) if options["generate_password"] else ""
        password = generated or os.environ.get(PASSWORD_VARIABLE) or self._asked()
        try:
            laboratory, admin = create_laboratory(
                name=options["name"],
                admin_username=options["admin"],
                admin_password=password,
                time_zone=options["time_zone"],
            )
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Laboratory {laboratory.name} with admin {admin.username} is made.")
        if generated:
            self.stdout.write(f"Password, shown this once: {generated}")

    def _asked(self) -> str:
        if not sys.stdin.isatty():
            raise CommandError(
                f"Set {PASSWORD_VARIABLE}, use --generate-password, or run this on a terminal."
            )
        password = getpass.getpass("Password of the admin: ")
        if password != getpass.getpass("Again: "):
            raise CommandError("The two passwords are not the same. Nothing was made.")
        return password
