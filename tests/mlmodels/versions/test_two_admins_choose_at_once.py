"""Of two admins who choose at the same moment both are answered, and one choice stands."""

import pytest

from accounts.models import Role
from mlmodels.models import Dataset, ImagingProfile
from mlmodels.services import profiles
from mlmodels.services.datasets import lifecycle
from tests.at_once import at_once
from tests.factories.datasets import make_dataset
from tests.factories.people import make_user
from tests.factories.profiles import make_profile

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_profile_is_the_default(admin, laboratory):
    people = [admin, make_user(laboratory, Role.ADMIN, "anna")]
    _, *others = [make_profile(admin) for _ in range(3)]
    answers = at_once(2, lambda k: profiles.make_default(actor=people[k], profile_id=others[k].pk))
    assert answers == others
    assert ImagingProfile.objects.filter(is_default=True).count() == 1


def test_one_dataset_is_the_reference(admin, laboratory):
    people = [admin, make_user(laboratory, Role.ADMIN, "anna")]
    frozen = [make_dataset(admin, train=1, validation=1, test=1) for _ in range(2)]
    answers = at_once(
        2,
        lambda k: lifecycle.set_reference(
            actor=people[k], dataset_id=frozen[k].pk, is_reference=True
        ),
    )
    assert answers == frozen
    assert Dataset.objects.filter(is_reference=True).count() == 1
