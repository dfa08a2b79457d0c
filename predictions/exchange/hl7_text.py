"""The small grammar of HL7 v2: what separates parts, how text is escaped, how times are written.

Source: HL7 v2.5.1, chapter 2 (2.7 escape sequences, 2.A.22 DTM).
"""

from __future__ import annotations

from datetime import UTC, datetime

FIELD, COMPONENT, REPETITION, ESCAPE, SUBCOMPONENT = "|", "^", "~", "\\", "&"
SEGMENT_END = "\r"

_ESCAPED = {
    ESCAPE: "\\E\\",
    FIELD: "\\F\\",
    COMPONENT: "\\S\\",
    REPETITION: "\\R\\",
    SUBCOMPONENT: "\\T\\",
}
_READ = {"E": ESCAPE, "F": FIELD, "S": COMPONENT, "R": REPETITION, "T": SUBCOMPONENT, ".br": "\n"}


def escaped(text: str) -> str:
    """A line of text as it stands in a message; control characters, which none may hold, go."""
    printable = "".join(c for c in " ".join(text.splitlines()) if c.isprintable())
    return "".join(_ESCAPED.get(c, c) for c in printable)


def escaped_lines(text: str) -> tuple[str, ...]:
    """Text of several lines, each a repetition of its field, as chapter 2.A.75 has it for TX."""
    return tuple(escaped(line) for line in text.splitlines())


def read(text: str) -> str:
    """Text as people wrote it; a sequence that is not known stays as it stands."""
    parts = text.split(ESCAPE)
    found, k = [parts[0]], 1
    while k < len(parts):
        if k + 1 < len(parts) and parts[k] in _READ:
            found += [_READ[parts[k]], parts[k + 1]]
            k += 2
        else:
            found += [ESCAPE, parts[k]]
            k += 1
    return "".join(found)


def composed(*components: str) -> str:
    """A field of components, each escaped; empty ones at its end fall away."""
    return COMPONENT.join(escaped(each) for each in components).rstrip(COMPONENT)


def moment(iso: str) -> str:
    """A time of a report's content as HL7 writes it, in UTC; empty stays empty."""
    if not iso:
        return ""
    return datetime.fromisoformat(iso).astimezone(UTC).strftime("%Y%m%d%H%M%S+0000")
