"""From what a folder offers to the rows of a dataset, or to what is wrong with each.

Decodes every picture, cuts out boxes, resolves classes, assigns splits where none is given. It
asks no database: what class names mean is told to it. Of files it writes only what it cuts out.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from mlmodels.ml.classes import class_key
from mlmodels.ml.datasets.archive import Refusal
from mlmodels.ml.datasets.archive_paths import shown
from mlmodels.ml.datasets.box_crops import cut_box, encode_cut
from mlmodels.ml.datasets.class_names import ClassNames
from mlmodels.ml.datasets.layouts.listing import Choices, Listed, Listing
from mlmodels.ml.datasets.questions import meaning_of
from mlmodels.ml.datasets.same_pictures import ReadImage, with_found_sources, without_copies
from mlmodels.ml.datasets.splits import source_order
from mlmodels.ml.errors import RejectedImage
from mlmodels.ml.pictures.apart import read_picture_apart
from mlmodels.ml.pictures.picture import ImageLimits

# Shares of sources where nobody says a split.
SPLIT_SHARES = (("train", 0.70), ("validation", 0.15), ("test", 0.15))
SMALLEST_SIDE_PX = 16


@dataclass(frozen=True)
class ReadDataset:
    """What a folder came to.

    Args:
        images: the pictures, sorted by path; only of use where nothing is refused.
        report: what is refused, and what is only told.
    """

    images: tuple[ReadImage, ...]
    report: tuple[Refusal, ...]

    @property
    def is_refused(self) -> bool:
        """Whether anything in the report refuses the whole."""
        return any(row.refuses for row in self.report)


def read_dataset(
    root: Path,
    listing: Listing,
    names: ClassNames,
    choices: Choices = Choices(),
    *,
    limits: ImageLimits,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> ReadDataset:
    """Judge every picture that a folder offers, and the dataset that they make together.

    Args:
        root: the folder; cells that are cut out are written into it, beside their photographs.
        listing: what it offers.
        names: which class names are known.
        choices: what a person said of them.
        limits: of one picture.
        tell: told how many pictures are read.

    Returns:
        The rows and the report. A picture's source is the picture itself unless the listing
        names it.
    """
    report = [*listing.report, *_told_of_classes(listing, names, choices)]
    meant = {each.name: meaning_of(each.name, names, choices) for each in listing.pictures}
    wanted = [each for each in listing.pictures if meant[each.name] is not None]
    seen: list[ReadImage] = []
    done = 0
    for path, group in groupby(wanted, key=lambda each: each.path):
        tell(done, len(wanted))
        found = [(each, meant[each.name] or "") for each in group]
        done += len(found)
        unknown = next((each.name for each, code in found if not code), None)
        try:
            if unknown is not None:
                raise RejectedImage(_unknown(unknown, names))
            seen += _read_file(root, path, found, limits, report)
        except RejectedImage as error:
            report.append(Refusal(shown(path), error.message))
    tell(len(wanted), len(wanted))
    kept, told = without_copies(seen)
    report += told
    if listing.is_copies:
        kept, told = with_found_sources(root, kept, listing.photographs, limits, tell)
        report += told
    if not kept and not any(row.refuses for row in report):
        report.append(Refusal("", _nothing(bool(wanted))))
    assigned, missing = _with_splits(kept)
    report += missing
    report += _straddling(assigned)
    return ReadDataset(tuple(sorted(assigned, key=lambda image: image.path)), tuple(report))


def _told_of_classes(listing: Listing, names: ClassNames, choices: Choices) -> Iterator[Refusal]:
    """What was read into class names, and what was left out, one sentence a name."""
    counts = Counter(class_key(each.name) for each in listing.pictures)
    written = {class_key(each.name): each.name for each in reversed(listing.pictures)}
    for key, count in sorted(counts.items()):
        name, pictures = written[key], "1 picture" if count == 1 else f"{count} pictures"
        code = meaning_of(name, names, choices)
        called = shown(name)[:40] or "no class"
        if code is None:
            yield Refusal("", f"{pictures} of {called} left out, as was said.", False)
        elif code and not names.is_spelt_out(name):
            meant = names.name_of(code)
            yield Refusal("", f"{called} was read as {meant} ({pictures}).", False)


def _read_file(
    root: Path,
    path: str,
    found: Sequence[tuple[Listed, str]],
    limits: ImageLimits,
    report: list[Refusal],
) -> list[ReadImage]:
    """The rows of one file: the picture itself, or each box in it with the code of its label.

    Raises:
        RejectedImage: the file is no acceptable picture.
    """
    data = (root / path).read_bytes()
    picture = read_picture_apart(data, limits)
    if min(picture.width_px, picture.height_px) < SMALLEST_SIDE_PX:
        raise RejectedImage(f"The picture is smaller than {SMALLEST_SIDE_PX} px. Leave it out.")
    rows = []
    for number, (each, code) in enumerate(found, start=1):
        if each.box is None:
            rows.append(_row(each, code, path, data, (picture.width_px, picture.height_px)))
            continue
        try:
            cut = cut_box(picture.rgb, each.box)
        except RejectedImage as error:
            report.append(Refusal(each.place, error.message))
            continue
        # The photograph's whole name, so that no other file can be called so.
        own, data_of_cut = f"{path} cell {number}.png", encode_cut(cut)
        (root / own).write_bytes(data_of_cut)
        rows.append(_row(each, code, own, data_of_cut, (cut.shape[1], cut.shape[0])))
    return rows


def _row(listed: Listed, code: str, path: str, data: bytes, size_px: tuple[int, int]) -> ReadImage:
    return ReadImage(
        path=path,
        label=code,
        source=listed.source or listed.path,
        split=listed.split,
        sha256=hashlib.sha256(data).hexdigest(),
        width_px=size_px[0],
        height_px=size_px[1],
    )


def _nothing(had_pictures: bool) -> str:
    if had_pictures:
        return "The archive holds no picture that can be kept."
    return "The archive holds no pictures in folders named after classes."


def _unknown(name: str, names: ClassNames) -> str:
    if not name:
        return "The file lies in no class folder. Put it into one, or add a manifest."
    known = ", ".join(sorted(label.code for label in names.labels))
    return f"The class {shown(name)[:40]} is unknown in this laboratory. Known are: {known}."


def _with_splits(images: Sequence[ReadImage]) -> tuple[list[ReadImage], list[Refusal]]:
    """The rows with a split each: as given; where none has one, assigned; some: refused."""
    missing = [image for image in images if not image.split]
    if len(missing) == len(images):
        return assign_splits(images), []
    reason = (
        "The split is missing, though other pictures have one. Give every picture a split, or none."
    )
    return list(images), [Refusal(shown(image.path), reason) for image in missing]


def assign_splits(images: Sequence[ReadImage]) -> list[ReadImage]:
    """Give whole sources to train, validation and test, class by class, always the same way.

    Args:
        images: without a split. A source counts with the class it is first seen with.

    Returns:
        The same images in their order. Of three sources of a class or more, each split has one.
    """
    label_of: dict[str, str] = {}
    for image in images:
        label_of.setdefault(image.source, image.label)
    by_label: dict[str, list[str]] = defaultdict(list)
    for source in sorted(label_of, key=source_order):
        by_label[label_of[source]].append(source)
    split_of: dict[str, str] = {}
    for sources in by_label.values():
        split_of |= dict(zip(sources, _splits_of(len(sources)), strict=True))
    return [replace(image, split=split_of[image.source]) for image in images]


def _splits_of(count: int) -> list[str]:
    test = max(round(SPLIT_SHARES[2][1] * count), 1 if count >= 3 else 0)
    validation = max(round(SPLIT_SHARES[1][1] * count), 1 if count >= 3 else 0)
    return ["test"] * test + ["validation"] * validation + ["train"] * (count - test - validation)


def _straddling(images: Sequence[ReadImage]) -> list[Refusal]:
    """One refusal for each source that stands in several splits."""
    splits: dict[str, set[str]] = defaultdict(set)
    path: dict[str, str] = {}
    for image in images:
        if image.split:
            splits[image.source].add(image.split)
            path.setdefault(image.source, image.path)
    return [
        Refusal(
            shown(path[source]),
            f"The source {shown(source)} is in the splits {' and '.join(sorted(found))}. "
            "All pictures of one source belong in one split.",
        )
        for source, found in splits.items()
        if len(found) > 1
    ]
