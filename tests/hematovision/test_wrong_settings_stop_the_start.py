"""A variable of the environment that is wrong stops the start in a sentence with its name."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from hematovision.env import StrictEnv

ROOT = Path(__file__).resolve().parents[2]
env = StrictEnv()


def refusal_of(read) -> str:
    with pytest.raises(ImproperlyConfigured) as refused:
        read()
    return str(refused.value)


@pytest.mark.parametrize(
    ("word", "value"),
    [("1", True), (" Yes ", True), ("on", True), ("0", False), ("OFF", False), ("false", False)],
)
def test_a_flag_has_eight_words(monkeypatch, word, value):
    monkeypatch.setenv("SOMETHING", word)
    assert env.flag("SOMETHING", default=not value) is value


@pytest.mark.parametrize("word", ["ture", "", "2", "enabled"])
def test_any_other_word_is_not_taken_for_false(monkeypatch, word):
    monkeypatch.setenv("SOMETHING", word)
    refused = refusal_of(lambda: env.flag("SOMETHING", default=True))
    assert refused.startswith("SOMETHING must be true or false.")


@pytest.mark.parametrize(("word", "reason"), [("4", "at least 5"), ("many", "a whole number")])
def test_a_number_is_whole_and_large_enough(monkeypatch, word, reason):
    monkeypatch.setenv("SOMETHING", word)
    refused = refusal_of(lambda: env.whole("SOMETHING", default=7, at_least=5))
    assert refused.startswith(f"SOMETHING must be {reason}")


def test_a_choice_is_one_of_its_words(monkeypatch):
    monkeypatch.setenv("SOMETHING", "Keras")
    assert env.choice("SOMETHING", default="litert", allowed=("keras", "litert")) == "keras"
    monkeypatch.setenv("SOMETHING", "onnx")
    assert "SOMETHING must be one of keras, litert" in refusal_of(
        lambda: env.choice("SOMETHING", default="litert", allowed=("keras", "litert"))
    )


def test_a_secret_is_taken_as_it_stands_or_from_its_file(monkeypatch, tmp_path):
    assert "Set SOMETHING" in refusal_of(lambda: env.secret("SOMETHING"))
    monkeypatch.setenv("SOMETHING", "$HOME, and more")
    assert env.secret("SOMETHING") == "$HOME, and more"
    (tmp_path / "secret").write_text("from a file\n")
    monkeypatch.setenv("SOMETHING_FILE", str(tmp_path / "secret"))
    assert env.secret("SOMETHING") == "from a file"
    monkeypatch.setenv("SOMETHING_FILE", str(tmp_path / "none"))
    assert "SOMETHING_FILE names" in refusal_of(lambda: env.secret("SOMETHING"))


@pytest.mark.parametrize("url", ["nonsense", "", "postgresql://host:port/name"])
@pytest.mark.filterwarnings("ignore:Engine not recognized")
def test_a_database_url_is_one(monkeypatch, url):
    monkeypatch.setenv("SOMETHING", url)
    assert refusal_of(lambda: env.database("SOMETHING", "")) == "SOMETHING is not a database URL."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECURE_SSL_REDIRECT", "ture"),
        ("TRUSTED_PROXIES", "one"),
        ("MAX_IMAGE_MB", "0"),
        ("INFERENCE_RUNTIME", "onnx"),
        ("DATABASE_URL", "nonsense"),
        ("SECRET_KEY_FILE", "/nowhere/at/all"),
    ],
)
def test_the_start_stops_with_the_name(tmp_path, name, value):
    environment = {**os.environ, "DEBUG": "true", "SECRET_KEY": "x", "VAR_DIR": str(tmp_path)}
    environment |= {"DJANGO_SETTINGS_MODULE": "hematovision.settings", name: value}
    done = subprocess.run(
        [sys.executable, "-c", "from django.conf import settings; settings.DEBUG"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert name in done.stderr.splitlines()[-1]


def test_lists_pass_blanks_by(tmp_path):
    environment = {**os.environ, "DEBUG": "true", "SECRET_KEY": "x", "VAR_DIR": str(tmp_path)}
    environment |= {"DJANGO_SETTINGS_MODULE": "hematovision.settings"}
    environment |= {"ALLOWED_HOSTS": "one.example, two.example,"}
    done = subprocess.run(
        [sys.executable, "-c", "from django.conf import settings as s; print(s.ALLOWED_HOSTS)"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "['one.example', 'two.example']", done.stderr
