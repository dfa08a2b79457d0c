"""A version's folder is opened only if every file is the one that was registered."""

import pytest

from mlmodels.ml.errors import ArtifactDamaged
from mlmodels.ml.inference.engine import load_engine, verify_folder
from mlmodels.ml.inference.version_files import copy_version


@pytest.fixture
def folder(shipped_folder, tmp_path):
    return copy_version(shipped_folder, tmp_path / shipped_folder.name)


@pytest.mark.parametrize(
    "name", ["model.keras", "model.tflite", "card.json", "familiarity.npz", "trained_on.csv"]
)
def test_one_changed_byte_is_refused_and_the_file_named(folder, name):
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(ArtifactDamaged, match=name):
        load_engine(folder, runtime="litert")


@pytest.mark.parametrize("name", ["model.tflite", "card.json", "SHA256SUMS"])
def test_a_missing_file_is_refused(folder, name):
    (folder / name).unlink()
    with pytest.raises(ArtifactDamaged):
        load_engine(folder, runtime="litert")


def test_a_model_that_the_checksums_do_not_name_is_refused(folder):
    sums = folder / "SHA256SUMS"
    kept = [line for line in sums.read_text().splitlines() if "model.tflite" not in line]
    sums.write_text("\n".join(kept) + "\n")
    with pytest.raises(ArtifactDamaged, match=r"model\.tflite"):
        verify_folder(folder)


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(ArtifactDamaged, match="missing"):
        load_engine(tmp_path / "nothing", runtime="litert")


def test_an_unknown_runtime_is_refused(folder):
    with pytest.raises((ArtifactDamaged, KeyError)):
        load_engine(folder, runtime="torch")


def test_a_whole_folder_opens(folder):
    assert load_engine(folder, runtime="litert").classes[0] == "neutrophil"
