"""What programs send as multipart form data arrives, part by part, whatever its names are."""

import pytest
from django.core.files.uploadhandler import FileUploadHandler

from hematovision.errors import BrokenOff, Unreadable
from hematovision.upload_handlers import (
    ArchiveUploadHandler,
    CappedFileUploadHandler,
    DatasetUploadHandler,
)
from tests.hematovision.requests.forms import BOUNDARY, CONTENT_TYPE, files_part, form, part


@pytest.fixture
def read(rf):
    """The parts of a body as a view gets them: field, name and content, or field and text."""

    def read_body(body, content_type=CONTENT_TYPE):
        request = rf.generic("POST", "/", body, content_type=content_type)
        return [
            (field, value) if isinstance(value, str) else (field, value.name, value.read())
            for field, value in request.FILES.parts
        ]

    return read_body


NAMES = {
    "UTF-8": ("Müller 血.png".encode(), "Müller 血.png"),
    "latin-1": ("Müller.png".encode("latin-1"), "M\N{REPLACEMENT CHARACTER}ller.png"),
    "Shift-JIS": ("血液.png".encode("shift_jis"), None),
    "Shift-JIS with a backslash in a character": ("表示.png".encode("shift_jis"), None),
    "GBK": ("白细胞.png".encode("gbk"), None),
    "any bytes": (bytes(range(128, 256)), None),
    "empty": (b"", "unnamed"),
    "a path": (b"C:\\scans\\day 1\\a.png", "a.png"),
    "another path": (b"scans/day 1/a.png", "a.png"),
    "a path that ends in nothing": (b"scans/", "unnamed"),
    "two points": (b"..", "unnamed"),
    "quotes": (b'a \\"b\\".png', 'a "b".png'),
    "a semicolon": (b"a; b.png", "a; b.png"),
    "control characters": (b"a\x00\x07b.png", "ab.png"),
    "a line that Unicode knows": ("a\u2028b.png".encode(), "ab.png"),
    "as mail writes it": (b"=?utf-8?B?TcO8bGxlci5wbmc=?=", "Müller.png"),
    "as mail writes it, but not well": (b"=?utf-8?B?TcO?=", None),
    "an ampersand": (b"cells&notes&lt.png", "cells&notes&lt.png"),
    "a character by its number": (b"&#34880;.png", "血.png"),
    "a slash by its number": (b"a&#47;b.png", "a&#47;b.png"),
    "very long": (b"n" * 5000 + b".png", None),
    "a very long ending": (b"n." + b"e" * 5000, None),
}


@pytest.mark.parametrize(("name", "told"), NAMES.values(), ids=NAMES.keys())
def test_a_file_arrives_whatever_it_is_called(read, name, told):
    first, odd, last = read(
        form(files_part(b"1.png", b"1"), files_part(name, b"2"), files_part(b"3.png", b"3"))
    )
    assert (first, last) == (("files", "1.png", b"1"), ("files", "3.png", b"3"))
    assert (odd[0], odd[2]) == ("files", b"2")
    assert odd[1] == told if told else odd[1]


@pytest.mark.parametrize(
    ("disposition", "told"),
    [
        (b"name=files; filename=a.png", "a.png"),
        (b'filename="a.png"; name="files"', "a.png"),
        (b'NAME="files"; FileName="a.png"', "a.png"),
        (b"name=\"files\"; filename*=UTF-8''M%C3%BCller.png", "Müller.png"),
        (b"name=\"files\"; filename*=iso-8859-1'de'M%FCller.png", "Müller.png"),
        (b'name="files"; filename="M?.png"; filename*=UTF-8\'\'M%C3%BCller.png', "Müller.png"),
        (b'name="files"; filename*0="a-"; filename*1="b.png"', "a-b.png"),
        (b"name=\"files\"; filename*=no-such''a.png", "no-such''a.png"),
        (b"name=\"files\"; filename*=hex''a.png", "a.png"),
        (b'name="files";\r\n filename="a.png"', "a.png"),
    ],
)
def test_a_name_is_read_in_every_spelling(read, disposition, told):
    assert read(form(part(disposition))) == [("files", told, b"x")]


@pytest.mark.parametrize(
    "headers",
    [(b"Content-Type: image/png",), (b"Content-Type: application/octet-stream",)],
)
def test_what_is_no_text_is_a_file_without_a_name(read, headers):
    assert read(form(part(b'name="files"', b"x", *headers))) == [("files", "unnamed", b"x")]


def test_bytes_that_are_no_text_are_a_file_though_nothing_says_so(read):
    content = b"\xff\xd8\xff\xe0\x00\x10JFIF" * 100
    assert read(form(part(b'name="files"', content))) == [("files", "unnamed", content)]


@pytest.mark.parametrize("value", ["", "a", "a\x00b", "血", "{}"])
def test_text_is_text(read, value):
    assert read(form(part(b'name="note"', value.encode()))) == [("note", value)]


def test_text_is_read_as_its_part_or_its_request_says(read):
    latin = part(b'name="note"', b"M\xfcller", b"Content-Type: text/plain; charset=iso-8859-1")
    assert read(form(latin)) == [("note", "Müller")]
    whole = form(part(b'name="note"', b"M\xfcller"))
    assert read(whole, f"{CONTENT_TYPE}; charset=iso-8859-1") == [("note", "Müller")]


