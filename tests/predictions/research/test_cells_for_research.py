"""Signed cells become one ZIP that other programs open, and that says nothing of who it is."""

from __future__ import annotations

import io
import json
import re

import numpy as np
import pytest
from django.urls import reverse
from PIL import Image, ImageDraw
from pycocotools.coco import COCO

from accounts.models import AuditAction, AuditEvent
from predictions.errors import ExportRefused, ExportWaits
from predictions.models import Cell, CellExport, JobStatus, Sample, SmearImage, StudyCode
from predictions.selectors.research.signed_cells import Wanted, found_cells
from predictions.services.reports.amending import begin_amendment
from predictions.services.reports.contacts import acknowledge_alarm
from predictions.services.research.run_exports import export_cells
from predictions.services.review.reviews import review_cell
from predictions.services.samples.diseases import add_disease
from predictions.services.samples.states import send_to_doctor
from tests.drawn_cells import draw_smear_png
from tests.factories.cases import cells_of, confirm, make_case, make_signed, sign_case
from tests.factories.exports import (
    MIXED,
    lose_pictures,
    make_export,
    make_patients,
    table_in,
    write,
    zip_of,
)
from tests.factories.images import make_sample, upload_one
from tests.factories.results import record_result

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed(technician, doctor) -> list[Sample]:
    """Two signed samples of two patients, and one that nobody signed."""
    make_case(technician)
    reports = make_patients(
        technician,
        doctor,
        2,
        sex="female",
        age_days_given=95 * 366,
        note="Known to Dr Smith",
        requester="Ward 3",
    )
    return [report.sample for report in reports]


def test_a_doctor_exports_signed_cells_on_the_page_and_downloads_them(page_as, doctor, signed):
    client = page_as(doctor)
    shown = client.get(reverse("research"))
    assert "204 cells" not in re.sub("<[^>]+>", "", shown.content.decode())
    shown = client.get(reverse("research"), dict(shown.context["form"].kept()))
    assert "204 cells" in re.sub("<[^>]+>", "", shown.content.decode())
    asked = client.post(reverse("research"), {"project": "Eosinophils 2026"}, follow=True)
    assert "waits for a worker" in asked.content.decode()
    export = write(CellExport.objects.get())
    page = client.get(reverse("predictions:research_exports")).content.decode()
    address = reverse("predictions:research_file", args=[export.pk])
    assert all(word in page for word in ("ready", address))
    assert "hx-trigger" not in page
    answer = client.get(address)
    assert answer["Content-Disposition"] == f'attachment; filename="cells-{export.pk}.zip"'
    assert b"".join(answer.streaming_content)[:2] == b"PK"


def test_the_zip_is_read_by_the_loader_of_coco(doctor, signed, tmp_path):
    export = write(make_export(doctor))
    assert (export.status, export.error) == (JobStatus.SUCCEEDED, "")
    opened = zip_of(export, doctor)
    assert opened.testzip() is None
    opened.extractall(tmp_path / "set")
    coco = COCO(str(tmp_path / "set" / "annotations.json"))
    assert len(coco.getImgIds()) == 2
    [neutrophil] = coco.getCatIds(catNms=["neutrophil"])
    assert len(coco.getAnnIds(catIds=[neutrophil])) == 2 * MIXED["neutrophil"]
    for image in coco.loadImgs(coco.getImgIds()):
        field = Image.open(tmp_path / "set" / image["file_name"])
        assert field.size == (image["width"], image["height"])
        assert not field.getexif()
        for each in coco.loadAnns(coco.getAnnIds(imgIds=[image["id"]])):
            x, y, width, height = each["bbox"]
            label = coco.loadCats([each["category_id"]])[0]["name"]
            crop = Image.open(tmp_path / "set" / "crops" / label / f"{each['cell']}.png")
            assert (crop.format, crop.info) == ("PNG", {})
            assert (x >= 0, y >= 0, x + width <= image["width"]) == (True, True, True)
            assert each["area"] == width * height


