"""COCO, YOLO and Pascal VOC: each box is a cell, its photograph the source."""

import pytest

from mlmodels.ml.datasets.layouts.listing import DrawnBox
from tests.factories.layouts import BOXES, FIELD_PX, coco, drawn_field, voc, yolo_line

FIELD = drawn_field(1)


def rows(listing) -> list[tuple[str, str, str, str]]:
    assert not [row for row in listing.report if row.refuses], listing.report
    return [(each.path, each.name, each.source, each.split) for each in listing.pictures]


def px(box: DrawnBox) -> tuple[int, int, int, int]:
    across, down = FIELD_PX if box.in_shares else (1, 1)
    return (
        round(box.x * across),
        round(box.y * down),
        round(box.width * across),
        round(box.height * down),
    )


@pytest.mark.parametrize(
    "files",
    [
        {
            "images/f.png": FIELD,
            "images/boxes.csv": "image;x;y;width;height;class\n"
            "f.png;60;60;80;80;WBC\nf.png;190;110;80;80;RBC\n",
        },
        {
            "images/f.png": FIELD,
            "labels.csv": "filename,width,height,class,xmin,ymin,xmax,ymax\n"
            "f.png,320,240,WBC,60,60,140,140\nf.png,320,240,RBC,190,110,270,190\n",
        },
        {
            "images/f.png": FIELD,
            "annotations.json": coco(["WBC", "RBC"], {"f.png": [(0, BOXES[0]), (1, BOXES[1])]}),
        },
        {
            "images/f.png": FIELD,
            "labels/f.txt": yolo_line(0, BOXES[0]) + "\n" + yolo_line(1, BOXES[1]),
            "data.yaml": "nc: 2\nnames: ['WBC', 'RBC']\n",
        },
        {
            "images/f.png": FIELD,
            "labels/f.txt": yolo_line(0, BOXES[0]) + yolo_line(1, BOXES[1]),
            "data.yaml": "names:\n  0: WBC\n  1: RBC\n",
        },
        {
            "images/f.png": FIELD,
            "images/f.txt": yolo_line(0, BOXES[0]) + yolo_line(1, BOXES[1]),
            "classes.txt": "WBC\nRBC\n",
        },
        {
            "JPEGImages/f.png": FIELD,
            "Annotations/f.xml": voc("f.png", [("WBC", BOXES[0]), ("RBC", BOXES[1])]),
        },
    ],
    ids=[
        "table",
        "table, corners",
        "COCO",
        "YOLO, list",
        "YOLO, numbers",
        "YOLO, beside",
        "Pascal VOC",
    ],
)
def test_each_box_is_listed_with_its_class_and_its_photograph(listed, files):
    listing = listed(files)
    picture = next(path for path in files if path.endswith(".png"))
    assert rows(listing) == [(picture, name, picture, "") for name in ("WBC", "RBC")]
    assert [px(each.box) for each in listing.pictures] == list(BOXES)
    assert "Each box is a cell" in " ".join(listing.words)


def test_splits_are_those_of_folders(listed):
    listing = listed(
        {
            "train/f.png": FIELD,
            "train/_annotations.coco.json": coco(["WBC"], {"f.png": [(0, BOXES[0])]}),
            "valid/g.png": FIELD,
            "valid/_annotations.coco.json": coco(["WBC"], {"g.png": [(0, BOXES[0])]}),
        }
    )
    assert [row[3] for row in rows(listing)] == ["train", "validation"]


def test_pictures_of_one_name_in_two_splits_stay_apart(listed):
    files: dict[str, bytes | str] = {}
    for split in ("train", "test"):
        files[f"images/{split}/f.png"] = FIELD
        files[f"labels/{split}/f.txt"] = yolo_line(0, BOXES[0])
    listing = listed({**files, "data.yaml": "names: [WBC]"})
    assert [row[0] for row in rows(listing)] == ["images/test/f.png", "images/train/f.png"]


def test_splits_of_pascal_voc_are_those_of_its_lists(listed):
    listing = listed(
        {
            "BCCD/JPEGImages/f.png": FIELD,
            "BCCD/Annotations/f.xml": voc("f.png", [("WBC", BOXES[0])]),
            "BCCD/ImageSets/Main/val.txt": "f\n",
        }
    )
    assert [row[3] for row in rows(listing)] == ["validation"]


def test_a_picture_without_a_box_is_left_out_and_told(listed, told):
    listing = listed(
        {
            "JPEGImages/f.png": FIELD,
            "JPEGImages/none.png": FIELD,
            "Annotations/f.xml": voc("f.png", [("WBC", BOXES[0])]),
        }
    )
    assert "no box is drawn in them: JPEGImages/none.png" in told(listing)


