"""What people said of signed cells becomes a dataset: two clicks, and it trains."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import AuditAction, AuditEvent, User
from mlmodels import artifacts
from mlmodels.models import Dataset, DatasetImage
from mlmodels.services.datasets import lifecycle, near_duplicates, run_datasets
from predictions.errors import ExportRefused
from predictions.models import CellExport, JobStatus, Sample, StudyCode
from predictions.selectors.research.reviewed import (
    DatasetWanted,
    SeenBy,
    free_name,
    preview,
    usual_wish,
)
from predictions.services.reports.amending import retract
from predictions.services.research.exports import ask_for_dataset
from predictions.services.research.run_exports import export_cells
from predictions.services.review.reviews import review_cell
from predictions.services.samples.states import send_to_doctor
from tests.drawn_cells import CELL_RADIUS_PX
from tests.factories.cases import cells_of, sign_case
from tests.factories.exports import lose_pictures, write
from tests.factories.images import make_image, make_sample
from tests.factories.people import PASSWORD
from tests.factories.results import record_result
from tests.factories.training import train_on

pytestmark = pytest.mark.django_db

PATIENTS = 10
# Where a drawn cell stands, and how large it is.
SEEN = {
    "x_px": 240 - CELL_RADIUS_PX,
    "y_px": 180 - CELL_RADIUS_PX,
}


@pytest.fixture
def bench(technician, doctor, model):
    """Signed samples of a patient each: a picture and a cell for each label."""

    def sign(
        patient: int, said: dict[str, str], *, by_two: bool = False, reference: str = ""
    ) -> Sample:
        """`said` is what the model calls each cell, and what people do; empty: nobody looked."""
        sample = make_sample(
            technician, patient_reference=reference or f"PAT-{patient}", note="Dr Smith"
        )
        for place, named in enumerate(said):
            image = make_image(technician, sample, seed=100 * patient + place, lobed=place == 0)
            record_result(image, {"label": named, **SEEN})
        for cell in cells_of(sample):
            wanted = said[cell.label]
            if wanted:
                review_cell(actor=technician, cell_id=cell.pk, label=wanted, seen_number=0)
            if wanted and by_two:
                review_cell(actor=doctor, cell_id=cell.pk, label=wanted, seen_number=1)
        send_to_doctor(actor=technician, sample_id=sample.pk)
        sign_case(doctor, sample, limited_count_reason="Few cells on this film.")
        return Sample.objects.get(pk=sample.pk)

    return sign


@pytest.fixture
def signed(bench) -> list[Sample]:
    """Ten patients with a neutrophil and a lymphocyte each; the model is wrong of two."""
    samples = []
    for patient in range(PATIENTS):
        second = "neutrophil" if patient < 2 else "lymphocyte"
        said = {"neutrophil": "neutrophil", "lymphocyte": second}
        samples.append(bench(patient, said, by_two=patient % 2 == 0))
    return samples


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", answer.content.decode()))


def held(opened) -> dict[str, list[str]]:
    """What the form of an opened page would send."""
    sent: dict[str, list[str]] = {}
    for name, value in opened.context["form"].kept():
        sent.setdefault(name, []).append(value)
    return sent


def ask(admin: User, name: str = "Reviews", **wanted: object) -> CellExport:
    return ask_for_dataset(actor=admin, name=name, wanted=DatasetWanted(**wanted))  # type: ignore[arg-type]


def imported(export: CellExport) -> Dataset:
    """The dataset of a written export, after the workers of the models."""
    assert export.dataset is not None, export.error
    run_datasets.import_dataset(dataset_id=export.dataset.pk)
    return Dataset.objects.get(pk=export.dataset.pk)


@pytest.mark.slow
def test_two_clicks_from_signed_cells_to_a_training(page_as, admin, signed, tmp_path):
    client = page_as(admin)
    address = reverse("dataset_from_reviews")
    opened = client.get(address)
    assert "20 of 10 samples" not in text_of(opened)
    sent = held(opened)
    page = client.get(address, sent)
    assert "20 of 10 samples" in text_of(page)
    # The first click, with what the form holds already.
    client.post(address, {**sent, "name": page.context["name"]})
    dataset = imported(write(CellExport.objects.get()))
    assert (dataset.state, dataset.name) == (Dataset.State.OPEN, page.context["name"])
    assert address in client.get(reverse("mlmodels:datasets")).content.decode()
    run_datasets.check_duplicates(dataset_id=dataset.pk)
    for pair in dataset.near_duplicates.filter(resolution="open"):
        near_duplicates.resolve_pair(
            actor=admin, dataset_id=dataset.pk, pair_id=pair.pk, resolution="not_the_same"
        )
    shown = text_of(client.get(reverse("mlmodels:dataset", args=[dataset.pk])))
    assert "20 cells of 10 samples of 10 patients" in shown
    # The second click.
    frozen = lifecycle.freeze_dataset(actor=admin, dataset_id=dataset.pk)
    assert frozen.state == Dataset.State.FROZEN
    trained = train_on(artifacts.dataset_folder(frozen.folder), tmp_path / "run")
    assert (trained.run / "version" / "card.json").is_file()


def test_before_the_click_it_is_said_what_it_would_be(page_as, admin, signed):
    client = page_as(admin)
    opened = client.get(reverse("dataset_from_reviews"))
    shown = text_of(client.get(reverse("dataset_from_reviews"), held(opened)))
    assert "20 of 10 samples" in shown
    assert "10 · 10 · 0" in shown
    assert "90.0 % 18 of 20 that people named; 95 % interval 69.9 to 97.2 %" in shown
    assert "Small: Neutrophil (12 cells of 10 patients), Lymphocyte (8 cells" in shown


def test_the_class_of_a_cell_is_what_people_said(admin, signed):
    dataset = imported(write(ask(admin)))
    counts = dataset.images.values_list("label", flat=True)
    assert sorted(set(counts)) == ["lymphocyte", "neutrophil"]
    assert list(counts).count("neutrophil") == 12


def test_a_patient_never_straddles_a_split(admin, bench, signed):
    bench(50, {"neutrophil": "neutrophil", "lymphocyte": "lymphocyte"}, reference="PAT-3")
    dataset = imported(write(ask(admin)))
    splits: dict[str, set[str]] = {}
    for source, split in dataset.images.values_list("source", "split"):
        splits.setdefault(source, set()).add(split)
    assert len(splits) == PATIENTS
    assert all(len(found) == 1 for found in splits.values())
    assert {split for found in splits.values() for split in found} == set(DatasetImage.Split.values)


def test_sources_are_drawn_codes_and_stay_the_same(admin, signed):
    first = imported(write(ask(admin, "First")))
    second = imported(write(ask(admin, "Second")))
    assert set(first.images.values_list("source", flat=True)) == set(
        second.images.values_list("source", flat=True)
    )
    codes = StudyCode.objects.filter(project=StudyCode.OF_DATASETS, kind="patient")
    assert set(first.images.values_list("source", flat=True)) == set(
        codes.values_list("code", flat=True)
    )
    told = f"{first.origin} {list(first.images.values_list('path', 'source'))}"
    assert all(sample.patient_reference not in told for sample in signed)
    assert all(sample.accession_number not in told for sample in signed)


def test_its_page_says_where_it_came_from(admin, signed, laboratory):
    dataset = imported(write(ask(admin, first_day=laboratory.today)))
    assert "all imaging profiles" in dataset.origin
    assert "10 named by two people or more, 10 by one, 0 by the model" in dataset.origin
    assert "had called 18 so (90.0 %, 95 % interval 69.9 to 97.2 %)" in dataset.origin
    assert "neutrophil 10 of 12, lymphocyte 8 of 8" in dataset.origin


def test_cells_that_two_people_named_come_first(admin, signed):
    seen = preview(admin, DatasetWanted(at_most=10))
    assert [cell.people for cell in seen.chosen] == [2] * 10
    assert seen.left_over == 10
    only = preview(admin, DatasetWanted(seen_by=SeenBy.TWO))
    assert (len(only.chosen), only.by_one) == (10, 0)


def test_cells_that_nobody_looked_at_count_with_the_signature_unless_people_are_asked_for(
    admin, bench, signed
):
    bench(60, {"neutrophil": "", "lymphocyte": "lymphocyte"})
    assert preview(admin, DatasetWanted()).by_nobody == 1
    assert preview(admin, DatasetWanted(seen_by=SeenBy.PERSON)).by_nobody == 0


def test_what_is_no_cell_is_off_at_first_and_can_be_switched_on(admin, bench, signed):
    bench(61, {"neutrophil": "not_a_cell", "lymphocyte": "lymphocyte"})
    usual = preview(admin, DatasetWanted())
    assert "not_a_cell" not in {row.code for row in usual.classes}
    assert usual.by_label["not_a_cell"] == 1
    more = preview(admin, DatasetWanted(labels=("neutrophil", "lymphocyte", "not_a_cell")))
    assert "not_a_cell" in {row.code for row in more.classes}


def test_a_finer_word_counts_as_the_class_that_it_is_a_kind_of(admin, bench, signed):
    bench(62, {"neutrophil": "band", "lymphocyte": "lymphocyte"})
    [row] = [row for row in preview(admin, DatasetWanted()).classes if row.code == "neutrophil"]
    assert (row.cells, row.agreement.part) == (13, 11)


def test_a_retracted_sample_is_not_in_it(admin, doctor, signed):
    retract(actor=doctor, sample_id=signed[0].pk, password=PASSWORD, reason="Another patient.")
    assert preview(admin, DatasetWanted()).samples == PATIENTS - 1


def test_a_report_signed_on_the_day_of_the_last_one_is_in_the_next(admin, bench, signed):
    write(ask(admin, last_day=admin.laboratory.today))
    bench(70, {"neutrophil": "neutrophil", "lymphocyte": "lymphocyte"})
    assert preview(admin, usual_wish(admin)).samples == PATIENTS + 1


def test_the_next_one_begins_where_the_last_one_ended(admin, signed, laboratory):
    assert usual_wish(admin).first_day == laboratory.today - timedelta(days=365)
    write(ask(admin))
    CellExport.objects.update(wanted={"last_day": str(laboratory.today - timedelta(days=3))})
    assert usual_wish(admin).first_day == laboratory.today - timedelta(days=3)


def test_a_name_is_proposed_that_is_free(admin, signed, laboratory):
    wanted = usual_wish(admin)
    name = free_name(admin, wanted)
    write(ask(admin, name))
    assert free_name(admin, wanted) == f"{name} (2)"


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"labels": ("monocyte",)}, "No signed cell is so."),
        ({"labels": ("neutrophil",)}, "of one class"),
        ({"labels": ("nonsense",)}, "There is no label nonsense."),
        ({"profiles": ("00000000-0000-4000-8000-000000000000",)}, "no such imaging profile"),
    ],
)
def test_what_makes_no_dataset_is_refused_with_a_sentence(admin, signed, wanted, sentence):
    with pytest.raises(ExportRefused, match=sentence):
        ask(admin, **wanted)


def test_of_two_patients_none_is_made(admin, bench):
    for patient in range(2):
        bench(patient, {"neutrophil": "neutrophil", "lymphocyte": "lymphocyte"})
    assert "at least 3 are needed" in preview(admin, DatasetWanted()).refusal


def test_a_name_that_is_taken_is_told_beside_the_field(page_as, admin, signed):
    write(ask(admin, "Reviews"))
    client = page_as(admin)
    sent = held(client.get(reverse("dataset_from_reviews")))
    answer = client.post(reverse("dataset_from_reviews"), {**sent, "name": "Reviews"})
    assert answer.status_code == 400
    assert "There is a dataset Reviews already." in text_of(answer)


def test_a_name_that_is_taken_meanwhile_fails_it_with_a_sentence(admin, signed):
    export = ask(admin, "Reviews")
    Dataset.objects.create(laboratory=admin.laboratory, name="Reviews")
    write(export)
    assert export.status == JobStatus.FAILED
    assert export.error
    assert export.dataset is None


def test_a_picture_that_is_gone_is_left_out(admin, signed):
    lose_pictures(signed[0])
    export = write(ask(admin))
    assert len(export.images_missing) == 2
    assert imported(export).images.count() == 18


def test_it_is_written_in_slices_to_one_dataset(admin, signed, settings):
    settings.EXPORT_SLICE_S = 0
    export = ask(admin)
    write(export)
    assert imported(export).images.count() == 20
    assert Dataset.objects.count() == 1


def test_what_is_taken_back_while_it_is_written_is_not_in_it(admin, doctor, signed, settings):
    settings.EXPORT_SLICE_S = 0
    export = ask(admin)
    export_cells(export_id=export.pk)
    retract(actor=doctor, sample_id=signed[0].pk, password=PASSWORD, reason="Another patient.")
    dataset = imported(write(export))
    assert dataset.images.count() == 18
    assert "18 cells of 9 samples of 9 patients" in dataset.origin


def test_asking_and_making_stand_in_the_trail(admin, signed):
    export = write(ask(admin))
    actions = AuditEvent.objects.filter(object_id=str(export.pk)).order_by("position")
    assert [event.action for event in actions] == [
        AuditAction.RESEARCH_ASKED_FOR,
        AuditAction.RESEARCH_EXPORTED,
    ]
    uploaded = AuditEvent.objects.get(action=AuditAction.DATASET_UPLOADED)
    assert uploaded.actor == admin


def test_where_nothing_is_signed_the_page_says_so(page_as, admin, model):
    client = page_as(admin)
    opened = client.get(reverse("dataset_from_reviews"))
    counted = client.get(reverse("dataset_from_reviews"), held(opened))
    assert "No signed cell is so." in text_of(counted)


def test_it_takes_few_queries_however_many_cells_there_are(
    admin, signed, django_assert_max_num_queries
):
    with django_assert_max_num_queries(8):
        preview(admin, DatasetWanted(labels=("neutrophil", "lymphocyte")))
