"""What the bytes of a file are, by their signature; never by a name or what a sender says."""

from __future__ import annotations

import struct
from enum import StrEnum

from mlmodels.ml.errors import RejectedImage
from mlmodels.ml.pictures.refusals import ACCEPTED, no_picture


class Kind(StrEnum):
    """A format that is read, by its media type."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    TIFF = "image/tiff"
    BMP = "image/bmp"
    WEBP = "image/webp"
    HEIC = "image/heic"
    AVIF = "image/avif"


_RAW = (
    "This is a camera's raw file ({}), which is not read here: what can be seen of it depends on "
    "the program that develops it. Export the picture as JPEG, PNG or TIFF."
)
_SLIDE = "This is a {} file, which is not read here. Export the field as TIFF or PNG."
_ANOTHER = "This is a {} picture, which is not read here. Save it as PNG, TIFF or JPEG."
_ARCHIVE = "This is a {}, not a picture. Unpack it, and upload the pictures in it."
_NO_PICTURE = f"This is {{}}, not a picture. {ACCEPTED}"

_READ = (
    (b"\xff\xd8\xff", Kind.JPEG),
    (b"\x89PNG\r\n\x1a\n", Kind.PNG),
    (b"II*\x00", Kind.TIFF),
    (b"MM\x00*", Kind.TIFF),
    (b"II+\x00", Kind.TIFF),
    (b"MM\x00+", Kind.TIFF),
    (b"BM", Kind.BMP),
)
# What people really send instead, so that the sentence helps them. The longer one first where two
# begin alike.
_REFUSED: tuple[tuple[bytes, str], ...] = (
    (b"FUJIFILMCCD-RAW", _RAW.format("RAF")),
    (b"IIRO", _RAW.format("ORF")),
    (b"IIRS", _RAW.format("ORF")),
    (b"MMOR", _RAW.format("ORF")),
    (b"IIU\x00", _RAW.format("RW2")),
    (b"II\x1a\x00\x00\x00HEAPCCDR", _RAW.format("CRW")),
    (b"\x00MRM", _RAW.format("MRW")),
    (b"FOVb", _RAW.format("X3F")),
    (b"GIF87a", f"GIF pictures have too few colours for a blood film. {ACCEPTED}"),
    (b"GIF89a", f"GIF pictures have too few colours for a blood film. {ACCEPTED}"),
    (b"%PDF-", _NO_PICTURE.format("a PDF document")),
    (b"%!PS", _NO_PICTURE.format("a PostScript document")),
    (b"\xc5\xd0\xd3\xc6", _NO_PICTURE.format("a PostScript document")),
    (b"{\\rtf", _NO_PICTURE.format("a text document")),
    (b"MZ", _NO_PICTURE.format("a program")),
    (b"\x7fELF", _NO_PICTURE.format("a program")),
    (b"\xcf\xfa\xed\xfe", _NO_PICTURE.format("a program")),
    (b"\xca\xfe\xba\xbe", _NO_PICTURE.format("a program")),
    (b"#!", _NO_PICTURE.format("a program")),
    (b"PK\x03\x04", _ARCHIVE.format("ZIP archive or an Office document")),
    (b"PK\x05\x06", _ARCHIVE.format("ZIP archive or an Office document")),
    (b"Rar!", _ARCHIVE.format("RAR archive")),
    (b"7z\xbc\xaf\x27\x1c", _ARCHIVE.format("7z archive")),
    (b"\x1f\x8b", _ARCHIVE.format("gzip archive")),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _SLIDE.format("document or microscope's own (OLE)")),
    (b"ZISRAWFILE", _SLIDE.format("Zeiss CZI")),
    (b"\xda\xce\xbe\x0a", _SLIDE.format("Nikon ND2")),
    (b"\x70\x00\x00\x00", _SLIDE.format("Leica LIF")),
    (b"\x89HDF\r\n\x1a\n", _SLIDE.format("HDF5 or Imaris")),
    (b"SIMPLE  =", _SLIDE.format("FITS")),
    (b"8BPS", _ANOTHER.format("Photoshop")),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", _ANOTHER.format("JPEG 2000")),
    (b"\xff\x4f\xff\x51", _ANOTHER.format("JPEG 2000")),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", _ANOTHER.format("JPEG XL")),
    (b"\xff\x0a", _ANOTHER.format("JPEG XL")),
    (b"II\xbc", _ANOTHER.format("JPEG XR")),
    (b"\x76\x2f\x31\x01", _ANOTHER.format("OpenEXR")),
    (b"#?RADIANCE", _ANOTHER.format("Radiance HDR")),
    (b"\x00\x00\x01\x00", _ANOTHER.format("Windows icon")),
    (b"BA", _ANOTHER.format("OS/2 bitmap array")),
    (b"\x8aMNG", "This is an animation. Upload a single still picture."),
    (b"\x1a\x45\xdf\xa3", "This is a film. Upload a single still picture."),
    (b"\x00\x00\x01\xba", "This is a film. Upload a single still picture."),
)
_NETPBM = tuple(b"P%d" % number for number in range(1, 8))
_TEXT = (b"<svg", b"<?xml", b"<!doctype", b"<html", b"<!--")

# Brands of the ISO base media container (ISO/IEC 14496-12, 23008-12; AV1 Image File Format).
_AVIF_BRANDS = {b"avif", b"avis"}
_HEIC_BRANDS = {
    b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"mif2",
    b"msf1", b"mif3",
}  # fmt: skip


def kind_of(data: bytes) -> Kind:
    """What the bytes are.

    Args:
        data: the whole file, or its first kilobytes.

    Returns:
        The format that reads them.

    Raises:
        RejectedImage: they are of a format that is not read, by its name, or of none.
    """
    for signature, kind in _READ:
        if data.startswith(signature):
            return kind
    if data[:4] == b"RIFF":
        return _in_riff(data)
    if data[4:8] == b"ftyp":
        return _in_container(data)
    for signature, sentence in _REFUSED:
        if data.startswith(signature):
            raise RejectedImage(sentence)
    raise _by_its_text(data)


def _in_riff(data: bytes) -> Kind:
    if data[8:12] == b"WEBP":
        return Kind.WEBP
    if data[8:12] == b"AVI ":
        raise RejectedImage("This is a film. Upload a single still picture.")
    raise no_picture()


def _in_container(data: bytes) -> Kind:
    """HEIC, AVIF, a film or a camera's raw file: all stand in one kind of container."""
    length = min(max(struct.unpack(">I", data[:4])[0], 16), 256)
    brands = {data[at : at + 4] for at in (8, *range(16, length, 4))}
    if b"crx " in brands:
        raise RejectedImage(_RAW.format("CR3"))
    if brands & _AVIF_BRANDS:
        return Kind.AVIF
    if brands & _HEIC_BRANDS:
        return Kind.HEIC
    raise RejectedImage("This is a film. Upload a single still picture.")


