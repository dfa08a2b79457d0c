"""What is sent broken is known: whole before, and the same again for the same number."""

import pytest

from tests.mutations.changes import ARCHIVE_EVERY, CHANGES, LARGE_EVERY, mutated
from tests.mutations.seeds import archive_seeds, picture_seeds

FORMATS = {"avif", "bmp", "dng", "gif", "heic", "jpg", "mpo", "png", "tif", "webp"}


def test_the_same_number_and_seed_make_the_same_file():
    assert mutated(7, seed=1) == mutated(7, seed=1)
    assert mutated(7, seed=1).data != mutated(7, seed=2).data


def test_a_file_is_of_every_format():
    assert {name.rpartition(".")[2] for name in picture_seeds()} == FORMATS


def test_a_broken_file_differs_from_every_whole_one():
    whole = {*picture_seeds().values(), *archive_seeds().values()}
    numbers = [n for n in range(200) if (n + 1) % LARGE_EVERY]
    same = [number for number in numbers if mutated(number, seed=1).data in whole]
    # A change may by chance leave all as it was.
    assert len(same) < 20


def test_pictures_and_archives_are_broken():
    files = [mutated(number, seed=1) for number in range(ARCHIVE_EVERY)]
    assert [file.is_archive for file in files] == [False] * (ARCHIVE_EVERY - 1) + [True]


@pytest.mark.parametrize("number", range(0, 1000, 97))
def test_every_change_is_named(number: int):
    names = {change.__name__ for change in CHANGES}
    assert set(mutated(number, seed=1).changes) <= names
