"""Writes multipart forms down byte by byte, also such as no good program sends."""

from __future__ import annotations

from collections.abc import Iterable

BOUNDARY = "a-line-between-parts"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def part(disposition: bytes, content: bytes = b"x", *headers: bytes) -> bytes:
    """One part: what stands after `form-data; `, its bytes, and further header lines."""
    lines = [b"Content-Disposition: form-data; " + disposition, *headers, b"", content]
    return b"\r\n".join(lines)


def form(*parts: bytes, end: bytes = b"--\r\n") -> bytes:
    """The body of a request that holds these parts."""
    line = b"--" + BOUNDARY.encode()
    return b"".join(line + b"\r\n" + part + b"\r\n" for part in parts) + line + end


def files_part(name: bytes, content: bytes, field: bytes = b"files") -> bytes:
    """A part that is a file, its name in whatever bytes."""
    disposition = b'name="' + field + b'"; filename="' + name + b'"'
    return part(disposition, content, b"Content-Type: image/png")


def posted(client, address: str, parts: Iterable[bytes], **headers: str):
    """What a client is answered to a form of these parts."""
    return client.generic(
        "POST", address, form(*parts), content_type=CONTENT_TYPE, headers=headers or None
    )
