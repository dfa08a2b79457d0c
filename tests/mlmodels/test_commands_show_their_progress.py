"""What the engine logs while a command runs stands bare on the command's standard output."""

import io
import logging

import pytest
from django.core.management import call_command

from mlmodels.management.progress_command import ProgressCommand

engine = logging.getLogger("mlmodels.ml.training.loop")
study = logging.getLogger("mlmodels.research.leakage.run")


class Command(ProgressCommand):
    """Logs as a training does, and prints what came of it."""

    def handle(self, *args, **options):
        engine.debug("a detail")
        engine.info("step %s of %s", 1, 2)
        engine.warning("a file is missing")
        study.info("half is done")
        self.stdout.write("done")


class Study(Command):
    """Trains often, and tells only of itself."""

    shows = "mlmodels.research"


def output_of(command) -> list[str]:
    output = io.StringIO()
    call_command(command, stdout=output, skip_checks=True)
    return output.getvalue().splitlines()


def test_info_lines_stand_bare_and_in_order_on_the_output():
    assert output_of(Command()) == ["step 1 of 2", "half is done", "done"]


def test_a_command_may_tell_of_itself_alone():
    assert output_of(Study()) == ["half is done", "done"]


def test_no_line_is_told_twice_and_a_warning_goes_where_warnings_go(caplog):
    output_of(Study())
    assert caplog.messages == ["a file is missing"]


def test_a_higher_log_level_does_not_hide_the_progress(caplog):
    with caplog.at_level(logging.ERROR):
        assert "step 1 of 2" in output_of(Command())


def test_afterwards_logging_is_as_it_was(caplog):
    app = logging.getLogger("mlmodels")
    before = app.level, app.propagate, list(app.handlers)

    class Fails(ProgressCommand):
        def handle(self, *args, **options):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        output_of(Fails())
    assert (app.level, app.propagate, app.handlers) == before
    engine.info("told as before")
    assert caplog.messages == ["told as before"]
