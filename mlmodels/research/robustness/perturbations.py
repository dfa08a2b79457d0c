"""What can go wrong between a film and its picture, done to a picture on purpose.

Pure functions of pixels. Nothing here trains or chooses anything: strengths are fixed, so that
one version can be compared with the next.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from mlmodels.ml.pictures.reading import decode_image

# Radius of the defocused point, as a share of the picture's longer side: 3 and 6 px of 360.
DEFOCUS_SHARE = 1 / 120
STRONG_DEFOCUS_SHARE = 1 / 60
BRIGHTNESS = 0.30
JPEG_QUALITY = 30
ODD_ANGLE_DEG = 37.0
BALANCED_K = 6500.0
# A camera sees daylight with about half of red's and two thirds of blue's signal of green;
# these are what its white balance undoes (dcraw's daylight multipliers are near 2, 1, 1.5).
UNBALANCED_GAINS = (1 / 2.0, 1.0, 1 / 1.5)
# Levels of 255: a sensor's variance is read noise squared plus a share of the signal.
READ_NOISE = 3.0
SHOT_NOISE_SHARE = 0.3

Change = Callable[[np.ndarray, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Perturbation:
    """One change of a picture.

    Args:
        name: e.g. "defocus".
        what: a sentence with its strength and unit.
        change: from uint8 (H, W, 3) and a generator to uint8 (H', W', 3).
        jpeg_quality: 1 to 95; 0 keeps the changed pixels without loss.
    """

    name: str
    what: str
    change: Change
    jpeg_quality: int = 0


def perturbed_bytes(data: bytes, perturbation: Perturbation, *, seed: int = 0) -> bytes:
    """A changed copy of a picture file, as a file.

    Args:
        data: the whole file.
        perturbation: one of `PERTURBATIONS`.
        seed: with the file's SHA-256 and the name it decides every random number.

    Returns:
        The bytes of a BMP, which loses nothing, or of a JPEG.

    Raises:
        RejectedImage: the bytes are not an acceptable picture.
    """
    digest = hashlib.sha256(f"{seed} {perturbation.name} ".encode() + data).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    changed = Image.fromarray(perturbation.change(decode_image(data), rng))
    buffer = io.BytesIO()
    if perturbation.jpeg_quality:
        changed.save(buffer, "JPEG", quality=perturbation.jpeg_quality)
    else:
        changed.save(buffer, "BMP")
    return buffer.getvalue()


def defocus(rgb: np.ndarray, radius_px: float) -> np.ndarray:
    """Blur with an even disc, as an aperture does with a point out of focus.

    Args:
        rgb: uint8 array, shape (H, W, 3).
        radius_px: of the disc; below 0.5 nothing changes.

    Returns:
        uint8 array of the same shape.

    Source: geometric defocus is a pillbox (Hendrycks 2019, arXiv 1903.12261, "defocus blur").
    """
    reach = int(np.ceil(radius_px))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(radius_px + 0.5 - np.hypot(x, y), 0, 1)
    if radius_px < 0.5:
        return rgb
    return cv2.filter2D(rgb, -1, disc / disc.sum(), borderType=cv2.BORDER_REFLECT_101)


def brightness(rgb: np.ndarray, factor: float) -> np.ndarray:
    """Multiply the stored values; what passes 255 is lost, as in an overexposed picture.

    Args:
        rgb: uint8 array, shape (H, W, 3).
        factor: e.g. 1.3 or 0.7.
    """
    return _rounded(rgb.astype(np.float32) * factor)


def in_linear_light(rgb: np.ndarray, gains: tuple[float, float, float]) -> np.ndarray:
    """Multiply each channel's light, not its stored value.

    Args:
        rgb: uint8 array, shape (H, W, 3), sRGB.
        gains: of red, green and blue.

    Returns:
        uint8 array of the same shape, sRGB.

    Source: transfer function of IEC 61966-2-1 (sRGB).
    """
    value = np.arange(256) / 255.0
    light = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    light = np.clip(light[:, None] * np.asarray(gains)[None, :], 0, 1)
    curve = 1.055 * np.maximum(light, 1e-12) ** (1 / 2.4) - 0.055
    table = _rounded(255 * np.where(light <= 0.0031308, 12.92 * light, curve))
    return cv2.LUT(np.ascontiguousarray(rgb), table.reshape(256, 1, 3))


def temperature_gains(kelvin: float) -> tuple[float, float, float]:
    """Channel gains of a lamp of that temperature before a camera balanced for 6,500 K.

    Args:
        kelvin: 1,667 to 25,000.

    Returns:
        Gains of linear red, green and blue; the largest is 1, so that nothing is overexposed.

    Source: Planckian locus of Kim 2002 (US patent 7024034), sRGB primaries of IEC 61966-2-1.
    """
    gains = np.maximum(_light_of(kelvin), 0.0) / _light_of(BALANCED_K)
    red, green, blue = gains / gains.max()
    return float(red), float(green), float(blue)


def scaled(rgb: np.ndarray, factor: float) -> np.ndarray:
    """Resize a picture, as another camera or an export would.

    Args:
        rgb: uint8 array, shape (H, W, 3).
        factor: of each side; sides stay at least 1 px.
    """
    height, width = rgb.shape[:2]
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return cv2.resize(rgb, size, interpolation=method)


def turned(rgb: np.ndarray, degrees: float, *, black_corners: bool = False) -> np.ndarray:
    """Turn a picture about its middle, anticlockwise, keeping its size.

    Args:
        rgb: uint8 array, shape (H, W, 3).
        degrees: any angle.
        black_corners: leave what lies outside black, as many programs do; else mirror the
            film into it, since a turned camera would have seen more film.
    """
    height, width = rgb.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    border = cv2.BORDER_CONSTANT if black_corners else cv2.BORDER_REFLECT_101
    return cv2.warpAffine(rgb, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=border)


def sensor_noise(
    rgb: np.ndarray, rng: np.random.Generator, *, read: float, shot_share: float
) -> np.ndarray:
    """Add what a sensor adds: read noise, and shot noise that grows with the light.

    Args:
        rgb: uint8 array, shape (H, W, 3).
        rng: a seeded generator.
        read: deviation of the read noise, levels of 255.
        shot_share: variance of the shot noise as a share of the value, levels.

    Source: Poisson-Gaussian sensor model, Foi 2008 (doi 10.1109/TIP.2008.2001399).
    """
    value = rgb.astype(np.float32)
    deviation = np.sqrt(read**2 + shot_share * value)
    return _rounded(value + deviation * rng.standard_normal(rgb.shape, dtype=np.float32))


def _light_of(kelvin: float) -> np.ndarray:
    """Linear sRGB of a black body, luminance 1; blue of a very warm one is below 0."""
    t = 1000.0 / kelvin
    warm = -0.2661239 * t**3 - 0.2343589 * t**2 + 0.8776956 * t + 0.179910
    cool = -3.0258469 * t**3 + 2.1070379 * t**2 + 0.2226347 * t + 0.240390
    x = warm if kelvin <= 4000 else cool
    if kelvin <= 2222:
        y = -1.1063814 * x**3 - 1.34811020 * x**2 + 2.18555832 * x - 0.20219683
    elif kelvin <= 4000:
        y = -0.9549476 * x**3 - 1.37418593 * x**2 + 2.09137015 * x - 0.16748867
    else:
        y = 3.0817580 * x**3 - 5.87338670 * x**2 + 3.75112997 * x - 0.37001483
    xyz = np.array([x / y, 1.0, (1 - x - y) / y])
    to_rgb = np.array(
        [[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]]
    )
    return to_rgb @ xyz


def _rounded(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _longer_side(rgb: np.ndarray) -> int:
    return max(rgb.shape[:2])


PERTURBATIONS: tuple[Perturbation, ...] = (
    Perturbation(
        "defocus",
        "blurred by a disc with a radius of 1/120 of the longer side (3 px of 360)",
        lambda rgb, rng: defocus(rgb, DEFOCUS_SHARE * _longer_side(rgb)),
    ),
    Perturbation(
        "strong_defocus",
        "blurred by a disc with a radius of 1/60 of the longer side (6 px of 360)",
        lambda rgb, rng: defocus(rgb, STRONG_DEFOCUS_SHARE * _longer_side(rgb)),
    ),
    Perturbation(
        "brighter",
        "stored values times 1.3, cut at 255",
        lambda rgb, rng: brightness(rgb, 1 + BRIGHTNESS),
    ),
    Perturbation(
        "darker",
        "stored values times 0.7",
        lambda rgb, rng: brightness(rgb, 1 - BRIGHTNESS),
    ),
    Perturbation(
        "lamp_3500_k",
        "lamp of 3,500 K before a camera balanced for 6,500 K",
        lambda rgb, rng: in_linear_light(rgb, temperature_gains(3500)),
    ),
    Perturbation(
        "lamp_9000_k",
        "lamp of 9,000 K before a camera balanced for 6,500 K",
        lambda rgb, rng: in_linear_light(rgb, temperature_gains(9000)),
    ),
    Perturbation(
        "white_balance_off",
        "red light halved and blue light by a third less, a green cast",
        lambda rgb, rng: in_linear_light(rgb, UNBALANCED_GAINS),
    ),
    Perturbation(
        "jpeg_30",
        "JPEG of quality 30 (Pillow), colour at half resolution",
        lambda rgb, rng: rgb,
        jpeg_quality=JPEG_QUALITY,
    ),
    Perturbation("half_scale", "half of each side", lambda rgb, rng: scaled(rgb, 0.5)),
    Perturbation("double_scale", "double of each side", lambda rgb, rng: scaled(rgb, 2.0)),
    Perturbation(
        "turned_90",
        "turned by 90 degrees",
        lambda rgb, rng: np.ascontiguousarray(np.rot90(rgb)),
    ),
    Perturbation(
        "turned_37",
        "turned by 37 degrees, the film mirrored into the corners",
        lambda rgb, rng: turned(rgb, ODD_ANGLE_DEG),
    ),
    Perturbation(
        "turned_37_black",
        "turned by 37 degrees, the corners black",
        lambda rgb, rng: turned(rgb, ODD_ANGLE_DEG, black_corners=True),
    ),
    Perturbation(
        "noise",
        "sensor noise, deviation 3 levels in black and 9 in white",
        lambda rgb, rng: sensor_noise(rgb, rng, read=READ_NOISE, shot_share=SHOT_NOISE_SHARE),
    ),
)
