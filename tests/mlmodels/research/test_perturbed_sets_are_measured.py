"""What is lost on perturbed pictures, and what is accepted that is no blood: `evaluate_model`."""

import json

import numpy as np
import pytest
from django.core.management import call_command

from mlmodels.ml.datasets.manifest import Row, read_manifest
from mlmodels.ml.evaluation.evaluation import Prediction, TrainedOn
from mlmodels.ml.evaluation.metrics import paired_difference_interval, wilson_interval
from mlmodels.research.robustness.measures import (
    measure_out_of_distribution,
    predict_perturbed,
    report_perturbed,
    stratified_rows,
)
from mlmodels.research.robustness.out_of_distribution import OutOfDistributionPicture
from mlmodels.research.robustness.perturbations import PERTURBATIONS
from tests.drawn_cells import draw_smear

CLASSES = ("neutrophil", "monocyte")


def prediction(right, *, disposition="accepted", source="s"):
    said = "neutrophil" if right else "monocyte"
    return Prediction(Row("p", "neutrophil", source), said, 0.9, disposition, 1, 1.0, False)


def rows(**sources_by_class):
    return [
        Row(f"{label}{source}-{copy}.png", label, f"{label}{source}")
        for label, (sources, copies) in sources_by_class.items()
        for source in range(sources)
        for copy in range(copies)
    ]


def test_the_paired_interval_of_20_12_2_and_16_is_5_6_to_32_9_points():
    # 32 and 22 of 50: 0.64 (Wilson 0.5014 to 0.7586) and 0.44 (0.3116 to 0.5769).
    # Correlation (20 * 16 - 12 * 2 - 25) / sqrt(32 * 18 * 22 * 28) = 271 / 595.7 = 0.455.
    # Below: sqrt(0.1386^2 - 0.91 * 0.1386 * 0.1369 + 0.1369^2) = 0.1438; above 0.1292.
    low, high = paired_difference_interval(20, 12, 2, 16)
    assert (round(low, 4), round(high, 4)) == (0.0562, 0.3292)


def test_the_paired_interval_turns_round_with_its_sides():
    low, high = paired_difference_interval(40, 5, 1, 4)
    back_low, back_high = paired_difference_interval(40, 1, 5, 4)
    assert (back_low, back_high) == pytest.approx((-high, -low))


def test_without_pictures_nothing_is_known_of_a_difference():
    assert paired_difference_interval(0, 0, 0, 0) == (-1.0, 1.0)


def test_points_lost_count_what_is_newly_wrong_less_what_is_newly_right():
    as_is = [prediction(True)] * 8 + [prediction(False)] * 2
    changed = [prediction(False)] * 3 + [prediction(True)] * 6 + [prediction(False)]
    answers = {"as_is": as_is, **{p.name: as_is for p in PERTURBATIONS}, "noise": changed}
    figures = report_perturbed(answers, CLASSES)
    noise = figures["perturbed"]["noise"]
    # Of 10, 3 became wrong and 1 became right: 80 % to 60 %.
    assert (noise["newly_wrong"], noise["newly_right"]) == (3, 1)
    assert noise["points_lost"] == pytest.approx(20.0)
    assert noise["accuracy"] == pytest.approx(0.6)
    low, high = paired_difference_interval(5, 3, 1, 1)
    assert noise["points_lost_interval"] == pytest.approx((100 * low, 100 * high))
    assert figures["perturbed"]["darker"]["points_lost"] == 0.0


def test_a_draw_keeps_the_shares_of_the_classes():
    drawn = stratified_rows(rows(neutrophil=(60, 1), monocyte=(20, 1)), 8)
    assert sorted(row.label for row in drawn) == ["monocyte"] * 2 + ["neutrophil"] * 6


def test_a_draw_takes_every_source_before_a_copy():
    drawn = stratified_rows(rows(neutrophil=(10, 5)), 10)
    assert len({row.source for row in drawn}) == 10


def test_a_draw_is_the_same_each_time_and_another_for_another_seed():
    all_rows = rows(neutrophil=(50, 1), monocyte=(50, 1))
    assert stratified_rows(all_rows, 20) == stratified_rows(all_rows[::-1], 20)[::-1]
    assert stratified_rows(all_rows, 20) != stratified_rows(all_rows, 20, seed=1)


@pytest.mark.parametrize("limit", [0, 6, 7])
def test_no_limit_or_a_high_one_draws_all(limit):
    all_rows = rows(neutrophil=(3, 2))
    assert stratified_rows(all_rows, limit) == all_rows


@pytest.mark.slow
def test_pictures_that_were_trained_on_are_passed_over(drawn_data, shipped_engine):
    known = TrainedOn(frozenset(), frozenset({"slide 0n"}))
    some = read_manifest(drawn_data / "manifest.csv")[:4]
    answers = predict_perturbed(some, drawn_data, shipped_engine, known)
    assert set(answers) == {"as_is", *(p.name for p in PERTURBATIONS)}
    for given in answers.values():
        assert [p.row for p in given] == [row for row in some if row.source != "slide 0n"]


@pytest.mark.slow
def test_the_command_measures_every_perturbation(drawn_data, tmp_path, capsys):
    call_command(
        "evaluate_model", "--perturb", manifest=str(drawn_data / "manifest.csv"), limit=4,
        runtime="litert", json=str(tmp_path / "o.json"),
    )  # fmt: skip
    figures = json.loads((tmp_path / "o.json").read_text())
    assert (figures["n"], figures["drawn"], figures["of"]) == (4, 4, 16)
    assert set(figures["perturbed"]) == {p.name for p in PERTURBATIONS}
    assert len(figures["weights_sha256"]) == 64
    assert "points lost" in capsys.readouterr().out


def test_an_out_of_distribution_picture_counts_where_it_gives_an_accepted_white_cell(
    shipped_engine,
):
    blank = OutOfDistributionPicture("white", "blank", np.full((90, 90, 3), 250, np.uint8))
    smear = OutOfDistributionPicture("smear", "drawn", draw_smear(cells=3))
    figures = measure_out_of_distribution([blank, smear], shipped_engine)
    by_name = {p["name"]: p for p in figures["pictures"]}
    assert by_name["white"]["cells"] == 0
    assert by_name["smear"]["cells"] == 3
    assert by_name["smear"]["accepted_white"] == sum(by_name["smear"]["labels"].values())
    calm = 1 + (by_name["smear"]["accepted_white"] == 0)
    assert figures["without_accepted_white_cell"] == calm
    assert figures["interval"] == wilson_interval(calm, 2)
    assert figures["by_kind"]["blank"]["share"] == 1.0
    assert [p["name"] for p in figures["worst"]] == ["smear"] * (2 - calm)
