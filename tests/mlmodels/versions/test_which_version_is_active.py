"""The ledger says what classifies: a profile's row, else the laboratory's, else the shipped."""

import pytest

from accounts.models import Role
from mlmodels.models import ImagingProfile, Promotion
from mlmodels.selectors.versions.active import active_version, versions_in_use
from tests.factories.models import make_candidate
from tests.factories.people import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def scanner(laboratory, admin) -> ImagingProfile:
    """An imaging profile of the laboratory."""
    return ImagingProfile.objects.create(laboratory=laboratory, name="Scanner", created_by=admin)


def enter(laboratory, number, version, profile=None) -> None:
    """A row of the ledger."""
    Promotion.objects.create(laboratory=laboratory, number=number, version=version, profile=profile)


def test_what_is_shipped_is_active_where_nothing_was_promoted(laboratory, shipped_version):
    assert active_version(laboratory) == shipped_version
    assert active_version(None) == shipped_version


def test_the_newest_row_decides_for_all_profiles(laboratory, shipped_version, scanner):
    first, second = make_candidate(laboratory), make_candidate(laboratory)
    enter(laboratory, 1, first)
    enter(laboratory, 2, second)
    assert active_version(laboratory) == second
    assert active_version(laboratory, scanner) == second


def test_a_profiles_own_row_goes_before_a_newer_one_for_all(laboratory, shipped_version, scanner):
    own, general = make_candidate(laboratory), make_candidate(laboratory)
    enter(laboratory, 1, own, scanner)
    enter(laboratory, 2, general)
    assert active_version(laboratory, scanner) == own
    assert active_version(laboratory) == general


def test_a_row_of_another_profile_says_nothing(laboratory, shipped_version, scanner, admin):
    phone = ImagingProfile.objects.create(laboratory=laboratory, name="Phone", created_by=admin)
    enter(laboratory, 1, make_candidate(laboratory), scanner)
    assert active_version(laboratory, phone) == shipped_version


def test_a_row_without_a_version_means_as_shipped(laboratory, shipped_version, scanner):
    enter(laboratory, 1, make_candidate(laboratory))
    enter(laboratory, 2, None, scanner)
    assert active_version(laboratory, scanner) == shipped_version
    enter(laboratory, 3, None)
    assert active_version(laboratory) == shipped_version


def test_another_laboratory_is_not_touched(laboratory, other_laboratory, shipped_version):
    enter(laboratory, 1, make_candidate(laboratory))
    assert active_version(other_laboratory) == shipped_version


def test_the_active_version_is_one_query_where_something_was_promoted(
    laboratory, shipped_version, scanner, django_assert_num_queries
):
    enter(laboratory, 1, make_candidate(laboratory))
    with django_assert_num_queries(1):
        active_version(laboratory, scanner)


def test_what_any_laboratory_uses_is_known_the_shipped_one_first(
    laboratory, other_laboratory, shipped_version
):
    make_user(other_laboratory, Role.ADMIN)
    before, now, other = (
        make_candidate(laboratory),
        make_candidate(laboratory),
        make_candidate(other_laboratory),
    )
    enter(laboratory, 1, before)
    enter(laboratory, 2, now)
    enter(other_laboratory, 1, other)
    assert versions_in_use(9) == [shipped_version, other, now]
    assert versions_in_use(2) == [shipped_version, other]