def test_text_in_an_unknown_writing_is_refused_and_never_guessed(read):
    with pytest.raises(Unreadable, match="“note” is not UTF-8"):
        read(form(part(b'name="note"', b"M\xfcller")))


def test_a_part_without_a_name_is_told_of(read):
    nameless = b"Content-Type: image/png\r\n\r\nx"
    assert read(form(nameless)) == [("", "unnamed", b"x")]
    assert read(form(b"no header at all")) == [("", "unnamed", b"no header at all")]


def test_an_empty_file_and_an_empty_name_have_their_parts(read):
    sent = form(files_part(b"a.png", b""), files_part(b"", b""), files_part(b"", b"x"))
    assert read(sent) == [
        ("files", "a.png", b""),
        ("files", "unnamed", b""),
        ("files", "unnamed", b"x"),
    ]


def test_a_browsers_field_in_which_nothing_was_chosen_is_no_file(read):
    nothing = part(b'name="files"; filename=""', b"", b"Content-Type: application/octet-stream")
    assert read(form(nothing, part(b'name="note"', b"n"))) == [("note", "n")]


def test_equal_parts_are_all_there_in_their_order_over_all_fields(read):
    same = files_part(b"a.png", b"x")
    other = files_part(b"b.png", b"y", field=b"file")
    assert read(form(same, other, same)) == [
        ("files", "a.png", b"x"),
        ("file", "b.png", b"y"),
        ("files", "a.png", b"x"),
    ]


def test_bare_line_feeds_are_read(read):
    body = form(files_part(b"a.png", b"x\ny"), part(b'name="note"', b"n")).replace(b"\r\n", b"\n")
    assert read(body) == [("files", "a.png", b"x\ny"), ("note", "n")]


def test_what_stands_before_and_after_the_form_is_no_part(read):
    body = b"This is a form.\r\n" + form(files_part(b"a.png", b"x")) + b"The end.\r\n"
    assert read(body) == [("files", "a.png", b"x")]


def test_a_line_that_only_begins_like_the_boundary_belongs_to_the_file(read):
    content = f"x\r\n--{BOUNDARY}er\r\n--{BOUNDARY[:-1]}\r\n -- {BOUNDARY}--{BOUNDARY}".encode()
    assert read(form(files_part(b"a.png", content))) == [("files", "a.png", content)]


@pytest.mark.parametrize("size", [0, 1, 65_300, 65_536, 3 * FileUploadHandler.chunk_size + 7])
def test_a_file_of_any_length_keeps_its_bytes(read, size):
    content = (bytes(range(256)) * (size // 256 + 1))[:size] + b"\r"
    assert read(form(files_part(b"a.png", content))) == [("files", "a.png", content)]


@pytest.mark.parametrize("kind", ["memory", "disk"])
def test_base64_is_decoded(read, settings, kind):
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0 if kind == "disk" else 10**6
    sent = part(
        b'name="files"; filename="a.png"', b"aGVs\r\nbG8=", b"Content-Transfer-Encoding: base64"
    )
    assert read(form(sent)) == [("files", "a.png", b"hello")]


@pytest.mark.parametrize(("way", "content"), [("quoted-printable", b"x"), ("base64", b"aGVsb")])
def test_bytes_written_down_in_an_unknown_way_are_refused_by_its_name(read, way, content):
    header = b"Content-Transfer-Encoding: " + way.encode()
    with pytest.raises(Unreadable, match=f"“files” is sent in the transfer encoding {way}"):
        read(form(part(b'name="files"; filename="a.png"', content, header)))


def test_a_form_within_a_form_is_refused_by_name(read):
    nested = part(b'name="files"', b"--q--", b"Content-Type: multipart/mixed; boundary=q")
    with pytest.raises(Unreadable, match="multipart/mixed"):
        read(form(nested))


def test_a_header_without_end_is_refused(read):
    with pytest.raises(Unreadable, match="header of more than 16 kB"):
        read(form(files_part(b"n" * 20_000, b"x")))


WHOLE = form(files_part(b"a.png", b"x" * 50), part(b'name="note"', b"n"), end=b"--")


@pytest.mark.parametrize("length", range(1, len(WHOLE), 7))
def test_a_form_that_broke_off_is_refused_whole(read, length):
    with pytest.raises(BrokenOff):
        read(WHOLE[:length])


def test_its_last_line_break_may_be_missing(read):
    assert len(read(WHOLE)) == 2


@pytest.mark.parametrize(
    "handler", [CappedFileUploadHandler, ArchiveUploadHandler, DatasetUploadHandler]
)
def test_a_file_on_disk_may_be_called_anything(rf, settings, tmp_path, handler):
    settings.REGISTRY_DIR = tmp_path
    body = form(files_part(b"n." + b"e" * 3000, b"x"), files_part("血.png".encode(), b"y"))
    request = rf.generic("POST", "/", body, content_type=CONTENT_TYPE)
    request.upload_handlers = [handler(request)]
    assert [file.read() for file in request.FILES.getlist("files")] == [b"x", b"y"]
