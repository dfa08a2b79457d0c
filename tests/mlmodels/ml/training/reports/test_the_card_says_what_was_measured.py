"""The shipped version's card: its figures are of its weights, and the page repeats the card."""

import json
import os
from pathlib import Path

import pytest

from mlmodels.ml.datasets.manifest import read_manifest
from mlmodels.ml.evaluation.evaluation import load_trained_on, predict_rows, report
from mlmodels.ml.inference.engine import load_engine, verify_folder
from mlmodels.ml.inference.version_files import checksums_of, file_of
from mlmodels.ml.training.reports.card_text import card_markdown
from mlmodels.services.training.run_training import CARD_PAGE

MEGABYTE = 1_000_000
DATA = os.environ.get("HEMATOVISION_DATA", "")


@pytest.fixture
def card(shipped_folder):
    return json.loads((shipped_folder / "card.json").read_text(encoding="utf-8"))


def test_figures_of_whole_versions_are_of_the_shipped_weights(card, shipped_folder):
    weights = verify_folder(shipped_folder)
    measured = [f["weights_sha256"] for f in card["metrics"].values()]
    assert any(isinstance(m, str) for m in measured)
    assert all(m in weights.values() for m in measured if isinstance(m, str))


@pytest.mark.parametrize(
    ("name", "pictures"), [("pbc_test", 1000), ("jtsc_another_microscope", 300)]
)
def test_a_figure_a_point_behind_the_version_before_is_a_known_failure(
    card, shipped_folder, name, pictures
):
    cards = [json.loads(f.read_text("utf-8")) for f in shipped_folder.parent.glob("*/card.json")]
    cards.sort(key=lambda c: [int(part) for part in c["version"].split(".")])
    assert cards[-1] == card
    before = cards[-2]
    old, new = before["metrics"][name], card["metrics"][name]
    assert old["n"] == new["n"] == pictures
    assert new["trained_on"]["n"] == 0
    # Less than a point lies within what another seed changes.
    if new["accuracy"] <= old["accuracy"] - 0.01:
        said = f"fewer than {before['version']}"
        assert any(name.partition("_")[0] in t and said in t for t in card["known_failures"])
    # However openly it is said: never ten points.
    assert new["accuracy"] > old["accuracy"] - 0.1


def test_pbc_stays_near_98_percent_and_what_is_accepted_is_right_to_99(card):
    figures = card["metrics"]["pbc_test"]
    # 98.1 with 2.0.0, 97.6 with 2.1.0, which shows blasts as such; wanted are 98.5.
    assert figures["accuracy"] >= 0.975
    assert figures["accuracy_accepted"] >= 0.99


def test_what_a_person_always_looks_at_is_nowhere_accepted_on_pbc(card):
    classes = card["metrics"]["pbc_test"]["per_class"]
    for name in ("immature_granulocyte", "erythroblast", "basophil"):
        # An error may still be accepted under another name, never more than a few.
        assert classes[name]["accepted_right"] == 0
        assert classes[name]["accepted"] <= 0.02 * classes[name]["n"]


def test_of_leukaemia_no_more_is_accepted_than_wanted(card):
    counted = card["calibration"]["safety"]["by_class"]

    def share(*names: str) -> float:
        rows = [counted[name] for name in names]
        return sum(row["accepted"] for row in rows) / sum(row["n"] for row in rows)

    assert share("blast", "promonocyte") <= 0.01
    others = ("prolymphocyte", "promyelocyte", "reactive_lymphocyte", "plasma_cell", "smudge")
    assert share(*others) <= 0.02
    # Limits that accept nothing would be kept by any network.
    assert share("neutrophil", "lymphocyte", "monocyte") > 0.25


def test_the_page_says_what_is_accepted_of_leukaemia(card):
    page = card_markdown(card)
    row = card["calibration"]["safety"]["by_class"]["blast"]
    low, high = row["interval"]
    assert f"| blast | 250 | {row['accepted']} ({low:.1%} to {high:.1%}) | 0 |" in page
    del card["calibration"]["safety"]
    assert "deepapl, films of leukaemia" not in card_markdown(card)


