"""A file that is written anew is the old one or the new one, never a part."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest

from mlmodels.ml.whole_files import write_text_whole, written_whole


def test_a_file_appears_with_its_folder_and_nothing_beside_it(tmp_path):
    file = tmp_path / "run" / "progress.json"
    write_text_whole(file, "µm\n")
    assert file.read_bytes() == "µm\n".encode()
    assert list(file.parent.iterdir()) == [file]


def test_nothing_stands_under_the_name_until_all_is_written(tmp_path):
    file = tmp_path / "figures.npz"
    write_text_whole(file, "before")
    with written_whole(file) as stream:
        np.savez(stream, one=np.ones(3))
        assert file.read_text() == "before"
    assert np.load(file)["one"].sum() == 3


def half_written(file: Path) -> None:
    with written_whole(file) as stream:
        stream.write(b"half")
        raise ValueError("no array")


def test_what_was_there_stays_when_the_writing_fails(tmp_path):
    file = tmp_path / "figures.npz"
    write_text_whole(file, "before")
    with pytest.raises(ValueError, match="no array"):
        half_written(file)
    assert file.read_text() == "before"
    assert list(tmp_path.iterdir()) == [file]


def test_lines_end_as_they_were_written(tmp_path):
    table = io.StringIO(newline="")
    csv.writer(table, lineterminator="\n").writerow(("a", "two\r\nlines"))
    write_text_whole(tmp_path / "table.csv", table.getvalue())
    assert (tmp_path / "table.csv").read_bytes() == b'a,"two\r\nlines"\n'
