"""A ZIP of pictures becomes images of its sample, each once, whatever happens on the way."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from accounts.errors import AccessDenied
from accounts.models import AuditAction, AuditEvent
from predictions import storage
from predictions.errors import (
    ArchiveTooLarge,
    NoArchive,
    NoFile,
    SampleClosed,
    SampleNotFound,
    StorageUnavailable,
)
from predictions.models import ClassificationJob, ImageArchive, JobStatus, Sample
from predictions.services.imaging import archive_claims
from predictions.services.imaging.archives import receive_archive
from predictions.services.imaging.run_archives import unpack_archive
from predictions.services.imaging.sweep import Sweep, remove_orphaned_files, sweep
from tests.factories.archives import drawn_picture, encrypted, zip_of
from tests.factories.images import file_of, make_archive, upload_one
from tests.factories.profiles import make_profile

pytestmark = pytest.mark.django_db
FIELDS = {f"slide/field {number}.png": drawn_picture(number) for number in (10, 2, 1)}


@pytest.fixture
def send(technician, sample):
    """Send an archive to the sample as its technician."""

    def receive(data: bytes = zip_of(FIELDS), **values: str) -> ImageArchive:
        return make_archive(technician, sample, data, **values)

    return receive


@pytest.fixture
def unpacked(send):
    """An archive that was sent and unpacked."""

    def unpack(data: bytes) -> ImageArchive:
        archive = send(data)
        unpack_archive(archive_id=archive.pk)
        archive.refresh_from_db()
        return archive

    return unpack


def stored_archives(settings) -> list[Path]:
    folder = Path(settings.MEDIA_ROOT) / storage.ARCHIVES
    return [path for path in folder.rglob("*") if path.is_file()]


def claimed(archive: ImageArchive) -> archive_claims.Claim:
    """A claim on an archive that succeeds."""
    held = archive_claims.claim(archive.pk)
    assert held is not None
    return held


def let_the_lease_end(archive: ImageArchive, **values: int) -> None:
    past = timezone.now() - timedelta(seconds=1)
    ImageArchive.objects.filter(pk=archive.pk).update(lease_until=past, **values)


# --- Sending ------------------------------------------------------------------------------------


def test_what_is_sent_is_kept_under_a_name_of_ours(send, settings, technician):
    archive = send()
    [stored] = stored_archives(settings)
    assert stored.read_bytes() == zip_of(FIELDS)
    assert str(stored).endswith(archive.file)
    assert "fields" not in archive.file
    assert (archive.original_name, archive.status) == ("fields.zip", JobStatus.QUEUED)
    [event] = AuditEvent.objects.filter(object_id=str(archive.pk))
    assert (event.action, event.actor) == (AuditAction.ARCHIVE_UPLOADED, technician)
    assert event.changes["sha256"] == [None, archive.sha256]


def test_the_same_archive_sent_again_while_it_waits_is_the_one_that_is_there(send):
    assert send() == send()
    assert ImageArchive.objects.count() == 1


def test_an_archive_is_known_by_its_bytes_and_not_by_its_name(technician, sample):
    for name, data in (("fields.zip", drawn_picture(1)), ("words.zip", b"PKzip"), ("0.zip", b"")):
        with pytest.raises(NoArchive, match="not a ZIP"):
            receive_archive(actor=technician, sample_id=sample.pk, file=file_of(data, name))
    kept = receive_archive(
        actor=technician, sample_id=sample.pk, file=file_of(zip_of(FIELDS), "fields.png")
    )
    assert kept.original_name == "fields.png"


def test_nothing_and_too_much_are_refused(send, technician, sample, settings):
    with pytest.raises(NoFile):
        receive_archive(actor=technician, sample_id=sample.pk, file=None)
    settings.MAX_DATASET_BYTES = 1024
    with pytest.raises(ArchiveTooLarge, match="larger than"):
        send()
    assert stored_archives(settings) == []


def test_who_may_not_upload_sends_no_archive(doctor, other_technician, sample):
    file = file_of(zip_of(FIELDS), "fields.zip")
    with pytest.raises(AccessDenied):
        receive_archive(actor=doctor, sample_id=sample.pk, file=file)
    with pytest.raises(SampleNotFound):
        receive_archive(actor=other_technician, sample_id=sample.pk, file=file)


def test_a_closed_sample_takes_no_archive(send, sample):
    Sample.objects.filter(pk=sample.pk).update(state=Sample.State.SIGNED)
    with pytest.raises(SampleClosed, match="is signed"):
        send()


# --- Unpacking ----------------------------------------------------------------------------------


def test_each_picture_becomes_an_image_in_the_order_people_count(
    unpacked, sample, technician, settings
):
    archive = unpacked(zip_of(FIELDS))
    images = sample.images.order_by("position_in_upload")
    assert [image.original_name for image in images] == [
        "field 1.png",
        "field 2.png",
        "field 10.png",
    ]
    assert {image.uploaded_by for image in images} == {technician}
    assert ClassificationJob.objects.filter(image__in=images).count() == 3
    assert (archive.status, archive.files_found, archive.files_done) == ("succeeded", 3, 3)
    assert (archive.refused, archive.error, archive.file) == ([], "", "")
    assert archive.finished_at is not None


def test_the_trail_says_what_came_of_it(unpacked, technician):
    archive = unpacked(zip_of({**FIELDS, "slide/words.png": b"words"}))
    events = AuditEvent.objects.filter(object_id=str(archive.pk)).order_by("position")
    assert [(e.action, e.actor) for e in events] == [
        (AuditAction.ARCHIVE_UPLOADED, technician),
        (AuditAction.ARCHIVE_UNPACKED, None),
    ]
    counts = {"files_found": [None, 4], "files_done": [None, 4], "refused": [None, 1]}
    assert events[1].changes == counts
    taken = AuditEvent.objects.filter(action=AuditAction.IMAGE_UPLOADED)
    assert {event.actor for event in taken} == {technician}


@pytest.mark.django_db(transaction=True)
def test_the_stored_archive_goes_when_it_is_unpacked(unpacked, settings):
    unpacked(zip_of(FIELDS))
    assert stored_archives(settings) == []


def test_its_images_have_the_profile_that_was_named(send, admin, sample):
    profile = make_profile(admin)
    archive = send(imaging_profile=str(profile.pk))
    unpack_archive(archive_id=archive.pk)
    assert {image.imaging_profile for image in sample.images.all()} == {profile}


def test_what_systems_leave_in_folders_is_passed_over_in_silence(unpacked, sample):
    droppings = {
        "__MACOSX/slide/._field 1.png": b"x",
        "slide/.DS_Store": b"x",
        "slide/Thumbs.db": b"x",
    }
    archive = unpacked(zip_of({**FIELDS, **droppings}))
    assert (archive.files_found, archive.refused) == (3, [])


def test_a_picture_that_is_there_already_is_not_added_again(unpacked, technician, sample):
    upload_one(technician, sample.pk, drawn_picture(2))
    archive = unpacked(zip_of({**FIELDS, "slide/copy.png": drawn_picture(1)}))
    assert sample.images.count() == 3
    assert (archive.files_done, archive.refused) == (4, [])


def test_one_that_is_refused_never_loses_the_others(unpacked, sample, settings):
    settings.MAX_IMAGE_BYTES = 100_000
    odd = {
        "a/words.png": b"words",
        "b/more.zip": zip_of(FIELDS),
        "c/large.bmp": b"BM" * 60_000,
        "../out.png": drawn_picture(9),
    }
    archive = unpacked(zip_of({**FIELDS, **odd}, links={"d/link.png": "/etc/passwd"}))
    assert sample.images.count() == 3
    assert archive.status == JobStatus.SUCCEEDED
    sentences = {row["name"]: row["error"] for row in archive.refused}
    assert list(sentences) == [
        "../out.png",
        "a/words.png",
        "b/more.zip",
        "c/large.bmp",
        "d/link.png",
    ]
    assert "leads out" in sentences["../out.png"]
    assert sentences["a/words.png"].startswith("words.png: This is not a picture")
    assert "archive in the archive" in sentences["b/more.zip"]
    assert "larger than" in sentences["c/large.bmp"]
    assert "a link" in sentences["d/link.png"]
    assert AuditEvent.objects.filter(action=AuditAction.IMAGE_REFUSED).count() == 5


def test_of_an_encrypted_archive_each_file_is_refused(unpacked, sample):
    archive = unpacked(encrypted(zip_of(FIELDS)))
    assert len(archive.refused) == 3
    assert all("encrypted" in row["error"] for row in archive.refused)
    assert not sample.images.exists()


BAD_ARCHIVES = {
    "damaged": (zip_of(FIELDS)[:-30], "damaged"),
    "a bomb": (
        zip_of({f"{n}.bmp": b"\0" * (20 * 1024 * 1024) for n in range(4)}),
        "times its size",
    ),
}


@pytest.mark.parametrize("case", BAD_ARCHIVES)
def test_an_archive_that_cannot_be_unpacked_ends_with_a_sentence(unpacked, case):
    data, sentence = BAD_ARCHIVES[case]
    archive = unpacked(data)
    assert archive.status == JobStatus.FAILED
    assert sentence in archive.error


def test_more_pictures_than_one_archive_may_hold_are_refused_as_a_whole(unpacked, settings, sample):
    settings.MAX_IMAGES_PER_ARCHIVE = 2
    archive = unpacked(zip_of(FIELDS))
    assert archive.error == ("The archive holds 3 files; at most 2 can be. Split it into several.")
    assert not sample.images.exists()


def test_an_archive_that_is_gone_says_so(send, settings):
    archive = send()
    for path in stored_archives(settings):
        path.unlink()
    unpack_archive(archive_id=archive.pk)
    archive.refresh_from_db()
    assert (archive.status, "gone" in archive.error) == (JobStatus.FAILED, True)


def test_a_sample_that_was_closed_meanwhile_ends_it_with_a_sentence(send, sample):
    archive = send()
    Sample.objects.filter(pk=sample.pk).update(state=Sample.State.CANCELLED)
    unpack_archive(archive_id=archive.pk)
    archive.refresh_from_db()
    assert archive.status == JobStatus.FAILED
    assert "is cancelled" in archive.error
    assert not sample.images.exists()


# --- Killed, repeated, swept --------------------------------------------------------------------


def killed_after(archive: ImageArchive, taken: int, *, told: int) -> None:
    """As a worker leaves it that was killed: so many pictures are in, so many were counted."""
    held = claimed(archive)
    names = sorted(FIELDS, key=lambda path: int(path.split()[-1].removesuffix(".png")))
    for name in names[:taken]:
        upload_one(archive.uploaded_by, archive.sample_id, FIELDS[name], name)
    archive_claims.tell(held, files_found=len(FIELDS), files_done=told)
    let_the_lease_end(archive)


@pytest.mark.parametrize(("taken", "told"), [(0, 0), (1, 0), (1, 1), (2, 1), (3, 2), (3, 3)])
def test_killed_at_any_moment_it_is_finished_without_loss_or_doubles(send, sample, taken, told):
    archive = send()
    killed_after(archive, taken, told=told)
    unpack_archive(archive_id=archive.pk)
    archive.refresh_from_db()
    assert (archive.status, archive.files_done) == (JobStatus.SUCCEEDED, 3)
    assert sample.images.count() == 3


def test_what_was_refused_before_a_kill_is_listed_once(send):
    archive = send(zip_of({"0.png": b"words", **FIELDS}))
    held = claimed(archive)
    refused = [{"name": "0.png", "error": "0.png: told before."}]
    archive_claims.tell(held, files_found=4, files_done=1, refused=refused)
    let_the_lease_end(archive)
    unpack_archive(archive_id=archive.pk)
    archive.refresh_from_db()
    assert (archive.refused, archive.files_done) == (refused, 4)


def test_while_one_worker_holds_it_another_does_nothing(send, sample):
    archive = send()
    claimed(archive)
    unpack_archive(archive_id=archive.pk)
    assert not sample.images.exists()


def test_who_lost_it_writes_nothing(send, sample):
    archive = send()
    held = claimed(archive)
    let_the_lease_end(archive)
    claimed(archive)
    assert not archive_claims.tell(held, files_done=2)
    assert not archive_claims.end(held)
    archive.refresh_from_db()
    assert (archive.status, archive.files_done) == (JobStatus.RUNNING, 0)


def test_a_second_message_for_an_unpacked_one_does_nothing(unpacked, sample):
    archive = unpacked(zip_of(FIELDS))
    unpack_archive(archive_id=archive.pk)
    assert ImageArchive.objects.get().fence == archive.fence


def test_a_store_that_does_not_answer_gives_it_back(send, settings, sample):
    archive = send()
    folder = Path(settings.MEDIA_ROOT) / storage.ORIGINALS
    # A file where the folder should be: nothing can be written, for whoever runs this.
    folder.write_bytes(b"")
    with pytest.raises(StorageUnavailable):
        unpack_archive(archive_id=archive.pk)
    archive.refresh_from_db()
    assert (archive.status, archive.lease_until, archive.refused) == ("running", None, [])
    folder.unlink()
    unpack_archive(archive_id=archive.pk)
    assert sample.images.count() == 3


def test_the_sweep_sends_an_archive_that_nobody_claimed(send, settings):
    archive = send()
    assert sweep() == Sweep(sent=0, failed=0)
    late = timezone.now() - timedelta(seconds=31)
    ImageArchive.objects.filter(pk=archive.pk).update(last_sent_at=late)
    assert sweep() == Sweep(sent=1, failed=0)


def test_an_archive_whose_worker_was_killed_is_sent_at_once(send):
    archive = send()
    claimed(archive)
    let_the_lease_end(archive)
    assert sweep() == Sweep(sent=1, failed=0)


def test_one_without_attempts_left_ends_with_a_sentence(send, settings):
    archive = send()
    claimed(archive)
    let_the_lease_end(archive, attempts=settings.JOB_MAX_ATTEMPTS)
    assert sweep() == Sweep(sent=0, failed=1)
    archive.refresh_from_db()
    assert archive.status == JobStatus.FAILED
    assert "interrupted 5 times" in archive.error


def test_an_archive_without_a_row_goes_after_days(send, settings):
    archive = send()
    day = timezone.now() - timedelta(days=3)
    for name in ("kept", "orphaned"):
        path = Path(settings.MEDIA_ROOT) / f"archives/{day:%Y/%m/%d}/{name}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"bytes")
    kept = f"archives/{day:%Y/%m/%d}/kept"
    ImageArchive.objects.filter(pk=archive.pk).update(file=kept)
    assert remove_orphaned_files() == 1
    assert (Path(settings.MEDIA_ROOT) / kept).exists()
