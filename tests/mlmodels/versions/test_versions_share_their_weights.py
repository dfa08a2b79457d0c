"""Weights of shipped versions lie once, under their hash; whoever uses a version finds them."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from mlmodels import artifacts
from mlmodels.ml.adaptation.adapted_version import open_network
from mlmodels.ml.errors import ArtifactDamaged
from mlmodels.ml.inference.engine import load_engine, verify_folder
from mlmodels.ml.inference.runtimes.choose import FILES, INT8_FILE
from mlmodels.ml.inference.version_files import checksums_of, copy_version, file_of, file_sha256
from mlmodels.services.training import run_training
from mlmodels.services.training.finished_versions import working_copy
from mlmodels.services.versions.downloads import download_model_file
from mlmodels.services.versions.registration import register_candidate, register_shipped
from tests.factories.models import seal

KERAS, LITERT = FILES["keras"], FILES["litert"]


def stands_alone(folder: Path) -> bool:
    """Whether a folder holds each file that its checksums name."""
    return all(file_sha256(folder / n) == digest for n, digest in checksums_of(folder).items())


@pytest.fixture
def shared(settings, tmp_path, shipped_folder) -> Path:
    """Two shipped versions of one network, which lies beside them."""
    root = tmp_path / "shipped"
    settings.SHIPPED_MODELS_DIR = root
    for name in ("hematovision-8.0.0", "hematovision-9.0.0"):
        shutil.copytree(shipped_folder, root / name)
        card = json.loads((root / name / "card.json").read_text())
        card["version"] = name.rpartition("-")[2]
        (root / name / "card.json").write_text(json.dumps(card))
    shutil.copytree(shipped_folder.parent / "weights", root / "weights")
    for name in ("hematovision-8.0.0", "hematovision-9.0.0"):
        alone = copy_version(root / name, tmp_path / name)
        seal(alone)
        shutil.copy2(alone / "SHA256SUMS", root / name / "SHA256SUMS")
    return root


def test_the_program_ships_each_weights_file_once_and_no_other(shipped_folder):
    root = shipped_folder.parent
    named = {
        f"{checksums_of(folder)[name]}{Path(name).suffix}"
        for folder in artifacts.shipped_folders()
        for name in {*FILES.values(), INT8_FILE} & set(checksums_of(folder))
    }
    assert {file.name for file in (root / "weights").iterdir()} == named
    assert not [file for name in FILES.values() for file in root.glob(f"*/{name}")]
    for file in (root / "weights").iterdir():
        assert file_sha256(file) == file.stem


@pytest.mark.slow
@pytest.mark.parametrize("runtime", ["keras", "litert"])
def test_both_versions_open_with_the_same_network(shared, runtime):
    crops = np.full((1, 128, 128, 3), 200, np.uint8)
    first, second = (load_engine(folder, runtime=runtime) for folder in artifacts.shipped_folders())
    assert (first.version, second.version) == ("8.0.0", "9.0.0")
    assert first.weights_sha256 == second.weights_sha256
    assert np.array_equal(first.run(crops)[0], second.run(crops)[0])


@pytest.mark.slow
def test_an_adaptation_begins_with_the_shared_network(shared):
    network = open_network(shared / "hematovision-8.0.0")
    assert network.core.count_params() > 1_000_000


@pytest.mark.parametrize("how", ["missing", "other bytes"])
def test_damaged_shared_weights_are_refused(shared, how):
    folder = artifacts.shipped_folders()[0]
    weights = file_of(folder, LITERT)
    assert weights.parent == shared / "weights"
    if how == "missing":
        weights.unlink()
    else:
        weights.write_bytes(b"other bytes")
    with pytest.raises(ArtifactDamaged, match=LITERT):
        verify_folder(folder)
    with pytest.raises(ArtifactDamaged, match=LITERT):
        load_engine(folder, runtime="litert")


def test_a_file_of_the_folder_itself_goes_before_the_shared_one(shared):
    folder = artifacts.shipped_folders()[0]
    (folder / LITERT).write_bytes(b"other bytes")
    with pytest.raises(ArtifactDamaged, match=LITERT):
        verify_folder(folder)


@pytest.mark.django_db
def test_the_registry_hands_out_and_misses_shared_files(shared, admin):
    version, _ = register_shipped()
    folder = artifacts.model_folder(version)
    taken = download_model_file(actor=admin, version_id=version.pk, name=KERAS)
    assert taken.data == file_of(folder, KERAS).read_bytes()
    assert artifacts.is_registered_folder(folder, version.checksums_sha256)
    artifacts.refuse_damaged(version, version.checksums_sha256)
    before = artifacts.fingerprint(folder)
    with file_of(folder, KERAS).open("ab") as stream:
        stream.write(b"more")
    assert artifacts.fingerprint(folder) != before
    file_of(folder, KERAS).unlink()
    assert not artifacts.is_registered_folder(folder, version.checksums_sha256)


@pytest.mark.django_db
def test_a_candidate_made_of_a_shipped_folder_stands_alone(shared, laboratory):
    version = register_candidate(
        laboratory=laboratory, folder=shared / "hematovision-8.0.0", name="ours", version="1"
    )
    assert stands_alone(artifacts.model_folder(version))


def test_a_working_copy_stands_alone(shared, tmp_path):
    copy = working_copy(shared / "hematovision-8.0.0", tmp_path / "copy")
    assert stands_alone(copy)
    assert verify_folder(copy) == checksums_of(shared / "hematovision-8.0.0")


def test_shipping_moves_the_weights_to_where_they_are_shared(shared, tmp_path, monkeypatch):
    monkeypatch.setattr(run_training, "SHIPPED", shared)
    run = tmp_path / "run"
    copy_version(shared / "hematovision-9.0.0", run / "version")
    before = sorted(file.name for file in (shared / "weights").iterdir())
    shipped = run_training.ship(run, version="10.0.0", about=None, metrics={})
    assert not (shipped / KERAS).exists()
    assert verify_folder(shipped)[KERAS] == verify_folder(run / "version")[KERAS]
    assert sorted(file.name for file in (shared / "weights").iterdir()) == before
