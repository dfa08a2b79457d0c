"""A candidate and the active version answer for the same frozen pictures, and rules decide."""

import csv

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AuditAction, AuditEvent, Role
from mlmodels import artifacts
from mlmodels.models import (
    DatasetImage,
    GateCheck,
    ModelVersion,
    NearDuplicate,
    Promotion,
)
from mlmodels.services.versions.gates import request_gate
from mlmodels.services.versions.run_gate import check_gate
from tests.drawn_cells import draw_smear_png
from tests.factories.datasets import make_dataset
from tests.factories.models import (
    make_candidate,
    make_reference,
    mixed_up,
    neutrophils_only,
    seal,
)
from tests.factories.people import make_user
from tests.factories.profiles import make_profile

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped_version"), pytest.mark.slow]


@pytest.fixture(autouse=True)
def _no_benchmark(settings):
    settings.BENCHMARK_DATA_DIR = ""


def checked(admin, version) -> GateCheck:
    """The finished check of a version."""
    gate = request_gate(actor=admin, version_id=version.pk)
    check_gate(gate_id=gate.pk)
    gate.refresh_from_db()
    return gate


def row_of(gate, rule: str, about: str = "") -> dict:
    """The row of one rule."""
    return next(r for r in gate.result["rows"] if r["rule"] == rule and about in r["title"])


def test_a_version_that_answers_alike_passes(admin, laboratory):
    dataset = make_reference(admin)
    version = make_candidate(laboratory, neutrophils_only)
    gate = checked(admin, version)
    assert gate.status == GateCheck.Status.DONE, gate.error
    assert gate.passed, [row for row in gate.result["rows"] if not row["holds"]]
    [used, benchmark] = gate.result["sets"]
    assert (used["name"], used["compared"], used["sha256"]) == (
        dataset.name,
        60,
        dataset.manifest_sha256,
    )
    assert "Not at hand" in benchmark["note"]
    assert row_of(gate, "recall")["n"] == 60
    assert gate.result["figures"][dataset.name]["candidate"]["n"] == 60


def test_the_classes_that_only_one_names_are_told(admin, laboratory):
    make_reference(admin, test=2)
    gate = checked(admin, make_candidate(laboratory, neutrophils_only))
    assert gate.result["classes"]["shared"] == ["neutrophil"]
    assert "eosinophil" in gate.result["classes"]["only_active"]
    assert "own_eosinophil" in gate.result["classes"]["only_candidate"]


def test_a_regression_does_not_pass(admin, laboratory):
    make_reference(admin)
    gate = checked(admin, make_candidate(laboratory, mixed_up))
    assert gate.status == GateCheck.Status.DONE
    assert gate.passed is False
    row = row_of(gate, "recall", "neutrophil")
    assert row["measured"] == "0 of 60 against 60: 100.0 points lost"
    assert not row["holds"]
    assert "too few" in row_of(gate, "recall", "monocyte")["measured"]


def test_too_few_pictures_do_not_pass_in_silence(admin, laboratory):
    make_reference(admin, test=9)
    gate = checked(admin, make_candidate(laboratory, neutrophils_only))
    assert gate.passed is False
    for rule in ("balanced_accuracy", "calibration", "accepted", "recall"):
        assert "too few" in row_of(gate, rule)["measured"]


def test_without_any_pictures_nothing_passes(admin, laboratory):
    gate = checked(admin, make_candidate(laboratory))
    assert gate.passed is False
    assert "Mark a frozen dataset" in row_of(gate, "sets")["measured"]


