"""A finished version becomes a laboratory's candidate: whole, verified, and copied."""

import json

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AuditAction, AuditEvent
from mlmodels import artifacts
from mlmodels.errors import ModelVersionRefused, ModelVersionTaken
from mlmodels.ml.errors import ArtifactDamaged
from mlmodels.ml.inference.engine import CARD, verify_folder
from mlmodels.models import ModelVersion
from mlmodels.services.versions.registration import register_candidate
from tests.factories.models import make_candidate, make_version_folder, seal

pytestmark = pytest.mark.django_db


def register(laboratory, folder, version="1"):
    return register_candidate(laboratory=laboratory, folder=folder, name="ours", version=version)


def kept_folders(settings) -> list[str]:
    root = settings.REGISTRY_DIR / "models"
    return sorted(path.name for path in root.iterdir()) if root.exists() else []


def test_a_whole_folder_becomes_a_candidate_with_files_of_its_own(laboratory, tmp_path):
    folder = make_version_folder(tmp_path / "version")
    version = register(laboratory, folder)
    (folder / "model.keras").unlink()
    kept = artifacts.model_folder(version)
    assert version.status == ModelVersion.Status.CANDIDATE
    assert version.laboratory == laboratory
    assert str(version) == "ours 1"
    assert version.card["name"] == "ours"
    assert version.classes == json.loads((kept / CARD).read_text())["engine"]["classes"]
    assert version.checksums_sha256 == artifacts.checksums_sha256(kept)
    assert verify_folder(kept)


def test_registering_is_written_down(laboratory, tmp_path):
    version = register(laboratory, make_version_folder(tmp_path / "version"))
    event = AuditEvent.objects.get(action=AuditAction.MODEL_REGISTERED)
    assert event.laboratory == laboratory
    assert event.object_id == str(version.pk)
    assert event.changes["version"] == [None, "ours 1"]


@pytest.mark.parametrize("file", ["model.keras", "model.tflite", "card.json", "familiarity.npz"])
def test_a_folder_with_a_changed_file_is_refused(laboratory, tmp_path, settings, file):
    folder = make_version_folder(tmp_path / "version")
    with (folder / file).open("ab") as stream:
        stream.write(b" ")
    with pytest.raises(ArtifactDamaged, match="not the one that was registered"):
        register(laboratory, folder)
    assert kept_folders(settings) == []
    assert not ModelVersion.objects.exists()


def test_checksums_that_point_outside_the_folder_are_refused(laboratory, tmp_path, settings):
    folder = make_version_folder(tmp_path / "version")
    (tmp_path / "secret").write_bytes(b"of others")
    with (folder / "SHA256SUMS").open("a") as stream:
        stream.write(f"{'0' * 64}  ../secret\n")
    seal(folder)
    with pytest.raises(ArtifactDamaged, match="outside the folder"):
        register(laboratory, folder)
    assert kept_folders(settings) == []


@pytest.mark.parametrize(
    "agreement",
    [
        None,
        {"n": 0, "same_class": 1.0, "largest_difference": 0.0},
        {"n": 100, "same_class": 0.99, "largest_difference": 0.001},
        {"n": 100, "same_class": 1.0, "largest_difference": 0.02},
    ],
)
def test_a_version_whose_files_disagree_is_refused(laboratory, tmp_path, settings, agreement):
    folder = make_version_folder(
        tmp_path / "version", lambda card: card.update(agreement=agreement)
    )
    with pytest.raises(ModelVersionRefused, match="Keras and LiteRT files agree"):
        register(laboratory, folder)
    assert kept_folders(settings) == []


def test_a_version_that_does_not_say_how_it_is_used_is_refused(laboratory, tmp_path, settings):
    folder = make_version_folder(
        tmp_path / "version", lambda card: card["engine"].pop("thresholds")
    )
    with pytest.raises(ModelVersionRefused, match="how its network is used"):
        register(laboratory, folder)
    assert kept_folders(settings) == []


def test_a_name_is_given_once_in_a_laboratory(laboratory, other_laboratory, tmp_path, settings):
    folder = make_version_folder(tmp_path / "version")
    register(laboratory, folder)
    with pytest.raises(ModelVersionTaken, match="ours 1 already"):
        register(laboratory, folder)
    assert len(kept_folders(settings)) == 1
    register(other_laboratory, folder)
    assert len(kept_folders(settings)) == 2


def test_a_version_needs_a_name(laboratory, tmp_path):
    with pytest.raises(ModelVersionRefused, match="version of 1 to 60 characters"):
        register(laboratory, make_version_folder(tmp_path / "version"), version=" ")


def test_the_operator_registers_by_command(laboratory, tmp_path, capsys):
    folder = make_version_folder(tmp_path / "version")
    call_command(
        "register_model",
        *("--folder", str(folder), "--laboratory", "St Mary", "--as", "ours", "3"),
    )
    version = ModelVersion.objects.get(laboratory=laboratory)
    assert str(version) == "ours 3"
    assert f"registered: {version}" in capsys.readouterr().out


def test_the_command_takes_the_name_of_the_card_where_none_is_given(laboratory, tmp_path):
    folder = make_version_folder(tmp_path / "version", lambda card: card.update(version="7.7.7"))
    call_command("register_model", "--folder", str(folder), "--laboratory", "St Mary")
    assert ModelVersion.objects.get(laboratory=laboratory).version == "7.7.7"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--folder", "{folder}", "--laboratory", "Nowhere"], "no laboratory of this name"),
        (["--folder", "{folder}/none", "--laboratory", "St Mary"], "missing"),
        (["--folder", "{folder}"], "--laboratory"),
        ([], "--shipped"),
    ],
)
def test_the_command_says_what_is_wrong(laboratory, tmp_path, arguments, sentence):
    folder = make_version_folder(tmp_path / "version")
    with pytest.raises(CommandError, match=sentence):
        call_command("register_model", *(part.format(folder=folder) for part in arguments))


def test_candidates_are_made_by_the_factory_as_well(laboratory):
    assert make_candidate(laboratory).version != make_candidate(laboratory).version
