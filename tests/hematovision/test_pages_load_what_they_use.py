"""Pages load of Bootstrap its reboot alone, so no template leans on a class that it lacks."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CLASS = re.compile(r"\.(-?[a-zA-Z_][\w-]*)")


def classes_of_templates() -> set[str]:
    """The words of every `class` attribute, without what a template puts in."""
    found: set[str] = set()
    for file in (ROOT / "templates").rglob("*.html"):
        for words in re.findall(r'class="([^"]*)"', file.read_text()):
            found |= set(re.sub(r"{[{%].*?[%}]}", " ", words).split())
    return found


def styled() -> set[str]:
    """The classes that our style sheets name."""
    sheets = (file.read_text() for file in (ROOT / "static" / "css").glob("*.css"))
    return {name for sheet in sheets for name in CLASS.findall(sheet)}


def test_no_template_uses_a_class_of_bootstrap_that_is_not_ours():
    whole = ROOT / "node_modules" / "bootstrap" / "dist" / "css" / "bootstrap.min.css"
    of_bootstrap = set(CLASS.findall(whole.read_text()))
    assert "mt-3" in of_bootstrap
    assert (classes_of_templates() & of_bootstrap) - styled() == set()
