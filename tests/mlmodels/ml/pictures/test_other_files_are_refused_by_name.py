"""What is not read is called by its name: a raw file, a film, a document, a slide."""

import io
import struct
from typing import Any

import numpy as np
import pytest
import tifffile

from mlmodels.ml.errors import RejectedImage
from mlmodels.ml.pictures.reading import read_picture
from tests.mlmodels.ml.pictures.generated_files import film, tiff

PREVIEW = film()[::4, ::4].copy()


def of_maker(maker: str, **options: Any) -> bytes:
    """A small RGB preview, as it stands first in a raw file."""
    tags = [(271, 2, 0, maker, True)]
    return tiff(PREVIEW, photometric="rgb", extratags=tags + options.pop("tags", []), **options)


def with_sensor(maker: str) -> bytes:
    """A preview, and below it the values of a sensor."""
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        writer.write(
            PREVIEW,
            photometric="rgb",
            subfiletype=1,
            subifds=1,
            metadata=None,
            extratags=[(271, 2, 0, maker, True)],
        )
        sensor = np.full((120, 160), 900, np.uint16)
        writer.write(sensor, photometric="cfa", metadata=None)
    return buffer.getvalue()


def in_container(brand: bytes) -> bytes:
    return struct.pack(">I4s4sI4s", 20, b"ftyp", brand, 0, b"isom") + bytes(200)


NAMED = {
    "DNG": of_maker("Apple", tags=[(50706, 1, 4, (1, 4, 0, 0), True)]),
    "NEF": with_sensor("NIKON CORPORATION"),
    "ARW": with_sensor("SONY"),
    "PEF": with_sensor("PENTAX"),
    "CR2": b"II*\0\x10\0\0\0CR\x02\0" + bytes(400),
    "CR3": in_container(b"crx "),
    "RAF": b"FUJIFILMCCD-RAW 0201" + bytes(400),
    "ORF": b"IIRO\x08\0\0\0" + bytes(400),
    "RW2": b"IIU\0\x18\0\0\0" + bytes(400),
    "CRW": b"II\x1a\0\0\0HEAPCCDR" + bytes(400),
    "X3F": b"FOVb" + bytes(400),
    "raw file (camera raw)": with_sensor("Some maker"),
    "PDF": b"%PDF-1.7\n" + bytes(100),
    "PostScript": b"%!PS-Adobe-3.0" + bytes(100),
    "program": b"MZ\x90\0" + bytes(100),
    "ZIP archive": b"PK\x03\x04" + bytes(100),
    "gzip": b"\x1f\x8b\x08" + bytes(100),
    "GIF": b"GIF89a" + bytes(100),
    "Photoshop": b"8BPS\0\x01" + bytes(100),
    "JPEG 2000": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(100),
    "JPEG XL": b"\xff\x0a" + bytes(100),
    "CZI": b"ZISRAWFILE" + bytes(100),
    "ND2": b"\xda\xce\xbe\x0a" + bytes(100),
    "DICOM": bytes(128) + b"DICM" + bytes(100),
    "film": in_container(b"mp42"),
    "drawing or a text": b'\xef\xbb\xbf<?xml version="1.0"?><svg/>',
    "not a picture": b"accession,class\n1,2\n",
}


@pytest.mark.parametrize("name", NAMED)
def test_it_is_refused_by_its_name(name):
    with pytest.raises(RejectedImage) as refusal:
        read_picture(NAMED[name])
    assert name in refusal.value.message
    assert refusal.value.message.endswith(".")


@pytest.mark.parametrize("name", ["DNG", "NEF", "ARW", "CR3"])
def test_what_to_do_with_a_raw_file_is_said(name):
    with pytest.raises(RejectedImage, match="Export the picture as JPEG, PNG or TIFF"):
        read_picture(NAMED[name])


def test_a_scanners_tiff_that_names_its_maker_is_no_raw_file():
    data = tiff(film(), photometric="rgb", extratags=[(271, 2, 0, "Nikon", True)])
    assert (read_picture(data).rgb == film()).all()
