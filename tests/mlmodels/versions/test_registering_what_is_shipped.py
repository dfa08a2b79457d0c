"""What is shipped is registered once, verified, and never changed under its results."""

import hashlib
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from mlmodels import artifacts
from mlmodels.errors import ModelVersionChanged
from mlmodels.ml.errors import ArtifactDamaged
from mlmodels.ml.inference.version_files import copy_version
from mlmodels.models import ModelVersion
from mlmodels.selectors.versions.active import active_version, version_key
from mlmodels.services.versions.registration import register_shipped
from predictions.services.imaging import jobs
from tests.factories.images import make_job

pytestmark = pytest.mark.django_db


@pytest.fixture
def shipped(settings, tmp_path) -> Path:
    """A folder of shipped models that holds a copy of the newest one."""
    newest = artifacts.shipped_folders()[-1]
    settings.SHIPPED_MODELS_DIR = tmp_path / "shipped"
    copy_version(newest, tmp_path / "shipped" / newest.name)
    return tmp_path / "shipped"


def edition(shipped: Path, version: str, folder: str) -> Path:
    """Another version in a folder of its own, its checksums right."""
    first = next(path for path in sorted(shipped.iterdir()))
    made = shipped / folder
    if not made.exists():
        copy_version(first, made)
    card = json.loads((made / "card.json").read_text())
    card["version"] = version
    (made / "card.json").write_text(json.dumps(card))
    names = [line.partition("  ")[2] for line in (made / "SHA256SUMS").read_text().splitlines()]
    lines = [f"{hashlib.sha256((made / n).read_bytes()).hexdigest()}  {n}\n" for n in names if n]
    (made / "SHA256SUMS").write_text("".join(lines))
    return made


def test_each_shipped_folder_becomes_one_version(shipped):
    [version] = register_shipped()
    assert version.status == ModelVersion.Status.SHIPPED
    assert version.laboratory is None
    assert version.classes == version.card["engine"]["classes"]
    assert not Path(version.folder).is_absolute()
    assert version.checksums_sha256 == artifacts.checksums_sha256(shipped / version.folder)


def test_registering_again_changes_nothing(shipped):
    [first] = register_shipped()
    assert register_shipped() == [first]
    assert ModelVersion.objects.count() == 1


def test_the_command_says_what_it_registered(shipped, capsys):
    call_command("register_model", "--shipped")
    assert str(ModelVersion.objects.get()) in capsys.readouterr().out


def test_a_damaged_folder_is_not_registered(shipped):
    [folder] = shipped.iterdir()
    (folder / "model.tflite").write_bytes(b"not a model")
    with pytest.raises(ArtifactDamaged):
        register_shipped()
    with pytest.raises(CommandError, match="not the one that was registered"):
        call_command("register_model", "--shipped")
    assert not ModelVersion.objects.exists()


def test_a_version_without_results_may_be_made_again(shipped):
    [first] = register_shipped()
    (shipped / first.folder / "card.json").write_text(json.dumps({**first.card, "words": "new"}))
    edition(shipped, first.version, first.folder)
    [again] = register_shipped()
    assert again.card["words"] == "new"
    assert ModelVersion.objects.count() == 1


def test_a_version_with_results_keeps_its_files(shipped, technician):
    [first] = register_shipped()
    jobs.claim(make_job(technician).pk)
    (shipped / first.folder / "card.json").write_text(json.dumps({**first.card, "words": "new"}))
    edition(shipped, first.version, first.folder)
    with pytest.raises(ModelVersionChanged):
        register_shipped()


def test_the_newest_version_is_active(shipped, laboratory):
    assert active_version(laboratory) is None
    for version in ("10.2.0", "10.10.0", "10.9.1"):
        edition(shipped, version, f"edition-{version}")
    register_shipped()
    active = active_version(laboratory)
    assert active is not None
    assert active.version == "10.10.0"


@pytest.mark.parametrize(
    ("older", "newer"),
    [("1.9.0", "1.10.0"), ("1.0.0", "1.0.1"), ("0.1.0", "1.0"), ("1.0.0rc1", "1.0.0")],
)
def test_versions_are_ordered_as_people_do(older, newer):
    assert version_key(older) < version_key(newer)


def test_an_installation_of_the_version_before_goes_on_with_the_newest(
    settings, tmp_path, laboratory
):
    now = settings.SHIPPED_MODELS_DIR
    before, newest = artifacts.shipped_folders()[-2:]
    settings.SHIPPED_MODELS_DIR = tmp_path / "before"
    copy_version(before, tmp_path / "before" / before.name)
    [old] = register_shipped()
    assert active_version(laboratory) == old
    settings.SHIPPED_MODELS_DIR = now
    register_shipped()
    active = active_version(laboratory)
    assert active is not None
    assert active.folder == newest.name
    old.refresh_from_db()
    # It stays to go back to.
    assert old.status == ModelVersion.Status.SHIPPED
