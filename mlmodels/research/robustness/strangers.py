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

from mlmodels.ml.inference.images import decode_image
from mlmodels.research.robustness import stranger_pages, stranger_scenes

EACH = 15
KINDS: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "text page": stranger_pages.text_page,
    "chart": stranger_pages.chart,
    "screenshot": stranger_pages.screenshot,
    "slide label": stranger_pages.slide_label,
    "handwriting": stranger_pages.handwriting,
    "blank": stranger_pages.blank,
    "gradient": stranger_pages.gradient,
    "stripes": stranger_pages.stripes,
    "checkerboard": stranger_pages.checkerboard,
    "noise": stranger_scenes.noise,
    "shapes": stranger_scenes.shapes,
    "tissue section": stranger_scenes.tissue,
    "landscape": stranger_scenes.landscape,
    "drawn face": stranger_scenes.face,
    "ink blots": stranger_scenes.ink_blots,
    "flowers": stranger_scenes.flowers,
    "night sky": stranger_scenes.night_sky,
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
class Stranger:
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


def draw_strangers(*, each: int = EACH, seed: int = 0) -> Iterator[Stranger]:
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
            yield Stranger(name, kind, draw(rng))


def package_strangers() -> Iterator[Stranger]:
    """The pictures that installed packages ship; those that are not there are passed over."""
    for package, inside in SHIPPED_BY_PACKAGES:
        found = importlib.util.find_spec(package)
        for folder in (found.submodule_search_locations or []) if found else []:
            file = Path(folder) / inside
            if file.is_file():
                name = f"{package} {file.name}"
                yield Stranger(name, "package", decode_image(file.read_bytes()))


def all_strangers() -> Iterator[Stranger]:
    """Every picture that is no blood film: the drawn ones, then those of packages."""
    yield from draw_strangers()
    yield from package_strangers()
