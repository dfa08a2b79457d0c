"""Altered copies of a photograph are one source, found by comparing pictures, not by names."""

import pytest

from mlmodels.ml.datasets.class_names import SHIPPED_LABELS, ClassNames
from mlmodels.ml.datasets.layouts.choose import list_pictures
from mlmodels.ml.datasets.layouts.listing import Choices, Half
from mlmodels.ml.datasets.reading import read_dataset
from mlmodels.ml.pictures.picture import ImageLimits
from tests.factories.layouts import CLASSES, altered, encode, four_class_archive, textured_field

NAMES = ClassNames(SHIPPED_LABELS)


@pytest.fixture
def read(tmp_path):
    """Lists and reads files that lie in a folder of the test."""

    def act(files, choices: Choices = Choices(half=Half.COPIES)):
        for path, data in files.items():
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data.encode() if isinstance(data, str) else data)
        listing = list_pictures(tmp_path, list(files), NAMES, choices)
        return read_dataset(tmp_path, listing, NAMES, choices, limits=ImageLimits())

    return act


def sources(found) -> dict[str, set[str]]:
    """The paths of each source."""
    assert not found.is_refused, found.report
    by_source: dict[str, set[str]] = {}
    for image in found.images:
        by_source.setdefault(image.source, set()).add(image.path)
    return by_source


def told(found) -> str:
    return " ".join(row.reason for row in found.report)


def true_groups(files) -> list[set[str]]:
    """The copies of each class: one photograph of each is drawn."""
    return [{p for p in files if f"/{name}/" in p} for name in CLASSES]


def test_copies_have_their_photograph_as_the_source(read):
    files = four_class_archive()
    found = sources(read(files))
    assert {s: paths for s, paths in found.items()} == {
        f"dataset-master/JPEGImages/BloodImage_{n:05}.jpg": group
        for n, group in enumerate(true_groups(files))
    }


def test_without_the_photographs_the_copies_are_compared_with_each_other(read):
    files = {p: d for p, d in four_class_archive().items() if p.startswith("dataset2-master")}
    result = read(files)
    assert sorted(map(sorted, sources(result).values())) == sorted(map(sorted, true_groups(files)))
    assert "seem to show 4 photographs" in told(result)


def test_a_copy_of_no_photograph_is_a_source_of_its_own(read):
    files = four_class_archive()
    path = "dataset2-master/images/TRAIN/MONOCYTE/_9_9.jpeg"
    files[path] = encode(altered(textured_field(seed=99), 1), "JPEG")
    result = read(files)
    assert sources(result)[path] == {path}
    assert "1 of them show none of these" in told(result)


def test_a_photograph_whose_copies_are_in_two_splits_goes_into_one(read):
    files = four_class_archive()
    path = "dataset2-master/images/TEST/EOSINOPHIL/_9_9.jpeg"
    files[path] = encode(altered(textured_field(seed=0), 4), "JPEG")
    result = read(files)
    splits = {i.path: i.split for i in result.images}
    assert splits[path] == "train"
    assert "were in test and train; all of them are in train now" in told(result)


def test_both_halves_are_asked_for_and_never_both_are_read(tmp_path):
    files = four_class_archive()
    for path, data in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data.encode() if isinstance(data, str) else data)
    listing = list_pictures(tmp_path, list(files), NAMES)
    assert listing.halves == {"copies": 12, "photographs": 4}
    assert all("dataset2-master" in each.path for each in listing.pictures)


def test_the_photographs_are_cut_by_their_boxes_and_named_by_their_table(read):
    found = read(four_class_archive(), Choices(half=Half.PHOTOGRAPHS))
    assert [(i.path, i.label) for i in found.images] == [
        (f"dataset-master/JPEGImages/BloodImage_{n:05}.jpg cell 1.png", name.lower())
        for n, name in enumerate(CLASSES)
    ]
    assert "altered copies of the photographs" in told(found)


def test_photographs_without_boxes_are_taken_whole(read):
    files = {
        p: d
        for p, d in four_class_archive().items()
        if p.startswith("dataset-master") and not p.endswith(".xml")
    }
    found = read(files, Choices())
    assert [(i.path, i.label) for i in found.images] == [
        (f"dataset-master/JPEGImages/BloodImage_{n:05}.jpg", name.lower())
        for n, name in enumerate(CLASSES)
    ]


def test_a_manifest_that_names_the_copies_says_their_sources(read):
    files = {p: d for p, d in four_class_archive().items() if p.startswith("dataset2-master")}
    copies = [path for path in files if path.endswith(".jpeg")]
    rows = [f"{path},{path.split('/')[3]},own source,train\n" for path in copies]
    files["manifest.csv"] = "path,class,source,split\n" + "".join(rows)
    assert set(sources(read(files))) == {"own source"}
