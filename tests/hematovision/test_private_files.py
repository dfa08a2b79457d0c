"""Pictures are kept by the person's own browser alone; uploaded bytes are never opened by it."""

import pytest

from hematovision.file_responses import attachment_response, jpeg_response


def never_read() -> bytes:
    """Stands for a picture whose bytes nobody should ask for."""
    raise AssertionError("The picture was read.")


def test_a_picture_is_asked_for_each_time(rf):
    answer = jpeg_response(rf.get("/"), etag="abc", read=lambda: b"jpeg")
    assert answer.content == b"jpeg"
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["ETag"] == '"abc"'
    assert answer["Cache-Control"] == "private, no-cache"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_a_picture_that_the_browser_has_is_not_read(rf):
    request = rf.get("/", headers={"If-None-Match": '"abc"'})
    answer = jpeg_response(request, etag="abc", read=never_read)
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer["Cache-Control"] == "private, no-cache"


def test_another_picture_is_sent_whole(rf):
    request = rf.get("/", headers={"If-None-Match": '"older"'})
    assert jpeg_response(request, etag="abc", read=lambda: b"jpeg").content == b"jpeg"


@pytest.mark.parametrize("name", ["smear.png", 'a "quoted" name.png', "Abstrich für Ä.png"])
def test_uploaded_bytes_are_only_downloaded(name):
    answer = attachment_response(b"<script>", name=name)
    assert b"".join(answer) == b"<script>"
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment; filename")
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_a_name_cannot_add_a_header():
    answer = attachment_response(b"", name="a\r\nSet-Cookie: b=c.png")
    assert "\n" not in answer["Content-Disposition"]
    assert "Set-Cookie" not in answer
