"""The pages of datasets: sent in by a form, watched, looked at, resolved, frozen."""

import re
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from mlmodels.models import Dataset
from mlmodels.services.datasets import claims, lifecycle, run_datasets
from tests.factories.archives import class_folders, drawn_picture, zip_of
from tests.factories.datasets import claimed

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(page_as, admin) -> Client:
    """The admin's browser."""
    return page_as(admin)


def address(dataset: Dataset, name: str = "dataset") -> str:
    return reverse(f"mlmodels:{name}", args=[dataset.pk])


def words_of(answer) -> str:
    """What a person reads."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def words_and_links(page: Client, dataset: Dataset) -> str:
    return page.get(address(dataset)).content.decode()


def form(**values: object) -> dict[str, object]:
    archive = SimpleUploadedFile("own.zip", zip_of(class_folders()))
    return {"name": "Own cells", "archive": archive, "licence": "CC BY 4.0", **values}


def test_the_empty_list_says_what_to_do(page):
    assert "There is no dataset yet" in words_of(page.get(reverse("mlmodels:datasets")))


def test_the_list_counts_classes_images_and_sources(page, frozen):
    words = words_of(page.get(reverse("mlmodels:datasets")))
    assert f"Own cells 2 8 8 frozen {frozen.manifest_sha256[:12]}" in words


def test_an_archive_sent_by_the_form_becomes_a_dataset(page):
    answer = page.post(reverse("mlmodels:dataset_new"), form())
    dataset = Dataset.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == address(dataset)
    assert "Waits for a worker" in words_of(page.get(address(dataset)))
    run_datasets.import_dataset(dataset_id=dataset.pk)
    words = words_of(page.get(address(dataset)))
    assert "8 images of 8 sources" in words
    assert "CC BY 4.0" in words


def test_an_archive_is_streamed_into_the_registry(page, settings, monkeypatch):
    kept: list[str] = []
    real = lifecycle.storage.keep_archive

    def keep(sent):
        kept.append(sent.temporary_file_path())
        return real(sent)

    monkeypatch.setattr(lifecycle.storage, "keep_archive", keep)
    page.post(reverse("mlmodels:dataset_new"), form())
    [path] = kept
    assert Path(path).parent == Path(settings.REGISTRY_DIR) / "incoming"
    assert not Path(path).exists()
    assert len(list((Path(settings.REGISTRY_DIR) / "incoming").iterdir())) == 1


def test_an_archive_beyond_the_limit_gets_a_sentence(page, settings):
    settings.MAX_DATASET_BYTES = 1024
    answer = page.post(reverse("mlmodels:dataset_new"), form())
    assert answer.status_code == 413
    assert "Split it into several" in words_of(answer)
    assert not Dataset.objects.exists()
    assert list((Path(settings.REGISTRY_DIR) / "incoming").iterdir()) == []


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"archive": ""}, "Choose the ZIP archive"),
        ({"name": " "}, "This field is required"),
        ({"name": "n" * 81}, "at most 80 characters"),
    ],
)
def test_a_form_that_lacks_something_says_it_beside_the_field(page, values, said):
    answer = page.post(reverse("mlmodels:dataset_new"), form(**values))
    assert answer.status_code == 400
    assert said in words_of(answer)


def test_an_empty_archive_is_taken_and_refused_by_its_import(page):
    empty = SimpleUploadedFile("own.zip", b"")
    page.post(reverse("mlmodels:dataset_new"), form(archive=empty))
    dataset = Dataset.objects.get()
    run_datasets.import_dataset(dataset_id=dataset.pk)
    assert "not a ZIP archive" in words_of(page.get(address(dataset)))


def test_the_form_needs_its_token(admin):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(admin)
    assert browser.post(reverse("mlmodels:dataset_new"), form()).status_code == 403
    assert not Dataset.objects.exists()


def test_nothing_is_written_for_who_may_not_send(technician, settings):
    browser = Client()
    browser.force_login(technician)
    assert browser.post(reverse("mlmodels:dataset_new"), form()).status_code == 403
    assert not (Path(settings.REGISTRY_DIR) / "incoming").exists()


def test_the_status_asks_again_until_the_work_is_done(page, sent):
    dataset = sent()
    held = claimed(dataset, claims.IMPORTING)
    claims.tell(held, 3, 8)
    answer = page.get(address(dataset, "dataset_status"))
    assert "3 of 8 pictures are read" in words_of(answer)
    assert "hx-trigger" in answer.content.decode()
    unchanged = page.get(address(dataset, "dataset_status"), HTTP_IF_NONE_MATCH=answer["ETag"])
    assert unchanged.status_code == 304
    Dataset.objects.update(state="refused", lease_until=None, error="Nothing was imported.")
    done = page.get(address(dataset, "dataset_status"), HTTP_HX_REQUEST="true")
    assert "hx-trigger" not in done.content.decode()
    assert done["HX-Refresh"] == "true"


def test_what_was_refused_is_shown_row_by_row_and_page_by_page(page, imported):
    dataset = imported(zip_of({f"neutrophil/{n:02}.png": f"words {n}" for n in range(60)}))
    first = words_of(page.get(address(dataset)))
    assert "Nothing was imported: 60 things must be put right first." in first
    assert "neutrophil/00.png" in first
    assert "neutrophil/55.png" not in first
    assert "neutrophil/55.png" in words_of(page.get(address(dataset) + "?report=2"))
    assert page.get(address(dataset) + "?report=nonsense").status_code == 200


def test_a_name_that_is_markup_is_shown_as_it_is(page, imported):
    dataset = imported(zip_of({"neutrophil/<b>1.png": b"words"}), name="<i>Own</i>")
    text = page.get(address(dataset)).content.decode()
    assert "<i>Own" not in text
    assert "<b>1.png" not in text


def test_the_page_says_what_is_uneven(page, compared):
    files = {**class_folders(classes=("neutrophil",), each=9), "monocyte/1.png": drawn_picture(999)}
    words = words_of(page.get(address(compared(zip_of(files)))))
    assert "Neutrophil has 9.0 times as many pictures as Monocyte" in words
    assert "Few sources: Neutrophil (9), Monocyte (1)." in words
    assert "Monocyte has no picture in validation and test." in words


def test_a_pair_is_resolved_on_the_page(page, compared, paired):
    dataset = compared()
    pair = paired(dataset)
    words = words_of(page.get(address(dataset)))
    assert "1 pair of pictures may show the same cell in two splits" in words
    assert reverse("mlmodels:near_duplicates", args=[dataset.pk]) in words_and_links(page, dataset)
    where = reverse("mlmodels:pair", args=[dataset.pk, pair.pk])
    assert page.post(where, {"resolution": "not_the_same"}).status_code == 302
    again = page.post(where, {"resolution": "keep_first"})
    assert again.status_code == 409
    assert "resolved already" in words_of(again)


def test_freezing_derivation_reference_and_training_are_offered_in_turn(page, compared):
    dataset = compared()
    assert "Freeze" in words_of(page.get(address(dataset)))
    page.post(address(dataset, "dataset_freeze"), {"seen": dataset.fence})
    answer = page.get(address(dataset))
    dataset.refresh_from_db()
    assert dataset.manifest_sha256 in words_of(answer)
    assert f"{reverse('mlmodels:training_new')}?dataset={dataset.pk}" in answer.content.decode()
    page.post(address(dataset, "dataset_reference"), {"is_reference": "yes"})
    assert "Use it as the reference no more" in words_of(page.get(address(dataset)))
    taken = page.post(address(dataset, "dataset_derive"), {"name": dataset.name})
    assert taken.status_code == 400
    assert "already" in words_of(taken)
    answer = page.post(address(dataset, "dataset_derive"), {"name": "Second"}, follow=True)
    assert "Derived from Own cells" in words_of(answer)


def test_an_open_dataset_is_deleted_on_its_page(page, compared):
    answer = page.post(address(compared(), "dataset_delete"), follow=True)
    assert "The dataset is deleted." in words_of(answer)
    assert not Dataset.objects.exists()


def test_pictures_are_our_own_jpegs(page, compared):
    image = compared().images.first()
    for name in ("dataset_image_thumbnail", "dataset_image_picture"):
        answer = page.get(reverse(f"mlmodels:{name}", args=[image.pk]))
        assert answer["Content-Type"] == "image/jpeg"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer.content.startswith(b"\xff\xd8")


def test_the_list_asks_the_database_once_for_all_datasets(
    page, compared, django_assert_max_num_queries
):
    for name in ("One", "Two", "Three"):
        compared(name=name)
    with django_assert_max_num_queries(6):
        page.get(reverse("mlmodels:datasets"))