def test_the_page_says_by_class_what_is_accepted_where_the_card_does(card):
    told = "| accepted | of these right |"
    rows = card["metrics"]["pbc_test"]["per_class"]
    own = {**card, "metrics": {"pbc_test": card["metrics"]["pbc_test"]}}
    row = rows["neutrophil"]
    assert told in card_markdown(own)
    assert f"| {row['accepted']} | {row['accepted_right']} |\n" in card_markdown(own)
    for figures in rows.values():
        del figures["accepted"], figures["accepted_right"]
    assert told not in card_markdown(own).partition("### pbc test")[2]


def test_the_page_shows_what_was_taken_for_what_and_how_surely(card):
    figures = card["metrics"]["pbc_test"]
    page = card_markdown(card).partition("### pbc test")[2].partition("### ")[0]
    table, plot = page.partition("```text")[0], page.partition("```text")[2].partition("```")[0]
    names, rows = figures["confusion_matrix"]["classes"], figures["confusion_matrix"]["rows"]
    for name, row in zip(names, rows, strict=False):
        counted = [count for count in row if count]
        if not counted:  # The set holds no such cell.
            continue
        shown = f"| {name.replace('_', ' ')} |"
        line = [x for x in table.splitlines() if x.startswith(shown)][-1]
        assert counted == [int(v) for v in line.split("|")[2:-1] if int(v)], name
    lines = plot.strip().splitlines()[1:]
    assert [int(line.split()[1]) for line in lines] == [b["n"] for b in figures["reliability"]]
    # Of the answers near 1.0 nearly all are right: the mark stands where the bar ends, or on it.
    filled = round(50 * figures["reliability"][-1]["right"])
    assert lines[-1].count("=") in (filled - 1, filled)
    assert lines[-1].endswith("|")


def test_the_page_says_which_classes_a_person_always_looks_at(card):
    own = {**card, "engine": {**card["engine"], "classes": ["blast", "band"]}}
    others = {**card, "engine": {**card["engine"], "classes": ["neutrophil", "monocyte"]}}
    added = {**others, "engine": {**others["engine"], "always_reviewed": ["monocyte"]}}
    said = "Whatever the confidence, a person looks at what is named "
    assert f"{said}basophil, immature granulocyte, promyelocyte, blast, erythroblast;" in (
        card_markdown(card)
    )
    assert f"{said}blast;" in card_markdown(own)
    assert f"{said}monocyte;" in card_markdown(added)
    assert said not in card_markdown(others)


def test_the_page_is_the_card(card):
    assert CARD_PAGE.read_text(encoding="utf-8") == card_markdown(card)


def test_a_version_is_small_enough_for_the_repository(shipped_folder):
    sizes = [file_of(shipped_folder, name).stat().st_size for name in checksums_of(shipped_folder)]
    assert max(sizes) < 12 * MEGABYTE
    assert sum(sizes) < 25 * MEGABYTE


def test_nothing_of_a_test_set_was_trained_on(shipped_folder):
    sources = load_trained_on(shipped_folder).sources
    assert not {s for s in sources if s.startswith(("jtsc", "raabin", "deepapl"))}


@pytest.mark.skipif(not DATA, reason="HEMATOVISION_DATA names no folder of real images")
def test_real_cells_of_every_class_are_named_and_were_not_trained_on(shipped_folder):
    root = Path(DATA)
    rows = [r for r in read_manifest(root / "cells/pbc/manifest.csv") if r.split == "test"][::20]
    engine = load_engine(shipped_folder, runtime="litert")
    predictions = predict_rows(rows, root, engine, load_trained_on(shipped_folder))
    figures = report(predictions, engine.classes, weights_sha256="")
    assert figures["n"] == len(rows) == 50
    assert figures["accuracy"] >= 0.9
