"""What no page may hold: inline style or script, raw colours, another host, too much script."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STYLES = sorted((ROOT / "static/css").glob("*.css"))
SCRIPTS = sorted((ROOT / "static/js").rglob("*.mjs"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_has_no_inline_style_script_or_handler(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle\s*=|<style|\son[a-z]+\s*=\s*[\"']|hx-on|javascript:", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"(src|href|action)=[\"'](https?:)?//", text)


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_only_the_tokens_name_colours(path):
    if path.name == "tokens.css":
        return
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|\b(rgb|hsl)a?\(", path.read_text(encoding="utf-8"))


def test_scripts_keep_their_budget():
    lines = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in SCRIPTS}
    assert max(lines.values()) <= 250, lines
    assert sum(lines.values()) <= 3000


def test_every_icon_that_a_page_names_is_copied():
    copied = set(re.findall(r'"([a-z-]+)"', (ROOT / "scripts/copy_assets.mjs").read_text()))
    named = {
        name
        for path in TEMPLATES
        for name in re.findall(r'icon\.html" with name="([^"]+)"', path.read_text())
    }
    named |= {
        name for path in TEMPLATES for name in re.findall(r'icon="([^"]+)"', path.read_text())
    }
    assert named <= copied, named - copied


def test_the_lockfile_names_no_registry():
    assert "resolved" not in (ROOT / "package-lock.json").read_text()
