"""What goes into an export: for research fields, crops and papers; for the models, crops.

An export is planned once, then written image by image. Both kinds are cut from the bytes that
were uploaded, verified; neither holds these bytes, for they say where and when they were made.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

import numpy as np
from django.conf import settings
from django.utils import timezone

from hematovision.csv_rows import csv_lines
from mlmodels.ml.datasets.box_crops import cut_box, encode_cut
from mlmodels.ml.datasets.layouts.listing import DrawnBox
from mlmodels.ml.errors import RejectedImage
from mlmodels.ml.inference.finding.marks import find_marks, paint_over
from mlmodels.ml.pictures.apart import read_picture_apart
from mlmodels.ml.pictures.picture import ImageLimits
from mlmodels.ml.pictures.renditions import encode_rendition
from mlmodels.selectors.labels import labels_for
from mlmodels.selectors.profiles import profiles_of
from predictions import storage
from predictions.errors import ExportRefused, OriginalMissing
from predictions.exported.coco import WrittenCell, WrittenImage, coco_document
from predictions.exported.origin import Origin, origin_in_words
from predictions.exported.readme import Told, readme
from predictions.exported.splits import propose_splits
from predictions.exported.zip_part import ZipPart
from predictions.models import Cell, CellExport, Sample, SmearImage, StudyCode
from predictions.selectors.laboratory.diseases import codes_by_sample
from predictions.selectors.research.exports import span_in_words
from predictions.selectors.research.reviewed import DatasetWanted, Preview, preview
from predictions.selectors.research.signed_cells import (
    ImageCells,
    Wanted,
    cells_to_export,
    places_of_images,
)
from predictions.services.research.study_codes import Codes, draw_codes
from predictions.services.research.tables import cell_rows, named_by, research_cell_columns

_AT_ONCE = 500
_FIELD_QUALITY = 95


class Content(ABC):
    """One kind of export, image by image.

    Args:
        export: whose plan says which cells of which images there are, once it is made.
    """

    def __init__(self, export: CellExport) -> None:
        self.export = export
        self.images: list[dict[str, Any]] = (export.plan or {}).get("images", [])

    @abstractmethod
    def plan(self) -> dict[str, Any]:
        """Choose the cells, and note since when the report of each sample stands.

        {"images": [{"image": id, "cells": [[id, label], …]}, …], "signed": {sample: since}, …}
        """

    @abstractmethod
    def plan_without(self, gone: Collection[UUID]) -> dict[str, Any]:
        """What is left to write when these samples of the plan are not to leave any more."""

    def no_longer_signed(self) -> set[UUID]:
        """The samples of the plan whose report does not stand as it stood when it was made.

        One that was amended and signed again meanwhile is among them: its cells may be others.
        """
        planned: dict[str, str] = (self.export.plan or {})["signed"]
        now = _signed_at([UUID(key) for key in planned])
        return {UUID(key) for key, at in planned.items() if not at or now[key] != at}

    @abstractmethod
    def add_image(self, zipped: ZipPart, place: int) -> None:
        """Add what there is of an image of the plan.

        Raises:
            OriginalMissing: its bytes are gone, or are others.
            StorageUnavailable: the storage does not answer now.
        """

    @abstractmethod
    def add_papers(self, zipped: ZipPart) -> None:
        """Add what is said of all images together."""

    @abstractmethod
    def origin(self) -> str:
        """Where the cells come from, in words."""

    def cells_of(self, place: int) -> list[tuple[Cell, str]]:
        """The cells of an image of the plan, each with its label there."""
        planned = self.images[place]["cells"]
        found = Cell.objects.in_bulk([UUID(key) for key, _ in planned])
        return [(found[UUID(key)], label) for key, label in planned]


class ResearchContent(Content):
    """Fields, crops, COCO and a table, under study codes alone."""

    def plan(self) -> dict[str, Any]:
        """Choose the cells; samples come in the order of their codes, which says nothing."""
        export = self.export
        wanted = Wanted.from_json(export.wanted)
        found = cells_to_export(export.asked_by, wanted, at_most=settings.MAX_EXPORT_CELLS)
        if not found:
            raise ExportRefused("first_day", "No signed cell is so any more.")
        if sum(len(image.cells) for image in found) > settings.MAX_EXPORT_CELLS:
            raise ExportRefused(
                "first_day",
                f"More than {settings.MAX_EXPORT_CELLS:,} cells are so by now. Choose a shorter "
                "span.",
            )
        samples = {image.sample_id for image in found}
        codes, places = self._codes(samples), places_of_images(samples)
        # Stable: the images of a sample stay in their order.
        found.sort(key=lambda image: codes[image.sample_id].sample)
        images = []
        for image in found:
            place = places[image.image_id]
            name = f"{codes[image.sample_id].sample}-{place:02}"
            images.append({**_planned(image), "name": name, "place": place})
        return {"images": images, "signed": _signed_at(samples), "left_out": 0}

    def plan_without(self, gone: Collection[UUID]) -> dict[str, Any]:
        """The same plan without the images of these samples; how many they are is kept."""
        plan = self.export.plan or {}
        out = {str(sample) for sample in gone}
        images = [image for image in self.images if image["sample"] not in out]
        if not images:
            raise ExportRefused("first_day", "No signed cell is so any more.")
        signed = {key: at for key, at in plan["signed"].items() if key not in out}
        return {"images": images, "signed": signed, "left_out": plan["left_out"] + len(out)}

    def add_image(self, zipped: ZipPart, place: int) -> None:
        """Add the field, without metadata and with marks painted over, and a crop a cell."""
        name = self.images[place]["name"]
        rgb = _pixels(self.images[place]["image"])
        marks = find_marks(rgb)
        if marks is not None:
            rgb = paint_over(rgb, marks)
        longest = max(rgb.shape[:2])
        field = encode_rendition(rgb, max_side_px=longest, quality=_FIELD_QUALITY)
        zipped.add(_field_name(name), field)
        for cell, label in self.cells_of(place):
            zipped.add(f"crops/{label}/{_cell_name(name, cell)}.png", _crop(rgb, cell))

    def add_papers(self, zipped: ZipPart) -> None:
        """Add the annotations, the table of cells and the README."""
        missing = set(self.export.images_missing)
        images = [image for image in self.images if image["image"] not in missing]
        keys = [UUID(image["image"]) for image in images]
        rows = SmearImage.objects.select_related("sample").in_bulk(keys)
        codes = self._codes({row.sample_id for row in rows.values()})
        cells = list(self._cells(images))
        for cell, _ in cells:
            cell.image = rows[cell.image_id]
        zipped.add("annotations.json", self._annotations(images, rows, cells), shrink=True)
        wanted = Wanted.from_json(self.export.wanted)
        samples = {row.sample for row in rows.values()}
        diseases = codes_by_sample(self.export.asked_by, samples) if wanted.with_diseases else None
        table = cell_rows(
            (cell for cell, _ in cells),
            {UUID(image["image"]): image["place"] for image in images},
            codes,
            diseases,
            laboratory=self.export.laboratory,
        )
        columns = research_cell_columns(with_diseases=wanted.with_diseases)
        zipped.add("cells.csv", b"".join(csv_lines(columns, table)), shrink=True)
        told = Told(
            project=self.export.name,
            year=timezone.now().year,
            cells=len(cells),
            images=len(images),
            samples=len(codes),
            patients=len({code.patient for code in codes.values()}),
            images_missing=len(missing),
            samples_left_out=(self.export.plan or {})["left_out"],
            labels=wanted.labels,
            profiles=len(wanted.profiles),
            has_span=bool(wanted.first_day or wanted.last_day),
            is_by_disease=bool(wanted.diseases),
            with_diseases=wanted.with_diseases,
        )
        zipped.add("README.txt", readme(told).encode(), shrink=True)

    def origin(self) -> str:
        """The project."""
        return self.export.name

    def _annotations(
        self,
        images: Sequence[dict[str, Any]],
        rows: dict[UUID, SmearImage],
        cells: Iterable[tuple[Cell, dict[str, Any]]],
    ) -> bytes:
        numbers = {image["image"]: number for number, image in enumerate(images)}
        document = coco_document(
            [
                WrittenImage(_field_name(image["name"]), row.width_px, row.height_px)
                for image in images
                for row in [rows[UUID(image["image"])]]
            ],
            [
                WrittenCell(
                    image=numbers[image["image"]],
                    code=_cell_name(image["name"], cell),
                    label=cell.present_label,
                    box=(cell.x_px, cell.y_px, cell.width_px, cell.height_px),
                    named_by=named_by(cell),
                )
                for cell, image in cells
            ],
            {code: label.name for code, label in labels_for(self.export.laboratory).items()},
            description=f"White blood cells of signed blood films: {self.export.name}",
            year=timezone.now().year,
        )
        return json.dumps(document, ensure_ascii=False, indent=1).encode()

    def _cells(self, images: Sequence[dict[str, Any]]) -> Iterable[tuple[Cell, dict[str, Any]]]:
        for begin in range(0, len(images), _AT_ONCE):
            part = images[begin : begin + _AT_ONCE]
            keys = [UUID(key) for image in part for key, _ in image["cells"]]
            of_part = Cell.objects.select_related("job__model_version").in_bulk(keys)
            for image in part:
                for key, _ in image["cells"]:
                    yield of_part[UUID(key)], image

    def _codes(self, sample_ids: set[UUID]) -> dict[UUID, Codes]:
        samples = Sample.objects.filter(pk__in=sample_ids).order_by("pk")
        return draw_codes(self.export.laboratory, self.export.name, samples)


class DatasetContent(Content):
    """Crops with a manifest: an archive as `docs/datasets.md` says."""

    def plan(self) -> dict[str, Any]:
        """Choose the cells, and give whole patients to the splits."""
        export = self.export
        seen = preview(export.asked_by, DatasetWanted.from_json(export.wanted))
        if seen.refusal:
            raise ExportRefused("labels", seen.refusal)
        samples = Sample.objects.filter(pk__in={cell.sample_id for cell in seen.chosen})
        codes = draw_codes(export.laboratory, StudyCode.OF_DATASETS, samples.order_by("pk"))
        images: dict[UUID, dict[str, Any]] = {}
        for cell in seen.chosen:
            image = images.setdefault(
                cell.image_id,
                {
                    "image": str(cell.image_id),
                    "source": codes[cell.sample_id].patient,
                    "cells": [],
                },
            )
            image["cells"].append([str(cell.cell_id), cell.label])
        splits = propose_splits((codes[cell.sample_id].patient, cell.label) for cell in seen.chosen)
        return {
            "images": list(images.values()),
            "splits": splits,
            "origin": self._origin(seen),
            "signed": _signed_at(set(codes)),
        }

    def plan_without(self, gone: Collection[UUID]) -> dict[str, Any]:
        """Choose anew: splits and origin are said of all that is in it."""
        return self.plan()

    def add_image(self, zipped: ZipPart, place: int) -> None:
        """Add a crop a cell."""
        rgb = _pixels(self.images[place]["image"])
        for cell, label in self.cells_of(place):
            zipped.add(_crop_name(place, cell.pk, label), _crop(rgb, cell))

    def add_papers(self, zipped: ZipPart) -> None:
        """Add the manifest."""
        missing = set(self.export.images_missing)
        splits = (self.export.plan or {})["splits"]
        rows = (
            (_crop_name(place, UUID(key), label), label, image["source"], splits[image["source"]])
            for place, image in enumerate(self.images)
            if image["image"] not in missing
            for key, label in image["cells"]
        )
        table = b"".join(csv_lines(("path", "class", "source", "split"), rows))
        zipped.add("manifest.csv", table, shrink=True)

    def origin(self) -> str:
        """Where the cells come from, as the dataset's page says it."""
        return str((self.export.plan or {})["origin"])

    def _origin(self, seen: Preview) -> str:
        names = {str(profile.pk): profile.name for profile in profiles_of(self.export.asked_by)}
        wanted = seen.wanted
        return origin_in_words(
            Origin(
                span=span_in_words(wanted.first_day, wanted.last_day),
                profiles=tuple(names.get(key, "no profile") for key in wanted.profiles),
                cells=len(seen.chosen),
                samples=seen.samples,
                patients=seen.patients,
                by_two=seen.by_two,
                by_one=seen.by_one,
                by_nobody=seen.by_nobody,
                named=seen.agreement.whole,
                agreed=seen.agreement.part,
                interval=seen.agreement.interval,
                classes=tuple(
                    (row.code, row.agreement.part, row.agreement.whole) for row in seen.classes
                ),
            )
        )


