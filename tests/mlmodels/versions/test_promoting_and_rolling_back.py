"""An admin makes a version active through the gate, and takes it back; the ledger keeps it all."""

import pytest

from accounts.errors import AccessDenied
from accounts.models import AuditAction, AuditEvent, Role
from mlmodels import artifacts
from mlmodels.errors import LedgerMoved, ModelVersionNotFound, ProfileNotFound, PromotionRefused
from mlmodels.models import ImagingProfile, ModelVersion, Promotion
from mlmodels.selectors.versions.active import active_version
from mlmodels.selectors.versions.promotions import newest_number, scope_of
from mlmodels.services.versions.gates import request_gate
from mlmodels.services.versions.promotions import (
    promote,
    reject_version,
    return_to_shipped,
    roll_back,
)
from mlmodels.services.versions.shadows import start_shadow
from tests.factories.models import make_active, make_candidate, make_gate
from tests.factories.people import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped_version")]

REASON = "The field trial of May showed it better."


@pytest.fixture
def scanner(laboratory, admin) -> ImagingProfile:
    """An imaging profile of the laboratory."""
    return ImagingProfile.objects.create(laboratory=laboratory, name="Scanner", created_by=admin)


def test_a_version_that_passed_becomes_active(admin, laboratory, other_laboratory, shipped_version):
    version = make_candidate(laboratory)
    gate = make_gate(admin, version)
    row = promote(actor=admin, version_id=version.pk)
    assert (row.number, row.version, row.previous, row.by) == (1, version, None, admin)
    assert (row.gate, row.gate_passed) == (gate, True)
    assert active_version(laboratory) == version
    assert active_version(other_laboratory) == shipped_version
    event = AuditEvent.objects.get(action=AuditAction.MODEL_PROMOTED)
    assert event.changes["active"] == [str(shipped_version), str(version)]


def test_a_version_that_was_not_checked_is_refused(admin, laboratory):
    version = make_candidate(laboratory)
    with pytest.raises(PromotionRefused, match="Check it first"):
        promote(actor=admin, version_id=version.pk)
    assert not Promotion.objects.exists()


def test_a_check_against_another_version_does_not_count(admin, laboratory):
    one, other = make_candidate(laboratory), make_candidate(laboratory)
    make_gate(admin, one)
    make_active(admin, other)
    with pytest.raises(PromotionRefused, match="not active any more"):
        promote(actor=admin, version_id=one.pk)


@pytest.mark.parametrize("reason", ["", "too short", "         x          "])
def test_a_failed_gate_needs_a_reason(admin, laboratory, reason, shipped_version):
    version = make_candidate(laboratory)
    make_gate(admin, version, passed=False)
    with pytest.raises(PromotionRefused, match="reason of at least 10 characters") as refused:
        promote(actor=admin, version_id=version.pk, reason=reason)
    assert "reason" in refused.value.fields
    assert active_version(laboratory) == shipped_version


def test_the_reason_is_kept_and_shown_as_long_as_the_version_is_active(admin, laboratory):
    version = make_candidate(laboratory)
    make_gate(admin, version, passed=False)
    promote(actor=admin, version_id=version.pk, reason=f"  {REASON} ")
    scope = scope_of(laboratory, None)
    assert scope.is_overridden
    assert scope.row is not None
    assert scope.row.reason == REASON
    assert AuditEvent.objects.get(action=AuditAction.MODEL_PROMOTED).reason == REASON
    roll_back(actor=admin)
    assert not scope_of(laboratory, None).is_overridden
    assert Promotion.objects.get(number=1).reason == REASON


def test_another_role_does_not_promote(technician, doctor, admin, laboratory):
    version = make_candidate(laboratory)
    make_gate(admin, version)
    for person in (technician, doctor):
        with pytest.raises(AccessDenied):
            promote(actor=person, version_id=version.pk)
        with pytest.raises(AccessDenied):
            roll_back(actor=person)
        with pytest.raises(AccessDenied):
            reject_version(actor=person, version_id=version.pk)
        with pytest.raises(AccessDenied):
            request_gate(actor=person, version_id=version.pk)
        with pytest.raises(AccessDenied):
            start_shadow(actor=person, version_id=version.pk)


