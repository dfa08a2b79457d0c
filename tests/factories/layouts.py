"""Archives as they are published, of drawn cells: the four-class set, COCO, YOLO, Pascal VOC."""

from __future__ import annotations

import json

import cv2
import numpy as np

from tests.drawn_cells import draw_smear, encode
from tests.factories.archives import drawn_picture

# A drawn field and where its two cells are: left, top, width, height.
FIELD_PX = (320, 240)
BOXES = ((60, 60, 80, 80), (190, 110, 80, 80))
CLASSES = ("EOSINOPHIL", "LYMPHOCYTE", "MONOCYTE", "NEUTROPHIL")


def four_class_archive(*, photographs: int = 4, copies: int = 3) -> dict[str, bytes | str]:
    """Both halves of the public archive: altered copies of each photograph, and the photographs."""
    files: dict[str, bytes | str] = {}
    rows = [",Image,Category\n"]
    for number in range(photographs):
        name = CLASSES[number % len(CLASSES)]
        photograph = textured_field(seed=number)
        stem = f"BloodImage_{number:05}"
        files[f"dataset-master/JPEGImages/{stem}.jpg"] = encode(photograph, "JPEG")
        files[f"dataset-master/Annotations/{stem}.xml"] = voc(f"{stem}.jpg", [("WBC", BOXES[0])])
        rows.append(f"{number},{number},{name}\n")
        split = "TEST" if number % 4 == 3 else "TRAIN"
        for copy in range(copies):
            path = f"dataset2-master/images/{split}/{name}/_{copy}_{1000 * copy + 7 * number}.jpeg"
            files[path] = encode(altered(photograph, copy), "JPEG")
    for half in ("dataset-master", "dataset2-master"):
        files[f"{half}/labels.csv"] = "".join(rows)
    return files


def textured_field(*, seed: int) -> np.ndarray:
    """A drawn field whose cells and background no other field has."""
    rng = np.random.default_rng(seed)
    rgb = draw_smear(seed=seed, width=FIELD_PX[0], height=FIELD_PX[1]).astype(np.float32)
    for _ in range(120):
        x, y = int(rng.integers(8, FIELD_PX[0] - 8)), int(rng.integers(8, FIELD_PX[1] - 8))
        colour = tuple(map(float, rng.uniform(90, 230, 3)))
        cv2.circle(rgb, (x, y), int(rng.integers(3, 9)), colour, -1)
    return np.clip(rgb, 0, 255).astype(np.uint8)


def altered(rgb: np.ndarray, number: int) -> np.ndarray:
    """A copy turned by some degrees, every second one mirrored as well, with black corners."""
    height, width = rgb.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 11 * number - 8, 1.0)
    turned = cv2.warpAffine(rgb, turn, (width, height))
    return np.ascontiguousarray(turned[:, ::-1]) if number % 2 else turned


def voc(filename: str, objects: list[tuple[str, tuple[int, int, int, int]]]) -> str:
    """A file of Pascal VOC."""
    told = "".join(
        f"<object><name>{name}</name><bndbox><xmin>{x}</xmin><ymin>{y}</ymin>"
        f"<xmax>{x + w}</xmax><ymax>{y + h}</ymax></bndbox></object>"
        for name, (x, y, w, h) in objects
    )
    return f"<annotation><filename>{filename}</filename>{told}</annotation>"


def coco(names: list[str], boxes: dict[str, list[tuple[int, tuple[int, int, int, int]]]]) -> str:
    """A file of COCO: number of the class and box, by file name."""
    return json.dumps(
        {
            "categories": [{"id": n, "name": name} for n, name in enumerate(names)],
            "images": [{"id": n, "file_name": file} for n, file in enumerate(boxes)],
            "annotations": [
                {"id": 10 * n + k, "image_id": n, "category_id": kind, "bbox": list(box)}
                for n, found in enumerate(boxes.values())
                for k, (kind, box) in enumerate(found)
            ],
        }
    )


def yolo_line(kind: int, box: tuple[int, int, int, int]) -> str:
    """A line of YOLO for a box in a drawn field."""
    x, y, w, h = box
    across, down = FIELD_PX
    return (
        f"{kind} {(x + w / 2) / across:.6f} {(y + h / 2) / down:.6f} "
        f"{w / across:.6f} {h / down:.6f}\n"
    )


def drawn_field(seed: int) -> bytes:
    """A drawn field of `FIELD_PX` as a PNG."""
    return encode(draw_smear(seed=seed, width=FIELD_PX[0], height=FIELD_PX[1]), "PNG")


def pictures(*paths: str) -> dict[str, bytes | str]:
    """Small drawn pictures at these paths, no two alike."""
    return {path: drawn_picture(500 + number) for number, path in enumerate(paths)}
