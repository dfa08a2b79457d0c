"""Manifests: what is read, what is refused, and how folders become one."""

import pytest

from mlmodels.ml.datasets.manifest import Row, read_manifest, rows_of_folder, write_manifest
from mlmodels.ml.errors import ManifestInvalid


def test_split_hint_is_read_as_split_and_classes_in_any_case(tmp_path):
    file = tmp_path / "m.csv"
    file.write_text(
        "path,class,set,source,split_hint,kind\na.jpg,NEUTROPHIL,k,s1,Fold0,photograph\n"
    )
    assert read_manifest(file) == [Row("a.jpg", "neutrophil", "s1", "fold0", "photograph")]


def test_a_row_without_a_source_is_its_own_source(tmp_path):
    file = tmp_path / "labels.csv"
    file.write_text("path,class\nx/a.jpg,Immature Granulocyte\n")
    row = read_manifest(file)[0]
    assert row.source == "x/a.jpg"
    assert row.label == "immature_granulocyte"


def test_the_public_archives_layout_becomes_rows(tmp_path):
    for name in ("TRAIN/EOSINOPHIL/_0_1.jpeg", "TEST/MONOCYTE/_1_2.JPEG", "TEST/MONOCYTE/x.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    rows = rows_of_folder(tmp_path)
    assert [(r.path, r.label, r.split) for r in rows] == [
        ("TEST/MONOCYTE/_1_2.JPEG", "monocyte", "test"),
        ("TRAIN/EOSINOPHIL/_0_1.jpeg", "eosinophil", "train"),
    ]


def test_labels_csv_in_a_folder_is_preferred_to_its_class_folders(tmp_path):
    (tmp_path / "monocyte").mkdir()
    (tmp_path / "monocyte" / "a.png").write_bytes(b"")
    (tmp_path / "labels.csv").write_text("path,class\nmonocyte/a.png,lymphocyte\n")
    assert [r.label for r in rows_of_folder(tmp_path)] == ["lymphocyte"]


def test_paths_may_be_absolute_or_relative(tmp_path):
    relative, absolute = Row("a.png", "x", "a"), Row(str(tmp_path / "b.png"), "x", "b")
    assert relative.file(tmp_path) == tmp_path / "a.png"
    assert absolute.file(tmp_path / "elsewhere") == tmp_path / "b.png"


def test_what_is_written_is_what_is_read(tmp_path):
    rows = [Row("a.png", "monocyte", "s1", "train", "augmented"), Row("b.png", "platelet", "s2")]
    write_manifest(rows, tmp_path / "new" / "m.csv")
    assert read_manifest(tmp_path / "new" / "m.csv") == rows


@pytest.mark.parametrize(
    "text", ["", "path,class\n", "name,class\na,b\n", "path,class\n,monocyte\n", "path,class\na,\n"]
)
def test_a_manifest_without_what_it_needs_is_refused_in_a_sentence(tmp_path, text):
    file = tmp_path / "m.csv"
    file.write_text(text)
    with pytest.raises(ManifestInvalid) as refusal:
        read_manifest(file)
    assert refusal.value.message.endswith(".")


def test_a_picture_is_no_manifest(tmp_path):
    (tmp_path / "m.csv").write_bytes(b"\x89PNG\xff\xfe\x00")
    with pytest.raises(ManifestInvalid):
        read_manifest(tmp_path / "m.csv")


def test_an_empty_or_missing_folder_is_refused(tmp_path):
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(ManifestInvalid):
            rows_of_folder(folder)