def test_boxes_are_those_of_the_cells(doctor, signed):
    opened = zip_of(write(make_export(doctor)), doctor)
    document = json.loads(opened.read("annotations.json"))
    found = sorted(tuple(each["bbox"]) for each in document["annotations"])
    cells = Cell.objects.filter(image__sample__in=signed)
    assert found == sorted(cells.values_list("x_px", "y_px", "width_px", "height_px"))


def test_the_table_has_a_row_for_each_crop(doctor, signed):
    opened = zip_of(write(make_export(doctor)), doctor)
    rows = table_in(opened, "cells.csv")
    crops = [name for name in opened.namelist() if name.startswith("crops/")]
    assert len(rows) == len(crops) == 2 * sum(MIXED.values())
    assert {row["named by"] for row in rows} == {"technician", "model"}
    assert {row["age in years"] for row in rows} == {"90+"}
    assert {row["sex"] for row in rows} == {"female"}


def test_nothing_in_it_says_who_it_is(doctor, technician, signed, laboratory):
    export = write(make_export(doctor, project="Study 7"))
    opened = zip_of(export, doctor)
    everything = " ".join(opened.namelist()).encode() + b"".join(
        opened.read(name) for name in opened.namelist()
    )
    secrets = [laboratory.name, technician.display_name, doctor.display_name, "Dr Smith", "Ward 3"]
    for sample in signed:
        secrets += [sample.accession_number, sample.patient_reference, str(sample.pk)]
    secrets += [str(pk) for pk in SmearImage.objects.values_list("pk", flat=True)]
    secrets += [str(pk) for pk in Cell.objects.values_list("pk", flat=True)[:50]]
    secrets += [f"{signed[0].created_at:%Y-%m-%d}", f"{signed[0].created_at:%d %b}"]
    assert [secret for secret in secrets if secret and secret.encode() in everything] == []
    assert {entry.date_time for entry in opened.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_original_bytes_are_not_in_it(doctor, signed):
    opened = zip_of(write(make_export(doctor)), doctor)
    fields = [name for name in opened.namelist() if name.startswith("images/")]
    assert len(fields) == 2
    for name in fields:
        assert Image.open(io.BytesIO(opened.read(name))).format == "JPEG"


def test_what_is_drawn_on_a_field_is_painted_over(technician, doctor):
    sample = make_sample(technician)
    drawn_on = framed(draw_smear_png(seed=5))
    assert how_green(drawn_on) > 200
    image = upload_one(technician, sample.pk, drawn_on)
    record_result(image, *(dict[str, object](x_px=10 * place) for place in range(25)))
    confirm(technician, cells_of(sample)[0])
    send_to_doctor(actor=technician, sample_id=sample.pk)
    sign_case(doctor, sample, limited_count_reason="A thin film.")
    opened = zip_of(write(make_export(doctor)), doctor)
    [name] = [name for name in opened.namelist() if name.startswith("images/")]
    assert how_green(opened.read(name)) < 60


def how_green(data: bytes) -> int:
    """By how much the greenest pixel of a picture is green."""
    r, g, b = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), dtype=int).transpose(2, 0, 1)
    return int((g - np.maximum(r, b)).max())


