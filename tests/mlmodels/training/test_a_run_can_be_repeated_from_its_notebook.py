"""The notebook of a run is a valid one, and its code gives the run's numbers again."""

import json
import os
import subprocess
import sys

import pytest
from django.urls import reverse

from tests.factories.training import ROOT

pytestmark = pytest.mark.slow

RUN_CELLS = """
import json, sys
book = json.load(open(sys.argv[1], encoding="utf-8"))
place = {}
for cell in book["cells"]:
    if cell["cell_type"] == "code":
        exec(compile("".join(cell["source"]), cell["id"], "exec"), place)
"""


def without_seconds(folder):
    """The epochs of a run folder; how long each took is the machine's business."""
    rows = [line.split(",") for line in (folder / "metrics.csv").read_text().splitlines()]
    place = rows[0].index("seconds")
    return [row[:place] + row[place + 1 :] for row in rows]


def test_running_the_notebook_gives_the_same_numbers(
    page_as, admin, finished_run, trained, tmp_path
):
    address = reverse("mlmodels:training_notebook", kwargs={"run_id": finished_run.pk})
    answer = page_as(admin).get(address)
    assert answer["Content-Disposition"].endswith('.ipynb"')
    text = b"".join(answer.streaming_content).decode()
    book = json.loads(text)
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    assert {cell["cell_type"] for cell in book["cells"]} == {"markdown", "code"}
    assert len({cell["id"] for cell in book["cells"]}) == len(book["cells"])
    for cell in book["cells"]:
        wanted = {"id", "cell_type", "metadata", "source"}
        if cell["cell_type"] == "code":
            wanted |= {"execution_count", "outputs"}
        assert set(cell) == wanted

    notebook = tmp_path / "run.ipynb"
    notebook.write_text(text)
    done = subprocess.run(
        [sys.executable, "-c", RUN_CELLS, str(notebook)],
        cwd=tmp_path,
        env={
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            "HEMATOVISION": str(ROOT),
            "DATASET": str(trained.dataset),
            "RUN": str(tmp_path / "rerun"),
            "TF_CPP_MIN_LOG_LEVEL": "2",
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "the same pictures as then: True" in done.stdout
    assert without_seconds(tmp_path / "rerun") == without_seconds(trained.run)