@pytest.mark.parametrize(
    ("files", "place", "said"),
    [
        (
            {"b.csv": "image,class,x,y,width,height\nf.png,WBC,1,2,3,x\n", "f.png": FIELD},
            "b.csv, line 2",
            "no box that can be read",
        ),
        (
            {"a.json": coco(["WBC"], {"gone.png": [(0, BOXES[0])]})},
            "a.json, annotation 1: gone.png",
            "does not hold the picture",
        ),
        (
            {"labels/f.txt": "0 0.5\n", "images/f.png": FIELD, "classes.txt": "WBC"},
            "labels/f.txt, line 1",
            "no box that can be read",
        ),
        (
            {"f.png": FIELD, "f.xml": voc("f.png", [("WBC", BOXES[0])]).replace("60<", "x<")},
            "f.xml, object 1",
            "no box that can be read",
        ),
    ],
)
def test_a_box_that_cannot_be_had_is_refused_with_its_place(listed, files, place, said):
    [row] = [row for row in listed(files).report if row.refuses]
    assert row.path == place
    assert said in row.reason


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE a [<!ENTITY x "y">]><annotation><object><name>&x;</name></object></annotation>',
        "<annotation><object>",
        "<other/>",
        "words",
    ],
)
def test_xml_that_declares_or_is_none_is_no_annotation(listed, text):
    listing = listed({"neutrophil/f.png": FIELD, "neutrophil/f.xml": text})
    assert [each.box for each in listing.pictures] == [None]


@pytest.mark.parametrize("text", ["{", "[]", '{"images": 3}', "[" * 100_000, "null"])
def test_json_that_is_none_of_coco_is_no_annotation(listed, text):
    listing = listed({"neutrophil/f.png": FIELD, "neutrophil/f.json": text})
    assert [each.box for each in listing.pictures] == [None]


@pytest.mark.parametrize(
    "changed",
    [
        ('"bbox": [60', '"bbox": ["x"'),
        ('"bbox": [60', '"bbox": [1' + "0" * 400),
        ('"image_id": 0', '"image_id": [0]'),
        ('"category_id": 0', '"category_id": {"a": 1}'),
        ('"bbox"', '"box"'),
    ],
)
def test_odd_numbers_in_coco_are_refused_row_by_row_or_kept_as_an_unknown_class(listed, changed):
    text = coco(["WBC"], {"f.png": [(0, BOXES[0])]}).replace(*changed)
    listing = listed({"f.png": FIELD, "a.json": text})
    refused = [row for row in listing.report if row.refuses]
    assert [row.path.partition(":")[0] for row in refused] == ["a.json, annotation 1"] or [
        each.name for each in listing.pictures
    ] == ["{'a': 1}"]


def test_names_in_yaml_that_nest_without_end_are_no_names(listed):
    levels = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40))]
    text = "\n".join([*levels, "names: [*a39, WBC]"])
    files = {"f.png": FIELD, "f.txt": yolo_line(1, BOXES[0]), "data.yaml": text}
    assert [each.name for each in listed(files).pictures] == ["WBC"]


def test_paths_of_the_machine_on_which_boxes_were_drawn_are_found_by_their_name(listed):
    text = coco(["WBC"], {"C:\\Users\\ada\\f.png": [(0, BOXES[0])]})
    assert [row[0] for row in rows(listed({"images/f.png": FIELD, "a.json": text}))] == [
        "images/f.png"
    ]


def test_classes_of_yolo_that_nobody_names_are_numbers(listed):
    files = {"images/f.png": FIELD, "labels/f.txt": yolo_line(3, BOXES[0])}
    assert [row[1] for row in rows(listed(files))] == ["3"]


def test_a_row_without_a_box_says_that_its_picture_has_no_cell(listed, told):
    text = "image,x,y,width,height,class\nf.png,60,60,80,80,WBC\nnone.png,,,,,\n"
    listing = listed({"f.png": FIELD, "none.png": FIELD, "boxes.csv": text})
    assert [row[0] for row in rows(listing)] == ["f.png"]
    assert "no box is drawn in them: none.png" in told(listing)


def test_a_class_without_a_name_leaves_the_others_their_numbers(listed):
    listing = listed(
        {
            "images/f.png": FIELD,
            "labels/f.txt": "2 0.5 0.5 0.2 0.2\n",
            "classes.txt": "neutrophil\n\nmonocyte\neosinophil\n",
        }
    )
    assert [each.name for each in listing.pictures] == ["monocyte"]


def test_a_split_that_is_none_is_refused_in_a_table_of_boxes_too(listed):
    table = "filename,class,xmin,ymin,xmax,ymax,split\nf.png,WBC,1,1,20,20,holdout\n"
    listing = listed({"f.png": FIELD, "boxes.csv": table})
    assert "The split holdout is unknown" in " ".join(row.reason for row in listing.report)


def test_names_by_a_number_without_end_are_no_names(listed):
    listed(
        {
            "images/f.png": FIELD,
            "labels/f.txt": "0 0.5 0.5 0.2 0.2\n",
            "data.yaml": "names: {.inf: WBC}\n",
        }
    )