def test_another_laboratorys_version_does_not_exist(admin, other_laboratory):
    version = make_candidate(other_laboratory)
    for act in (promote, reject_version, request_gate, start_shadow):
        with pytest.raises(ModelVersionNotFound):
            act(actor=admin, version_id=version.pk)


def test_another_laboratorys_profile_does_not_exist(admin, laboratory, other_laboratory):
    other_admin = make_user(other_laboratory, Role.ADMIN)
    profile = ImagingProfile.objects.create(
        laboratory=other_laboratory, name="Phone", created_by=other_admin
    )
    version = make_candidate(laboratory)
    with pytest.raises(ProfileNotFound):
        request_gate(actor=admin, version_id=version.pk, profile_id=profile.pk)


def test_what_is_active_is_not_promoted_again(admin, laboratory, shipped_version):
    version = make_candidate(laboratory)
    make_active(admin, version)
    with pytest.raises(PromotionRefused, match="active version already"):
        promote(actor=admin, version_id=version.pk)


def test_a_damaged_version_is_not_promoted(admin, laboratory):
    version = make_candidate(laboratory)
    make_gate(admin, version)
    (artifacts.model_folder(version) / "model.keras").write_bytes(b"something else")
    with pytest.raises(PromotionRefused, match="not the ones that were registered"):
        promote(actor=admin, version_id=version.pk)


def test_a_version_of_one_profile_serves_that_profile_alone(admin, laboratory, scanner):
    version = make_candidate(laboratory, profile=scanner)
    with pytest.raises(PromotionRefused, match="adapted to the imaging profile Scanner"):
        request_gate(actor=admin, version_id=version.pk)
    make_active(admin, version, profile=scanner)
    assert active_version(laboratory, scanner) == version
    assert active_version(laboratory) != version


def test_rolling_back_leads_to_the_version_before(admin, laboratory, shipped_version):
    first, second, third = (make_candidate(laboratory) for _ in range(3))
    for version in (first, second, third):
        make_active(admin, version)
    row = roll_back(actor=admin, reason="It names too many blasts.")
    assert (row.number, row.version, row.previous) == (4, second, third)
    assert active_version(laboratory) == second
    assert roll_back(actor=admin).version == first
    assert roll_back(actor=admin).version is None
    assert active_version(laboratory) == shipped_version
    with pytest.raises(PromotionRefused, match="nothing to roll back"):
        roll_back(actor=admin)
    assert AuditEvent.objects.filter(action=AuditAction.MODEL_ROLLED_BACK).count() == 3
    assert [row.number for row in Promotion.objects.order_by("number")] == [1, 2, 3, 4, 5, 6]


def test_one_can_return_to_what_is_shipped_at_once(admin, laboratory, shipped_version):
    make_active(admin, make_candidate(laboratory))
    make_active(admin, make_candidate(laboratory))
    assert return_to_shipped(actor=admin).version is None
    assert active_version(laboratory) == shipped_version


def test_rolling_back_passes_over_what_was_rejected(admin, laboratory):
    first, second, third = (make_candidate(laboratory) for _ in range(3))
    for version in (first, second, third):
        make_active(admin, version)
    reject_version(actor=admin, version_id=second.pk)
    assert roll_back(actor=admin).version == first


def test_a_damaged_version_is_not_rolled_back_to(admin, laboratory):
    first, second = make_candidate(laboratory), make_candidate(laboratory)
    make_active(admin, first)
    make_active(admin, second)
    (artifacts.model_folder(first) / "model.tflite").unlink()
    with pytest.raises(PromotionRefused, match="not the ones that were registered"):
        roll_back(actor=admin)
    assert active_version(laboratory) == second


def test_a_profile_is_rolled_back_alone(admin, laboratory, scanner):
    general, own = make_candidate(laboratory), make_candidate(laboratory)
    make_active(admin, general)
    make_active(admin, own, profile=scanner)
    row = roll_back(actor=admin, profile_id=scanner.pk)
    assert (row.profile, row.version) == (scanner, None)
    assert active_version(laboratory) == general


