"""The page on which an admin says what an archive holds, and the commands that say it."""

import re

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from mlmodels.ml.datasets.manifest import read_manifest
from mlmodels.models import Dataset
from mlmodels.services.datasets import run_datasets
from tests.factories.archives import class_folders, drawn_picture, zip_of
from tests.factories.layouts import BOXES, coco, drawn_field, four_class_archive, pictures

pytestmark = pytest.mark.django_db

UNKNOWN = class_folders(classes=("neutrophil", "NEU", "<b>unicorn"), each=3)


@pytest.fixture
def page(page_as, admin):
    return page_as(admin)


@pytest.fixture
def waiting(imported) -> Dataset:
    return imported(zip_of(UNKNOWN))


def address(dataset: Dataset, name: str = "dataset", *args: object) -> str:
    return reverse(f"mlmodels:{name}", args=[dataset.pk, *args])


def test_the_page_shows_each_class_with_its_count_examples_and_a_proposal(page, waiting):
    text = page.get(address(waiting)).content.decode()
    assert "to be mapped" in text
    assert "Nothing is imported yet" in text
    assert '<code class="mapping__name">NEU</code>' in text
    assert "<b>unicorn" not in text
    selects = re.findall(r"<select.*?</select>", text, re.DOTALL)
    chosen = [re.findall(r'<option value="([^"]*)" selected', select) for select in selects]
    # Of the unknown ones the larger or first named comes first; the known one is chosen.
    assert sorted(map(str, chosen)) == ["['']", "['neutrophil']", "['neutrophil']"]
    assert text.count(address(waiting, "dataset_example", 0)) == 1


def test_examples_are_our_own_jpegs_for_this_laboratory_alone(page, waiting, page_as, other_admin):
    found = page.get(address(waiting, "dataset_example", 0))
    assert found["Content-Type"] == "image/jpeg"
    assert found.content.startswith(b"\xff\xd8")
    assert page.get(address(waiting, "dataset_example", 99)).status_code == 404
    assert page_as(other_admin).get(address(waiting, "dataset_example", 0)).status_code == 404


def test_a_status_that_waits_for_a_person_is_asked_for_no_more(page, waiting):
    found = page.get(address(waiting, "dataset_status"), HTTP_HX_REQUEST="true")
    assert "hx-trigger" not in found.content.decode()
    assert found["HX-Refresh"] == "true"


def test_what_is_chosen_on_the_page_is_imported(page, waiting):
    answers = {"class_0": "-", "class_1": "band", "class_2": "neutrophil"}
    found = page.post(address(waiting, "dataset_classes"), answers)
    assert (found.status_code, found["Location"]) == (302, address(waiting))
    run_datasets.import_dataset(dataset_id=waiting.pk)
    assert "6 images of 6 sources" in page.get(address(waiting)).content.decode()


@pytest.mark.parametrize("answer", ["", "no_such_label"])
def test_an_answer_that_lacks_is_asked_for_with_the_others_kept(page, waiting, answer):
    answers = {"class_0": answer, "class_1": "band", "class_2": "neutrophil"}
    found = page.post(address(waiting, "dataset_classes"), answers)
    assert found.status_code == 400
    text = found.content.decode()
    assert "field__errors" in text
    assert '<option value="band" selected>' in text


def test_the_halves_of_the_four_class_archive_are_chosen_on_the_page(page, imported):
    waiting = imported(zip_of(four_class_archive()))
    text = page.get(address(waiting)).content.decode()
    assert "Which half counts" in text
    assert "12 altered copies, 4 photographs" in text


def test_further_folders_are_said_to_be_patients_on_the_page(page, imported):
    waiting = imported(zip_of(pictures("NE/north/1.jpg", "MO/south/1.jpg")))
    text = page.get(address(waiting)).content.decode()
    assert "2 folders are neither class nor split: north, south." in text
    answers = {"class_0": "monocyte", "class_1": "neutrophil", "folders": "nothing"}
    assert page.post(address(waiting, "dataset_classes"), answers).status_code == 302


# --- By command --------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    """Puts files into a folder of the operator's."""

    def act(files):
        for path, data in files.items():
            file = tmp_path / "own" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data.encode() if isinstance(data, str) else data)
        return tmp_path / "own"

    return act


def test_the_command_says_what_is_unknown_and_takes_it_the_next_time(
    laboratory, folder, django_capture_on_commit_callbacks
):
    own = folder(class_folders(classes=("NEU", "unicorn", "MO"), each=2))
    with pytest.raises(CommandError) as refusal:
        call_command("import_dataset", laboratory.name, str(own), name="Own")
    said = str(refusal.value)
    assert '--class "NEU=neutrophil" or --leave-out "NEU"' in said
    assert "unicorn (2 pictures) is unknown" in said
    call_command(
        "import_dataset",
        laboratory.name,
        str(own),
        "--class=NEU=band",
        "--leave-out=unicorn",
        name="Own",
    )
    dataset = Dataset.objects.get()
    assert sorted(dataset.images.values_list("label", flat=True)) == ["band"] * 2 + ["monocyte"] * 2


