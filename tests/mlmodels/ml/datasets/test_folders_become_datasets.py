"""Files become the rows of a dataset, or one sentence each about what is wrong with them."""

from collections import Counter
from pathlib import Path

import pytest

from mlmodels.ml.datasets.class_names import ClassNames, LabelName
from mlmodels.ml.datasets.layouts.choose import list_pictures
from mlmodels.ml.datasets.layouts.listing import Choices
from mlmodels.ml.datasets.manifest import manifest_sha256
from mlmodels.ml.datasets.reading import read_dataset
from mlmodels.ml.pictures.picture import ImageLimits
from tests.drawn_cells import draw_smear, encode
from tests.factories.archives import class_folders, drawn_picture

NAMES = ClassNames(
    (
        LabelName("neutrophil", "Neutrophil", "NE"),
        LabelName("lymphocyte", "Lymphocyte", "LY"),
        LabelName("plasma_cell", "Plasma cell", "PC"),
    )
)
HEAD = "path,class,source,split\n"


@pytest.fixture
def read(tmp_path):
    """Judges files that lie in a folder of the test."""

    def act(files: dict[str, bytes | str], choices: Choices = Choices()):
        for path, data in files.items():
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data.encode() if isinstance(data, str) else data)
        listing = list_pictures(tmp_path, list(files), NAMES, choices)
        return read_dataset(tmp_path, listing, NAMES, choices, limits=ImageLimits())

    return act


def refused(found) -> dict[str, str]:
    return {row.path: row.reason for row in found.report if row.refuses}


def said_of(found, path: str) -> str:
    return " ".join(row.reason for row in found.report if row.path == path)


def two(source: str = "", *, split: tuple[str, str] = ("", "")) -> dict[str, bytes | str]:
    """Two pictures and the manifest that names them."""
    rows = [f"{n}.png,neutrophil,{source},{split[n]}\n" for n in range(2)]
    return {
        "0.png": drawn_picture(0),
        "1.png": drawn_picture(1),
        "manifest.csv": HEAD + "".join(rows),
    }


def test_class_folders_in_any_spelling_become_rows(read):
    found = read(
        {
            "NEUTROPHIL/1.png": drawn_picture(1),
            "Plasma Cell/2.png": drawn_picture(2),
            "plasma-cell/3.png": drawn_picture(3),
        }
    )
    assert found.report == ()
    assert [i.label for i in found.images] == ["neutrophil", "plasma_cell", "plasma_cell"]
    assert [i.source for i in found.images] == [i.path for i in found.images]
    assert {(i.width_px, i.height_px) for i in found.images} == {(160, 120)}


def test_folders_above_the_classes_are_the_splits(read):
    found = read(
        {
            "set/TRAIN/NEUTROPHIL/1.png": drawn_picture(1),
            "set/Val/NEUTROPHIL/2.png": drawn_picture(2),
            "set/TEST/NEUTROPHIL/3.png": drawn_picture(3),
        }
    )
    splits = {i.path.split("/")[1]: i.split for i in found.images}
    assert splits == {"TRAIN": "train", "Val": "validation", "TEST": "test"}


def test_a_manifest_names_classes_sources_and_splits(read):
    found = read(two("slide 4", split=("train", "Training")))
    assert found.report == ()
    assert [(i.source, i.split) for i in found.images] == [("slide 4", "train")] * 2


def test_a_manifest_in_the_one_folder_of_the_archive_is_found(read):
    files = {f"own/{path}": data for path, data in two("slide 4", split=("test", "test")).items()}
    assert [i.path for i in read(files).images] == ["own/0.png", "own/1.png"]


def test_without_splits_whole_sources_are_dealt_out_alike_each_time(read):
    files = class_folders(each=20)
    first = read(files)
    assert Counter(i.split for i in first.images if i.label == "neutrophil") == {
        "train": 14,
        "validation": 3,
        "test": 3,
    }
    assert read(dict(reversed(files.items()))) == first


def test_several_pictures_of_one_source_are_dealt_out_together(read):
    rows = [f"{n}.png,neutrophil,slide {n // 5},\n" for n in range(20)]
    files = {f"{n}.png": drawn_picture(n) for n in range(20)}
    found = read({**files, "manifest.csv": HEAD + "".join(rows)})
    splits = {source: {i.split for i in found.images if i.source == source}
              for source in {i.source for i in found.images}}  # fmt: skip
    assert all(len(found) == 1 for found in splits.values())
    assert set.union(*splits.values()) == {"train", "validation", "test"}


def test_a_source_in_two_splits_is_refused(read):
    found = read(two("slide 4", split=("train", "test")))
    assert "slide 4 is in the splits test and train" in refused(found)["0.png"]


