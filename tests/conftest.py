"""The people of the tests, by name, and their clients for pages and for the API."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from pytest_django.plugin import blocking_manager_key
from rest_framework.test import APIClient

from accounts.models import Laboratory, Role, User
from mlmodels import artifacts
from mlmodels.ml.inference.version_files import copy_version
from mlmodels.models import Label, ModelVersion
from mlmodels.services.versions.registration import register_shipped
from tests.factories.people import PASSWORD, make_laboratory, make_user


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Keep the rows of migrations at hand, whichever tests are chosen, and let tables be emptied.

    On SQLite the test runner empties them with DELETE, which some tables refuse.
    """
    with django_db_blocker.unblock():
        rows = connection.creation.serialize_db_to_string()
        setattr(connection, "_test_serialized_contents", rows)  # noqa: B010  Django's own
        restore = connection.creation.deserialize_db_from_string

        def restore_what_is_gone(rows: str) -> None:
            # Rows that are there would be written over, which some tables refuse.
            if not Label.objects.exists():
                restore(rows)

        setattr(connection.creation, "deserialize_db_from_string", restore_what_is_gone)  # noqa: B010
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'trigger' "
                    "AND (name LIKE '%!_no!_delete' ESCAPE '!' "
                    "OR name LIKE '%!_frozen!_delete' ESCAPE '!')"
                )
                for (name,) in cursor.fetchall():
                    cursor.execute(f"DROP TRIGGER {name}")


@pytest.fixture(autouse=True)
def _throttles_start_empty():
    """Calls of one test do not count against the next one's rate."""
    cache.clear()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let a test with real transactions begin with the rows that migrations write.

    Named here and not by an autouse fixture: that would open the database for every test.
    """
    for item in items:
        if _empties_all_tables(item):
            names = getattr(item, "fixturenames")  # noqa: B009  pytest's own, of functions only
            names.append("django_db_serialized_rollback")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None):
    """Give the next test those rows too: one with real transactions ends by emptying all tables."""
    result = yield
    if nextitem is not None and _empties_all_tables(item):
        with item.config.stash[blocking_manager_key].unblock():
            rows = getattr(connection, "_test_serialized_contents")  # noqa: B009  Django's own
            connection.creation.deserialize_db_from_string(rows)
            connection.close()
    return result


def _empties_all_tables(item: pytest.Item) -> bool:
    """Whether a test has real transactions: by its mark, or by a fixture that asks for them."""
    marker = item.get_closest_marker("django_db")
    by_mark = marker is not None and bool(marker.kwargs.get("transaction"))
    return by_mark or "transactional_db" in getattr(item, "fixturenames", ())


@pytest.fixture
def laboratory(db) -> Laboratory:
    """The laboratory of everybody without `other` in their name."""
    return make_laboratory("St Mary")


@pytest.fixture
def other_laboratory(db) -> Laboratory:
    """Another tenant."""
    return make_laboratory("North Clinic")


@pytest.fixture
def technician(laboratory) -> User:
    """Uploads."""
    return make_user(laboratory, Role.TECHNICIAN, "tina")


@pytest.fixture
def doctor(laboratory) -> User:
    """Reads results."""
    return make_user(laboratory, Role.DOCTOR, "dora")


@pytest.fixture
def second_doctor(laboratory) -> User:
    return make_user(laboratory, Role.DOCTOR, "dieter")


@pytest.fixture
def admin(laboratory) -> User:
    """Manages the laboratory's users."""
    return make_user(laboratory, Role.ADMIN, "ada")


@pytest.fixture
def other_technician(other_laboratory) -> User:
    return make_user(other_laboratory, Role.TECHNICIAN, "otto")


@pytest.fixture
def page_as() -> Callable[[User], Client]:
    """A browser in which somebody has signed in on the page."""

    def sign_in(user: User) -> Client:
        client = Client()
        answer = client.post("/sign-in/", {"username": user.username, "password": PASSWORD})
        assert answer.status_code == 302, answer.content
        return client

    return sign_in


@pytest.fixture
def api_as() -> Callable[[User], APIClient]:
    """An API client with an access token from the obtain endpoint."""

    def sign_in(user: User) -> APIClient:
        client = APIClient()
        answer = client.post("/api/v1/token/", {"username": user.username, "password": PASSWORD})
        assert answer.status_code == 200, answer.content
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['access']}")
        return client

    return sign_in


@pytest.fixture
def api() -> APIClient:
    """An API client of nobody."""
    return APIClient()


@pytest.fixture
def model(db) -> ModelVersion:
    """The shipped model, registered; it classifies."""
    return register_shipped()[-1]


@pytest.fixture
def own_model_folder(settings, tmp_path) -> Path:
    """A copy of the newest shipped model, registered, that a test may damage."""
    newest = artifacts.shipped_folders()[-1]
    settings.SHIPPED_MODELS_DIR = tmp_path / "shipped"
    return copy_version(newest, tmp_path / "shipped" / newest.name)


@pytest.fixture
def tell(capsys) -> Callable[[str], None]:
    """Print a figure that the reader of the run is to see, passed or not."""

    def say(line: str) -> None:
        with capsys.disabled():
            print(f"\n{line}", end="", flush=True)

    return say
