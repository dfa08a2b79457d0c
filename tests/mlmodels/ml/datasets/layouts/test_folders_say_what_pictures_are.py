"""Folders of classes, splits and patients, in the orders in which people make them."""

import pytest

from mlmodels.ml.datasets.layouts.listing import Choices, Folders
from tests.factories.layouts import pictures


def rows(listing) -> list[tuple[str, str, str]]:
    return [(each.name, each.split, each.source) for each in listing.pictures]


@pytest.mark.parametrize(
    "path",
    [
        "set/{}/Neutrophils /1.png",
        "{}/neutrophil/images/1.png",
        "neutrophil/{}/1.png",
        "set/part/{}/neutrophil/1.png",
    ],
)
@pytest.mark.parametrize(
    ("folder", "split"),
    [
        ("TRAIN", "train"),
        ("training_set", "train"),
        ("val", "validation"),
        ("Validation", "validation"),
        ("TEST", "test"),
        ("TEST_SIMPLE", "test"),
        ("TestA", "test"),
        ("val2017", "validation"),
    ],
)
def test_a_folder_called_so_is_a_split_wherever_it_stands(listed, path, folder, split):
    [(name, found, source)] = rows(listed(pictures(path.format(folder))))
    assert (name.strip().lower(), found, source) == (name.strip().lower(), split, "")
    assert name.strip().lower().startswith("neutrophil")


def test_patients_inside_classes_are_sources_one_under_two_classes(listed):
    listing = listed(
        pictures(
            "NEUTROPHIL/patient1/0.jpg", "NEUTROPHIL/patient2/0.jpg", "MONOCYTE/patient1/0.jpg"
        )
    )
    assert rows(listing) == [
        ("MONOCYTE", "", "patient1"),
        ("NEUTROPHIL", "", "patient1"),
        ("NEUTROPHIL", "", "patient2"),
    ]
    assert listing.folders.is_clear
    assert "2 further folders (patient1, patient2) are a source each" in " ".join(listing.words)


def test_classes_inside_patients_are_read_as_well(listed):
    listing = listed(pictures("Slide 07/NE/0.jpg", "Slide 07/MO/0.jpg", "Slide 08/NE/0.jpg"))
    assert rows(listing) == [
        ("MO", "", "Slide 07"),
        ("NE", "", "Slide 07"),
        ("NE", "", "Slide 08"),
    ]


def test_patients_and_splits_and_classes_are_told_apart(listed):
    [row] = rows(listed(pictures("own/train/p01/neutrophil/0.jpg")))
    assert row == ("neutrophil", "train", "p01")


def test_a_finer_class_inside_a_wider_one_is_the_class(listed):
    listing = listed(pictures("Neutrophil/band/0.jpg", "Neutrophil/segmented/0.jpg"))
    assert rows(listing) == [("band", "", ""), ("segmented", "", "")]


def test_an_unknown_class_stands_on_the_level_of_the_known_ones(listed):
    listing = listed(pictures("neutrophil/p1/0.jpg", "unicorn/p1/0.jpg"))
    assert rows(listing) == [("neutrophil", "", "p1"), ("unicorn", "", "p1")]


def test_where_no_class_is_known_patients_are_taken_for_none(listed):
    listing = listed(pictures("XA/patient_1/0.jpg", "XB/patient_1/0.jpg"))
    assert rows(listing) == [("XA", "", "patient_1"), ("XB", "", "patient_1")]


def test_folders_that_may_be_patients_are_asked_for(listed):
    listing = listed(pictures("neutrophil/north/0.jpg", "monocyte/south/0.jpg"))
    assert not listing.folders.is_clear
    assert listing.folders.proposal == Folders.SOURCES
    assert listing.folders.names == ("north", "south")


def test_patients_in_two_splits_are_asked_for(listed):
    files = pictures("train/neutrophil/p1/0.jpg", "test/neutrophil/p1/0.jpg")
    listing = listed(files)
    assert not listing.folders.is_clear
    assert listing.folders.in_two_splits == ("p1",)


@pytest.mark.parametrize(
    ("said", "split", "source"),
    [
        (Folders.SOURCES, "train", "p1"),
        (Folders.SOURCES_DEALT_ANEW, "", "p1"),
        (Folders.NOTHING, "train", ""),
    ],
)
def test_what_a_person_says_of_folders_counts(listed, said, split, source):
    files = pictures("train/neutrophil/p1/0.jpg", "test/neutrophil/p1/0.jpg")
    assert ("neutrophil", split, source) in rows(listed(files, Choices(folders=said)))


def test_folders_that_say_nothing_are_passed_over(listed):
    listing = listed(pictures("cells/neutrophil/images/jpg/0.jpg", "cells/monocyte/images/0.jpg"))
    assert rows(listing) == [("monocyte", "", ""), ("neutrophil", "", "")]
    assert listing.folders is None


def test_codes_in_file_names_count_where_no_folder_is_a_class(listed):
    listing = listed(pictures("cells/BNE_100100.jpg", "cells/MO_100.jpg", "cells/ERB_7.jpg"))
    assert [each.name for each in listing.pictures] == ["BNE", "ERB", "MO"]
    assert "codes that file names begin with" in listing.words[0]


def test_codes_in_file_names_do_not_count_inside_class_folders(listed):
    listing = listed(pictures("neutrophil/BNE_100100.jpg"))
    assert rows(listing) == [("neutrophil", "", "")]


def test_a_picture_in_no_class_folder_has_no_class(listed):
    assert [e.name for e in listed(pictures("1.jpg", "neutrophil/2.jpg")).pictures] == [
        "",
        "neutrophil",
    ]


def test_what_is_no_picture_and_what_is_hidden_is_left_out_and_told(listed, told):
    files = pictures("neutrophil/1.jpg", "neutrophil/.hidden.jpg")
    listing = listed({**files, "neutrophil/notes.txt": "x", "about.csv": "a,b\n1,2\n"})
    assert [each.path for each in listing.pictures] == ["neutrophil/1.jpg"]
    assert "hidden files: neutrophil/.hidden.jpg" in told(listing)
    assert "1 file .txt (neutrophil/notes.txt)" in told(listing)


def test_pbc_as_published_is_read(listed, names):
    listing = listed(
        pictures(
            "PBC_dataset_normal_DIB/basophil/BA_1.jpg",
            "PBC_dataset_normal_DIB/ig/IG_1.jpg",
            "PBC_dataset_normal_DIB/platelet/PLATELET_1.jpg",
        )
    )
    assert [names.code_of(each.name) for each in listing.pictures] == [
        "basophil",
        "immature_granulocyte",
        "platelet",
    ]


def test_raabin_as_published_is_read(listed):
    listing = listed(
        pictures(
            "Train/Basophil/20190526_162951_0.jpg",
            "TestA/Basophil/95-5-1_1_2.jpg",
            "TestB/Neutrophil/1_2.jpg",
        )
    )
    assert {(e.name, e.split) for e in listing.pictures} == {
        ("Basophil", "train"),
        ("Basophil", "test"),
        ("Neutrophil", "test"),
    }
