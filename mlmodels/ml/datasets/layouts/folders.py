"""Folders that say what their pictures are: classes, splits, patients, in any order."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from mlmodels.ml.classes import class_key
from mlmodels.ml.datasets.class_names import ClassNames
from mlmodels.ml.datasets.layouts.listing import (
    Choices,
    Folders,
    FurtherFolders,
    Listed,
    Listing,
    pictures_among,
    some,
)
from mlmodels.ml.datasets.splits import split_named

PLAIN_FOLDERS = "Classes are the names of folders."
# They hold pictures, and say nothing of them.
_SAY_NOTHING = re.compile(
    r"images?|imgs?|pictures?|photos?|data|dataset|cells?|crops?|cropped|jpe?g|png|tiff?|bmp"
    r"|jpegimages|all|originals?|raw"
)
# What people call patients, slides and days: a word for it, or a bare number.
_OF_A_SOURCE = re.compile(
    r"(patient|pat|pt|p|subject|subj|sub|case|donor|slide|smear|film|sample|specimen|s|id|nr|no|day)?"
    r"_?\d[\da-z_.]*"
)
# A code before a number, as PBC names its files: BNE_100100.jpg.
_CODE_IN_NAME = re.compile(r"([A-Za-z]{2,})[ _-]*\d")


@dataclass(frozen=True)
class _Placed:
    """A file by what its folders are."""

    path: str
    split: str
    # Folders that are no split and say something, from the top.
    folders: tuple[str, ...]


def list_folders(files: Sequence[str], names: ClassNames, choices: Choices = Choices()) -> Listing:
    """What pictures in folders are.

    The class is the innermost folder whose name is a known class; where a picture has none, the
    folder on the level on which the others have theirs. What is left is no class and no split:
    patients or slides, each one source under whatever class, where their names look like it.

    Args:
        files: paths of all files.
        names: which class names are known.
        choices: what a person said, if anybody did.
    """
    pictures, report = pictures_among(files)
    placed = _placed(pictures, names)
    named = _names_of(placed, names, choices)
    further = {each.path: _further(each, named[each.path], names) for each in placed}
    question = _about_further(placed, further)
    proposal = question.proposal if question else None
    said = Folders(choices.folders) if choices.folders else proposal
    sources = further if said in (Folders.SOURCES, Folders.SOURCES_DEALT_ANEW) else {}
    dealt_anew = said == Folders.SOURCES_DEALT_ANEW
    listed = tuple(
        Listed(
            path=each.path,
            name=named[each.path],
            source=sources.get(each.path, ""),
            split="" if dealt_anew else each.split,
        )
        for each in placed
    )
    is_open = question is not None and not question.is_clear and not choices.folders
    words = _in_words(listed, None if is_open else question, said)
    return Listing(listed, tuple(report), words, folders=question)


def _placed(pictures: Sequence[str], names: ClassNames) -> list[_Placed]:
    """Each picture with its split and the folders that say something."""
    folders = {path: PurePosixPath(path).parts[:-1] for path in pictures}
    above = _shared_above(list(folders.values()), names)
    placed = []
    for path, parts in folders.items():
        own = parts[above:]
        splits = [split_named(part) for part in own if split_named(part)]
        said = tuple(
            part
            for part in own
            if not split_named(part)
            and (names.code_of(part) or not _SAY_NOTHING.fullmatch(class_key(part)))
        )
        placed.append(_Placed(path, splits[-1] if splits else "", said))
    return placed


def _shared_above(folders: Sequence[tuple[str, ...]], names: ClassNames) -> int:
    """How many folders, from the top, hold everything and are neither class nor split."""
    above = 0
    while folders and all(len(parts) > above + 1 for parts in folders):
        level = {parts[above] for parts in folders}
        [first, *others] = level
        if others or names.code_of(first) or split_named(first):
            break
        above += 1
    return above


def _names_of(placed: Sequence[_Placed], names: ClassNames, choices: Choices) -> dict[str, str]:
    """The class name of each picture, as written; empty where nothing names one."""
    known = {each.path: _known_level(each, names, choices) for each in placed}
    levels = Counter(level for level in known.values() if level is not None)
    usual = levels.most_common(1)[0][0] if levels else None
    by_code = {} if levels else _codes_in_names(placed, names)
    named = {}
    for each in placed:
        level = known[each.path]
        if level is None:
            level = _likely_level(each.folders) if usual is None else usual
        inside = min(level, len(each.folders) - 1)
        named[each.path] = by_code.get(each.path) or (each.folders[inside] if each.folders else "")
    return named


def _known_level(placed: _Placed, names: ClassNames, choices: Choices) -> int | None:
    """Of a picture's folders the innermost that is a known class, or that a person named."""
    levels = (
        level
        for level, folder in reversed(list(enumerate(placed.folders)))
        if names.code_of(folder) or class_key(folder) in choices.classes
    )
    return next(levels, None)


