"""Pictures of a dataset that are one and the same: byte for byte, or altered copies of one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mlmodels.ml.datasets.archive import Refusal
from mlmodels.ml.datasets.archive_paths import shown
from mlmodels.ml.datasets.near_duplicates import Look, local_look
from mlmodels.ml.datasets.sources import SourceFinder
from mlmodels.ml.errors import RejectedImage
from mlmodels.ml.pictures.apart import read_picture_apart
from mlmodels.ml.pictures.picture import ImageLimits

# What a picture is measured by goes before what it trains: a published test stays whole.
_STRICTEST_FIRST = ("test", "validation", "train", "")


@dataclass(frozen=True)
class ReadImage:
    """One picture that may stand in a dataset.

    Args:
        path: inside the folder.
        label: code of a label.
        source: what must not be split apart.
        split: "train", "validation" or "test".
        sha256: of the file's bytes.
        width_px, height_px: of the oriented picture.
    """

    path: str
    label: str
    source: str
    split: str
    sha256: str
    width_px: int
    height_px: int


def without_copies(images: Sequence[ReadImage]) -> tuple[list[ReadImage], list[Refusal]]:
    """Keep the same bytes once, and never where two classes claim them.

    Args:
        images: all that were read.

    Returns:
        Those that are kept, in their order, and what is told of the others.
    """
    by_bytes: dict[str, list[ReadImage]] = defaultdict(list)
    for image in images:
        by_bytes[image.sha256].append(image)
    kept: set[str] = set()
    report = []
    for same in by_bytes.values():
        if len({image.label for image in same}) > 1:
            report += _told_of_two_classes(same)
            continue
        first = min(same, key=lambda image: _STRICTEST_FIRST.index(image.split))
        kept.add(first.path)
        report += [_told_of_copy(image, first) for image in same if image is not first]
    return [image for image in images if image.path in kept], report


def with_found_sources(
    root: Path,
    images: Sequence[ReadImage],
    photographs: Sequence[str],
    limits: ImageLimits,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[list[ReadImage], list[Refusal]]:
    """Give altered copies the photograph that they show as their source, each in one split.

    Args:
        root: the folder.
        images: copies that were read.
        photographs: paths of the photographs, as far as they are there; without them, the first
            copy of each photograph stands for it.
        limits: of one picture.
        tell: told how many pictures are compared.

    Returns:
        The images in their order, and what is told of it.
    """
    finder, report = SourceFinder(), []
    total = len(photographs) + len(images)
    for done, path in enumerate(photographs):
        tell(done, total)
        try:
            finder.add(path, _look(root, path, limits))
        except RejectedImage as error:
            reason = f"No picture is compared with this photograph. {error.message}"
            report.append(Refusal(shown(path), reason, False))
    found = []
    for done, image in enumerate(images, start=len(photographs)):
        tell(done, total)
        source = finder.source_of(image.path, _look(root, image.path, limits))
        found.append(replace(image, source=source))
    tell(total, total)
    moved, told = _in_one_split(found, set(photographs))
    return moved, [*report, *told]


def _look(root: Path, path: str, limits: ImageLimits) -> Look:
    return local_look(read_picture_apart((root / path).read_bytes(), limits).rgb)


def _in_one_split(
    images: Sequence[ReadImage], photographs: set[str]
) -> tuple[list[ReadImage], list[Refusal]]:
    """Move each source that was found in several splits into the one that has most of it."""
    splits: dict[str, Counter[str]] = defaultdict(Counter)
    for image in images:
        splits[image.source][image.split] += 1
    report = [Refusal("", _found_in_words(images, photographs), False)]
    moved_to = {}
    for source, counts in splits.items():
        if len(counts) > 1:
            most = max(counts, key=lambda split: (counts[split], split))
            moved_to[source] = most
            names = " and ".join(sorted(split or "no split" for split in counts))
            reason = f"Copies of {shown(source)} were in {names}; all of them are in {most} now."
            report.append(Refusal(shown(source), reason, False))
    return [replace(i, split=moved_to.get(i.source, i.split)) for i in images], report


def _found_in_words(images: Iterable[ReadImage], photographs: set[str]) -> str:
    sources = {image.source for image in images}
    alone = sorted(sources - photographs)
    if not photographs:
        return (
            f"The pictures seem to show {len(sources)} photographs. Each is named after the first "
            "of its copies, since the photographs themselves are not in the archive."
        )
    words = f"The pictures show {len(sources) - len(alone)} of the photographs."
    if alone:
        words += f" {len(alone)} of them show none of these, and are sources of their own."
    return words


def _told_of_two_classes(same: Sequence[ReadImage]) -> list[Refusal]:
    labels = " and ".join(sorted({image.label for image in same}))
    reason = (
        f"The same picture stands under {labels}, so nobody knows which it is. It is left out "
        "everywhere."
    )
    return [Refusal(shown(image.path), reason, False) for image in same]


def _told_of_copy(copy: ReadImage, kept: ReadImage) -> Refusal:
    other = shown(kept.path)
    if copy.split != kept.split:
        reason = (
            f"The same picture stands in the split {kept.split or 'none'} as {other}. "
            "It is kept there alone."
        )
    else:
        reason = f"The same picture is there already as {other}. It is kept once."
    return Refusal(shown(copy.path), reason, False)