def test_an_unknown_class_is_refused_and_the_known_ones_are_named(read):
    found = read({"basofil/1.png": drawn_picture(1)})
    assert "The class basofil is unknown" in refused(found)["basofil/1.png"]
    assert "lymphocyte, neutrophil, plasma_cell" in refused(found)["basofil/1.png"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"words", "not a picture that can be read"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "drawing or a text file"),
        (b"MZ\x90\x00", "program"),
        (drawn_picture(1)[:-2000], "truncated"),
    ],
)
def test_what_is_no_picture_is_refused(read, data, said):
    found = read({"neutrophil/1.png": data, "neutrophil/2.png": drawn_picture(2)})
    assert said in refused(found)["neutrophil/1.png"]


def test_a_picture_of_a_few_pixels_is_refused(read, tmp_path):
    tiny = encode(draw_smear(width=12, height=40), "PNG")
    assert "smaller than 16 px" in refused(read({"neutrophil/1.png": tiny}))["neutrophil/1.png"]


def test_a_missing_split_is_refused_where_others_have_one(read):
    found = read(two(split=("train", "")))
    assert "The split is missing" in refused(found)["1.png"]


def test_an_unknown_split_is_refused(read):
    found = read(two(split=("train", "fold3")))
    assert "The split fold3 is unknown" in refused(found)["manifest.csv, line 3: 1.png"]


def test_the_same_bytes_in_one_class_are_told_and_kept_once(read):
    found = read({"neutrophil/1.png": drawn_picture(1), "neutrophil/2.png": drawn_picture(1)})
    assert not found.is_refused
    [row] = found.report
    assert row.path == "neutrophil/2.png"
    assert "kept once" in row.reason
    assert [i.path for i in found.images] == ["neutrophil/1.png"]


def test_the_same_bytes_in_two_splits_are_kept_in_the_one_that_measures(read):
    found = read(
        {"train/neutrophil/1.png": drawn_picture(1), "test/neutrophil/2.png": drawn_picture(1)}
    )
    assert [i.path for i in found.images] == ["test/neutrophil/2.png"]
    assert "It is kept there alone" in said_of(found, "train/neutrophil/1.png")


def test_the_same_bytes_under_two_classes_are_kept_under_none(read):
    found = read(
        {
            "neutrophil/1.png": drawn_picture(1),
            "lymphocyte/1.png": drawn_picture(1),
            "neutrophil/2.png": drawn_picture(2),
        }
    )
    assert [i.path for i in found.images] == ["neutrophil/2.png"]
    for path in ("neutrophil/1.png", "lymphocyte/1.png"):
        assert "under lymphocyte and neutrophil" in said_of(found, path)


def test_a_dataset_of_which_nothing_can_be_kept_is_refused(read):
    found = read({"neutrophil/1.png": drawn_picture(1), "lymphocyte/1.png": drawn_picture(1)})
    assert "no picture that can be kept" in refused(found)[""]


def test_a_file_outside_every_class_folder_is_refused(read):
    assert "no class folder" in refused(read({"1.png": drawn_picture(1)}))["1.png"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("2.png,neutrophil,,", "does not hold this file"),
        ("../0.png,neutrophil,,", "leads out of the archive"),
        ("/0.png,neutrophil,,", "absolute"),
        ("0.png,neutrophil,,", "names this file twice"),
        ("1.png,,,", "lacks its path or its class"),
        (f"1.png,neutrophil,{'s' * 201},", "The source has more than 200 characters"),
    ],
)
def test_a_wrong_row_of_a_manifest_is_refused_with_its_number(read, row, said):
    files = {"0.png": drawn_picture(0), "1.png": drawn_picture(1)}
    found = read({**files, "manifest.csv": f"{HEAD}0.png,neutrophil,,\n{row}\n"})
    [(path, reason)] = [item for item in refused(found).items() if "line 3" in item[0]]
    assert path.startswith("manifest.csv, line 3")
    assert said in reason


def test_a_file_that_the_manifest_does_not_name_is_refused(read):
    files = two(split=("", ""))
    found = read({**files, "2.png": drawn_picture(2)})
    assert "does not name this file" in refused(found)["2.png"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("path,species\n0.png,neutrophil\n", "needs the columns path and class"),
        (HEAD, "has no rows"),
        (b"\xffp\x00", "not a CSV file in UTF-8"),
    ],
)
def test_a_manifest_that_is_none_is_refused(read, text, said):
    assert said in refused(read({"manifest.csv": text}))["manifest.csv"]


def test_an_archive_without_pictures_is_refused(tmp_path: Path):
    found = read_dataset(tmp_path, list_pictures(tmp_path, [], NAMES), NAMES, limits=ImageLimits())
    assert "holds no pictures" in refused(found)[""]


def test_the_hash_is_that_of_the_sorted_rows():
    rows = [("b.png", "22", "neutrophil", "s", "test"), ("a.png", "11", "monocyte", "s", "train")]
    # printf 'a.png,11,monocyte,s,train\nb.png,22,neutrophil,s,test' | sha256sum
    assert (
        manifest_sha256(rows) == "0a88adf79c7c0233b0628bfe7bd6e432ae352400e74cc1663eed40219c8254f6"
    )
    assert manifest_sha256(reversed(rows)) == manifest_sha256(rows)
