"""One picture in sixty-odd files: bits by photometric by planes by compression by profile.

Beside each file stands what tells ImageMagick to show it as it is meant.
"""

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tifffile
from PIL import Image, ImageCms, PngImagePlugin

from tests.mlmodels.ml.pictures.profiles import (
    ADOBE_RGB,
    PROPHOTO,
    grey_profile,
    ink_profile,
    rgb_profile,
)

WIDTH, HEIGHT = 160, 120


@dataclass(frozen=True)
class GeneratedFile:
    """A file and how ImageMagick is asked for its picture.

    Args:
        name: what is special about it.
        data: its bytes.
        level: the range of its values, as `-level` takes it.
        has_profile: its colours are converted by `-profile`.
    """

    name: str
    data: bytes
    level: str = ""
    has_profile: bool = False


def film() -> np.ndarray:
    """A picture like a blood film, with every colour somewhere: uint8, shape (120, 160, 3)."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    picture = np.empty((HEIGHT, WIDTH, 3), np.float64)
    picture[:] = (236, 226, 222)
    for left, top, radius, colour in (
        (30, 30, 16, (214, 150, 150)),
        (70, 84, 18, (219, 160, 158)),
        (120, 34, 17, (209, 148, 152)),
        (92, 50, 20, (190, 160, 205)),
        (92, 50, 11, (92, 48, 140)),
    ):
        inside = np.clip(radius - np.hypot(x - left, y - top), 0, 1)[..., np.newaxis]
        picture = picture * (1 - inside) + np.array(colour) * inside
    picture[100:, :, 0] = x[100:] * 255 / (WIDTH - 1)
    picture[100:, :, 1] = (y[100:] - 100) * 255 / 19
    picture[100:, :, 2] = 255 - x[100:] * 255 / (WIDTH - 1)
    return picture.round().astype(np.uint8)


def grey_film() -> np.ndarray:
    """The same without colour: uint8, shape (120, 160)."""
    return np.asarray(Image.fromarray(film()).convert("L"))


def tiff(values: np.ndarray, **options: Any) -> bytes:
    """The bytes of a TIFF."""
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, values, metadata=None, **options)
    return buffer.getvalue()


def saved(picture: Image.Image, file_format: str, **options: Any) -> bytes:
    """The bytes of a picture by Pillow."""
    buffer = io.BytesIO()
    picture.save(buffer, format=file_format, **options)
    return buffer.getvalue()


def png_with(picture: Image.Image, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG with further chunks before its pixels."""
    info = PngImagePlugin.PngInfo()
    for name, body in chunks:
        info.add(name, body)
    return saved(picture, "PNG", pnginfo=info)


