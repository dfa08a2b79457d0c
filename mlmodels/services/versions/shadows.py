"""A version reads along with the active one, unseen by those who work with results."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import AuditAction, Laboratory, User
from accounts.policy import Action, require
from accounts.services.audit import record_event
from mlmodels import artifacts, policy
from mlmodels.artifacts import ReadFiles
from mlmodels.errors import ModelVersionNotFound, ShadowRefused
from mlmodels.models import ModelVersion, Shadow
from mlmodels.selectors.versions.active import active_version
from mlmodels.selectors.versions.promotions import shadow_of


def start_shadow(*, actor: User, version_id: UUID) -> Shadow:
    """Let a version read each image of the laboratory after the active one has.

    Raises:
        ModelVersionNotFound: there is no such version in the actor's laboratory.
        ShadowRefused: it is active or its files are damaged, or another version is in shadow.
        PromotionRefused: it was rejected or is retired.
    """
    require(actor, Action.MANAGE_MODELS)
    chosen = policy.visible_versions(actor).filter(pk=version_id)
    version = chosen.first()
    if version is None:
        raise ModelVersionNotFound()
    # Before the lock: the laboratory's other work does not wait for the disk.
    files = artifacts.read_all(version, version.checksums_sha256)
    with transaction.atomic():
        Laboratory.objects.select_for_update(no_key=True).get(pk=actor.laboratory_id)
        version = chosen.all().first()
        if version is None:
            raise ModelVersionNotFound()
        policy.refuse_unusable(version)
        if version == active_version(actor.laboratory):
            raise ShadowRefused(f"{version} is the active version: its results are seen already.")
        present = shadow_of(actor.laboratory)
        if present is not None:
            raise ShadowRefused(
                f"{present.version} is in shadow already. End that shadow first."
                if present.version != version
                else f"{version} is in shadow already."
            )
        _refuse_damaged(version, files)
        shadow = Shadow.objects.create(
            laboratory=actor.laboratory, version=version, started_by=actor
        )
        record_event(
            action=AuditAction.SHADOW_STARTED,
            actor=actor,
            laboratory=actor.laboratory,
            obj=shadow,
            changes={"version": [None, str(version)]},
        )
    return shadow


def end_shadow(*, actor: User, version_id: UUID) -> Shadow:
    """Let a version read along no more; what it read stays.

    Raises:
        ShadowRefused: it is not in shadow.
    """
    require(actor, Action.MANAGE_MODELS)
    with transaction.atomic():
        Laboratory.objects.select_for_update(no_key=True).get(pk=actor.laboratory_id)
        if not policy.visible_versions(actor).filter(pk=version_id).exists():
            raise ModelVersionNotFound()
        shadow = shadow_of(actor.laboratory)
        if shadow is None or shadow.version_id != version_id:
            raise ShadowRefused("This version is not in shadow.")
        end_running(shadow, actor=actor)
    return shadow


def end_running(shadow: Shadow, *, actor: User | None) -> None:
    """End a shadow inside the caller's transaction; nobody where an upgrade or promotion ends it.

    Who calls it has let the person through.
    """
    shadow.ended_at, shadow.ended_by = timezone.now(), actor
    shadow.save(update_fields=["ended_at", "ended_by"])
    record_event(
        action=AuditAction.SHADOW_ENDED,
        actor=actor,
        laboratory=shadow.laboratory,
        obj=shadow,
        changes={"version": [str(shadow.version), None]},
    )


def _refuse_damaged(version: ModelVersion, files: ReadFiles) -> None:
    if not files.still_prove(version, version.checksums_sha256):
        raise ShadowRefused(
            f"The files of {version} are not the ones that were registered, so it reads nothing. "
            "Ask the operator to restore them."
        )
