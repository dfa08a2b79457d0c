"""What a person has to say of an archive before it can be imported, and what is proposed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mlmodels.ml.classes import class_key
from mlmodels.ml.datasets.class_names import ClassNames
from mlmodels.ml.datasets.layouts.listing import Choices, FurtherFolders, Listed, Listing

# Of so many pictures of a class a page shows a small one.
EXAMPLES = 4


@dataclass(frozen=True)
class FoundClass:
    """A class name that an archive has.

    Args:
        name: as written where it is met first; empty where nothing names a class.
        pictures: how many, or how many boxes.
        code: of the label it means; empty where that is not known.
        is_left_out: whether a person left it out.
        proposal: code of a label that an unknown name may mean; empty where there is none.
        examples: some of its pictures.
    """

    name: str
    pictures: int
    code: str
    is_left_out: bool
    proposal: str
    examples: tuple[Listed, ...]

    @property
    def key(self) -> str:
        """What it is compared by."""
        return class_key(self.name)

    @property
    def is_settled(self) -> bool:
        """Whether nobody has to be asked what it means."""
        return bool(self.code) or self.is_left_out


@dataclass(frozen=True)
class Questions:
    """What is found in an archive, and what of it a person has to judge.

    Args:
        classes: those that have to be judged first, then the largest first.
        words: how classes, sources and splits were understood.
        halves: pictures in each half of the four-class archive, where one must be chosen.
        folders: what has to be said of further folders; none where nothing has.
    """

    classes: tuple[FoundClass, ...]
    words: tuple[str, ...]
    halves: Mapping[str, int] | None
    folders: FurtherFolders | None

    @property
    def are_open(self) -> bool:
        """Whether anything has to be judged before the import."""
        unsettled = any(not each.is_settled for each in self.classes)
        return unsettled or self.halves is not None or self.folders is not None


def questions_of(listing: Listing, names: ClassNames, choices: Choices) -> Questions:
    """What a person has to say of a listing.

    Args:
        listing: what the archive offers.
        names: which class names are known.
        choices: what was said already.
    """
    by_key: dict[str, list[Listed]] = defaultdict(list)
    for picture in listing.pictures:
        by_key[class_key(picture.name)].append(picture)
    found = [_found(pictures, names, choices) for pictures in by_key.values()]
    folders = listing.folders
    asks_folders = folders is not None and not folders.is_clear and not choices.folders
    return Questions(
        classes=tuple(sorted(found, key=lambda c: (c.is_settled, -c.pictures, c.key))),
        words=listing.words,
        halves=listing.halves,
        folders=folders if asks_folders else None,
    )


@dataclass(frozen=True)
class UnknownClass:
    """A class name that a command has to be told of.

    Args:
        name: as written.
        pictures: how many.
        proposal: code of a label that it may mean; empty where there is none.
    """

    name: str
    pictures: int
    proposal: str


def as_options(unknown: Sequence[UnknownClass], halves: bool, folders: Sequence[str]) -> str:
    """What has to be said before an archive can be read, as options of a command.

    Args:
        unknown: classes that nobody knows.
        halves: whether a half of the four-class archive has to be chosen.
        folders: names of folders that are neither class nor split, where they are asked for.
    """
    words = [
        f"The class {each.name or '(none is named)'} ({each.pictures} pictures) is "
        f'unknown. Say --class "{each.name}={each.proposal or "LABEL"}" or '
        f'--leave-out "{each.name}".'
        for each in unknown
    ]
    if halves:
        words.append(
            "The archive holds the same cells twice, as photographs and as altered copies of "
            "them. Say --half copies or --half photographs."
        )
    if folders:
        words.append(
            f"The folders {', '.join(folders[:3])} are neither class nor split. Say --folders "
            "sources if each is a patient or a slide, sources_dealt_anew to have their splits "
            "dealt out anew, or nothing."
        )
    return "\n".join(words)


def meaning_of(name: str, names: ClassNames, choices: Choices) -> str | None:
    """The code of the label that a class name means; empty where unknown, none where left out."""
    said = choices.classes.get(class_key(name))
    if said is not None:
        return said or None
    return names.code_of(name)


def _found(pictures: list[Listed], names: ClassNames, choices: Choices) -> FoundClass:
    name = pictures[0].name
    code = meaning_of(name, names, choices)
    # From all over the class, not from the beginning of one patient.
    step = max(1, len(pictures) // EXAMPLES)
    return FoundClass(
        name=name,
        pictures=len(pictures),
        code=code or "",
        is_left_out=code is None,
        proposal="" if code else names.proposal_for(name),
        examples=tuple(pictures[::step][:EXAMPLES]),
    )
