"""Pictures that are no blood film, to ask an engine what it makes of them.

Drawn from seeds, or shipped by packages that are installed anyway. None is a photograph of
blood, none was ever trained on, and nothing is chosen by them.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from mlmodels.ml.pictures.reading import decode_image
from mlmodels.research.robustness import out_of_distribution_pages, out_of_distribution_scenes

EACH = 15
KINDS: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "text page": out_of_distribution_pages.text_page,
    "chart": out_of_distribution_pages.chart,
    "screenshot": out_of_distribution_pages.screenshot,
    "slide label": out_of_distribution_pages.slide_label,
    "handwriting": out_of_distribution_pages.handwriting,
    "blank": out_of_distribution_pages.blank,
    "gradient": out_of_distribution_pages.gradient,
    "stripes": out_of_distribution_pages.stripes,
    "checkerboard": out_of_distribution_pages.checkerboard,
    "noise": out_of_distribution_scenes.noise,
    "shapes": out_of_distribution_scenes.shapes,
    "tissue section": out_of_distribution_scenes.tissue,
    "landscape": out_of_distribution_scenes.landscape,
    "drawn face": out_of_distribution_scenes.face,
    "ink blots": out_of_distribution_scenes.ink_blots,
    "flowers": out_of_distribution_scenes.flowers,
    "night sky": out_of_distribution_scenes.night_sky,
}
# Package, and the picture inside it.
SHIPPED_BY_PACKAGES: tuple[tuple[str, str], ...] = (
    ("celery", "utils/static/celery_128.png"),
    (
        "drf_spectacular_sidecar",
        "static/drf_spectacular_sidecar/swagger-ui-dist/favicon-32x32.png",
    ),
    ("rest_framework", "static/rest_framework/img/glyphicons-halflings.png"),
    ("rest_framework", "static/rest_framework/img/glyphicons-halflings-white.png"),
    ("rest_framework", "static/rest_framework/img/grid.png"),
)


@dataclass(frozen=True)
class OutOfDistributionPicture:
    """A picture that is no blood film.

    Args:
        name: e.g. "tissue section 07".
        kind: a key of `KINDS`, or "package".
        rgb: uint8 array, shape (H, W, 3).
    """

    name: str
    kind: str
    rgb: np.ndarray = field(repr=False, compare=False)

    def png(self) -> bytes:
        """The picture as a file."""
        buffer = io.BytesIO()
        Image.fromarray(self.rgb).save(buffer, "PNG", compress_level=1)
        return buffer.getvalue()


def draw_out_of_distribution(
    *, each: int = EACH, seed: int = 0
) -> Iterator[OutOfDistributionPicture]:
    """Draw the pictures one by one; the same seed draws the same pictures.

    Args:
        each: how many of each kind, at least 1.
        seed: another one draws others.
    """
    for kind, draw in KINDS.items():
        for number in range(each):
            name = f"{kind} {number:02}"
            digest = hashlib.sha256(f"{seed} {name}".encode()).digest()
            rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
            yield OutOfDistributionPicture(name, kind, draw(rng))


def package_pictures() -> Iterator[OutOfDistributionPicture]:
    """The pictures that installed packages ship; those that are not there are passed over."""
    for package, inside in SHIPPED_BY_PACKAGES:
        found = importlib.util.find_spec(package)
        for folder in (found.submodule_search_locations or []) if found else []:
            file = Path(folder) / inside
            if file.is_file():
                name = f"{package} {file.name}"
                yield OutOfDistributionPicture(name, "package", decode_image(file.read_bytes()))


def all_out_of_distribution() -> Iterator[OutOfDistributionPicture]:
    """Every picture that is no blood film: the drawn ones, then those of packages."""
    yield from draw_out_of_distribution()
    yield from package_pictures()
