""".env.example names every variable that is read, and none that is not."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READERS = re.compile(r'env\.[a-z]+\(\s*"([A-Z_]+)"')
SHELL = re.compile(r"\$\{([A-Z_]+):-")
LISTED = re.compile(r"^(?:# )?([A-Z_]+)=", re.MULTILINE)


def test_the_example_lists_exactly_what_is_read():
    read = set(READERS.findall((ROOT / "hematovision" / "settings.py").read_text()))
    read |= set(SHELL.findall((ROOT / "deploy" / "start").read_text()))
    listed = set(LISTED.findall((ROOT / ".env.example").read_text()))
    # The one line that shows how a secret comes from a file.
    assert listed - {"SECRET_KEY_FILE"} == read
