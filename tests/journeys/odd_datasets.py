"""What may be expected of an odd archive: which pictures it becomes, of which class and source."""

from __future__ import annotations

import html
import re
import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from uuid import UUID

from tests.journeys.odd_desk import Case, Desk
from tests.journeys.odd_pictures import Check

AT_MOST_S = 120
IMAGES = "SELECT label, source FROM mlmodels_datasetimage WHERE dataset_id = ?"
STATE = "SELECT state, error, report FROM mlmodels_dataset WHERE id = ?"
# The page that asks what an archive's classes mean.
ASKED = re.compile(r"<tr[ >].*?</tr>", re.S)
CALLED = re.compile(r'class="mapping__name">([^<]*)<')
FIELD = re.compile(r'<select name="(class_\d+)"')
PROPOSED = re.compile(r'<option value="([^"]+)" selected>')
CHECKED = re.compile(r'<input type="radio" name="(\w+)" value="(\w+)"[^>]* checked>')


def imported(
    classes: Mapping[str, int],
    *,
    meanings: Mapping[str, str] | None = None,
    sources: Mapping[str, int] | None = None,
) -> Check:
    """The archive becomes a dataset with so many pictures of each class, and of each source.

    Args:
        meanings: what an admin answers where the page asks for a class and proposes nothing.
    """

    def check(desk: Desk, case: Case) -> None:
        page = _sent(desk, case, meanings or {})
        dataset = UUID(page.strip("/").split("/")[-1]).hex
        [(state, error, report)] = _rows(desk, STATE, dataset)
        assert state == "open", f"{state}: {error} {report[:600]}"
        images = _rows(desk, IMAGES, dataset)
        assert Counter(label for label, _ in images) == classes
        if sources is not None:
            assert Counter(source for _, source in images) == sources

    return check


def _sent(desk: Desk, case: Case, meanings: Mapping[str, str]) -> str:
    """Send the archive on the page, as an admin does; the address of its page once it is read."""
    admin = desk.admin
    archive = (desk.folder / case.name).read_bytes()
    answer = admin.submit(
        "/datasets/new/",
        {"name": case.name, "origin": "", "licence": ""},
        [("archive", (case.name, archive, "application/zip"))],
    )
    assert answer.status_code == 200, answer.text
    page = answer.url.removeprefix(desk.installation.url)
    admin.wait_for(f"{page}status/", within_s=AT_MOST_S)
    asked = admin.open(page).text
    if FIELD.search(asked):
        answers = _answers(asked, meanings)
        answer = admin.press(f"{page}classes/", on=page, **answers)
        assert answer.status_code == 200, f"{answers} are refused: {answer.text}"
        admin.wait_for(f"{page}status/", within_s=AT_MOST_S)
    return page


def _answers(asked: str, meanings: Mapping[str, str]) -> dict[str, str]:
    """What is sent by whoever keeps each proposal and says what the other classes mean."""
    answers = dict(CHECKED.findall(asked))
    for row in ASKED.findall(asked):
        field, called, proposed = FIELD.search(row), CALLED.search(row), PROPOSED.search(row)
        if field and proposed:
            answers[field[1]] = proposed[1]
        elif field and called:
            answers[field[1]] = meanings[html.unescape(called[1])]
    return answers


def _rows(desk: Desk, query: str, dataset: str) -> list[tuple[str, ...]]:
    """Read the database as an operator would, over a connection that cannot write."""
    uri = f"file:{desk.installation.var_dir / 'hematovision.sqlite3'}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=20)) as connection:
        return connection.execute(query, [dataset]).fetchall()
