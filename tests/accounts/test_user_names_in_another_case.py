"""A user name that is taken is taken in any case, whoever comes second and however close."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from accounts.errors import UserChangeRefused
from accounts.models import Laboratory, Role, User
from accounts.services.laboratories import create_laboratory
from accounts.services.users import NAME_TAKEN, create_user
from tests.at_once import at_once
from tests.factories.people import PASSWORD, make_laboratory
from tests.own_process import in_own_process

NAMES = ["eva.mayer", "Eva.Mayer", "EVA.MAYER", "eva.mayeR"]


def make(laboratory: Laboratory, name: str) -> User:
    return create_user(
        actor=None, laboratory=laboratory, username=name, password=PASSWORD, role=Role.DOCTOR
    )


@pytest.mark.django_db
def test_the_database_takes_no_second_one(technician):
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(laboratory=technician.laboratory, username="TINA", role=Role.DOCTOR)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["tina", "Tina", "TINA"])
def test_a_taken_name_is_one_sentence_at_its_field(technician, other_laboratory, name):
    with pytest.raises(UserChangeRefused) as refused:
        make(other_laboratory, name)
    assert refused.value.fields == {"username": [NAME_TAKEN]}
    assert refused.value.message == NAME_TAKEN


@pytest.mark.django_db
def test_the_page_says_so(admin, technician, page_as):
    form = {"username": "Tina", "full_name": "", "role": "doctor", "password": PASSWORD}
    answer = page_as(admin).post("/users/new/", form)
    assert answer.status_code == 400
    assert NAME_TAKEN in answer.content.decode()


@pytest.mark.django_db
def test_a_laboratory_is_not_made_with_an_admin_of_a_taken_name(technician):
    with pytest.raises(UserChangeRefused, match="taken"):
        create_laboratory(name="West Clinic", admin_username="TINA", admin_password=PASSWORD)
    assert not Laboratory.objects.filter(name="West Clinic").exists()


@pytest.mark.django_db
def test_the_name_in_another_case_does_not_sign_in(technician, api):
    for name, status in (("TINA", 401), ("tina", 200)):
        answer = api.post("/api/v1/token/", {"username": name, "password": PASSWORD})
        assert answer.status_code == status, answer.content


@pytest.mark.django_db
@pytest.mark.parametrize(
    "act",
    [
        lambda laboratory: make(laboratory, "eva"),
        lambda laboratory: create_laboratory(
            name="West", admin_username="eva", admin_password=PASSWORD
        ),
    ],
    ids=["user", "laboratory"],
)
def test_a_name_taken_after_it_was_looked_for_is_the_same_sentence(other_laboratory, act):
    """The other admin is faster between the look and the writing."""
    taken: list[User] = []

    def take_first(execute, sql, *rest):
        if sql.startswith('INSERT INTO "accounts_user"') and not taken:
            taken.append(User(laboratory=other_laboratory, username="Eva", role=Role.DOCTOR))
            taken[0].save()
        return execute(sql, *rest)

    with connection.execute_wrapper(take_first), pytest.raises(UserChangeRefused) as refused:
        act(other_laboratory)
    assert taken
    assert refused.value.message == NAME_TAKEN
    assert not Laboratory.objects.filter(name="West").exists()


def names_made_at_once() -> dict[str, Any]:
    """Four at the same moment, on an empty database with all migrations."""
    call_command("migrate", verbosity=0)
    laboratory = make_laboratory()
    answers = at_once(len(NAMES), lambda index: make(laboratory, NAMES[index]))
    told = [answer.message for answer in answers if isinstance(answer, UserChangeRefused)]
    return {"made": User.objects.count(), "told": told}


def names_from_before() -> dict[str, Any]:
    """Names that an older version took meet the migration."""
    call_command("migrate", verbosity=0)
    # While its table has every column that the present code writes.
    laboratory = make_laboratory()
    call_command("migrate", "accounts", "0003", verbosity=0)
    for name in ("eva", "Eva", "otto", "ida", "IDA", "Ida"):
        User.objects.create(laboratory=laboratory, username=name, role=Role.DOCTOR)
    said = ""
    try:
        call_command("migrate", "accounts", verbosity=0)
    except CommandError as error:
        said = str(error)
    for name in ("Eva", "IDA", "Ida"):
        User.objects.filter(username=name).update(username=f"{name}.2" if name != "Ida" else "i")
    call_command("migrate", verbosity=0)
    refused = False
    try:
        User.objects.create(laboratory=laboratory, username="OTTO", role=Role.DOCTOR)
    except IntegrityError:
        refused = True
    return {"said": said, "users": User.objects.count(), "refused_afterwards": refused}


def check_made_at_once(answer: dict[str, Any]) -> None:
    assert answer == {"made": 1, "told": [NAME_TAKEN] * (len(NAMES) - 1)}


def check_from_before(answer: dict[str, Any]) -> None:
    said = answer.pop("said")
    assert "differ by upper and lower case alone" in said
    pairs = said.split(": ", 1)[1].split(". ", 1)[0]
    assert [sorted(pair.split(" and ")) for pair in pairs.split("; ")] == [
        ["Eva", "eva"],
        ["IDA", "Ida", "ida"],
    ]
    assert answer == {"users": 6, "refused_afterwards": True}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("act", "check"),
    [(names_made_at_once, check_made_at_once), (names_from_before, check_from_before)],
)
def test_on_a_database_of_its_own(tmp_path, act, check):
    url = f"sqlite:///{tmp_path / 'own.sqlite3'}"
    check(in_own_process(act, database_url=url, var_dir=tmp_path / "var"))