def test_the_command_names_labels_that_are_none(laboratory, folder):
    with pytest.raises(CommandError, match="there is no such label"):
        call_command(
            "import_dataset",
            laboratory.name,
            str(folder(pictures("NEU/1.png"))),
            "--class=NEU=unicorn",
            name="Own",
        )


def test_an_imported_dataset_never_gives_way_to_another_of_its_name(laboratory, folder):
    own = str(folder(class_folders()))
    call_command("import_dataset", laboratory.name, own, name="Own")
    with pytest.raises(CommandError, match="Own"):
        call_command("import_dataset", laboratory.name, own, name="Own")
    assert Dataset.objects.get().images.count() == 8


def prepared(path) -> list[tuple[str, str, str, str]]:
    return [(r.path, r.label, r.source, r.split) for r in read_manifest(path / "manifest.csv")]


def test_prepare_data_writes_a_manifest_of_class_folders(folder, capsys):
    own = folder(pictures("TEST/MONOCYTE/1.png", "TRAIN/Neutrophils/2.png"))
    call_command("prepare_data", str(own))
    assert prepared(own) == [
        ("TEST/MONOCYTE/1.png", "monocyte", "TEST/MONOCYTE/1.png", "test"),
        ("TRAIN/Neutrophils/2.png", "neutrophil", "TRAIN/Neutrophils/2.png", "train"),
    ]
    said = capsys.readouterr().out
    assert "2 pictures" in said
    assert "Neutrophils was read as Neutrophil (1 picture)." in said


def test_prepare_data_leaves_splits_empty_where_nothing_names_one(folder):
    own = folder(pictures("p1/NE/1.png", "p2/NE/2.png"))
    call_command("prepare_data", str(own))
    assert [(source, split) for *_, source, split in prepared(own)] == [("p1", ""), ("p2", "")]


def test_prepare_data_opens_every_picture(folder):
    own = folder({**pictures("NE/1.png"), "NE/words.png": b"words"})
    with pytest.raises(CommandError, match=r"NE/words.png: This is not a picture"):
        call_command("prepare_data", str(own))
    assert not (own / "manifest.csv").exists()


def test_prepare_data_unpacks_a_zip_beside_itself(tmp_path):
    (tmp_path / "own.zip").write_bytes(zip_of(pictures("NE\\1.png", "MO\\2.png")))
    call_command("prepare_data", str(tmp_path / "own.zip"))
    assert [label for _, label, *_ in prepared(tmp_path / "own")] == ["monocyte", "neutrophil"]


def test_a_zip_that_lacked_an_answer_is_prepared_with_it(tmp_path):
    (tmp_path / "own.zip").write_bytes(zip_of(pictures("NE/1.png", "unicorn/2.png")))
    with pytest.raises(CommandError, match="unicorn"):
        call_command("prepare_data", str(tmp_path / "own.zip"))
    call_command("prepare_data", str(tmp_path / "own.zip"), "--leave-out=unicorn")
    assert [label for _, label, *_ in prepared(tmp_path / "own")] == ["neutrophil"]


def test_prepare_data_asks_for_what_it_does_not_know(folder):
    own = folder(pictures("NEU/1.png", "unicorn/2.png"))
    with pytest.raises(CommandError, match='--class "NEU=neutrophil"'):
        call_command("prepare_data", str(own))
    call_command("prepare_data", str(own), "--class=NEU=neutrophil", "--leave-out=unicorn")
    assert [label for _, label, *_ in prepared(own)] == ["neutrophil"]


def test_prepare_data_takes_a_class_that_is_not_shipped(folder):
    own = folder(pictures("unicorn/1.png"))
    call_command("prepare_data", str(own), "--class=unicorn=unicorn")
    assert [label for _, label, *_ in prepared(own)] == ["unicorn"]


def test_prepare_data_cuts_boxes_out(folder):
    own = folder({"f.png": drawn_field(1), "boxes.json": coco(["NE"], {"f.png": [(0, BOXES[0])]})})
    call_command("prepare_data", str(own))
    assert prepared(own) == [("f.png cell 1.png", "neutrophil", "f.png", "")]


@pytest.mark.parametrize("told", ["NEU", "=neutrophil=", "NEU="])
def test_a_class_that_is_not_written_as_one_is_refused(folder, told):
    with pytest.raises(CommandError, match="Say --class NAME=LABEL"):
        call_command("prepare_data", str(folder(pictures("NE/1.png"))), f"--class={told}")


@pytest.mark.parametrize("path", ["/nowhere", "/nowhere.zip"])
def test_prepare_data_says_that_there_is_nothing(path):
    with pytest.raises(CommandError):
        call_command("prepare_data", path)


def test_prepare_data_leaves_a_folder_of_the_archive_s_name_alone(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own.zip").write_bytes(zip_of({"NE/1.png": drawn_picture(1)}))
    with pytest.raises(CommandError, match="is there already"):
        call_command("prepare_data", str(tmp_path / "own.zip"))
