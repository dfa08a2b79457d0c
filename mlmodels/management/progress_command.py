"""Commands that take minutes: what the engine logs meanwhile is shown where they print."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand


class ProgressCommand(BaseCommand):
    """Writes the INFO lines of this app's loggers, bare, to the command's standard output.

    They are what a person waits for, so LOG_LEVEL does not hide them, and they are not logged a
    second time. All other lines go where the settings send them.
    """

    # Only the lines of this logger and of those below it are shown.
    shows = "mlmodels"

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run the command with its progress shown; afterwards logging is as it was."""
        with _shown(_StandardOutput(self)):
            return super().execute(*args, **options)


class _StandardOutput(logging.Handler):
    def __init__(self, command: ProgressCommand) -> None:
        super().__init__()
        self._command = command
        self._shown = logging.Filter(command.shows)

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno != logging.INFO:
            root = logging.getLogger()
            if root.isEnabledFor(record.levelno):
                root.handle(record)
        elif self._shown.filter(record):
            self._command.stdout.write(record.getMessage())
            # A training's output is a file, and somebody reads it while the training runs.
            self._command.stdout.flush()


@contextmanager
def _shown(handler: logging.Handler) -> Iterator[None]:
    logger = logging.getLogger("mlmodels")
    before = logger.level, logger.propagate
    logger.setLevel(min(logger.getEffectiveLevel(), logging.INFO))
    logger.propagate = False
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.level, logger.propagate = before
