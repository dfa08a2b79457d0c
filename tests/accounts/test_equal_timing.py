"""An unknown name costs the same work as a known one: one hash of the password."""

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client

from tests.factories.people import PASSWORD


class CountingHasher(MD5PasswordHasher):
    """Counts how many passwords it was given."""

    hashed = 0

    def encode(self, password, salt):
        CountingHasher.hashed += 1
        return super().encode(password, salt)


@pytest.mark.parametrize("username", ["tina", "closed", "nobody"])
def test_each_failure_hashes_the_password_once(settings, technician, doctor, username):
    doctor.username, doctor.is_active = "closed", False
    doctor.save()
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    CountingHasher.hashed = 0
    password = PASSWORD if username == "closed" else "wrong-wrong-wrong"
    answer = Client().post("/sign-in/", {"username": username, "password": password})
    assert answer.status_code == 401
    assert CountingHasher.hashed == 1