def _likely_level(folders: tuple[str, ...]) -> int:
    """Where no class is known: the innermost folder that is called like no patient."""
    likely = [level for level, name in enumerate(folders) if not _is_of_a_source(name)]
    return likely[-1] if likely else len(folders) - 1


def _codes_in_names(placed: Sequence[_Placed], names: ClassNames) -> dict[str, str]:
    """The codes that file names begin with, where every one does and every code is known."""
    found = {}
    for each in placed:
        code = _CODE_IN_NAME.match(PurePosixPath(each.path).name)
        if code is None or not names.code_of(code.group(1)):
            return {}
        found[each.path] = code.group(1)
    return found


def _further(placed: _Placed, name: str, names: ClassNames) -> str:
    """The folders of a picture that are neither its class nor another one, joined."""
    rest = list(placed.folders)
    if name in rest:
        # The innermost of that name is the class.
        del rest[len(rest) - 1 - rest[::-1].index(name)]
    return "/".join(part for part in rest if not names.code_of(part))


def _about_further(placed: Sequence[_Placed], further: dict[str, str]) -> FurtherFolders | None:
    """What folders that are neither class nor split seem to be; none where there are none."""
    splits: dict[str, set[str]] = defaultdict(set)
    for each in placed:
        if further[each.path]:
            splits[further[each.path]].add(each.split)
    if not splits:
        return None
    straddling = sorted(name for name, found in splits.items() if len(found) > 1)
    called_so = all(_is_of_a_source(name.rsplit("/", 1)[-1]) for name in splits)
    return FurtherFolders(
        names=tuple(sorted(splits)[:10]),
        count=len(splits),
        in_two_splits=tuple(straddling[:10]),
        proposal=Folders.SOURCES if called_so or not straddling else Folders.NOTHING,
        is_clear=called_so and not straddling,
    )


def _is_of_a_source(name: str) -> bool:
    return _OF_A_SOURCE.fullmatch(class_key(name)) is not None


def _in_words(
    listed: Sequence[Listed],
    question: FurtherFolders | None,
    said: Folders | None,
) -> tuple[str, ...]:
    words = [PLAIN_FOLDERS]
    splits = sorted({each.split for each in listed if each.split})
    if splits:
        words.append(f"Splits are the names of folders, too: {', '.join(splits)}.")
    if question and said in (Folders.SOURCES, Folders.SOURCES_DEALT_ANEW):
        one = "is one source" if question.count == 1 else "are a source each"
        words.append(
            f"{question.count} further folder{'s' if question.count > 1 else ''} "
            f"({some(question.names)}) {one}, under whatever class."
        )
    elif question:
        words.append(
            f"Further folders ({some(question.names)}) say nothing: each picture is a source."
        )
    if any(each.name and each.name not in PurePosixPath(each.path).parts for each in listed):
        words[0] = "Classes are the codes that file names begin with, since no folder is a class."
    return tuple(words)