def _by_its_text(data: bytes) -> RejectedImage:
    head = data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if head.startswith(_TEXT):
        return RejectedImage(f"This is a drawing or a text file, not a photograph. {ACCEPTED}")
    if b"%pdf-" in head:
        return RejectedImage(_NO_PICTURE.format("a PDF document"))
    if data[128:132] == b"DICM":
        return RejectedImage(_SLIDE.format("DICOM"))
    if data[:2] in _NETPBM and data[2:3].isspace():
        return RejectedImage(_ANOTHER.format("Netpbm"))
    return no_picture()


def raw_file(name: str) -> RejectedImage:
    """The refusal of a camera's raw file that stands in a TIFF.

    Args:
        name: of the format, e.g. "DNG".
    """
    return RejectedImage(_RAW.format(name))


def riff_is_cut(data: bytes) -> bool:
    """Of RIFF (WebP): the header says how long the file is."""
    return len(data) < 12 or len(data) < 8 + struct.unpack_from("<I", data, 4)[0]


def box_is_cut(data: bytes) -> bool:
    """Of the ISO base media container (HEIC, AVIF): each part says how long it is."""
    at = 0
    while at + 8 <= len(data):
        length = struct.unpack_from(">I", data, at)[0]
        if length == 1 and at + 16 <= len(data):
            length = struct.unpack_from(">Q", data, at + 8)[0]
        if length == 0:
            return False
        if length < 8:
            return False
        at += length
    return at != len(data)
