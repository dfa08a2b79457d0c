"""What is active: versions are promoted, rolled back and rejected. The ledger only ever grows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import AuditAction, Laboratory, User
from accounts.policy import Action, require
from accounts.services.audit import record_event
from mlmodels import artifacts, policy
from mlmodels.artifacts import ReadFiles
from mlmodels.errors import LedgerMoved, ModelVersionNotFound, PromotionRefused
from mlmodels.models import GateCheck, ImagingProfile, ModelVersion, Promotion
from mlmodels.selectors.versions.active import active_version
from mlmodels.selectors.versions.promotions import (
    ledger_of,
    newest_number,
    shadow_of,
    standing_promotions,
    version_before,
)
from mlmodels.services.versions.gates import profile_named
from mlmodels.services.versions.shadows import end_running

SHORTEST_REASON = 10
LONGEST_REASON = 1000


def promote(
    *,
    actor: User | None,
    version_id: UUID,
    profile_id: UUID | None = None,
    reason: str = "",
    seen: int | None = None,
    laboratory: Laboratory | None = None,
) -> Promotion:
    """Let a version classify from now on.

    Args:
        actor: an admin, or nobody for the operator's command, which names the `laboratory`.
        profile_id: none for all profiles.
        reason: needed where the gate was not passed.
        seen: the ledger's last number when the actor looked; none where nobody looked.

    Raises:
        ModelVersionNotFound: there is no such version in the laboratory.
        LedgerMoved: somebody else changed what is active since.
        PromotionRefused: there is no check at the gate against the version that is active now,
            or it failed and no reason is given; or the version is active, rejected, retired,
            damaged, or of another profile.
    """
    laboratory = _laboratory_of(actor, laboratory)
    reason = _cleaned(reason)
    files = _files_of(policy.versions_of(laboratory).filter(pk=version_id).first())
    with transaction.atomic():
        _lock_ledger(laboratory, seen)
        version = _version_of(laboratory, version_id)
        profile = profile_named(laboratory, profile_id)
        active = active_version(laboratory, profile)
        policy.refuse_unusable(version)
        policy.refuse_other_profile(version, profile)
        if version == active:
            raise PromotionRefused(f"{version} is the active version already.")
        gate = _gate_passed_through(laboratory, version, profile, active)
        if not gate.passed and len(reason) < SHORTEST_REASON:
            raise _reason_wanted(version)
        _refuse_damaged(version, files)
        row = _enter(
            laboratory,
            actor,
            profile=profile,
            version=version,
            gate=gate,
            gate_passed=gate.passed,
            reason=reason,
        )
        shadow = shadow_of(laboratory)
        if shadow is not None and shadow.version == version:
            # A version that is seen from now on needs no shadow.
            end_running(shadow, actor=actor)
        _record(AuditAction.MODEL_PROMOTED, row, active, actor)
    return row


def roll_back(
    *,
    actor: User | None,
    profile_id: UUID | None = None,
    reason: str = "",
    seen: int | None = None,
    laboratory: Laboratory | None = None,
) -> Promotion:
    """Let the version classify again that stood before the last promotion, else what is shipped.

    Args:
        as for `promote`; a reason may be given.

    Raises:
        LedgerMoved: somebody else changed what is active since, or in this moment.
        PromotionRefused: nothing is promoted, or the files of the version before are damaged.
    """
    laboratory = _laboratory_of(actor, laboratory)
    reason = _cleaned(reason)
    profile = profile_named(laboratory, profile_id)
    expected = version_before(standing_promotions(laboratory, profile))
    files = _files_of(expected)
    with transaction.atomic():
        _lock_ledger(laboratory, seen)
        pile = _standing(laboratory, profile)
        target = version_before(pile)
        if target != expected:
            raise LedgerMoved(
                "Somebody changed what is active in this moment, so nothing was changed. "
                "Look again, then decide."
            )
        # None means as shipped, whose files each worker verifies when it opens them.
        if target is not None:
            _refuse_damaged(target, files)
        row = _enter(laboratory, actor, profile=profile, version=target, reason=reason)
        _record(AuditAction.MODEL_ROLLED_BACK, row, pile[-1], actor)
    return row


def return_to_shipped(
    *,
    actor: User | None,
    profile_id: UUID | None = None,
    reason: str = "",
    seen: int | None = None,
    laboratory: Laboratory | None = None,
) -> Promotion:
    """Let what comes with the program classify again, and follow its upgrades.

    Args:
        as for `promote`; a reason may be given.

    Raises:
        LedgerMoved: somebody else changed what is active since.
        PromotionRefused: nothing is promoted.
    """
    laboratory = _laboratory_of(actor, laboratory)
    reason = _cleaned(reason)
    with transaction.atomic():
        _lock_ledger(laboratory, seen)
        profile = profile_named(laboratory, profile_id)
        pile = _standing(laboratory, profile)
        row = _enter(laboratory, actor, profile=profile, version=None, reason=reason)
        _record(AuditAction.MODEL_ROLLED_BACK, row, pile[-1], actor)
    return row


def reject_version(*, actor: User, version_id: UUID, reason: str = "") -> ModelVersion:
    """Set a laboratory's version aside for good; its card and files stay.

    Raises:
        ModelVersionNotFound: there is no such version in the actor's laboratory.
        PromotionRefused: it is shipped, active, in shadow or rejected already.
    """
    require(actor, Action.MANAGE_MODELS)
    reason = _cleaned(reason)
    with transaction.atomic():
        _lock_ledger(actor.laboratory, None)
        version = _version_of(actor.laboratory, version_id)
        if version.laboratory_id is None:
            raise PromotionRefused(f"{version} comes with the program and cannot be rejected.")
        policy.refuse_unusable(version)
        if version.pk in _in_force(actor.laboratory):
            raise PromotionRefused(f"{version} is active. Roll it back first.")
        shadow = shadow_of(actor.laboratory)
        if shadow is not None and shadow.version == version:
            raise PromotionRefused(f"{version} is in shadow. End the shadow first.")
        before, version.status = version.status, ModelVersion.Status.REJECTED
        version.save(update_fields=["status"])
        record_event(
            action=AuditAction.MODEL_REJECTED,
            actor=actor,
            laboratory=actor.laboratory,
            obj=version,
            changes={"status": [before, version.status]},
            reason=reason,
        )
    return version


def _laboratory_of(actor: User | None, laboratory: Laboratory | None) -> Laboratory:
    if actor is not None:
        require(actor, Action.MANAGE_MODELS)
        return actor.laboratory
    if laboratory is None:
        raise ValueError("Expected an actor or a laboratory. Received: neither.")
    return laboratory


def _lock_ledger(laboratory: Laboratory, seen: int | None) -> None:
    """Let one at a time change what is active, and only who has seen the last change."""
    # `no_key`: rows that only point at the laboratory are written meanwhile, uploads among them.
    Laboratory.objects.select_for_update(no_key=True).get(pk=laboratory.pk)
    last = ledger_of(laboratory).first()
    if seen is None or last is None or last.number <= seen:
        return
    who = last.by.display_name if last.by else "The operator"
    what = f"made {last.version} active" if last.version else "went back to what is shipped"
    raise LedgerMoved(
        f"{who} {what} while this page was open, so nothing was changed. Look again, then decide."
    )


def _version_of(laboratory: Laboratory, version_id: UUID) -> ModelVersion:
    version = policy.versions_of(laboratory).filter(pk=version_id).first()
    if version is None:
        raise ModelVersionNotFound()
    return version


def _standing(laboratory: Laboratory, profile: ImagingProfile | None) -> list[ModelVersion]:
    pile = standing_promotions(laboratory, profile)
    if not pile:
        of = f"the imaging profile {profile}" if profile else "all imaging profiles"
        raise PromotionRefused(
            f"No version is promoted for {of}, so there is nothing to roll back."
        )
    return pile


def _gate_passed_through(
    laboratory: Laboratory,
    version: ModelVersion,
    profile: ImagingProfile | None,
    active: ModelVersion | None,
) -> GateCheck:
    gate = GateCheck.objects.filter(
        laboratory=laboratory, version=version, profile=profile, status=GateCheck.Status.DONE
    ).first()
    if gate is None:
        of = f"for the imaging profile {profile} " if profile else ""
        raise PromotionRefused(
            f"{version} was not checked at the gate {of}yet. Check it first, then decide."
        )
    # What was found against an older version says nothing about the one that is active now.
    if gate.against_id != (active.pk if active else None):
        raise PromotionRefused(
            f"{version} was checked against {gate.against or 'nothing'}, which is not active any "
            "more. Check it again, then decide."
        )
    return gate


def _reason_wanted(version: ModelVersion) -> PromotionRefused:
    sentence = (
        f"{version} did not pass the gate. Give a reason of at least {SHORTEST_REASON} characters; "
        "it is kept, and shown for as long as the version is active."
    )
    return PromotionRefused(sentence, fields={"reason": [sentence]})


def _files_of(version: ModelVersion | None) -> ReadFiles | None:
    """The version's files, read before the ledger is locked: others do not wait for the disk."""
    return artifacts.read_all(version, version.checksums_sha256) if version else None


