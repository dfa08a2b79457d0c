"""`manage.py create_laboratory`: a laboratory and its first admin, both or neither."""

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Laboratory, Role, User

VARIABLE = "HEMATOVISION_ADMIN_PASSWORD"
PASSWORD = "correct-horse-battery-7"


@pytest.mark.django_db
def test_it_reads_the_password_from_the_environment(monkeypatch, client):
    monkeypatch.setenv(VARIABLE, PASSWORD)
    call_command("create_laboratory", "West Clinic", "--admin", "wanda")
    user = User.objects.get(username="wanda")
    assert (user.laboratory.name, user.role) == ("West Clinic", Role.ADMIN)
    answer = client.post("/sign-in/", {"username": "wanda", "password": PASSWORD})
    assert answer.status_code == 302


@pytest.mark.django_db
def test_it_makes_a_password_and_prints_it_once(client, capsys):
    call_command("create_laboratory", "West Clinic", "--admin", "wanda", "--generate-password")
    printed = capsys.readouterr().out
    password = printed.rsplit(": ", 1)[1].strip()
    assert len(password) >= 20
    answer = client.post("/sign-in/", {"username": "wanda", "password": password})
    assert answer.status_code == 302


@pytest.mark.django_db
def test_without_a_terminal_and_a_password_it_says_what_to_do(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(CommandError, match=VARIABLE):
        call_command("create_laboratory", "West Clinic", "--admin", "wanda")


@pytest.mark.parametrize(
    ("arguments", "password", "sentence"),
    [
        (["St Mary", "--admin", "wanda"], PASSWORD, "already exists"),
        (["West Clinic", "--admin", "ada"], PASSWORD, "taken"),
        (["West Clinic", "--admin", "wanda"], "short", "12 characters"),
        (["", "--admin", "wanda"], PASSWORD, "blank"),
        (["West Clinic", "--admin", "wanda", "--time-zone", "Mars"], PASSWORD, "time zone"),
    ],
)
def test_what_is_wrong_is_a_sentence_and_nothing_is_made(
    monkeypatch, admin, arguments, password, sentence
):
    monkeypatch.setenv(VARIABLE, password)
    with pytest.raises(CommandError, match=sentence):
        call_command("create_laboratory", *arguments)
    assert Laboratory.objects.count() == 1
    assert User.objects.count() == 1
