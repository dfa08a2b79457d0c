"""What django-environ does not do: refuse a wrong value by its name, and read secrets' files.

`StrictEnv` reads text, lists and `.env` as django-environ does. Its own `bool` takes every word
that it does not know for false, its `int` and `db_url` do not name the variable, and its `str`
takes a `$` at the beginning of a secret for the name of another variable.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

TRUE, FALSE = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})


class StrictEnv(environ.Env):
    """The environment, typed; each refusal is a sentence that names the variable."""

    def secret(self, name: str, default: str | None = None) -> str:
        """A string that may also stand in a file named by `NAME_FILE` (Docker and Kubernetes)."""
        path = os.environ.get(f"{name}_FILE")
        if path is not None:
            try:
                return Path(path).read_text().strip()
            except OSError as error:
                raise ImproperlyConfigured(
                    f"{name}_FILE names {path}, which cannot be read."
                ) from error
        value = os.environ.get(name, default)
        if value is None:
            raise ImproperlyConfigured(f"Set {name} in the environment or in .env.")
        return value

    def pairs(self, name: str) -> dict[str, str]:
        """Lines `key=value` of a secret, by key; none where it is not set."""
        lines = [line.strip() for line in self.secret(name, default="").splitlines()]
        found = {}
        for line in filter(None, lines):
            key, equals, value = line.partition("=")
            if not equals or not key.strip() or not value.strip():
                raise ImproperlyConfigured(f"{name} must hold lines of key=value.")
            found[key.strip().lower()] = value.strip()
        return found

    def flag(self, name: str, default: bool) -> bool:
        """One of 1/0, true/false, yes/no, on/off."""
        value = self.str(name, default=str(default)).strip().lower()
        if value not in TRUE | FALSE:
            raise ImproperlyConfigured(f"{name} must be true or false. Received: {value!r}.")
        return value in TRUE

    def whole(self, name: str, default: int, *, at_least: int = 0) -> int:
        """A whole number of at least `at_least`."""
        value = self.str(name, default=str(default))
        try:
            number = int(value)
        except ValueError as error:
            raise ImproperlyConfigured(
                f"{name} must be a whole number. Received: {value!r}."
            ) from error
        if number < at_least:
            raise ImproperlyConfigured(f"{name} must be at least {at_least}. Received: {number}.")
        return number

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        """One of the words of `allowed`."""
        value = self.str(name, default=default).strip().lower()
        if value not in allowed:
            listed = ", ".join(allowed)
            raise ImproperlyConfigured(f"{name} must be one of {listed}. Received: {value!r}.")
        return value

    def folder(self, name: str, default: Path) -> Path:
        """A folder's path; relative ones stand under the current folder."""
        return Path(self.str(name, default=str(default))).resolve()

    def database(self, name: str, default: str) -> dict[str, Any]:
        """A database URL, a secret, as Django's setting."""
        url = self.secret(name, default)
        try:
            found: dict[str, Any] = self.db_url_config(url)
        except Exception as error:  # django-environ raises several kinds for one cause
            raise ImproperlyConfigured(f"{name} is not a database URL.") from error
        if not found.get("ENGINE"):
            raise ImproperlyConfigured(f"{name} is not a database URL.")
        return found