def framed(data: bytes) -> bytes:
    """A picture with a green frame, as a person draws one."""
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    width, height = picture.size
    box = (width // 4, height // 4, width // 2, height // 2)
    ImageDraw.Draw(picture).rectangle(box, outline=(0, 230, 0), width=4)
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return buffer.getvalue()


def test_only_what_is_signed_and_stands_is_counted_and_exported(technician, doctor, signed):
    amending = make_signed(technician, doctor).sample
    begin_amendment(actor=doctor, sample_id=amending.pk, reason="The WBC came late.")
    opened = zip_of(write(make_export(doctor)), doctor)
    rows = table_in(opened, "cells.csv")
    codes = StudyCode.objects.filter(kind="sample").values_list("sample", "code")
    assert {row["sample"] for row in rows} == {code for _, code in codes}
    assert {sample for sample, _ in codes} == {sample.pk for sample in signed}


def test_labels_and_days_narrow_it(doctor, signed, laboratory):
    some = make_export(doctor, labels=("monocyte",), first_day=laboratory.today)
    assert some.cells_found == 2 * MIXED["monocyte"]
    opened = zip_of(write(some), doctor)
    assert {row["label"] for row in table_in(opened, "cells.csv")} == {"monocyte"}
    assert "Only cells of these labels" in opened.read("README.txt").decode()
    with pytest.raises(ExportRefused, match="No signed cell"):
        make_export(doctor, last_day=laboratory.today.replace(year=2001))


def test_two_exports_of_a_project_call_the_same_field_and_cell_alike(technician, doctor):
    sample = make_sample(technician)
    for seed, label in enumerate(("neutrophil", "lymphocyte", "monocyte")):
        image = upload_one(technician, sample.pk, draw_smear_png(seed=seed))
        others = ({"label": "neutrophil", "x_px": 10 * place} for place in range(10))
        record_result(image, *others, {"label": label})
    confirm(technician, cells_of(sample)[0])
    send_to_doctor(actor=technician, sample_id=sample.pk)
    sign_case(doctor, sample, limited_count_reason="A thin film.")
    every = files_of(doctor)
    assert len([name for name in every if name.startswith("images/")]) == 3
    for label in ("lymphocyte", "monocyte"):
        some = files_of(doctor, labels=(label,))
        assert len(some) == 2
        assert {name: every[name] for name in some} == some


def files_of(actor, **wanted) -> dict[str, bytes]:
    """The pictures of an export for research, by name."""
    opened = zip_of(write(make_export(actor, **wanted)), actor)
    return {name: opened.read(name) for name in opened.namelist() if "/" in name}


def test_a_label_of_a_person_is_the_one_that_counts(technician, doctor):
    sample = make_case(technician)
    cell = cells_of(sample).order_by("position")[0]
    review_cell(actor=technician, cell_id=cell.pk, label="blast", seen_number=0)
    sign_with_blast(technician, doctor, sample)
    opened = zip_of(write(make_export(doctor)), doctor)
    [row] = [row for row in table_in(opened, "cells.csv") if row["label"] == "blast"]
    assert (row["named by"], row["model label"]) == ("doctor", "neutrophil")


def sign_with_blast(technician, doctor, sample) -> None:
    send_to_doctor(actor=technician, sample_id=sample.pk)
    cell = cells_of(sample).get(present_label="blast")
    review_cell(actor=doctor, cell_id=cell.pk, label="blast", seen_number=1)
    acknowledge_alarm(actor=doctor, sample_id=sample.pk)
    sign_case(doctor, sample)


def test_more_cells_than_fit_are_refused_with_their_number(doctor, signed, settings):
    settings.MAX_EXPORT_CELLS = 100
    with pytest.raises(ExportRefused, match="204 cells; one export holds at most 100"):
        make_export(doctor)


def test_one_export_is_written_at_a_time(doctor, admin, signed):
    make_export(doctor)
    with pytest.raises(ExportWaits):
        make_export(admin)


def test_a_field_whose_picture_is_gone_is_left_out_and_told(doctor, signed):
    lose_pictures(signed[0])
    export = write(make_export(doctor))
    opened = zip_of(export, doctor)
    assert len(export.images_missing) == 1
    assert len(table_in(opened, "cells.csv")) == sum(MIXED.values())
    assert "1 field(s) whose picture is gone" in opened.read("README.txt").decode()
    assert len(json.loads(opened.read("annotations.json"))["images"]) == 1


def test_where_every_picture_is_gone_it_fails_with_a_sentence(doctor, signed):
    for sample in signed:
        lose_pictures(sample)
    export = write(make_export(doctor))
    assert export.status == JobStatus.FAILED
    assert "gone from the store" in export.error


def test_who_may_export_no_more_gets_nothing(admin, doctor, signed):
    export = make_export(doctor)
    type(doctor).objects.filter(pk=doctor.pk).update(role="technician")
    assert write(export).status == JobStatus.FAILED


def test_asking_writing_and_downloading_stand_in_the_trail(doctor, signed):
    export = write(make_export(doctor, project="Study 7"))
    zip_of(export, doctor)
    events = AuditEvent.objects.filter(object_id=str(export.pk)).order_by("position")
    assert [event.action for event in events] == [
        AuditAction.RESEARCH_ASKED_FOR,
        AuditAction.RESEARCH_EXPORTED,
        AuditAction.RESEARCH_DOWNLOADED,
    ]
    assert events[1].changes["sha256"] == [None, export.sha256]
    assert events[0].changes["name"] == [None, "study 7"]


def test_a_worker_that_comes_twice_does_nothing_more(doctor, signed):
    export = write(make_export(doctor))
    before = (export.file, export.sha256)
    export_cells(export_id=export.pk)
    export.refresh_from_db()
    assert (export.file, export.sha256) == before


def test_an_image_of_another_laboratory_is_in_no_export(doctor, signed, other_technician):
    make_sample(other_technician)
    export = make_export(doctor)
    assert export.cells_found == 2 * sum(MIXED.values())


def test_samples_are_grouped_by_what_their_patients_have(technician, doctor):
    anaemic, other = (make_signed(technician, doctor).sample for _ in range(2))
    add_disease(actor=doctor, sample_id=anaemic.pk, code="anaemia")
    add_disease(actor=doctor, sample_id=other.pk, code="infection")
    wanted = Wanted(diseases=("anaemia",))
    assert found_cells(doctor, wanted).samples == 1
    export = write(make_export(doctor, diseases=("anaemia",)))
    codes = StudyCode.objects.filter(kind="sample", sample=anaemic).values_list("code", flat=True)
    with zip_of(export, doctor) as opened:
        assert {row["sample"] for row in table_in(opened, "cells.csv")} == set(codes)
        assert "Only samples with chosen disease labels" in opened.read("README.txt").decode()


def test_what_patients_have_leaves_only_where_it_is_asked_for(page_as, technician, doctor):
    ill = make_signed(technician, doctor).sample
    add_disease(actor=doctor, sample_id=ill.pk, code="anaemia")
    client = page_as(doctor)
    opened = []
    for sent in ({"project": "without"}, {"project": "with", "with_diseases": "on"}):
        client.post(reverse("research"), sent)
        opened.append(zip_of(write(CellExport.objects.get(name=sent["project"])), doctor))
    without, told = opened
    assert all(b"anaemia" not in without.read(name) for name in without.namelist())
    assert "diseases" not in table_in(without, "cells.csv")[0]
    assert "is not in it" in without.read("README.txt").decode()
    assert {row["diseases"] for row in table_in(told, "cells.csv")} == {"anaemia"}
    assert 'The column "diseases"' in told.read("README.txt").decode()
    assert "with disease labels" in client.get(reverse("research")).content.decode()


def test_boxes_that_are_no_cells_leave_only_where_they_are_asked_for(technician, doctor):
    sample = make_case(technician)
    first, second = cells_of(sample).filter(label="neutrophil").order_by("position")[:2]
    for cell, label in ((first, "not_a_cell"), (second, "artefact")):
        number = cell.last_review_number
        review_cell(actor=technician, cell_id=cell.pk, label=label, seen_number=number)
    send_to_doctor(actor=technician, sample_id=sample.pk)
    sign_case(doctor, sample)
    found = found_cells(doctor, Wanted())
    assert (found.cells, found.by_label["not_a_cell"]) == (cells_of(sample).count() - 2, 1)
    opened = zip_of(write(make_export(doctor)), doctor)
    assert len(table_in(opened, "cells.csv")) == found.cells
    assert "no cell or a duplicate are not" in " ".join(opened.read("README.txt").decode().split())
    asked = zip_of(write(make_export(doctor, labels=("artefact",))), doctor)
    assert [row["label"] for row in table_in(asked, "cells.csv")] == ["artefact"]


def test_a_disease_that_the_laboratory_does_not_know_is_refused(technician, doctor):
    make_signed(technician, doctor)
    with pytest.raises(ExportRefused, match="There is no disease label scurvy"):
        make_export(doctor, diseases=("scurvy",))
