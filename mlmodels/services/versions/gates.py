"""The life of a gate check: asked for, claimed, told of, and ended.

How a claim holds is the business of `hematovision.leases`; here is what it means for a check.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import AuditAction, Laboratory, User
from accounts.policy import Action, require
from accounts.services.audit import record_event
from hematovision import leases, queue
from mlmodels import policy
from mlmodels.errors import GateRefused, ModelVersionNotFound, ProfileNotFound
from mlmodels.models import GateCheck, ImagingProfile
from mlmodels.selectors.versions.active import active_version

_Status = GateCheck.Status
_TASK = "mlmodels.check_gate"


@dataclass(frozen=True)
class Claim:
    """A check that this process holds for as long as its lease is renewed.

    Args:
        gate: as it was when it was claimed.
        fence: what the row's fence must still be when something is written.
    """

    gate: GateCheck
    fence: int


def request_gate(*, actor: User, version_id: UUID, profile_id: UUID | None = None) -> GateCheck:
    """Ask for the comparison of a version with the one that is active for a profile.

    Args:
        profile_id: none for all profiles.

    Raises:
        ModelVersionNotFound: there is no such version in the actor's laboratory.
        GateRefused: it is active or is being checked.
        PromotionRefused: it is rejected, retired or of another profile.
    """
    require(actor, Action.MANAGE_MODELS)
    with transaction.atomic():
        gate = queue_gate(actor.laboratory, version_id, profile_id, actor=actor)
        queue.enqueue_on_commit(_TASK, gate_id=str(gate.pk))
    return gate


def queue_gate(
    laboratory: Laboratory, version_id: UUID, profile_id: UUID | None, *, actor: User | None
) -> GateCheck:
    """Make the row of a check, inside the caller's transaction; who calls it sends or does it.

    Raises:
        ModelVersionNotFound, GateRefused: see `request_gate`.
    """
    # Two people who ask for the same comparison at once get one.
    Laboratory.objects.select_for_update(no_key=True).get(pk=laboratory.pk)
    version = policy.versions_of(laboratory).filter(pk=version_id).first()
    if version is None:
        raise ModelVersionNotFound()
    profile = profile_named(laboratory, profile_id)
    active = active_version(laboratory, profile)
    policy.refuse_unusable(version)
    policy.refuse_other_profile(version, profile)
    if version == active:
        raise GateRefused(f"{version} is the active version, so there is nothing to compare.")
    if unfinished().filter(laboratory=laboratory, version=version, profile=profile).exists():
        raise GateRefused(f"{version} is being checked already. Wait for the result.")
    gate = GateCheck.objects.create(
        laboratory=laboratory,
        version=version,
        against=active,
        profile=profile,
        asked_by=actor,
        **leases.just_sent(),
    )
    record_event(
        action=AuditAction.GATE_REQUESTED,
        actor=actor,
        laboratory=laboratory,
        obj=gate,
        changes={"version": [None, str(version)], "against": [None, str(active or "")]},
    )
    return gate


def profile_named(laboratory: Laboratory, profile_id: UUID | None) -> ImagingProfile | None:
    """The laboratory's profile of an id; none stands for all profiles.

    Raises:
        ProfileNotFound: there is no such profile here.
    """
    if profile_id is None:
        return None
    profile = ImagingProfile.objects.filter(laboratory=laboratory, pk=profile_id).first()
    if profile is None:
        raise ProfileNotFound()
    return profile


def claim(gate_id: UUID) -> Claim | None:
    """Take a check that is queued, or whose holder's lease has ended; none if not to be had."""
    rows = unfinished().select_related(
        "laboratory", "profile", "version", "against", "version__training_run__dataset"
    )
    gate = leases.claim(rows, gate_id, status=_Status.RUNNING)
    return None if gate is None else Claim(gate, gate.fence)


def tell(held: Claim, *, done: int, of: int) -> bool:
    """Write how many pictures are read, and prolong the lease; false when the check is lost."""
    return leases.renew(_held(held), result={"progress": {"done": done, "of": of}})


def renew(held: Claim) -> bool:
    """Prolong the lease; false when the check is no longer this process's."""
    return leases.renew(_held(held))


def finish(held: Claim, *, passed: bool, result: Mapping[str, Any]) -> bool:
    """Store what was found, once; false, and nothing written, when the fence is old."""
    with transaction.atomic():
        if not _end(_held(held), _Status.DONE, passed=passed, result=result, error=""):
            return False
        record_event(
            action=AuditAction.GATE_CHECKED,
            actor=None,
            laboratory=held.gate.laboratory,
            obj=held.gate,
            changes={
                "version": [None, str(held.gate.version)],
                "against": [None, str(held.gate.against or "")],
                "passed": [None, passed],
            },
        )
    return True


def fail(held: Claim, sentence: str) -> bool:
    """End a check without a result; false, and nothing written, when the fence is old."""
    with transaction.atomic():
        if not _end(_held(held), _Status.FAILED, error=sentence, result={}):
            return False
        _record_failure(held.gate, sentence)
    return True


def release(held: Claim) -> bool:
    """Give a check back for another attempt, after what may pass; false when it is lost."""
    return leases.release(_held(held), status=_Status.QUEUED, result={})


def send_stale() -> int:
    """Send checks that nobody has claimed in time, and fail those that no attempt is left for.

    Returns:
        How many messages went out.
    """
    for gate in leases.exhausted(unfinished()).select_related("laboratory", "version"):
        _give_up(gate)
    return leases.send_due(unfinished(), _send)


def unfinished() -> QuerySet[GateCheck]:
    """Checks that wait for a worker or that one works on."""
    return GateCheck.objects.filter(status__in=(_Status.QUEUED, _Status.RUNNING))


def _send(gate: GateCheck) -> bool:
    return queue.send(_TASK, gate_id=str(gate.pk))


def _give_up(gate: GateCheck) -> None:
    sentence = (
        f"The check was interrupted {settings.JOB_MAX_ATTEMPTS} times. Ask for it again; "
        "if it is interrupted again, tell the operator."
    )
    with transaction.atomic():
        left = leases.left(leases.exhausted(unfinished()), gate)
        if _end(left, _Status.FAILED, error=sentence, result={}):
            _record_failure(gate, sentence)


def _record_failure(gate: GateCheck, sentence: str) -> None:
    record_event(
        action=AuditAction.GATE_CHECKED,
        actor=None,
        laboratory=gate.laboratory,
        obj=gate,
        changes={"version": [None, str(gate.version)]},
        reason=sentence,
    )


def _held(held: Claim) -> QuerySet[GateCheck]:
    return leases.held(unfinished(), {held.gate.pk: held.fence})


def _end(rows: QuerySet[GateCheck], status: str, **values: Any) -> bool:
    return leases.finish(rows, status=status, finished_at=timezone.now(), **values)
