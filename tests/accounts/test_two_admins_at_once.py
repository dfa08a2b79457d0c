"""Two admins who demote each other at the same moment leave one admin."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from accounts.models import Role, User
from accounts.services import users
from hematovision.errors import DomainError
from tests.factories.people import make_user


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("change", ["change_role", "deactivate"])
def test_one_admin_remains(laboratory, change):
    first = make_user(laboratory, Role.ADMIN)
    second = make_user(laboratory, Role.ADMIN)
    extra = {"role": "doctor"} if change == "change_role" else {}
    together = Barrier(2)

    def act(pair):
        actor, target = pair
        together.wait()
        try:
            getattr(users, change)(actor=actor, user_id=target.pk, **extra)
        except DomainError as error:
            return error.code
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(2) as threads:
        ends = sorted(threads.map(act, [(first, second), (second, first)]))
    assert ends.count("done") == 1
    remaining = User.objects.filter(role=Role.ADMIN, is_active=True)
    assert remaining.count() == 1
