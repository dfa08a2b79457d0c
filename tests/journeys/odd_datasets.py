"""What may be expected of an odd archive: which pictures it becomes, of which class and source."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping
from uuid import UUID

from tests.journeys.odd_desk import Case, Desk
from tests.journeys.odd_pictures import Check

AT_MOST_S = 120
IMAGES = "SELECT label, source FROM mlmodels_datasetimage WHERE dataset_id = ?"
STATE = "SELECT state, error, report FROM mlmodels_dataset WHERE id = ?"


def imported(classes: Mapping[str, int], *, sources: Mapping[str, int] | None = None) -> Check:
    """The archive becomes a dataset with so many pictures of each class, and of each source."""

    def check(desk: Desk, case: Case) -> None:
        page = sent(desk, case)
        dataset = UUID(page.strip("/").split("/")[-1]).hex
        [(state, error, report)] = _rows(desk, STATE, dataset)
        assert state == "open", f"{state}: {error} {report[:600]}"
        images = _rows(desk, IMAGES, dataset)
        assert Counter(label for label, _ in images) == classes
        if sources is not None:
            assert Counter(source for _, source in images) == sources

    return check


def sent(desk: Desk, case: Case) -> str:
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
    return page


def _rows(desk: Desk, query: str, dataset: str) -> list[tuple[str, ...]]:
    """Read the database as an operator would, over a connection that cannot write."""
    uri = f"file:{desk.installation.var_dir / 'hematovision.sqlite3'}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, timeout=20)
    try:
        return connection.execute(query, [dataset]).fetchall()
    finally:
        connection.close()