def _refuse_damaged(version: ModelVersion, files: ReadFiles | None) -> None:
    if files is None or not files.still_prove(version, version.checksums_sha256):
        raise PromotionRefused(
            f"The files of {version} are not the ones that were registered, so it is not made "
            "active. Ask the operator to restore them."
        )


def _enter(
    laboratory: Laboratory,
    actor: User | None,
    *,
    profile: ImagingProfile | None,
    version: ModelVersion | None,
    **values: Any,
) -> Promotion:
    """Add a row to the ledger, under its lock."""
    own = Promotion.objects.filter(laboratory=laboratory, profile=profile).first()
    row = Promotion.objects.create(
        laboratory=laboratory,
        profile=profile,
        version=version,
        previous=own.version if own else None,
        by=actor,
        number=newest_number(laboratory) + 1,
        **values,
    )
    # Once active, and now no more: of the laboratory's own versions only.
    ModelVersion.objects.filter(
        laboratory=laboratory, status=ModelVersion.Status.CANDIDATE, promotions__isnull=False
    ).exclude(pk__in=_in_force(laboratory)).update(status=ModelVersion.Status.PROMOTED_BEFORE)
    return row


def _in_force(laboratory: Laboratory) -> set[UUID]:
    """The versions that decide for some scope."""
    newest: dict[UUID | None, UUID | None] = {}
    rows = Promotion.objects.filter(laboratory=laboratory).order_by("number")
    for profile, version in rows.values_list("profile", "version"):
        newest[profile] = version
    return {version for version in newest.values() if version is not None}


def _record(
    action: AuditAction, row: Promotion, before: ModelVersion | None, actor: User | None
) -> None:
    changes: dict[str, list[Any]] = {
        "active": [str(before or "as shipped"), str(row.version or "as shipped")],
        "profile": [None, str(row.profile or "all")],
        "number": [None, row.number],
    }
    if row.gate is not None:
        changes["gate_passed"] = [None, row.gate_passed]
    record_event(
        action=action,
        actor=actor,
        laboratory=row.laboratory,
        obj=row,
        changes=changes,
        reason=row.reason,
    )


def _cleaned(reason: str) -> str:
    reason = reason.replace("\x00", "").strip()
    if len(reason) > LONGEST_REASON:
        sentence = f"The reason is too long. Keep it to {LONGEST_REASON} characters."
        raise PromotionRefused(sentence, http_status=400, fields={"reason": [sentence]})
    return reason
