"""Alarms are measured on films of single cells, whose answers are read once."""

from dataclasses import replace

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from mlmodels.artifacts import shipped_folders
from mlmodels.ml.datasets.manifest import Row
from mlmodels.ml.inference.engine import load_engine
from mlmodels.research.alarm.answers import kept_answers
from tests.drawn_cells import draw_smear_png


@pytest.fixture(scope="module")
def engine():
    return load_engine(shipped_folders()[-1], runtime="litert", threads=1)


@pytest.fixture
def rows(tmp_path):
    (tmp_path / "cell.png").write_bytes(draw_smear_png(seed=1))
    return [Row("cell.png", "neutrophil", "one")]


def test_answers_are_read_from_pictures_once(engine, rows, tmp_path):
    first = kept_answers(engine, "drawn", rows, tmp_path, tmp_path / "kept")
    (tmp_path / "cell.png").unlink()
    again = kept_answers(engine, "drawn", rows, tmp_path, tmp_path / "kept")
    assert list(again.truth) == ["neutrophil"]
    assert np.array_equal(first.probabilities, again.probabilities)


def test_another_temperature_is_asked_anew(engine, rows, tmp_path):
    kept_answers(engine, "drawn", rows, tmp_path, tmp_path / "kept")
    other = replace(engine, temperature=2 * engine.temperature)
    kept_answers(other, "drawn", rows, tmp_path, tmp_path / "kept")
    assert len(list((tmp_path / "kept").iterdir())) == 2


def test_a_version_without_an_alarm_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(CommandError, match=r"holds no alarm.*recalibrate_model"):
        call_command("measure_alarm", model="hematovision-1.3.0", data=tmp_path)
