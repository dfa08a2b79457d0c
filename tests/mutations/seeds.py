"""One small file of every format that is read, refused by name, or unpacked: what is then mutated.

Beside them stand a few large and a few lying ones: a picture at the limit of megapixels, and such
as unpack to far more than they are.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import cache

import numpy as np
import pillow_heif
import tifffile
from PIL import Image, PngImagePlugin

from tests.drawn_cells import draw_smear
from tests.factories.archives import class_folders, zip_of

SIDES_PX = (160, 120)
# Of a picture just below the limit of 50 megapixels.
LARGE_SIDES_PX = (8000, 6000)
TIFF_NEW_SUBFILE, TIFF_DNG_VERSION = 254, 50706
BYTES_ALONE = 1


@cache
def picture_seeds() -> dict[str, bytes]:
    """Whole files of pictures by name; the same at every call."""
    return {**dict(_by_pillow()), **dict(_png_by_hand()), **dict(_tiff()), **dict(_heif())}


@cache
def large_seeds() -> dict[str, bytes]:
    """Files that are large once they are decoded, or say that they are."""
    flat = Image.new("RGB", LARGE_SIDES_PX, (236, 231, 226))
    planes = np.full((3, 4000, 3000), 1 << 15, np.uint16)
    text = PngImagePlugin.PngInfo()
    text.add_text("note", "x" * (64 << 20), zip=True)
    rows = zlib.compress(bytes(16 << 20))
    return {
        "large.png": _saved(flat, "PNG"),
        "large.jpg": _saved(flat, "JPEG", quality=30),
        "large.webp": _saved(flat, "WEBP", quality=10, method=0),
        "large_16.png": _large_deep_png(),
        "large_float.tif": _large_float_tiff(),
        "large_planar.tif": _tiff_of(planes, planarconfig="separate", compression="lzw"),
        "bomb_text.png": _saved(_picture(), "PNG", pnginfo=text),
        "bomb_rows.png": png_of(60_000, 60_000, depth=1, kind=0, packed=rows),
    }


@cache
def archive_seeds() -> dict[str, bytes]:
    """ZIP archives of pictures."""
    pictures = {name: data for name, data in picture_seeds().items() if len(data) < 60_000}
    nested = {"inner.zip": zip_of(class_folders(each=1)), "zeros.png": bytes(8 << 20)}
    return {
        "folders.zip": zip_of(class_folders(each=2)),
        "formats.zip": zip_of(dict(list(pictures.items())[:12])),
        "nested.zip": zip_of({**class_folders(each=1), **nested}),
        "bzip2.zip": _packed(zipfile.ZIP_BZIP2),
        "lzma.zip": _packed(zipfile.ZIP_LZMA),
    }


def png_of(
    width: int, height: int, *, depth: int, kind: int, packed: bytes, interlaced: bool = False
) -> bytes:
    """A PNG whose header says this, around compressed rows that may be others."""
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced)
    chunks = ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def _rgb() -> np.ndarray:
    return draw_smear(seed=5, width=SIDES_PX[0], height=SIDES_PX[1])


def _picture() -> Image.Image:
    return Image.fromarray(_rgb())


def _saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def _by_pillow() -> Iterator[tuple[str, bytes]]:
    picture = _picture()
    turned = Image.Exif()
    turned[274] = 6
    yield "baseline.jpg", _saved(picture, "JPEG", exif=turned)
    yield "progressive.jpg", _saved(picture, "JPEG", progressive=True)
    yield "cmyk.jpg", _saved(picture.convert("CMYK"), "JPEG")
    yield "grey.jpg", _saved(picture.convert("L"), "JPEG")
    yield "two.mpo", _saved(picture, "MPO", save_all=True, append_images=[picture.copy()])
    yield "8.png", _saved(picture, "PNG")
    yield "alpha.png", _saved(picture.convert("RGBA"), "PNG")
    yield "palette.png", _saved(picture.quantize(64), "PNG", transparency=3)
    yield "grey16.png", _saved(Image.fromarray(_rgb()[..., 0].astype(np.uint16) * 257), "PNG")
    yield "moving.png", _saved(picture, "PNG", save_all=True, append_images=[picture.rotate(9)])
    yield "lossy.webp", _saved(picture, "WEBP")
    yield "lossless.webp", _saved(picture, "WEBP", lossless=True)
    yield "24.bmp", _saved(picture, "BMP")
    yield "8.bmp", _saved(picture.quantize(64), "BMP")
    yield "lossy.avif", _saved(picture, "AVIF")
    yield "palette.gif", _saved(picture, "GIF")


def _png_by_hand() -> Iterator[tuple[str, bytes]]:
    """What Pillow does not write: 16 bits a colour, and rows in seven passes."""
    deep = _rgb().astype(">u2") * 257
    rows = b"".join(b"\0" + row.tobytes() for row in deep)
    width, height = SIDES_PX
    yield "16.png", png_of(width, height, depth=16, kind=2, packed=zlib.compress(rows))
    # Adam7: first row and column of each pass, and its steps.
    passes = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2))
    parts = [_rgb()[top::down, left::right] for top, left, down, right in (*passes, (1, 0, 2, 1))]
    packed = zlib.compress(b"".join(b"\0" + row.tobytes() for part in parts for row in part))
    yield "interlaced.png", png_of(width, height, depth=8, kind=2, packed=packed, interlaced=True)


def _large_deep_png() -> bytes:
    """Three times 16 bits a pixel, written row by row."""
    width, height = LARGE_SIDES_PX
    packer, row = zlib.compressobj(1), b"\0" + width * b"\xbe\x00\x80\x00\xc0\x00"
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    return png_of(width, height, depth=16, kind=2, packed=packed)


def _tiff() -> Iterator[tuple[str, bytes]]:
    rgb = _rgb()
    grey = rgb[..., 1]
    deep = rgb.astype(np.uint16) * 16
    planes = np.moveaxis(rgb, -1, 0).copy()
    alpha = np.dstack([rgb, np.full(grey.shape, 255, np.uint8)])
    yield "strips.tif", _tiff_of(rgb, rowsperstrip=7)
    yield "tiles.tif", _tiff_of(rgb, tile=(32, 48), compression="zlib")
    yield "big.tif", _tiff_of(rgb, bigtiff=True)
    yield "motorola.tif", _tiff_of(deep, byteorder=">")
    yield "planar.tif", _tiff_of(planes.astype(np.uint16) * 257, planarconfig="separate")
    yield "lzw.tif", _tiff_of(rgb, compression="lzw", predictor=True)
    yield "packbits.tif", _tiff_of(grey, compression="packbits")
    yield "jpeg.tif", _tiff_of(rgb, compression="jpeg")
    yield "webp.tif", _tiff_of(rgb, compression="webp")
    yield "jpeg2000.tif", _tiff_of(rgb, compression="jpeg2000")
    yield "zstd.tif", _tiff_of(rgb, compression="zstd")
    yield "min_is_white.tif", _tiff_of(255 - grey, photometric="miniswhite")
    yield "float.tif", _tiff_of(grey.astype(np.float32) / 255)
    yield "half.tif", _tiff_of(grey.astype(np.float16) / 255)
    yield "double.tif", _tiff_of(rgb / 255)
    yield "uint32.tif", _tiff_of(grey.astype(np.uint32) << 24)
    yield "int16.tif", _tiff_of(grey.astype(np.int16) - 128)
    yield "complex.tif", _tiff_of(grey.astype(np.complex64))
    yield "1bit.tif", _saved(_picture().convert("1"), "TIFF", compression="group4")
    yield "palette.tif", _saved(_picture().quantize(64), "TIFF")
    yield "cmyk.tif", _saved(_picture().convert("CMYK"), "TIFF")
    yield "lab.tif", _tiff_of(rgb, photometric="cielab")
    yield "alpha.tif", _tiff_of(alpha, extrasamples=["unassalpha"])
    yield "pages.tif", _tiff_of(np.stack([rgb, rgb[::-1]]))
    yield "imagej.tif", _tiff_of(planes, imagej=True, metadata={"mode": "composite"})
    yield "microscope.ome.tif", _tiff_of(planes, ome=True, metadata={"axes": "CYX"})
    yield "pyramid.tif", _tiff_pyramid(rgb)
    version = (TIFF_DNG_VERSION, BYTES_ALONE, 4, b"\1\4\0\0", True)
    yield "raw.dng", _tiff_of(rgb[::4, ::4], extratags=[version])


def _tiff_of(pixels: np.ndarray, **options: object) -> bytes:
    buffer = io.BytesIO()
    beginning = ("bigtiff", "byteorder", "imagej", "ome")
    how = {name: options.pop(name) for name in beginning if name in options}
    if "photometric" not in options:
        coloured = pixels.ndim > 2 and 3 in (pixels.shape[-1], pixels.shape[0])
        options["photometric"] = "rgb" if coloured or "extrasamples" in options else "minisblack"
    if how:
        options["photometric"] = "minisblack" if pixels.shape[-1] != 3 else "rgb"
    with tifffile.TiffWriter(buffer, **how) as file:  # type: ignore[arg-type]
        file.write(pixels, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def _packed(how: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", how) as archive:
        for path, data in class_folders(each=2).items():
            archive.writestr(path, data)
    return buffer.getvalue()


def _large_float_tiff() -> bytes:
    """Three 32-bit floats a pixel, written tile by tile: half a gigabyte once it is unpacked."""
    width, height = LARGE_SIDES_PX
    side = 400
    tile = np.full((side, side, 3), 0.5, np.float32)
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as file:
        file.write(
            (tile for _ in range(width // side * (height // side))),
            shape=(height, width, 3),
            dtype=np.float32,
            photometric="rgb",
            tile=(side, side),
            compression="zstd",
        )
    return buffer.getvalue()


def _tiff_pyramid(rgb: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as file:
        file.write(rgb, photometric="rgb", tile=(32, 32), subifds=2)
        for step in (2, 4):
            file.write(rgb[::step, ::step], photometric="rgb", tile=(32, 32), subfiletype=1)
    return buffer.getvalue()


def _heif() -> Iterator[tuple[str, bytes]]:
    buffer = io.BytesIO()
    pillow_heif.from_pillow(_picture()).save(buffer, quality=60)
    yield "phone.heic", buffer.getvalue()
