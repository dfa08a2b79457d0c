"""Manifests as spreadsheets and scripts of the world write them."""

import pytest

from tests.factories.layouts import pictures

FILES = pictures("img/0.jpg", "img/1.jpg")
ROWS = [("img/0.jpg", "neutrophil"), ("img/1.jpg", "monocyte")]


def table(delimiter: str = ",", end: str = "\n", head: str = "path,class") -> str:
    lines = [head.replace(",", delimiter), *(delimiter.join(row) for row in ROWS)]
    return end.join(lines) + end


def rows(listing) -> list[tuple[str, str]]:
    assert not [row for row in listing.report if row.refuses], listing.report
    return [(each.path, each.name) for each in listing.pictures]


@pytest.mark.parametrize(
    "data",
    [
        table().encode(),
        table(";", "\r\n").encode(),
        table("\t").encode(),
        table("|").encode(),
        table(end="\r").encode(),
        table().encode("utf-8-sig"),
        table(";").encode("utf-16"),
        b"\xfe\xff" + table().encode("utf-16-be"),
        ("sep=;\n" + table(";")).encode(),
        ("\n\n" + table()).encode(),
        table(head="Path , CLASS").encode(),
        table(head="filename,label").encode(),
        table(head="image,cell_type").encode(),
        table().replace("img/", "img\\").encode(),
        table().replace("img/", "./img/").encode(),
        table().replace("img/", "IMG/").encode(),
        table().replace("img/", "").encode(),
        table().replace(".jpg", "").encode(),
        (table() + "\n,,\n \n;;\n").encode(),
        table().replace("img/0.jpg", '"img/0.jpg"').encode(),
        table(head="path,class").replace(",neutrophil", ' , "neutrophil"').encode(),
    ],
)
def test_a_manifest_is_read_whatever_parts_its_columns_and_however_it_is_saved(listed, data):
    assert rows(listed({**FILES, "manifest.csv": data})) == ROWS


@pytest.mark.parametrize("name", ["labels.csv", "Manifest.CSV", "set/../manifest.tsv", "cells.csv"])
def test_a_manifest_is_found_by_its_columns(listed, name):
    name = name.replace("set/../", "")
    assert rows(listed({**FILES, name: table()})) == ROWS


def test_a_manifest_beside_the_pictures_in_the_one_folder_names_them_from_there(listed):
    files = {f"own/{path}": data for path, data in FILES.items()}
    assert rows(listed({**files, "own/manifest.csv": table()})) == [
        (f"own/{path}", name) for path, name in ROWS
    ]


def test_names_with_letters_of_other_systems_are_found(listed):
    composed, decomposed = "Zelle \u00e9.jpg", "Zelle e\u0301.jpg"
    files = {composed: FILES["img/0.jpg"]}
    assert rows(listed({**files, "manifest.csv": f"path,class\n{decomposed},NE\n"})) == [
        (composed, "NE")
    ]


def test_a_table_of_a_western_spreadsheet_is_read_and_told(listed):
    data = "path;class\nZelle \u00e9.jpg;NE\n".encode("cp1252")
    listing = listed({"Zelle \u00e9.jpg": FILES["img/0.jpg"], "manifest.csv": data})
    assert rows(listing) == [("Zelle \u00e9.jpg", "NE")]
    assert "read as Windows-1252" in " ".join(listing.words)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("path,class\n\n,,\nimg/9.jpg,neutrophil\n", 4, "does not hold this file"),
        ("path,class\nimg/0.jpg,\n", 2, "lacks its path or its class"),
        ('path,class\n"img/0.jpg","neutro\nphil"\nimg/9.jpg,x\n', 4, "does not hold"),
        ("path,class\nimg/0.jpg,a,b\n", 2, "more cells than there are columns"),
        ("sep=,\npath,class\nimg/0.jpg,a\n,b\n", 4, "lacks its path"),
    ],
)
def test_a_wrong_row_is_told_with_the_line_it_stands_on(listed, text, line, said):
    listing = listed({**FILES, "manifest.csv": text})
    found = [row for row in listing.report if row.path.startswith(f"manifest.csv, line {line}")]
    assert len(found) == 1, listing.report
    assert said in found[0].reason


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"path,species\nimg/0.jpg,x\n", "Its first line reads: path,species."),
        (b"path,class\n", "has no rows"),
        (b'path,class\n"img/0.jpg,neutrophil\n', "Close its quotation marks"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "not a CSV file in UTF-8"),
        (b"", "reads: nothing"),
    ],
)
def test_what_is_no_manifest_is_refused_with_the_cause(listed, data, said):
    listing = listed({**FILES, "manifest.csv": data})
    assert listing.pictures == ()
    assert said in listing.report[0].reason


def test_a_manifest_names_sources_and_splits(listed):
    text = "path;class;patient;subset\nimg/0.jpg;NE;P 7;Training\nimg/1.jpg;MO;P 8;TEST\n"
    listing = listed({**FILES, "manifest.csv": text})
    assert [(e.source, e.split) for e in listing.pictures] == [("P 7", "train"), ("P 8", "test")]


@pytest.mark.parametrize("text", ["epoch,loss\n1,0.5\n", "image,label\nelsewhere.jpg,NE\n"])
def test_a_table_of_something_else_does_not_hide_class_folders(listed, text):
    listing = listed({**pictures("neutrophil/0.jpg"), "results.csv": text})
    assert rows(listing) == [("neutrophil/0.jpg", "neutrophil")]


def test_a_row_that_could_mean_several_files_is_refused_as_that(listed):
    files = pictures("a/0.jpg", "b/0.jpg")
    listing = listed({**files, "manifest.csv": "path,class\n0.jpg,NE\n"})
    assert "Several files of the archive are called so" in listing.report[0].reason