def test_a_reference_that_trained_one_of_them_is_told(admin, laboratory):
    dataset = make_reference(admin, test=2)
    version = make_candidate(laboratory, neutrophils_only)
    folder = artifacts.model_folder(version)
    with (folder / "trained_on.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("sha256", "source"))
        writer.writerows((image.sha256, "elsewhere") for image in dataset.images.all())
    seal(folder)
    ModelVersion.objects.filter(pk=version.pk).update(
        checksums_sha256=artifacts.checksums_sha256(folder)
    )
    measured = row_of(checked(admin, version), "sets")["measured"]
    assert "trained on all 2 pictures at hand" in measured


def test_pictures_that_trained_one_of_the_two_never_count(admin, laboratory, tmp_path):
    dataset = make_reference(admin, test=4)
    images = list(dataset.images.filter(split="test"))
    version = make_candidate(laboratory, neutrophils_only)
    folder = artifacts.model_folder(version)
    with (folder / "trained_on.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("sha256", "source"))
        writer.writerow((images[0].sha256, "elsewhere"))
        writer.writerow(("0" * 64, images[1].source))
    seal(folder)
    ModelVersion.objects.filter(pk=version.pk).update(
        checksums_sha256=artifacts.checksums_sha256(folder)
    )
    [used, _] = checked(admin, version).result["sets"]
    assert (used["images"], used["compared"], used["left_out"]) == (4, 2, 2)


def test_the_dataset_has_to_be_free_of_near_duplicates(admin, laboratory):
    dataset = make_reference(admin)
    first, second = DatasetImage.objects.filter(dataset=dataset)[:2]
    NearDuplicate.objects.create(dataset=dataset, first=first, second=second, likeness=0.99)
    gate = checked(admin, make_candidate(laboratory, neutrophils_only))
    assert not row_of(gate, "dataset")["holds"]
    assert gate.passed is False


def test_a_pair_within_one_split_does_no_harm(admin, laboratory):
    dataset = make_reference(admin, test=2)
    first, second = dataset.images.filter(split="test")[:2]
    NearDuplicate.objects.create(dataset=dataset, first=first, second=second, likeness=0.95)
    assert row_of(checked(admin, make_candidate(laboratory)), "dataset")["holds"]


def test_a_picture_that_is_not_the_frozen_one_ends_the_check(admin, laboratory):
    dataset = make_reference(admin, test=2)
    image = dataset.images.filter(split="test").last()
    assert image is not None
    file = artifacts.dataset_folder(dataset.folder) / image.path
    file.write_bytes(draw_smear_png(seed=999_999, width=160, height=120))
    gate = checked(admin, make_candidate(laboratory, neutrophils_only))
    assert gate.status == GateCheck.Status.FAILED
    assert "not the one that was frozen" in gate.error
    file.unlink()
    again = checked(admin, gate.version)
    assert "is missing" in again.error


def test_a_damaged_candidate_is_not_opened_and_does_not_pass(admin, laboratory):
    make_reference(admin)
    version = make_candidate(laboratory, neutrophils_only)
    with (artifacts.model_folder(version) / "model.tflite").open("ab") as stream:
        stream.write(b" ")
    gate = checked(admin, version)
    assert gate.passed is False
    assert not row_of(gate, "files")["holds"]
    assert gate.result["sets"] == []


def test_the_benchmark_is_compared_where_it_is_at_hand(admin, laboratory, settings, tmp_path):
    folder = tmp_path / "data" / "cells" / "pbc"
    folder.mkdir(parents=True)
    lines = ["path,class,set,source,split_hint"]
    for number in range(60):
        name = f"cells/pbc/{number}.png"
        (tmp_path / "data" / name).write_bytes(
            draw_smear_png(seed=number, width=160, height=120, lobed=True)
        )
        split = "test" if number else "train"
        lines.append(f"{name},neutrophil,pbc,pbc:{number},{split}")
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n")
    settings.BENCHMARK_DATA_DIR = str(tmp_path / "data")
    gate = checked(admin, make_candidate(laboratory, neutrophils_only))
    [missing, benchmark] = sorted(gate.result["sets"], key=lambda each: each["kind"] != "reference")
    assert "marked as its reference" in missing["note"]
    assert (benchmark["kind"], benchmark["compared"]) == ("benchmark", 59)
    assert gate.passed


def test_a_benchmark_that_cannot_be_read_is_said(admin, laboratory, settings, tmp_path):
    settings.BENCHMARK_DATA_DIR = str(tmp_path)
    gate = checked(admin, make_candidate(laboratory))
    assert gate.status == GateCheck.Status.FAILED
    assert "There is no manifest" in gate.error


def test_without_a_reference_the_candidates_own_test_part_serves(admin, laboratory):
    dataset = make_dataset(admin, classes=("neutrophil",), train=1, validation=1, test=2)
    version = make_candidate(laboratory, neutrophils_only)
    admin.laboratory.training_runs.create(
        dataset=dataset, recipe="tiny", created_by=admin, candidate=version
    )
    [used, _] = checked(admin, version).result["sets"]
    assert (used["name"], used["kind"]) == (dataset.name, "trained_on")


def test_another_laboratorys_reference_is_not_used(admin, laboratory, other_laboratory):
    make_reference(make_user(other_laboratory, Role.ADMIN))
    gate = checked(admin, make_candidate(laboratory))
    assert [each["kind"] for each in gate.result["sets"]] == ["reference", "benchmark"]
    assert "sets" in {row["rule"] for row in gate.result["rows"]}


def test_a_check_done_twice_counts_once(admin, laboratory):
    make_reference(admin)
    gate = checked(admin, make_candidate(laboratory, neutrophils_only))
    check_gate(gate_id=gate.pk)
    again = GateCheck.objects.get(pk=gate.pk)
    assert (again.attempts, again.finished_at) == (1, gate.finished_at)
    events = AuditEvent.objects.filter(action=AuditAction.GATE_CHECKED)
    assert [event.changes["passed"] for event in events] == [[None, True]]


def test_the_operator_checks_and_promotes_by_command(admin, laboratory, capsys):
    make_reference(admin)
    version = make_candidate(laboratory, neutrophils_only, version="9.1")
    call_command("promote_model", "St Mary", "ours 9.1", "--check")
    told = capsys.readouterr().out
    assert "holds: Recall of neutrophil" in told
    assert "active for all imaging profiles: ours 9.1" in told
    row = Promotion.objects.get()
    assert (row.version, row.by, row.gate_passed) == (version, None, True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["St Mary", "ours 9.1"], "Check it first"),
        (["St Mary", "ours 9.1", "--check"], "reason of at least 10"),
        (["St Mary", "9.9"], "no such model version"),
        (["Nowhere", "9.1"], "no laboratory of this name"),
        (["St Mary", "9.1", "--profile", "Phone"], "no imaging profile of this name"),
    ],
)
def test_the_command_says_what_is_wrong(admin, laboratory, arguments, sentence):
    make_candidate(laboratory, mixed_up, version="9.1")
    with pytest.raises(CommandError, match=sentence):
        call_command("promote_model", *arguments)
    assert not Promotion.objects.exists()


def test_a_version_of_a_profile_is_compared_among_the_classes_that_occur_there(admin, laboratory):
    make_reference(admin)
    mature = ["neutrophil", "lymphocyte", "monocyte"]
    profile = make_profile(admin, classes=mature)
    version = make_candidate(laboratory, neutrophils_only)
    gate = request_gate(actor=admin, version_id=version.pk, profile_id=profile.pk)
    check_gate(gate_id=gate.pk)
    gate.refresh_from_db()
    assert gate.result["classes"]["declared"] == mature
    assert gate.result["classes"]["shared"] == ["neutrophil"]
    for figures in gate.result["figures"].values():
        for side in ("candidate", "active"):
            table = figures[side]["confusion_matrix"]
            columns = [*table["classes"]]
            named = {columns[k] for row in table["rows"] for k, n in enumerate(row) if n}
            assert named <= {*mature, "no_cell_found"}
