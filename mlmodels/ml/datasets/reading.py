"""From a folder of unpacked files to the rows of a dataset, or to what is wrong with each.

Decodes every picture, resolves classes and splits, assigns splits where none is given. It
writes nothing and asks no database: the classes that may stand are told to it.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from mlmodels.ml.classes import class_key
from mlmodels.ml.datasets.archive import Refusal
from mlmodels.ml.datasets.archive_paths import refusal_of_path, shown
from mlmodels.ml.datasets.manifest import Row, read_manifest_rows
from mlmodels.ml.datasets.splits import source_order
from mlmodels.ml.errors import ManifestInvalid, RejectedImage
from mlmodels.ml.pictures.apart import read_picture_apart
from mlmodels.ml.pictures.picture import ImageLimits

MANIFESTS = ("manifest.csv", "labels.csv")
SPLITS = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}
# Shares of sources where nobody says a split.
SPLIT_SHARES = (("train", 0.70), ("validation", 0.15), ("test", 0.15))
SMALLEST_SIDE_PX = 16
LONGEST_SOURCE = 200


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
    files: Sequence[str],
    *,
    codes: Mapping[str, str],
    limits: ImageLimits,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> ReadDataset:
    """Judge every file of a folder, and the dataset that they make together.

    Args:
        root: the folder.
        files: paths inside it, all of them.
        codes: code of a label by the spellings that `class_key` gives.
        limits: of one picture.
        tell: told how many files are read.

    Returns:
        The rows and the report. A file's source is the file itself unless a manifest names it.
    """
    rows, report = _rows_of(root, files)
    seen: list[ReadImage] = []
    for done, row in enumerate(rows):
        tell(done, len(rows))
        try:
            seen.append(_read_row(root, row, codes, limits))
        except RejectedImage as error:
            report.append(Refusal(shown(row.path), error.message))
    tell(len(rows), len(rows))
    kept, told = _without_copies(seen)
    report += told
    if not rows and not report:
        report.append(Refusal("", "The archive holds no pictures in folders named after classes."))
    assigned, missing = _with_splits(kept)
    report += missing
    report += _straddling(assigned)
    return ReadDataset(tuple(sorted(assigned, key=lambda image: image.path)), tuple(report))


def manifest_sha256(rows: Iterable[tuple[str, str, str, str, str]]) -> str:
    """The hash that names a dataset: SHA-256 of its sorted rows.

    Args:
        rows: path, SHA-256 of the bytes, class, source and split of each picture.

    Returns:
        64 hexadecimal digits.
    """
    lines = sorted(",".join(row) for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _rows_of(root: Path, files: Sequence[str]) -> tuple[list[Row], list[Refusal]]:
    """The rows of the manifest if there is one, else one for each file by its folders."""
    manifest = _manifest_among(files)
    if manifest is None:
        found = [_row_of_file(path) for path in sorted(files)]
        return (
            [row for row in found if isinstance(row, Row)],
            [row for row in found if isinstance(row, Refusal)],
        )
    return _rows_of_manifest(root, files, manifest)


def _manifest_among(files: Sequence[str]) -> str | None:
    """The manifest at the top, or in the one folder that everything lies in."""
    tops = {PurePosixPath(path).parts[0] for path in files}
    bases = [""] + ([f"{next(iter(tops))}/"] if len(tops) == 1 else [])
    wanted = [base + name for base in bases for name in MANIFESTS]
    return next((path for path in wanted if path in set(files)), None)


def _row_of_file(path: str) -> Row | Refusal:
    parts = PurePosixPath(path).parts
    if len(parts) < 2:
        return Refusal(
            shown(path), "The file lies in no class folder. Put it into one, or add a manifest."
        )
    splits = [SPLITS[part.lower()] for part in parts[:-2] if part.lower() in SPLITS]
    return Row(path, class_key(parts[-2]), path, splits[-1] if splits else "")


def _rows_of_manifest(
    root: Path, files: Sequence[str], manifest: str
) -> tuple[list[Row], list[Refusal]]:
    try:
        numbered, wrong = read_manifest_rows(root / manifest)
    except ManifestInvalid as error:
        return [], [Refusal(manifest, error.message)]
    report = [Refusal(f"{manifest}, row {number}", reason) for number, reason in wrong]
    base, there = manifest.rpartition("/")[0], set(files)
    rows, named = [], set[str]()
    for number, row in numbered:
        path = f"{base}/{row.path}" if base else row.path
        reason = _refusal_of_row(row, path, there, named)
        if reason:
            report.append(Refusal(f"{manifest}, row {number}: {shown(row.path)}", reason))
            continue
        named.add(path)
        own_source = row.source == row.path
        rows.append(replace(row, path=path, source=path if own_source else row.source))
    papers = {manifest}
    report += [
        Refusal(shown(path), "The manifest does not name this file. Name it, or leave it out.")
        for path in files
        if path not in named and path not in papers and path not in _wrongly_named(report, base)
    ]
    return rows, report


def _wrongly_named(report: Sequence[Refusal], base: str) -> set[str]:
    """Files whose row is refused already: they need no second sentence."""
    paths = {row.path.partition(": ")[2] for row in report if ", row " in row.path}
    return {f"{base}/{path}" if base else path for path in paths}


def _refusal_of_row(row: Row, path: str, there: set[str], named: set[str]) -> str:
    unsafe = refusal_of_path(row.path)
    if unsafe:
        return unsafe
    if path not in there:
        return "The archive does not hold this file. Correct the path, or leave the row out."
    if path in named:
        return "The manifest names this file twice. Keep one row."
    if row.split and row.split not in SPLITS:
        return f"The split {shown(row.split)[:40]} is unknown. Say train, validation or test."
    if len(row.source) > LONGEST_SOURCE or "\x00" in row.source:
        return f"The source has more than {LONGEST_SOURCE} characters. Shorten it."
    return ""


def _read_row(root: Path, row: Row, codes: Mapping[str, str], limits: ImageLimits) -> ReadImage:
    """Raises RejectedImage where the class is unknown or the file is no acceptable picture."""
    if row.label not in codes:
        raise RejectedImage(
            f"The class {shown(row.label)[:40]} is unknown in this laboratory. "
            f"Known are: {', '.join(sorted(set(codes.values())))}."
        )
    data = (root / row.path).read_bytes()
    picture = read_picture_apart(data, limits)
    if min(picture.width_px, picture.height_px) < SMALLEST_SIDE_PX:
        raise RejectedImage(f"The picture is smaller than {SMALLEST_SIDE_PX} px. Leave it out.")
    return ReadImage(
        path=row.path,
        label=codes[row.label],
        source=row.source,
        split=SPLITS.get(row.split, ""),
        sha256=hashlib.sha256(data).hexdigest(),
        width_px=picture.width_px,
        height_px=picture.height_px,
    )


def _without_copies(images: Sequence[ReadImage]) -> tuple[list[ReadImage], list[Refusal]]:
    """Drop the same bytes within one class and split; refuse them elsewhere."""
    first: dict[str, ReadImage] = {}
    kept, report = [], []
    for image in images:
        known = first.setdefault(image.sha256, image)
        if known is image:
            kept.append(image)
            continue
        reason, refuses = _judgement_of_copy(known, image)
        report.append(Refusal(shown(image.path), reason, refuses))
    return kept, report


def _judgement_of_copy(known: ReadImage, copy: ReadImage) -> tuple[str, bool]:
    other = shown(known.path)
    if known.label != copy.label:
        return (
            f"The same picture stands under {known.label} as {other}. "
            "Decide which of the two it is.",
            True,
        )
    if known.split != copy.split:
        return (
            f"The same picture stands in the split {known.split or 'none'} as {other}. "
            "Keep it in one split.",
            True,
        )
    return f"The same picture is there already as {other}. It is kept once.", False


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
