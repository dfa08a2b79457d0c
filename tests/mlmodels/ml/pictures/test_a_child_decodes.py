"""No file can end, fill or hold up the process that asks for its pixels."""

import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mlmodels.ml.errors import RejectedImage
from mlmodels.ml.pictures.apart import Decoders, read_picture_apart
from mlmodels.ml.pictures.picture import ImageLimits
from mlmodels.ml.pictures.reading import read_picture
from tests.mlmodels.ml.pictures.generated_files import film, saved, tiff
from tests.mlmodels.ml.pictures.profiles import ADOBE_RGB, rgb_profile

ROOT = Path(__file__).resolve().parents[4]
LIMITS = ImageLimits()
PNG = saved(Image.fromarray(film()), "PNG")
PROFILE = rgb_profile("Adobe-like RGB", ADOBE_RGB, 2.2)
TURNED = Image.Exif()
TURNED[0x0112] = 6
SAME = {
    "PNG": PNG,
    "turned JPEG": saved(Image.fromarray(film()), "JPEG", exif=TURNED),
    "TIFF of 16 bits with a profile": tiff(
        film().astype(np.uint16) * 257, photometric="rgb", iccprofile=PROFILE
    ),
}
# Asks once, says the child's id, and stays.
PARENT = """
import sys, time
from mlmodels.ml.pictures.apart import Decoders
from mlmodels.ml.pictures.picture import ImageLimits
decoders = Decoders()
decoders.read(open(sys.argv[1], "rb").read(), ImageLimits())
print(decoders.processes()[0], flush=True)
time.sleep(60)
"""


@pytest.fixture
def decoders() -> Iterator[Decoders]:
    """Children of this test alone."""
    own = Decoders()
    yield own
    own.end()


@pytest.mark.parametrize("name", SAME)
def test_it_answers_as_the_reader_itself(name):
    here, apart = read_picture(SAME[name]), read_picture_apart(SAME[name])
    assert (here.rgb == apart.rgb).all()
    assert (here.media_type, here.reduced_by, here.size_px, here.conversions) == (
        apart.media_type,
        apart.reduced_by,
        apart.size_px,
        apart.conversions,
    )


def test_a_large_jpeg_is_reduced_there_as_well(decoders):
    data = saved(Image.new("RGB", (4000, 3000), "white"), "JPEG")
    assert decoders.read(data, LIMITS, may_reduce=True).reduced_by == 2


@pytest.mark.parametrize("data", [b"", b"a text", PNG[:-500], b"%PDF-1.7"])
def test_it_refuses_in_the_same_words(data):
    with pytest.raises(RejectedImage) as here:
        read_picture(data)
    with pytest.raises(RejectedImage) as apart:
        read_picture_apart(data)
    assert apart.value.message == here.value.message


def test_the_limits_of_who_asks_hold(decoders):
    with pytest.raises(RejectedImage, match=r"0\.01 megapixels"):
        decoders.read(PNG, ImageLimits(max_megapixels=0.01))
    with pytest.raises(RejectedImage, match="larger than 1 MB"):
        read_picture_apart(bytes(2 * 1024**2), ImageLimits(max_bytes=1024**2))


def test_pixels_may_be_written_to_and_outlive_the_child(decoders):
    rgb = decoders.read(PNG, LIMITS).rgb
    decoders.end()
    rgb[0, 0] = 7
    assert (rgb[1:] == film()[1:]).all()


def test_one_child_answers_one_file_after_the_other(decoders):
    decoders.read(PNG, LIMITS)
    first = decoders.processes()
    for _ in range(5):
        decoders.read(PNG, LIMITS)
    assert decoders.processes() == first


def test_a_child_that_ended_is_replaced_without_a_word(decoders):
    decoders.read(PNG, LIMITS)
    (before,) = decoders.processes()
    os.kill(before, signal.SIGKILL)
    assert (decoders.read(PNG, LIMITS).rgb == film()).all()
    assert decoders.processes() != [before]


def test_a_file_that_takes_too_long_is_refused_and_the_next_is_read():
    hasty = Decoders()
    hasty.read(PNG, LIMITS)
    hasty.time_limit_s = 0.01
    with pytest.raises(RejectedImage, match=r"not decoded within 0\.01 s"):
        hasty.read(saved(Image.effect_noise((1600, 1600), 90), "PNG", compress_level=1), LIMITS)
    hasty.time_limit_s = 60
    assert (hasty.read(PNG, LIMITS).rgb == film()).all()
    hasty.end()


def test_a_file_that_takes_too_much_memory_is_refused_and_the_next_is_read():
    small = Decoders(bytes_a_pixel=1, bytes_beside=64 * 1024**2)
    data = tiff(np.zeros((3000, 3000, 3), np.float64), photometric="rgb", compression="zlib")
    with pytest.raises(RejectedImage, match="more memory"):
        small.read(data, LIMITS)
    assert (small.read(PNG, LIMITS).rgb == film()).all()
    small.end()


def test_many_threads_share_two_children(decoders):
    together = threading.Barrier(8)

    def ask(_: int) -> tuple[bool, int]:
        together.wait()
        same = (decoders.read(PNG, LIMITS).rgb == film()).all()
        return bool(same), len(decoders.processes())

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(8)))
    assert all(same for same, _ in answers)
    assert len(decoders.processes()) <= 2


def test_a_forked_process_has_children_of_its_own(decoders):
    decoders.read(PNG, LIMITS)
    own = decoders.processes()
    readable, writable = os.pipe()
    pid = os.fork()
    if pid == 0:
        decoders.forget()
        same = (decoders.read(PNG, LIMITS).rgb == film()).all()
        told = b"ok" if same and decoders.processes() != own else b"no"
        decoders.end()
        os.write(writable, told)
        os._exit(0)
    os.waitpid(pid, 0)
    assert os.read(readable, 2) == b"ok"
    os.close(readable)
    os.close(writable)
    assert (decoders.read(PNG, LIMITS).rgb == film()).all()
    assert decoders.processes() == own


@pytest.mark.slow
def test_a_child_ends_with_its_parent(tmp_path):
    (tmp_path / "film.png").write_bytes(PNG)
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, tmp_path / "film.png"], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    child = os.pidfd_open(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    ended, _, _ = select.select([child], [], [], 10)
    assert ended == [child]
    os.close(child)
