"""The one reader of the environment: typed, strict, and naming the variable that is wrong."""

from __future__ import annotations

import os
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

_env = environ.Env()


def read_dotenv(path: Path) -> None:
    """Take what `path` sets and the environment does not; a missing file is no error."""
    if path.is_file():
        environ.Env.read_env(str(path))


def text(name: str, default: str | None = None) -> str:
    """A string; without a default the variable must be set."""
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"Set {name} in the environment or in .env.")
    return value


def secret(name: str, default: str | None = None) -> str:
    """A string that may also stand in a file named by `NAME_FILE` (Docker and Kubernetes)."""
    path = os.environ.get(f"{name}_FILE")
    if path is None:
        return text(name, default)
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE names {path}, which cannot be read.") from error


def flag(name: str, default: bool) -> bool:
    """One of 1/0, true/false, yes/no, on/off."""
    value = text(name, str(default)).strip().lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} must be true or false. Received: {value!r}.")


def whole(name: str, default: int, *, at_least: int = 0) -> int:
    """A whole number of at least `at_least`."""
    value = text(name, str(default))
    try:
        number = int(value)
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name} must be a whole number. Received: {value!r}."
        ) from error
    if number < at_least:
        raise ImproperlyConfigured(f"{name} must be at least {at_least}. Received: {number}.")
    return number


def names(name: str, default: list[str]) -> list[str]:
    """A list of words with commas between them."""
    value = os.environ.get(name)
    if value is None:
        return default
    return [word.strip() for word in value.split(",") if word.strip()]


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    """One of the words of `allowed`."""
    value = text(name, default).strip().lower()
    if value not in allowed:
        listed = ", ".join(allowed)
        raise ImproperlyConfigured(f"{name} must be one of {listed}. Received: {value!r}.")
    return value


def folder(name: str, default: Path) -> Path:
    """A folder's path; relative ones stand under the current folder."""
    return Path(text(name, str(default))).resolve()


def database(name: str, default: str) -> dict:
    """A database URL as Django's setting."""
    url = secret(name, default)
    try:
        return _env.db_url_config(url)
    except Exception as error:  # django-environ raises several kinds for one cause
        raise ImproperlyConfigured(f"{name} is not a database URL.") from error
