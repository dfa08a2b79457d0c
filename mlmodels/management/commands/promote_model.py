"""`manage.py promote_model LABORATORY VERSION`: what an admin does on the version's page."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import Laboratory
from accounts.selectors.laboratories import laboratory_named
from hematovision.errors import DomainError
from mlmodels.models import GateCheck, ImagingProfile, ModelVersion
from mlmodels.selectors.versions.active import version_named
from mlmodels.selectors.versions.promotions import newest_gate
from mlmodels.services.versions import promotions
from mlmodels.services.versions.gates import queue_gate
from mlmodels.services.versions.run_gate import check_gate


class Command(BaseCommand):
    """Makes a version the active one of a laboratory, through the same gate as on the page."""

    help = "Make a model version the active one of a laboratory."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("laboratory", help="its name")
        parser.add_argument("version", help='e.g. "ours 1.2", or 1.2 where that is enough')
        parser.add_argument("--profile", default="", help="the name of one imaging profile")
        parser.add_argument("--reason", default="", help="needed where the gate is not passed")
        parser.add_argument(
            "--check", action="store_true", help="compare with the active version first, here"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            laboratory = laboratory_named(options["laboratory"])
            version = version_named(laboratory, options["version"])
            profile = self._profile(laboratory, options["profile"])
            if options["check"]:
                self._check(laboratory, version, profile)
            row = promotions.promote(
                actor=None,
                laboratory=laboratory,
                version_id=version.pk,
                profile_id=profile.pk if profile else None,
                reason=options["reason"],
            )
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"active for {row.profile or 'all imaging profiles'}: {row.version}")

    def _profile(self, laboratory: Laboratory, name: str) -> ImagingProfile | None:
        if not name:
            return None
        profile = laboratory.imaging_profiles.filter(name=name).first()
        if profile is None:
            raise CommandError("There is no imaging profile of this name. Check its spelling.")
        return profile

    def _check(
        self, laboratory: Laboratory, version: ModelVersion, profile: ImagingProfile | None
    ) -> None:
        profile_id: UUID | None = profile.pk if profile else None
        with transaction.atomic():
            gate = queue_gate(laboratory, version.pk, profile_id, actor=None)
        check_gate(gate_id=gate.pk)
        done = newest_gate(laboratory, version, profile)
        if done is None or done.status != GateCheck.Status.DONE:
            raise CommandError(done.error if done else "The check was taken by a worker. Wait.")
        for row in done.result["rows"]:
            of = f" [{row['set']}]" if row["set"] else ""
            held = "holds" if row["holds"] else "FAILS"
            self.stdout.write(f"{held}: {row['title']}{of}: {row['measured']} ({row['wanted']})")
        for each in done.result["sets"]:
            if each["note"]:
                self.stdout.write(f"{each['name']}: {each['note']}")
