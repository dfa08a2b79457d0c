"""`manage.py allow_orders LABORATORY ADDRESS --name NAME`: whose orders make samples in whose name.

By the operator and not on a page: who names an address decides whose orders come from there.
"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hematovision.errors import DomainError
from predictions.services.exchange.peers import allow_peer, stop_peer


class Command(BaseCommand):
    """Lets an information system order samples for a laboratory, or stops it."""

    help = "Let the system at an address order samples for a laboratory."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("laboratory", help="its name")
        parser.add_argument("address", help="IPv4 or IPv6, from which the system speaks")
        parser.add_argument("--name", default="Information system", help="for people and the trail")
        parser.add_argument(
            "--plain-references",
            action="store_true",
            help="keep the patient's number as it comes, where it is a pseudonym already",
        )
        parser.add_argument("--stop", action="store_true", help="take no orders from it any more")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["stop"]:
                stop_peer(laboratory=options["laboratory"], address=options["address"])
                self.stdout.write(f"{options['address']} is heard no more")
                return
            peer = allow_peer(
                laboratory=options["laboratory"],
                address=options["address"],
                name=options["name"],
                hides_references=not options["plain_references"],
            )
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"orders from {peer.address} make samples of {peer.laboratory}")