def subsampled_tiff(compression: int, compress: Callable[[bytes], bytes]) -> bytes:
    """A TIFF of one strip in which four pixels share their colour, which no package writes.

    ImageMagick 6 shows it wrongly, so it is none of the files that are compared with it.
    """
    wide = np.asarray(Image.fromarray(film()).convert("YCbCr"))
    quarters = wide.reshape(HEIGHT // 2, 2, WIDTH // 2, 2, 3).transpose(0, 2, 1, 3, 4)
    light = quarters[..., 0].reshape(HEIGHT // 2, WIDTH // 2, 4)
    shared = quarters[..., 1:].mean(axis=(2, 3)).round().astype(np.uint8)
    strip = compress(np.concatenate([light, shared], axis=-1).tobytes())
    bits, at = 8 + 2 + 12 * 10 + 4, 8 + 2 + 12 * 10 + 4 + 6
    tags = (
        (256, 3, 1, WIDTH),
        (257, 3, 1, HEIGHT),
        (258, 3, 3, bits),
        (259, 3, 1, compression),
        (262, 3, 1, 6),
        (273, 4, 1, at),
        (277, 3, 1, 3),
        (278, 3, 1, HEIGHT),
        (279, 4, 1, len(strip)),
        (530, 3, 2, 2 | 2 << 16),
    )
    directory = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    start = b"II*\0" + struct.pack("<IH", 8, len(tags))
    return start + directory + bytes(4) + struct.pack("<3H", 8, 8, 8) + strip


def generated_files() -> list[GeneratedFile]:
    """All of them, of different names."""
    return [
        *_unsigned(),
        *_real(),
        *_of_few_bits(),
        *_compressed(),
        *_of_other_colours(),
        *_with_profiles(),
        *_ordinary(),
    ]


def _unsigned() -> list[GeneratedFile]:
    """Whole numbers: grey and RGB, both planes, both byte orders, tiles and strips."""
    files = []
    for kept, used in ((8, 8), (16, 10), (16, 12), (16, 14), (16, 16), (32, 32)):
        top, kind = 2**used - 1, {8: np.uint8, 16: np.uint16, 32: np.uint32}[kept]
        share = 100 * top / (2**kept - 1)
        level = f"0,{share:.9f}%"
        colour = _scaled(film(), top, kind)
        files += [
            GeneratedFile(
                f"grey, {used} bits in {kept}", tiff(_scaled(grey_film(), top, kind)), level
            ),
            GeneratedFile(f"RGB, {used} bits in {kept}", tiff(colour, photometric="rgb"), level),
            GeneratedFile(
                f"RGB in planes, {used} bits in {kept}",
                tiff(
                    np.moveaxis(colour, -1, 0).copy(),
                    photometric="rgb",
                    planarconfig="separate",
                    byteorder=">",
                    compression="lzw",
                    predictor=True,
                ),
                level,
            ),
        ]
    return files


def _real() -> list[GeneratedFile]:
    return [
        GeneratedFile(f"{name}, {kind.__name__}", tiff((values / 255.0).astype(kind), **options))
        for kind in (np.float32, np.float64)
        for name, values, options in (
            ("grey", grey_film(), {"photometric": "minisblack"}),
            ("RGB", film(), {"photometric": "rgb", "tile": (64, 64)}),
            (
                "RGB, predicted",
                film(),
                {"photometric": "rgb", "compression": "zlib", "predictor": True},
            ),
        )
    ]


def _of_few_bits() -> list[GeneratedFile]:
    grey = grey_film()
    files = [
        GeneratedFile("grey, 1 bit", tiff(grey > 200)),
        GeneratedFile("grey, 1 bit, white first", tiff(grey > 200, photometric="miniswhite")),
    ]
    for bits in (2, 4):
        files.append(
            GeneratedFile(f"grey, {bits} bits", tiff(grey >> (8 - bits), bitspersample=bits))
        )
    for bits in (10, 12, 14):
        values = _scaled(grey, 2**bits - 1, np.uint16)
        files.append(GeneratedFile(f"grey, {bits} bits packed", tiff(values, bitspersample=bits)))
    return files


def _compressed() -> list[GeneratedFile]:
    picture, deep = film(), _scaled(film(), 65535, np.uint16)
    files = [
        GeneratedFile(f"RGB, {name}", tiff(picture, photometric="rgb", compression=name, **options))
        for name, options in (
            ("lzw", {"predictor": True, "rowsperstrip": 7}),
            ("deflate", {"tile": (32, 48)}),
            ("packbits", {}),
            ("lzma", {"rowsperstrip": 16}),
            ("zstd", {"predictor": True}),
            ("webp", {"rowsperstrip": 120}),
        )
    ]
    jpeg = {"compression": "jpeg", "compressionargs": {"level": 95}}
    files += [
        GeneratedFile(
            "RGB, JPEG in tiles", tiff(picture, photometric="rgb", tile=(64, 64), **jpeg)
        ),
        GeneratedFile(
            "YCbCr 4:2:0, JPEG", tiff(picture, photometric="ycbcr", subsampling=(2, 2), **jpeg)
        ),
        GeneratedFile("RGB, 16 bits, deflate", tiff(deep, photometric="rgb", compression="zlib")),
        GeneratedFile(
            "RGB, 16 bits, BigTIFF",
            tiff(deep, photometric="rgb", bigtiff=True, byteorder=">", tile=(48, 64)),
        ),
        GeneratedFile(
            "1 bit, CCITT group 4",
            saved(Image.fromarray(grey_film() > 200), "TIFF", compression="group4"),
        ),
        GeneratedFile(
            "1 bit, CCITT group 3",
            saved(Image.fromarray(grey_film() > 200), "TIFF", compression="group3"),
        ),
        GeneratedFile(
            "CMYK, LZW",
            saved(Image.fromarray(film()).convert("CMYK"), "TIFF", compression="tiff_lzw"),
        ),
        GeneratedFile("YCbCr 4:4:4, none", saved(Image.fromarray(film()).convert("YCbCr"), "TIFF")),
    ]
    return files


def _of_other_colours() -> list[GeneratedFile]:
    grey, picture = grey_film(), Image.fromarray(film())
    inks = np.asarray(picture.convert("CMYK"))
    alpha = np.full((HEIGHT, WIDTH, 1), 255, np.uint8)
    alpha[40:60, 20:60] = 128
    rgba = np.concatenate([film(), alpha], axis=-1)
    palette = picture.quantize(64)
    table = np.zeros((3, 256), np.uint16)
    colours = np.array((palette.getpalette() or [])[:192]).reshape(-1, 3).T
    table[:, : colours.shape[1]] = colours * 257
    premultiplied = (rgba[..., :3] * (alpha / 255)).round().astype(np.uint8)
    return [
        GeneratedFile("grey, white first", tiff(255 - grey, photometric="miniswhite")),
        GeneratedFile(
            "grey, white first, 16 bits",
            tiff(65535 - _scaled(grey, 65535, np.uint16), photometric="miniswhite"),
        ),
        GeneratedFile("CIELab", tiff(_lab(8), photometric="cielab")),
        GeneratedFile("CIELab, 16 bits", tiff(_lab(16), photometric="cielab")),
        GeneratedFile(
            "palette, 4 bits, LZW", saved(picture.quantize(16), "TIFF", compression="tiff_lzw")
        ),
        GeneratedFile("palette", tiff(np.asarray(palette), photometric="palette", colormap=table)),
        GeneratedFile("CMYK", tiff(inks, photometric="separated")),
        GeneratedFile(
            "CMYK in planes, 16 bits",
            tiff(
                np.moveaxis(_scaled(inks, 65535, np.uint16), -1, 0).copy(),
                photometric="separated",
                planarconfig="separate",
                extrasamples=[],
            ),
        ),
        GeneratedFile("RGB and alpha", tiff(rgba, photometric="rgb", extrasamples=["unassalpha"])),
        GeneratedFile(
            "RGB multiplied by alpha",
            tiff(
                np.concatenate([premultiplied, alpha], axis=-1),
                photometric="rgb",
                extrasamples=["assocalpha"],
            ),
        ),
        *(
            GeneratedFile(
                f"RGB, turned as {turned}",
                tiff(film(), photometric="rgb", extratags=[(274, 3, 1, turned, True)]),
            )
            for turned in range(2, 9)
        ),
    ]


def _with_profiles() -> list[GeneratedFile]:
    picture = Image.fromarray(film())
    adobe = rgb_profile("Adobe-like RGB", ADOBE_RGB, 2.2)
    wide = rgb_profile("ProPhoto-like RGB", PROPHOTO, 1.8)
    linear = rgb_profile("Linear ProPhoto-like RGB", PROPHOTO, 1.0)
    grey = grey_profile("Grey of gamma 1.4", 1.4)
    inks = ink_profile("Inks on warm paper")
    deep = _scaled(film(), 65535, np.uint16)
    return [
        GeneratedFile(name, data, has_profile=True)
        for name, data in (
            ("JPEG, Adobe RGB", saved(picture, "JPEG", quality=95, icc_profile=adobe)),
            ("JPEG, ProPhoto", saved(picture, "JPEG", quality=95, icc_profile=wide)),
            ("PNG, ProPhoto", saved(picture, "PNG", icc_profile=wide)),
            ("WebP, Adobe RGB", saved(picture, "WEBP", lossless=True, icc_profile=adobe)),
            ("TIFF, Adobe RGB", tiff(film(), photometric="rgb", iccprofile=adobe)),
            ("TIFF, 16 bits, ProPhoto", tiff(deep, photometric="rgb", iccprofile=wide)),
            ("TIFF, 16 bits, linear", tiff(deep, photometric="rgb", iccprofile=linear)),
            (
                "TIFF, LZW, planes, Adobe RGB",
                tiff(
                    np.moveaxis(film(), -1, 0).copy(),
                    photometric="rgb",
                    planarconfig="separate",
                    compression="lzw",
                    iccprofile=adobe,
                ),
            ),
            ("TIFF, grey profile", tiff(grey_film(), iccprofile=grey)),
            (
                "JPEG, grey profile",
                saved(picture.convert("L"), "JPEG", quality=95, icc_profile=grey),
            ),
            (
                "TIFF, CMYK profile",
                tiff(np.asarray(picture.convert("CMYK")), photometric="separated", iccprofile=inks),
            ),
            (
                "JPEG, CMYK profile",
                saved(picture.convert("CMYK"), "JPEG", quality=95, icc_profile=inks),
            ),
        )
    ]


def _ordinary() -> list[GeneratedFile]:
    picture, grey = Image.fromarray(film()), Image.fromarray(grey_film())
    clear = picture.convert("RGBA")
    clear.putalpha(Image.fromarray(np.tile(np.linspace(64, 255, WIDTH), (HEIGHT, 1)).astype("u1")))
    exif = Image.Exif()
    exif[0x0112] = 8
    light = (np.asarray(film()) / 255.0) ** 2.2
    linear = Image.fromarray((255 * light).round().astype(np.uint8))
    return [
        GeneratedFile("JPEG", saved(picture, "JPEG", quality=90)),
        GeneratedFile("JPEG, progressive", saved(picture, "JPEG", progressive=True)),
        GeneratedFile("JPEG, grey", saved(grey, "JPEG")),
        GeneratedFile("JPEG, turned", saved(picture, "JPEG", quality=95, exif=exif)),
        GeneratedFile("JPEG, CMYK", saved(picture.convert("CMYK"), "JPEG", quality=95)),
        GeneratedFile("PNG, palette", saved(picture.quantize(32), "PNG")),
        GeneratedFile("PNG, grey and alpha", saved(clear.convert("LA"), "PNG")),
        GeneratedFile("PNG, RGB and alpha", saved(clear, "PNG")),
        GeneratedFile("PNG, grey, 16 bits", saved(_deep(grey), "PNG")),
        GeneratedFile("PNG, linear", png_with(linear, (b"gAMA", (100_000).to_bytes(4, "big")))),
        GeneratedFile("BMP", saved(picture, "BMP")),
        GeneratedFile("WebP", saved(picture, "WEBP", quality=95)),
    ]


def _deep(grey: Image.Image) -> Image.Image:
    return Image.fromarray(_scaled(np.asarray(grey), 65535, np.uint16))


def _lab(bits: int) -> np.ndarray:
    """L*a*b* as TIFF keeps it: L* of all values, a* and b* with a sign."""
    lab = np.asarray(
        ImageCms.profileToProfile(
            Image.fromarray(film()),
            ImageCms.createProfile("sRGB"),
            ImageCms.createProfile("LAB"),
            outputMode="LAB",
        )
    ).astype(np.int64)
    signed = (lab[..., 1:] - 128) * 2 ** (bits - 8)
    light = lab[..., :1] * (2**bits - 1) // 255
    values = np.concatenate([light, signed % 2**bits], axis=-1)
    return values.astype(np.uint8 if bits == 8 else np.uint16)


def _scaled(values: np.ndarray, top: int, kind: type) -> np.ndarray:
    return (values.astype(np.float64) * top / 255).round().astype(kind)
