"""Rare classes whose errors are grave: a person looks, however sure the network is."""

from dataclasses import replace

import pytest

from mlmodels.ml.classes import ALWAYS_REVIEWED, CLASSES
from mlmodels.ml.inference.calibration import ACCEPTED, REVIEW, UNIDENTIFIED, Signs, Thresholds
from mlmodels.ml.inference.engine import load_engine
from mlmodels.ml.inference.pipeline import read_pixels
from tests.drawn_cells import draw_smear
from tests.factories.models import make_version_folder

# Surely a cell, whole and familiar.
NO_DOUBT = (0.0, 1.0)


def test_these_classes_are_the_floor():
    stages = {"immature_granulocyte", "promyelocyte", "myelocyte", "metamyelocyte"}
    assert stages | {"blast", "erythroblast", "basophil", "plasma_cell"} == ALWAYS_REVIEWED


@pytest.mark.parametrize("label", sorted(ALWAYS_REVIEWED))
def test_none_of_them_is_accepted_at_any_confidence(shipped_engine, label):
    assert shipped_engine.decide(label, Signs(1.0, 0.0), *NO_DOUBT) == REVIEW
    assert shipped_engine.decide(label, Signs(0.0, 0.0), *NO_DOUBT) == UNIDENTIFIED


@pytest.mark.parametrize("label", sorted(set(CLASSES) - ALWAYS_REVIEWED))
def test_the_other_classes_are_accepted(shipped_engine, label):
    assert shipped_engine.decide(label, Signs(1.0, 0.0, 99.0, 0.0), *NO_DOUBT) == ACCEPTED


@pytest.mark.parametrize(("added", "asked"), [(["monocyte"], {"monocyte"}), ([], set())])
def test_a_card_adds_classes_and_takes_none_away(tmp_path, added, asked):
    folder = make_version_folder(
        tmp_path / "version", lambda card: card["engine"].update(always_reviewed=added)
    )
    assert load_engine(folder, runtime="litert").always_reviewed == ALWAYS_REVIEWED | asked


def test_what_is_read_obeys_it_though_the_network_is_sure(shipped_engine):
    sure = replace(shipped_engine, thresholds=Thresholds(0.5, 0.0, 0.0, 100.0, 100.0))
    [plain] = read_pixels(draw_smear(seed=0, width=160, height=120), sure).cells
    [lobed] = read_pixels(draw_smear(seed=0, width=160, height=120, lobed=True), sure).cells
    assert (plain.label, plain.disposition) == ("erythroblast", REVIEW)
    assert plain.confidence > 0.5
    assert (lobed.label, lobed.disposition) == ("neutrophil", ACCEPTED)


def test_what_may_be_a_blast_is_named_nothing_else(shipped_engine):
    engine = replace(
        shipped_engine, thresholds=replace(shipped_engine.thresholds, identify_rival=0.25)
    )
    sure = Signs(0.7, 0.0, 99.0, 0.3)
    assert engine.decide("monocyte", sure, *NO_DOUBT) == UNIDENTIFIED
    assert engine.decide("blast", sure, *NO_DOUBT) == REVIEW
    assert engine.decide("monocyte", replace(sure, rival=0.2), *NO_DOUBT) == REVIEW


def test_cards_say_it_only_where_they_ask_for_it():
    plain = Thresholds(0.9, 0.45, 0.5, 97.5, 99.5)
    assert "identify_rival" not in plain.as_dict()
    asks = replace(plain, identify_rival=0.25)
    assert Thresholds.of_card(asks.as_dict()) == asks
    assert Thresholds.of_card(plain.as_dict()).identify_rival == 1.0
