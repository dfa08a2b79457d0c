"""Our picture of a file is the one that ImageMagick shows (make compare-pictures).

`-s` prints a row of docs/files.md for each.
"""

import io
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

from mlmodels.ml.pictures.reading import read_picture
from mlmodels.ml.pictures.renditions import encode_rendition
from tests.mlmodels.ml.pictures.generated_files import GeneratedFile, generated_files
from tests.mlmodels.ml.pictures.profiles import srgb_profile

pytestmark = pytest.mark.imagemagick

FILES = {file.name: file for file in generated_files()}
MOST_LEVELS = 3.0


@pytest.fixture(scope="module")
def imagemagick() -> str:
    """Debian's own name first: `convert` may be another program."""
    found = shutil.which("convert-im6") or shutil.which("convert")
    assert found, "ImageMagick is not installed (Debian: apt-get install imagemagick)"
    told = subprocess.run([found, "-version"], capture_output=True, text=True, check=True)
    assert "ImageMagick" in told.stdout
    return found


def command(file: GeneratedFile, program: str, srgb: str, path: str) -> list[str]:
    """How ImageMagick is asked for a picture of 8 bits, sRGB, on white, turned as it says."""
    return [
        program,
        path,
        "-auto-orient",
        *(["-level", file.level] if file.level else []),
        *(["-profile", srgb] if file.has_profile else ["-colorspace", "sRGB"]),
        *["-background", "white", "-alpha", "remove", "-depth", "8", "ppm:-"],
    ]


def test_there_are_sixty_files_and_more():
    assert len(FILES) == len(generated_files()) >= 60


@pytest.mark.parametrize("name", FILES)
def test_our_rendition_is_imagemagicks_picture(name, imagemagick, tmp_path):
    file = FILES[name]
    (tmp_path / "file").write_bytes(file.data)
    (tmp_path / "srgb.icc").write_bytes(srgb_profile())
    asked = command(file, imagemagick, str(tmp_path / "srgb.icc"), str(tmp_path / "file"))
    done = subprocess.run(asked, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    theirs = np.asarray(Image.open(io.BytesIO(done.stdout)).convert("RGB")).astype(int)
    picture = read_picture(file.data)
    rendition = encode_rendition(picture.rgb, max_side_px=1600)
    ours = np.asarray(Image.open(io.BytesIO(rendition))).astype(int)
    assert ours.shape == theirs.shape
    mean = float(np.abs(ours - theirs).mean())
    print(f"\n| {name} | {mean:.2f} | {'; '.join(picture.conversions)} |", end="")
    assert mean <= MOST_LEVELS
