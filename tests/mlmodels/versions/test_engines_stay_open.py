"""A worker keeps the last few engines open, and never opens a file that was changed."""

import pytest

from mlmodels import artifacts
from mlmodels.errors import ModelDamaged
from mlmodels.services.versions.run_engine import ENGINES_KEPT, engine_for
from tests.factories.models import make_candidate, seal

pytestmark = pytest.mark.django_db


def test_versions_that_are_used_in_turn_stay_open(laboratory, shipped_version):
    own = make_candidate(laboratory)
    first = engine_for(shipped_version)
    assert engine_for(own) is not first
    assert engine_for(shipped_version) is first


def test_the_one_that_nobody_asked_for_the_longest_goes(laboratory):
    versions = [make_candidate(laboratory) for _ in range(ENGINES_KEPT + 1)]
    opened = [engine_for(version) for version in versions[:ENGINES_KEPT]]
    assert engine_for(versions[0]) is opened[0]
    engine_for(versions[-1])
    assert engine_for(versions[0]) is opened[0]
    assert engine_for(versions[1]) is not opened[1]


def test_a_registered_file_that_was_changed_is_never_opened(laboratory):
    version = make_candidate(laboratory)
    engine_for(version)
    with (artifacts.model_folder(version) / "model.tflite").open("ab") as stream:
        stream.write(b" ")
    with pytest.raises(ModelDamaged):
        engine_for(version)


def test_a_whole_folder_of_other_checksums_is_never_opened(laboratory):
    version, other = make_candidate(laboratory), make_candidate(laboratory)
    ours, theirs = artifacts.model_folder(version), artifacts.model_folder(other)
    (ours / "card.json").write_bytes((theirs / "card.json").read_bytes() + b" ")
    seal(ours)
    with pytest.raises(ModelDamaged):
        engine_for(version)