def test_who_looked_before_somebody_else_decided_is_told(admin, laboratory):
    seen = newest_number(laboratory)
    colleague = make_user(laboratory, Role.ADMIN, "anna")
    version, other = make_candidate(laboratory), make_candidate(laboratory)
    make_gate(admin, version)
    make_active(colleague, other)
    with pytest.raises(LedgerMoved, match=f"anna made {other} active"):
        promote(actor=admin, version_id=version.pk, seen=seen)
    with pytest.raises(LedgerMoved, match="Look again, then decide"):
        roll_back(actor=admin, seen=seen)
    roll_back(actor=colleague)
    with pytest.raises(LedgerMoved, match="went back to what is shipped"):
        promote(actor=admin, version_id=version.pk, seen=seen)


def test_a_candidate_that_is_replaced_was_promoted_before(admin, laboratory):
    first, second = make_candidate(laboratory), make_candidate(laboratory)
    make_active(admin, first)
    first.refresh_from_db()
    assert first.status == ModelVersion.Status.CANDIDATE
    make_active(admin, second)
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.status == ModelVersion.Status.PROMOTED_BEFORE
    assert second.status == ModelVersion.Status.CANDIDATE


def test_a_newer_shipped_version_is_followed_unless_another_was_promoted(
    admin, laboratory, other_laboratory, shipped_version
):
    version = make_candidate(laboratory)
    make_active(admin, version)
    newer = ModelVersion.objects.create(
        name=shipped_version.name,
        version="99.0.0",
        status=ModelVersion.Status.SHIPPED,
        folder=shipped_version.folder,
        checksums_sha256=shipped_version.checksums_sha256,
        classes=shipped_version.classes,
        card=shipped_version.card,
    )
    assert active_version(laboratory) == version
    assert active_version(other_laboratory) == newer
    roll_back(actor=admin)
    assert active_version(laboratory) == newer


def test_an_older_shipped_version_may_be_promoted_to_stay(admin, laboratory, shipped_version):
    newer = ModelVersion.objects.create(
        name=shipped_version.name,
        version="99.0.0",
        status=ModelVersion.Status.SHIPPED,
        folder=shipped_version.folder,
        checksums_sha256=shipped_version.checksums_sha256,
        classes=shipped_version.classes,
        card=shipped_version.card,
    )
    assert active_version(laboratory) == newer
    make_active(admin, shipped_version)
    assert active_version(laboratory) == shipped_version
    shipped_version.refresh_from_db()
    assert shipped_version.status == ModelVersion.Status.SHIPPED


def test_a_candidate_can_be_rejected_for_good(admin, laboratory):
    version = make_candidate(laboratory)
    make_gate(admin, version)
    reject_version(actor=admin, version_id=version.pk, reason="Too slow.")
    version.refresh_from_db()
    assert version.status == ModelVersion.Status.REJECTED
    assert AuditEvent.objects.get(action=AuditAction.MODEL_REJECTED).reason == "Too slow."
    with pytest.raises(PromotionRefused, match="was rejected"):
        promote(actor=admin, version_id=version.pk)
    with pytest.raises(PromotionRefused, match="was rejected"):
        start_shadow(actor=admin, version_id=version.pk)


def test_what_is_in_use_is_not_rejected(admin, laboratory, shipped_version):
    active, shadow = make_candidate(laboratory), make_candidate(laboratory)
    make_active(admin, active)
    start_shadow(actor=admin, version_id=shadow.pk)
    with pytest.raises(PromotionRefused, match="Roll it back first"):
        reject_version(actor=admin, version_id=active.pk)
    with pytest.raises(PromotionRefused, match="End the shadow first"):
        reject_version(actor=admin, version_id=shadow.pk)
    with pytest.raises(PromotionRefused, match="comes with the program"):
        reject_version(actor=admin, version_id=shipped_version.pk)
