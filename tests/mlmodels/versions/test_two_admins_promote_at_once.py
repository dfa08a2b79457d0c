"""Of two admins at the same moment one decides, and the other is told."""

import pytest

from accounts.models import Role
from mlmodels.errors import LedgerMoved, PromotionRefused
from mlmodels.models import Promotion
from mlmodels.services.versions.promotions import promote
from tests.at_once import at_once
from tests.factories.models import make_candidate, make_gate
from tests.factories.people import make_user


@pytest.mark.django_db(transaction=True)
def test_one_promotion_counts_and_the_other_is_told(admin, laboratory, shipped_version):
    people = [admin, make_user(laboratory, Role.ADMIN, "anna")]
    versions = [make_candidate(laboratory), make_candidate(laboratory)]
    for version in versions:
        make_gate(admin, version)
    answers = at_once(2, lambda k: promote(actor=people[k], version_id=versions[k].pk, seen=0))
    told = [answer for answer in answers if isinstance(answer, LedgerMoved | PromotionRefused)]
    [row] = Promotion.objects.all()
    assert len(told) == 1, answers
    assert row in answers
    assert "active" in told[0].message
