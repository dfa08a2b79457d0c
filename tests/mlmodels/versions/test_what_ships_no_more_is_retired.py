"""An upgrade that ships a version no more leaves its row, card and results, and uses it no more."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings

from accounts.models import AuditAction, AuditEvent, Role
from mlmodels import artifacts
from mlmodels.errors import PromotionRefused, TrainingRefused
from mlmodels.ml.inference.version_files import copy_version
from mlmodels.models import GateCheck, ImagingProfile, ModelVersion, Promotion, Shadow, TrainingRun
from mlmodels.selectors.versions.active import active_version
from mlmodels.services.training.requests import resume_run
from mlmodels.services.training.run_adaptation import adapt_for_run
from mlmodels.services.versions.gates import request_gate
from mlmodels.services.versions.promotions import promote, roll_back
from mlmodels.services.versions.registration import register_shipped
from mlmodels.services.versions.run_gate import check_gate
from mlmodels.services.versions.shadows import start_shadow
from tests.factories.images import make_image
from tests.factories.models import make_active, make_candidate, make_gate, make_version_folder
from tests.factories.people import make_user
from tests.factories.profiles import make_profile
from tests.factories.results import record_result

pytestmark = pytest.mark.django_db


def ship(version: str) -> None:
    """Put a version among the shipped ones."""

    def number(card: dict) -> None:
        card["version"] = version

    root = Path(settings.SHIPPED_MODELS_DIR)
    make_version_folder(root / f"hematovision-{version}", number)


@dataclass
class Installation:
    """One of before the upgrade.

    Args:
        first, second: what it shipped; the second classified where nothing was promoted.
        upgrade: ships another version in their place.
    """

    first: ModelVersion
    second: ModelVersion
    upgrade: Callable[[], ModelVersion]


@pytest.fixture
def before(settings, tmp_path) -> Installation:
    newest = artifacts.model_directory(None)
    settings.SHIPPED_MODELS_DIR = tmp_path / "shipped"
    copy_version(newest, tmp_path / "shipped" / newest.name)
    for version in ("1.0.0", "1.1.0"):
        ship(version)
    shutil.rmtree(tmp_path / "shipped" / newest.name)
    first, second = register_shipped()

    def upgrade() -> ModelVersion:
        for version in (first, second):
            shutil.rmtree(artifacts.model_folder(version))
        copy_version(newest, tmp_path / "shipped" / newest.name)
        [shipped] = register_shipped()
        for version in (first, second):
            version.refresh_from_db()
        return shipped

    return Installation(first, second, upgrade)


def words(page) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.content.decode()))


def test_rows_and_cards_stay_and_the_new_version_classifies(before, laboratory):
    assert active_version(laboratory) == before.second
    shipped = before.upgrade()
    for version in (before.first, before.second):
        assert version.status == ModelVersion.Status.RETIRED
        assert version.card["engine"]["classes"] == version.classes
    assert active_version(laboratory) == shipped
    assert not Promotion.objects.exists()
    assert not AuditEvent.objects.exists()


def test_a_ledger_that_names_one_goes_back_to_what_is_shipped(
    before, admin, laboratory, other_laboratory
):
    profile = make_profile(admin)
    make_active(admin, before.first)
    other_admin = make_user(other_laboratory, role=Role.ADMIN)
    own = make_candidate(other_laboratory)
    make_active(other_admin, own)
    shipped = before.upgrade()
    row = Promotion.objects.filter(laboratory=laboratory).latest("number")
    assert (row.version, row.previous, row.by, row.gate) == (None, before.first, None, None)
    assert row.reason == (
        "hematovision 1.0.0 does not come with the program any more, so what is shipped classifies."
    )
    event = AuditEvent.objects.get(action=AuditAction.MODEL_ROLLED_BACK)
    assert (event.laboratory, event.reason) == (laboratory, row.reason)
    assert event.changes["active"] == ["hematovision 1.0.0", "as shipped"]
    assert active_version(laboratory) == active_version(laboratory, profile) == shipped
    assert active_version(other_laboratory) == own


def test_each_imaging_profile_has_a_row_of_its_own(before, admin, laboratory):
    profile: ImagingProfile = make_profile(admin)
    own = make_candidate(laboratory)
    make_active(admin, own)
    make_active(admin, before.first, profile=profile)
    shipped = before.upgrade()
    assert active_version(laboratory) == own
    assert active_version(laboratory, profile) == shipped
    row = Promotion.objects.latest("number")
    assert (row.profile, row.version, row.number) == (profile, None, 3)


def test_registering_once_more_changes_nothing(before, admin):
    make_active(admin, before.first)
    before.upgrade()
    counted = (Promotion.objects.count(), AuditEvent.objects.count())
    register_shipped()
    assert (Promotion.objects.count(), AuditEvent.objects.count()) == counted


def test_a_roll_back_passes_a_retired_version_by(before, admin, laboratory):
    make_active(admin, before.first)
    make_active(admin, make_candidate(laboratory))
    shipped = before.upgrade()
    assert roll_back(actor=admin).version is None
    assert active_version(laboratory) == shipped


def test_its_shadow_ends(before, admin, laboratory):
    start_shadow(actor=admin, version_id=before.first.pk)
    before.upgrade()
    shadow = Shadow.objects.get()
    assert shadow.ended_at is not None
    assert shadow.ended_by is None
    event = AuditEvent.objects.get(action=AuditAction.SHADOW_ENDED)
    assert (event.laboratory, event.actor) == (laboratory, None)


def test_it_is_checked_promoted_and_put_in_shadow_no_more(before, admin):
    make_gate(admin, before.first)
    before.upgrade()
    for act in (request_gate, promote, start_shadow):
        with pytest.raises(PromotionRefused, match="is retired"):
            act(actor=admin, version_id=before.first.pk)


def test_a_check_against_it_does_not_promote(before, admin, laboratory):
    candidate = make_candidate(laboratory)
    make_gate(admin, candidate)
    before.upgrade()
    with pytest.raises(PromotionRefused, match=r"1\.1\.0, which is not active any more"):
        promote(actor=admin, version_id=candidate.pk)


def test_a_check_that_waits_ends_with_a_sentence(before, admin, laboratory):
    waiting = request_gate(actor=admin, version_id=make_candidate(laboratory).pk)
    before.upgrade()
    check_gate(gate_id=waiting.pk)
    waiting.refresh_from_db()
    assert waiting.status == GateCheck.Status.FAILED
    assert waiting.error.startswith("hematovision 1.1.0 is retired")


def test_an_adaptation_of_it_stays_readable_and_goes_on_no_more(
    before, admin, laboratory, page_as, tmp_path
):
    run = TrainingRun.objects.create(
        laboratory=laboratory,
        kind=TrainingRun.Kind.ADAPTATION,
        profile=make_profile(admin),
        base_version=before.first,
        created_by=admin,
        status=TrainingRun.Status.FAILED,
    )
    before.upgrade()
    assert page_as(admin).get(f"/training/{run.pk}/").status_code == 200
    with pytest.raises(TrainingRefused, match="cannot be adapted"):
        resume_run(actor=admin, run_id=run.pk)
    with pytest.raises(TrainingRefused, match="cannot be adapted"):
        adapt_for_run(run_id=run.pk, output=tmp_path)


def test_what_it_classified_still_names_it(before, technician, api_as, page_as):
    image = record_result(make_image(technician), {})
    before.upgrade()
    assert "hematovision 1.1.0" in words(page_as(technician).get(f"/images/{image.pk}/"))
    answer = api_as(technician).get(f"/api/v1/images/{image.pk}/")
    assert "1.1.0" in json.dumps(answer.json())


def test_its_page_shows_its_card_and_says_that_it_is_retired(before, admin, page_as):
    make_active(admin, before.first)
    before.upgrade()
    page = words(page_as(admin).get(f"/models/{before.first.pk}/"))
    for said in ("This version is retired", "Intended use", "Known failures", "Pbc test"):
        assert said in page
    assert "Ask the operator to restore" not in page
    assert "Check at the gate" not in page
    assert page_as(admin).get(f"/models/{before.first.pk}/shadow/").status_code == 200
    models = words(page_as(admin).get("/models/"))
    assert "hematovision 1.0.0 does not come with the program any more" in models
    assert page_as(admin).get(f"/models/{before.first.pk}/files/model.keras").status_code == 404


def test_a_release_that_ships_it_again_takes_it_up_again(before):
    before.upgrade()
    ship("1.1.0")
    register_shipped()
    before.second.refresh_from_db()
    assert before.second.status == ModelVersion.Status.SHIPPED
    assert artifacts.is_registered_folder(
        artifacts.model_folder(before.second), before.second.checksums_sha256
    )


def test_a_folder_of_shipped_models_that_is_not_at_hand_retires_nothing(before, settings, tmp_path):
    settings.SHIPPED_MODELS_DIR = tmp_path / "not-mounted"
    assert register_shipped() == []
    assert ModelVersion.objects.filter(status=ModelVersion.Status.SHIPPED).count() == 2


def test_a_ledger_that_came_to_name_it_afterwards_is_put_right(before, admin, laboratory):
    make_active(admin, before.first)
    before.upgrade()
    # As somebody's promotion does that began while the version was still shipped.
    promoted = Promotion.objects.filter(version=before.first).latest("number")
    Promotion.objects.create(
        laboratory=laboratory,
        version=before.first,
        gate=promoted.gate,
        number=Promotion.objects.filter(laboratory=laboratory).count() + 1,
    )
    register_shipped()
    active = active_version(laboratory)
    assert active is not None
    assert active.status == ModelVersion.Status.SHIPPED
