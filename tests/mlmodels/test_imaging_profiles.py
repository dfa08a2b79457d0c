"""Imaging profiles are created, changed, made default and retired by admins alone."""

import pytest

from accounts.errors import AccessDenied
from accounts.models import AuditAction, AuditEvent, Role
from mlmodels.errors import ProfileInvalid, ProfileNotFound
from mlmodels.models import ImagingProfile
from mlmodels.selectors.profiles import declarable_classes
from mlmodels.services.profiles import (
    ProfileFields,
    change_profile,
    create_profile,
    make_default,
    retire_profile,
    use_again,
)
from tests.factories.people import make_user
from tests.factories.profiles import make_profile

pytestmark = pytest.mark.django_db


def test_the_first_profile_is_the_default_and_the_second_is_not(admin):
    first, second = make_profile(admin), make_profile(admin)
    assert (first.is_default, second.is_default) == (True, False)


def test_a_profile_keeps_what_is_said_and_the_trail_by_whom(admin):
    said = ProfileFields(" Bench 2 ", "CX33", "DFK 33", "100×", "Giemsa", 0.1)
    profile = create_profile(actor=admin, fields=said)
    assert (profile.name, profile.stain, profile.um_per_px) == ("Bench 2", "Giemsa", 0.1)
    event = AuditEvent.objects.get(action=AuditAction.PROFILE_CREATED)
    assert (event.actor, event.changes["name"]) == (admin, [None, "Bench 2"])


def test_a_name_is_taken_once_in_a_laboratory(admin, other_laboratory):
    make_profile(admin, "Bench 2")
    with pytest.raises(ProfileInvalid, match="A profile of this name exists"):
        make_profile(admin, "Bench 2")
    make_profile(make_user(other_laboratory, Role.ADMIN), "Bench 2")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (ProfileFields("  "), "Give the profile a name"),
        (ProfileFields("x" * 81), "at most 80 characters"),
        (ProfileFields("a\nb"), "one line"),
        (ProfileFields("a", um_per_px=float("nan")), "µm per px"),
        (ProfileFields("a", um_per_px=-1.0), "µm per px"),
        (ProfileFields("a", um_per_px=float("inf")), "µm per px"),
    ],
)
def test_what_cannot_be_kept_gets_a_sentence(admin, fields, words):
    with pytest.raises(ProfileInvalid, match=words):
        create_profile(actor=admin, fields=fields)


def test_another_default_takes_the_place_of_the_first(admin):
    first, second = make_profile(admin), make_profile(admin)
    make_default(actor=admin, profile_id=second.pk)
    assert list(ImagingProfile.objects.filter(is_default=True)) == [second]
    assert not ImagingProfile.objects.get(pk=first.pk).is_default


def test_the_default_is_retired_only_when_no_other_is_in_use(admin):
    first, second = make_profile(admin), make_profile(admin)
    with pytest.raises(ProfileInvalid, match="Make another one the default"):
        retire_profile(actor=admin, profile_id=first.pk)
    retire_profile(actor=admin, profile_id=second.pk)
    retire_profile(actor=admin, profile_id=first.pk)
    assert not ImagingProfile.objects.filter(is_default=True).exists()


def test_a_retired_profile_is_no_default_until_it_is_used_again(admin):
    make_profile(admin)
    second = make_profile(admin)
    retire_profile(actor=admin, profile_id=second.pk)
    with pytest.raises(ProfileInvalid, match="Use it again first"):
        make_default(actor=admin, profile_id=second.pk)
    use_again(actor=admin, profile_id=second.pk)
    assert make_default(actor=admin, profile_id=second.pk).is_default


def test_a_change_that_changes_nothing_is_not_written_down(admin):
    profile = make_profile(admin, "Bench 2")
    change_profile(actor=admin, profile_id=profile.pk, fields=ProfileFields("Bench 2"))
    assert not AuditEvent.objects.filter(action=AuditAction.PROFILE_CHANGED).exists()
    change_profile(actor=admin, profile_id=profile.pk, fields=ProfileFields("Bench 3"))
    event = AuditEvent.objects.get(action=AuditAction.PROFILE_CHANGED)
    assert event.changes == {"name": ["Bench 2", "Bench 3"]}


def test_only_an_admin_of_the_laboratory_changes_a_profile(admin, technician, other_laboratory):
    profile = make_profile(admin)
    with pytest.raises(AccessDenied):
        retire_profile(actor=technician, profile_id=profile.pk)
    stranger = make_user(other_laboratory, Role.ADMIN)
    with pytest.raises(ProfileNotFound):
        retire_profile(actor=stranger, profile_id=profile.pk)


# --- The classes that occur -------------------------------------------------------------------

MATURE = ["neutrophil", "eosinophil", "basophil", "lymphocyte", "monocyte"]


def test_a_profile_declares_the_classes_that_occur_and_the_trail_says_so(admin):
    profile = make_profile(admin, "School")
    assert profile.classes is None
    said = ProfileFields("School", classes=[*reversed(MATURE), "monocyte"])
    changed = change_profile(actor=admin, profile_id=profile.pk, fields=said)
    assert changed.classes == MATURE
    event = AuditEvent.objects.get(action=AuditAction.PROFILE_CHANGED)
    assert event.changes == {"classes": [None, MATURE]}


def test_no_class_marked_means_that_any_may_occur(admin):
    profile = make_profile(admin, "School", classes=MATURE)
    fields = ProfileFields("School", classes=[])
    assert change_profile(actor=admin, profile_id=profile.pk, fields=fields).classes is None


@pytest.mark.parametrize(
    ("classes", "words"),
    [(["neutrophil"], "at least 2 classes"), (["neutrophil", "leaf"], "names no class 'leaf'")],
)
def test_classes_that_cannot_be_told_apart_get_a_sentence(admin, classes, words):
    with pytest.raises(ProfileInvalid, match=words):
        make_profile(admin, classes=classes)


def test_what_the_model_in_use_names_can_be_declared_and_what_was_declared_stays(admin, model):
    codes = {label.code for label in declarable_classes(admin, None)}
    assert codes == set(model.classes)
    profile = make_profile(admin, classes=["neutrophil", "monocyte"])
    ImagingProfile.objects.filter(pk=profile.pk).update(classes=["neutrophil", "blast"])
    profile.refresh_from_db()
    assert {label.code for label in declarable_classes(admin, profile)} == codes | {"blast"}