def content_of(export: CellExport) -> Content:
    """What goes into an export of its kind."""
    kinds: dict[str, type[Content]] = {
        CellExport.Kind.RESEARCH: ResearchContent,
        CellExport.Kind.DATASET: DatasetContent,
    }
    return kinds[export.kind](export)


def _planned(image: ImageCells) -> dict[str, Any]:
    return {
        "image": str(image.image_id),
        "sample": str(image.sample_id),
        "cells": [[str(cell), label] for cell, label in image.cells],
    }


def _signed_at(sample_ids: Collection[UUID]) -> dict[str, str]:
    """Since when each sample is signed; an empty text for one that is not."""
    since = dict.fromkeys(map(str, sample_ids), "")
    keys = list(sample_ids)
    for begin in range(0, len(keys), _AT_ONCE):
        rows = Sample.objects.filter(
            pk__in=keys[begin : begin + _AT_ONCE], state=Sample.State.SIGNED
        ).values_list("pk", "state_changed_at")
        since |= {str(pk): at.isoformat() for pk, at in rows}
    return since


def _pixels(image_id: str) -> np.ndarray:
    """The upright picture of an image, from its verified bytes."""
    row = SmearImage.objects.only("original", "sha256").get(pk=image_id)
    data = storage.read_original(row.original, sha256=row.sha256)
    # What was taken once is taken again, also where limits have become narrower since.
    limits = ImageLimits(max_bytes=2**40, max_megapixels=2 * settings.MAX_IMAGE_MEGAPIXELS)
    try:
        return read_picture_apart(data, limits).rgb
    except RejectedImage as error:
        raise OriginalMissing() from error


def _crop(rgb: np.ndarray, cell: Cell) -> bytes:
    try:
        return encode_cut(
            cut_box(rgb, DrawnBox(cell.x_px, cell.y_px, cell.width_px, cell.height_px))
        )
    except RejectedImage as error:
        raise OriginalMissing() from error


def _field_name(name: str) -> str:
    return f"images/{name}.jpg"


def _cell_name(name: str, cell: Cell) -> str:
    return f"{name}-{cell.position:03}"


def _crop_name(place: int, cell_id: UUID, label: str) -> str:
    return f"{label}/{place:05}-{cell_id.hex[:12]}.png"
