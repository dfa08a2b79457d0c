"""Labels that a model contradicts are ranked by source, and the page drops nothing."""

import json

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from mlmodels.ml.datasets.manifest import Row, write_manifest
from mlmodels.ml.inference.version_files import copy_version
from mlmodels.ml.training.export import write_card
from mlmodels.research.label_audit.audit import contradicted_labels, two_fold_probabilities
from tests.drawn_cells import draw_smear_png

CLASSES = ("eosinophil", "neutrophil")


def row(source, label, number=0):
    return Row(f"{source}-{number}.png", label, source)


def test_a_source_counts_with_the_mean_of_its_pictures():
    rows = [row("a", "eosinophil", 0), row("a", "eosinophil", 1), row("b", "eosinophil")]
    # a: means 0.05 and 0.95, contradicted. b: 0.15 and 0.85, not strongly enough.
    told = np.array([[0.02, 0.98], [0.08, 0.92], [0.15, 0.85]])
    (doubt,) = contradicted_labels(rows, told, CLASSES)
    assert (doubt.source, doubt.label, doubt.instead) == ("a", "eosinophil", "neutrophil")
    assert doubt.probability == pytest.approx(0.95)
    assert doubt.label_probability == pytest.approx(0.05)
    assert (doubt.agreeing, doubt.paths) == (2, ("a-0.png", "a-1.png"))


def test_the_most_doubtful_comes_first():
    rows = [row("a", "eosinophil"), row("b", "neutrophil"), row("c", "eosinophil")]
    told = np.array([[0.05, 0.95], [0.99, 0.01], [0.95, 0.05]])
    assert [d.source for d in contradicted_labels(rows, told, CLASSES)] == ["b", "a"]


def test_a_picture_without_a_cell_says_nothing_of_its_label():
    rows = [row("a", "eosinophil", 0), row("a", "eosinophil", 1), row("b", "neutrophil")]
    told = np.array([[0.0, 0.0], [0.04, 0.96], [0.0, 0.0]])
    (doubt,) = contradicted_labels(rows, told, CLASSES)
    assert (doubt.probability, doubt.agreeing, len(doubt.paths)) == (0.96, 1, 1)


def test_a_wrong_label_is_found_by_the_half_that_did_not_see_it():
    rng = np.random.default_rng(2)
    truth = np.arange(600) % 2
    features = rng.normal(size=(600, 4)) + 6 * truth[:, None]
    labels = [CLASSES[k] for k in truth]
    labels[10] = "neutrophil"
    rows = [row(f"s{i}", label) for i, label in enumerate(labels)]
    told = two_fold_probabilities(features, rows, CLASSES)
    assert told.sum(axis=1) == pytest.approx(np.ones(600))
    assert [d.source for d in contradicted_labels(rows, told, CLASSES)] == ["s10"]


@pytest.mark.slow
def test_the_page_lists_each_set_and_says_how(tmp_path, shipped_folder, capsys):
    data = drawn_set(tmp_path / "data")
    page = tmp_path / "page.md"
    call_command(
        "audit_labels",
        data=data,
        model=str(shipped_folder),
        runtime="litert",
        cache=tmp_path / "cache",
        markdown=page,
    )
    text = page.read_text()
    assert "## drawn" in text
    assert "8 pictures of 8 sources" in text
    assert "jtsc" not in text
    assert "manage.py audit_labels --data DIR --runtime litert" in text
    assert "drawn:" in capsys.readouterr().out


def test_folds_tell_where_each_has_a_version_that_left_it_out(tmp_path, shipped_folder):
    data = drawn_set(tmp_path / "data")
    for fold in ("fold0", "fold1"):
        version = tmp_path / "runs" / fold / "version"
        copy_version(shipped_folder, version)
        hold_out(version, fold)
    page = tmp_path / "page.md"
    call_command(
        "audit_labels",
        data=data,
        model=str(shipped_folder),
        runtime="litert",
        runs=tmp_path / "runs",
        markdown=page,
    )
    assert "Each picture is read by the version that left its fold out." in page.read_text()


def test_a_folder_without_sets_is_refused_in_a_sentence(tmp_path, shipped_folder):
    with pytest.raises(CommandError, match=r"no set .*\.$"):
        call_command("audit_labels", data=tmp_path, model=str(shipped_folder), runtime="litert")


def drawn_set(root):
    """Eight drawn cells in two classes and two folds, and a set that is for measuring only."""
    rows = []
    for number in range(8):
        path = f"cells/drawn/{number}.png"
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(draw_smear_png(seed=number, width=160, height=120))
        rows.append(Row(path, CLASSES[number % 2], f"s{number}", f"fold{number // 4}"))
    write_manifest(rows, root / "cells" / "drawn" / "manifest.csv")
    write_manifest(rows, root / "cells" / "jtsc" / "manifest.csv")
    return root


def hold_out(version, fold):
    card = json.loads((version / "card.json").read_text())
    write_card({**card, "hold_out": fold}, version)
