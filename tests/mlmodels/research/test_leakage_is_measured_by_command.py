"""`manage.py measure_leakage` on a small four-class set of drawn cells, both networks."""

import csv
import json

import pytest
from django.core.management import CommandError, call_command

from tests.drawn_cells import draw_smear_png

pytestmark = pytest.mark.slow

CLASSES = ("eosinophil", "neutrophil")


@pytest.fixture
def four_class_set(tmp_path):
    """Ten photographs of two classes, two copies of each, in the public set's layout."""
    folder = tmp_path / "data" / "cells" / "kaggle"
    folder.mkdir(parents=True)
    with (folder / "manifest.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("path", "class", "source", "split_hint", "kind"))
        for photo in range(10):
            label = CLASSES[photo % 2]
            for copy in range(2):
                part = "TEST" if photo >= 8 else "TRAIN"
                path = f"cells/kaggle/{part}/{label.upper()}/_{copy}_{100 * copy + photo}.png"
                file = tmp_path / "data" / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(draw_smear_png(seed=photo, width=160, height=120))
                writer.writerow((path, label, f"photo {photo}", f"fold{photo // 2}", "augmented"))
    return tmp_path / "data"


@pytest.fixture
def weights_at_hand(four_class_set):
    """Base weights of the right shape, random: nothing is fetched, nothing is claimed."""
    import keras

    folder = four_class_set / "weights"
    folder.mkdir()
    base = keras.applications.MobileNetV2(
        include_top=False, alpha=0.35, weights=None, input_shape=(224, 224, 3)
    )
    base.save_weights(folder / "mobilenet_v2_0.35_224_imagenet_no_top.weights.h5")
    return folder


def test_the_page_has_four_scores_and_names_its_command(four_class_set, weights_at_hand, tmp_path):
    out, page = tmp_path / "leakage.json", tmp_path / "leakage.md"
    call_command(
        "measure_leakage",
        data=four_class_set,
        json=out,
        markdown=page,
        networks=["linear"],
        work=tmp_path / "work",
    )
    figures = json.loads(out.read_text())
    ways = figures["networks"]["linear"]["ways"]
    assert {way: f["n"] for way, f in ways.items()} == {
        "file": 20,
        "number": 20,
        "photograph": 20,
        "own_test": 4,
    }
    assert figures["set"]["photographs"] == 10
    assert figures["shared_photographs"]["photograph"] == 0.0
    assert "measure_leakage --data DIR" in page.read_text()
    assert "--networks linear" in page.read_text()
    assert str(four_class_set) not in page.read_text()


def test_a_set_without_copies_is_refused_in_a_sentence(tmp_path):
    folder = tmp_path / "cells" / "kaggle"
    folder.mkdir(parents=True)
    (folder / "manifest.csv").write_text("path,class,kind\na.png,neutrophil,photograph\n")
    with pytest.raises(CommandError, match="holds no copies"):
        call_command("measure_leakage", data=tmp_path, json=tmp_path / "o.json")
