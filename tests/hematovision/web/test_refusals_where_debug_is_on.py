"""Where `make setup` puts DEBUG on, refusals and failures have the product's pages all the same."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
# In a process of its own, on a database without tables: what asks for one fails.
VISIT = """
import django, json, sys
django.setup()
from django.test import Client
from django.conf import settings
browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
too_long = "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
answers = {
    "400": browser.get("/", headers={"host": "elsewhere.example"}),
    "403": browser.post("/sign-in/", {"username": "tina"}),
    "404": browser.get("/no/such/page/"),
    "405": browser.get("/log-out/"),
    "413": browser.post("/sign-in/", {"username": too_long}),
}
browser.cookies["sessionid"] = "of-somebody-0000000000000000000"
answers["500"] = browser.get("/history/")
read = {wanted: [a.status_code, a.content.decode()] for wanted, a in answers.items()}
json.dump(read, sys.stdout)
"""


@pytest.fixture(scope="module")
def visited(tmp_path_factory):
    environment = {
        **os.environ,
        "DEBUG": "true",
        "SECRET_KEY": "x",
        "VAR_DIR": str(tmp_path_factory.mktemp("var")),
        "ALLOWED_HOSTS": "testserver",
        "DJANGO_SETTINGS_MODULE": "hematovision.settings",
    }
    return subprocess.run(
        [sys.executable, "-c", VISIT],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )


@pytest.mark.parametrize("status", ["400", "403", "404", "405", "413", "500"])
def test_a_refusal_is_a_page_of_the_product(visited, status):
    found, page = json.loads(visited.stdout)[status]
    assert found == int(status)
    assert "<title>" in page
    assert "HematoVision" in page
    assert "Traceback" not in page
    assert "DEBUG" not in page
    assert "Request Method" not in page


def test_the_trace_of_a_failure_stands_in_the_log(visited):
    assert "Traceback" in visited.stderr
