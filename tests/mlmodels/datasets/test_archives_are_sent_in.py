"""Who may send an archive, what is refused at the door, and the operator's own way in."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from accounts.errors import AccessDenied
from accounts.models import Role
from mlmodels.errors import DatasetNameTaken, DatasetRefused, DatasetTooLarge
from mlmodels.models import Dataset
from mlmodels.services.datasets import sending
from tests.at_once import at_once
from tests.factories.archives import class_folders, zip_of
from tests.factories.people import make_user

pytestmark = pytest.mark.django_db


def an_archive() -> SimpleUploadedFile:
    return SimpleUploadedFile("own.zip", zip_of(class_folders()))


@pytest.mark.parametrize("role", ["technician", "doctor"])
def test_only_an_admin_may(role, request):
    actor = request.getfixturevalue(role)
    with pytest.raises(AccessDenied, match="cannot manage datasets"):
        sending.upload_dataset(actor=actor, name="Own", archive=an_archive())
    assert not Dataset.objects.exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [("", "Give the dataset a name"), ("n" * 81, "at most 80"), ("a\x00b", "cannot be kept")],
)
def test_a_name_that_cannot_be_is_refused(admin, name, said):
    with pytest.raises(DatasetRefused, match=said) as refusal:
        sending.upload_dataset(actor=admin, name=name, archive=an_archive())
    assert "name" in refusal.value.fields


def test_no_archive_is_refused(admin):
    with pytest.raises(DatasetRefused, match="Choose the ZIP archive"):
        sending.upload_dataset(actor=admin, name="Own", archive=None)


def test_a_name_is_taken_once_in_a_laboratory(sent, other_laboratory):
    sent(name="Own")
    with pytest.raises(DatasetNameTaken, match="There is a dataset Own already"):
        sent(name="\N{FULLWIDTH LATIN CAPITAL LETTER O}wn\N{ZERO WIDTH SPACE} ")
    assert sent(name="Own", by=make_user(other_laboratory, Role.ADMIN)).name == "Own"


@pytest.mark.django_db(transaction=True)
def test_of_two_admins_who_send_the_same_name_at_once_one_gets_it(admin, settings):
    def act(index: int) -> Dataset:
        return sending.upload_dataset(actor=admin, name="Own", archive=an_archive())

    answers = at_once(2, act)
    assert sorted(type(answer).__name__ for answer in answers) == ["Dataset", "DatasetNameTaken"]
    # The archive of the other is not left behind.
    assert len(list((settings.REGISTRY_DIR / "incoming").iterdir())) == 1


def test_an_archive_beyond_the_limit_is_refused(admin, settings):
    settings.MAX_DATASET_BYTES = 1024
    with pytest.raises(DatasetTooLarge, match="larger than 0 MB") as refusal:
        sending.upload_dataset(actor=admin, name="Own", archive=an_archive())
    assert refusal.value.http_status == 413


@pytest.fixture
def folder(tmp_path):
    """A folder of class folders on the operator's machine."""
    for path, data in class_folders().items():
        (tmp_path / "own" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "own" / path).write_bytes(data)
    return tmp_path / "own"


def test_the_operator_imports_a_folder_by_command(laboratory, folder, capsys):
    call_command("import_dataset", laboratory.name, str(folder), name="Own", licence="CC BY 4.0")
    dataset = Dataset.objects.get()
    assert (dataset.state, dataset.created_by, dataset.licence) == ("open", None, "CC BY 4.0")
    assert dataset.images.count() == 8
    assert "Own: 8 pictures imported." in capsys.readouterr().out


def test_the_operator_imports_a_zip_by_command(laboratory, tmp_path):
    (tmp_path / "own.zip").write_bytes(zip_of(class_folders()))
    call_command("import_dataset", laboratory.name, str(tmp_path / "own.zip"), name="Own")
    assert Dataset.objects.get().state == "open"
    assert (tmp_path / "own.zip").is_file()


def test_the_command_says_row_by_row_what_was_refused(laboratory, folder, capsys):
    (folder / "lymphocyte/words.png").write_bytes(b"words")
    (folder / "neutrophil/link.png").symlink_to("/etc/passwd")
    with pytest.raises(CommandError, match="2 things must be put right"):
        call_command("import_dataset", laboratory.name, str(folder), name="Own")
    said = capsys.readouterr().out
    assert "lymphocyte/words.png: This is not a picture" in said
    assert "neutrophil/link.png: This is a link" in said


@pytest.mark.parametrize(("laboratory_name", "path"), [("Nowhere", "."), ("St Mary", "/no/such")])
def test_the_command_refuses_what_is_not_there(laboratory, laboratory_name, path):
    with pytest.raises(CommandError, match="There is no"):
        call_command("import_dataset", laboratory_name, path, name="Own")
