"""What a folder of files offers: pictures, or boxes in them, each with the class it is said to be.

Only what names and tables say. Whether a file is a picture, and what a class name means in a
laboratory, is judged later.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath

from mlmodels.ml.datasets.archive import Refusal
from mlmodels.ml.datasets.archive_paths import shown
from mlmodels.ml.names import name_key

# A file of another ending that lies among pictures is none, so it is left out, and told.
_NO_PICTURE = re.compile(
    r"\.(csv|tsv|txt|md|rst|jsonl?|xml|ya?ml|pdf|docx?|xlsx?|ods|pptx?|html?|css|js|py|ipynb|r|m|sh"
    r"|bat|mat|np[yz]|pkl|h5|hdf5|db|sqlite|log|ini|cfg|toml|names|cache|labels|data|bib|tex|url|lnk)"
)
SHOWN_NAMES = 3


class Half(StrEnum):
    """The two halves of the public four-class archive: the same cells twice."""

    COPIES = "copies"
    PHOTOGRAPHS = "photographs"


class Folders(StrEnum):
    """What folders beside those of classes and splits say of the pictures in them."""

    SOURCES = "sources"
    SOURCES_DEALT_ANEW = "sources_dealt_anew"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Choices:
    """What a person said of an archive.

    Args:
        classes: the code of a label by `class_key` of a name; empty where it is left out.
        half: which half of the four-class archive counts; empty where nobody said.
        folders: what further folders are; empty where nobody said.
    """

    classes: Mapping[str, str] = field(default_factory=dict)
    half: str = ""
    folders: str = ""


@dataclass(frozen=True)
class DrawnBox:
    """A rectangle that an annotation draws about a cell.

    Args:
        x, y: its upper left corner; px of the stored picture, or shares of its sides.
        width, height: its size, in the same.
        in_shares: whether the four are shares, 0 to 1.
    """

    x: float
    y: float
    width: float
    height: float
    in_shares: bool = False


@dataclass(frozen=True)
class Listed:
    """One picture, or one box in a picture, that a folder offers.

    Args:
        path: of the picture, in the folder.
        name: of its class, as written; empty where nothing names one.
        source: what must not be split apart; empty where it is the picture itself.
        split: as written; empty where none is.
        place: where that is said, e.g. "manifest.csv, line 3"; empty where the path says it.
        box: where in the picture the cell is; none for the whole of it.
    """

    path: str
    name: str
    source: str = ""
    split: str = ""
    place: str = ""
    box: DrawnBox | None = None


@dataclass(frozen=True)
class FurtherFolders:
    """Folders that are neither class nor split, about which a person may say what they are.

    Args:
        names: of them, some.
        count: how many.
        in_two_splits: of them, those that stand in several splits.
        proposal: what they seem to be, one of `Folders`.
        is_clear: whether nobody has to be asked.
    """

    names: tuple[str, ...]
    count: int
    in_two_splits: tuple[str, ...]
    proposal: Folders
    is_clear: bool


@dataclass(frozen=True)
class Listing:
    """What a folder offers.

    Args:
        pictures: in a fixed order.
        report: what is refused, and what is only told.
        words: how classes, sources and splits were understood, in sentences.
        halves: how many pictures each half has, where both are there and nobody chose.
        folders: what may have to be said of further folders.
        photographs: paths of those that the listed copies were made of, where they are there.
        is_copies: whether the pictures are altered copies of photographs.
    """

    pictures: tuple[Listed, ...]
    report: tuple[Refusal, ...] = ()
    words: tuple[str, ...] = ()
    halves: Mapping[str, int] | None = None
    folders: FurtherFolders | None = None
    photographs: tuple[str, ...] = ()
    is_copies: bool = False


class Finder:
    """Finds the file that a table means, whatever it is relative to.

    Args:
        files: paths of all files.
    """

    def __init__(self, files: Iterable[str]) -> None:
        self._by_key = {name_key(path): path for path in files}
        self._by_name: dict[str, list[str]] = {}
        self._by_stem: dict[str, list[str]] = {}
        for key in self._by_key:
            name = PurePosixPath(key)
            self._by_name.setdefault(name.name, []).append(key)
            self._by_stem.setdefault(name.stem, []).append(key)

    def find(self, path: str, *, base: str = "") -> str:
        """The one file of a path, else of its last parts, else of its name without an ending.

        Args:
            path: in its one form.
            base: the folder it is looked for first; empty for the top.

        Returns:
            The file's path; empty where there is none, or more than one could be meant.
        """
        key = name_key(path)
        for whole in (f"{name_key(base)}/{key}" if base else key, key):
            if whole in self._by_key:
                return self._by_key[whole]
        found = self._meant(path)
        return self._by_key[found[0]] if len(found) == 1 else ""

    def could_be_several(self, path: str) -> bool:
        """Whether a path that is not found could mean more than one file."""
        return len(self._meant(path)) > 1

    def _meant(self, path: str) -> list[str]:
        """Keys of the files that end as a path does; else of those without their ending."""
        wanted = PurePosixPath(name_key(path))
        folders = wanted.parts[:-1]
        for among in (self._by_name.get(wanted.name, []), self._by_stem.get(wanted.name, [])):
            ends = [
                key
                for key in among
                if not folders or PurePosixPath(key).parts[:-1][-len(folders) :] == folders
            ]
            if ends:
                return ends
        return []


def pictures_among(files: Sequence[str]) -> tuple[list[str], list[Refusal]]:
    """The files that may be pictures, sorted, and what is told of those that are left out."""
    hidden = [path for path in files if _is_hidden(path)]
    others = [path for path in sorted(files) if not _is_hidden(path)]
    papers = [path for path in others if _NO_PICTURE.fullmatch(ending(path))]
    told = []
    if hidden:
        told.append(Refusal("", f"Left out as hidden files: {some(sorted(hidden))}.", False))
    for suffix, count in sorted(Counter(ending(path) for path in papers).items()):
        files_in_words = f"1 file {suffix}" if count == 1 else f"{count} files {suffix}"
        of_it = [path for path in papers if ending(path) == suffix]
        told.append(
            Refusal("", f"Left out as no pictures: {files_in_words} ({some(of_it)}).", False)
        )
    return [path for path in others if not _NO_PICTURE.fullmatch(ending(path))], told


def ending(path: str) -> str:
    """The ending of a file's name in lower case, with its dot; empty where it has none."""
    return PurePosixPath(path).suffix.lower()


def some(names: Sequence[str]) -> str:
    """Some of many names, and how many more there are."""
    first = ", ".join(shown(name) for name in names[:SHOWN_NAMES])
    more = len(names) - SHOWN_NAMES
    return f"{first} and {more} more" if more > 0 else first


def lacks_picture(place: str, written: str) -> Refusal:
    """What is said of a box whose picture is not there."""
    reason = "The archive does not hold the picture of this box. Add it, or leave the box out."
    return Refusal(f"{place}: {shown(written)}", reason)


def no_box(place: str) -> Refusal:
    """What is said of a box that is none."""
    return Refusal(place, "This is no box that can be read. Correct it, or leave it out.")


def _is_hidden(path: str) -> bool:
    return any(part.startswith(".") for part in PurePosixPath(path).parts)
