"""Drawings of scenes and tissues: no blood film in them. Each is a function of a generator."""

from __future__ import annotations

import cv2
import numpy as np

from mlmodels.research.robustness.out_of_distribution_pages import colour, size


def noise(rng: np.random.Generator) -> np.ndarray:
    """Random pixels, fine or coarse, grey or coloured, about any colour."""
    width, height = size(rng)
    grain = int(rng.choice([1, 1, 2, 4, 12, 30, 60]))
    channels = int(rng.choice([1, 3]))
    small = rng.normal(0, rng.uniform(10, 90), (height // grain + 1, width // grain + 1, channels))
    field = cv2.resize(small.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    field = field.reshape(height, width, channels)
    return np.clip(np.array(colour(rng)) + field, 0, 255).astype(np.uint8)


def shapes(rng: np.random.Generator) -> np.ndarray:
    """Circles, rectangles, triangles and lines of any colour on any colour."""
    width, height = size(rng)
    picture = np.full((height, width, 3), colour(rng, light=(0.5, 1)), np.uint8)
    for _ in range(int(rng.integers(3, 40))):
        at = _place(rng, width, height)
        reach = int(rng.integers(5, 90))
        form, ink = int(rng.integers(4)), colour(rng)
        if form == 0:
            cv2.circle(picture, at, reach, ink, -1, cv2.LINE_AA)
        elif form == 1:
            cv2.rectangle(picture, at, (at[0] + reach, at[1] + reach), ink, -1)
        elif form == 2:
            corners = np.array([_place(rng, width, height) for _ in range(3)], np.int32)
            cv2.fillPoly(picture, [corners], ink, cv2.LINE_AA)
        else:
            cv2.line(picture, at, _place(rng, width, height), ink, 3, cv2.LINE_AA)
    return picture


def tissue(rng: np.random.Generator) -> np.ndarray:
    """A section in haematoxylin and eosin: pink fibres, crowded violet nuclei, white gaps."""
    width, height = size(rng)
    pink = np.array((226, 160, 190)) + rng.normal(0, 12, 3)
    violet = np.array((105, 65, 145)) + rng.normal(0, 12, 3)
    fibres = _clouds(rng, width, height, (int(rng.integers(4, 9)), 40))
    picture = pink + 22 * fibres[..., None]
    gaps = _clouds(rng, width, height, (60, 60)) > rng.uniform(0.9, 2.2)
    picture[gaps] = (243, 240, 242)
    picture = np.clip(picture, 0, 255).astype(np.uint8)
    long = rng.uniform(3, 14)
    for _ in range(int(width * height / (long * long) * rng.uniform(0.02, 0.10))):
        at = _place(rng, width, height)
        axes = (round(long * rng.uniform(0.7, 1.3)) + 1, round(long * rng.uniform(0.4, 1.0)) + 1)
        shade = np.clip(violet + rng.normal(0, 18, 3), 0, 255)
        turn = float(rng.uniform(0, 180))
        ink = tuple(float(v) for v in shade)
        cv2.ellipse(picture, at, axes, turn, 0, 360, ink, -1, cv2.LINE_AA)
    return cv2.GaussianBlur(picture, (0, 0), 0.8)


def landscape(rng: np.random.Generator) -> np.ndarray:
    """Sky, hills, perhaps a sun, out of focus; days, evenings and heather."""
    width, height = size(rng)
    top, low = np.array(colour(rng, light=(0.5, 1))), np.array(colour(rng, light=(0.6, 1)))
    t = np.linspace(0, 1, height)[:, None, None]
    picture = np.broadcast_to((1 - t) * top + t * low, (height, width, 3)).astype(np.uint8).copy()
    if rng.uniform() < 0.6:
        at = (int(rng.integers(width)), int(rng.integers(height // 2)))
        cv2.circle(picture, at, int(rng.integers(10, 60)), (255, 236, 190), -1, cv2.LINE_AA)
    for layer in range(int(rng.integers(2, 6))):
        x = np.linspace(0, rng.uniform(4, 14), width)
        ridge = height * (0.45 + 0.1 * layer) + height * 0.06 * np.sin(x + rng.uniform(0, 6))
        outline = np.stack([np.arange(width), ridge], axis=1).astype(np.int32)
        corners = np.array([[width, height], [0, height]], np.int32)
        hill = np.concatenate([outline, corners])
        cv2.fillPoly(picture, [hill], colour(rng, light=(0.2, 0.7)))
    grain = _clouds(rng, width, height, (6, 6))[..., None] * 8
    picture = np.clip(picture + grain, 0, 255).astype(np.uint8)
    return cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(1, 8)))


def face(rng: np.random.Generator) -> np.ndarray:
    """Faces of circles: heads, hair, eyes and mouths, one to four of them."""
    width, height = size(rng)
    picture = np.full((height, width, 3), colour(rng, light=(0.5, 1)), np.uint8)
    skins = ((245, 214, 190), (224, 172, 130), (150, 100, 70), (255, 220, 70))
    for _ in range(int(rng.integers(1, 5))):
        x, y = _place(rng, width, height)
        r = int(rng.integers(25, max(26, min(width, height) // 3)))
        cv2.circle(picture, (x, y - r // 3), r, colour(rng, light=(0.1, 0.8)), -1, cv2.LINE_AA)
        skin = skins[int(rng.integers(len(skins)))]
        cv2.circle(picture, (x, y), round(0.9 * r), skin, -1, cv2.LINE_AA)
        iris = colour(rng, light=(0.2, 0.8))
        for side in (-1, 1):
            eye = (x + side * round(0.35 * r), y - round(0.15 * r))
            cv2.circle(picture, eye, max(2, r // 6), (255, 255, 255), -1, cv2.LINE_AA)
            cv2.circle(picture, eye, max(1, r // 10), iris, -1, cv2.LINE_AA)
        mouth = (round(0.4 * r), round(0.25 * r))
        lips = (190, 50, 70)
        cv2.ellipse(picture, (x, y + round(0.35 * r)), mouth, 0, 0, 180, lips, 3, cv2.LINE_AA)
    return picture


def ink_blots(rng: np.random.Generator) -> np.ndarray:
    """Violet, blue and red blots on light paper: the nearest thing to a stain that is none."""
    width, height = size(rng)
    picture = np.full((height, width, 3), colour(rng, light=(0.88, 1), strong=0.12), np.uint8)
    inks = ((100, 50, 140), (70, 40, 120), (150, 60, 150), (50, 60, 150), (170, 40, 90))
    for _ in range(int(rng.integers(1, 9))):
        x, y = _place(rng, width, height)
        reach = rng.uniform(6, min(width, height) / 5)
        angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
        waves = [rng.normal(0, 0.25 / k) * np.sin(k * angle + rng.uniform(0, 6)) for k in (2, 3, 5)]
        radius = reach * (1 + sum(waves))
        blot = np.stack([x + radius * np.cos(angle), y + radius * np.sin(angle)], axis=1)
        ink = inks[int(rng.integers(len(inks)))]
        cv2.fillPoly(picture, [blot.astype(np.int32)], ink, cv2.LINE_AA)
    return cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.5, 3)))


def flowers(rng: np.random.Generator) -> np.ndarray:
    """Petals about yellow middles on grass, many of them violet or pink."""
    width, height = size(rng)
    grass = np.array((90, 150, 70)) + 30 * _clouds(rng, width, height, (3, 9))[..., None]
    picture = np.clip(grass, 0, 255).astype(np.uint8)
    for _ in range(int(rng.integers(2, 16))):
        x, y = _place(rng, width, height)
        r = int(rng.integers(6, 40))
        violet = (int(rng.integers(120, 220)), int(rng.integers(50, 130)), 200)
        ink = violet if rng.uniform() < 0.6 else colour(rng, light=(0.6, 1))
        petals = int(rng.integers(4, 9))
        for turn in np.arange(petals) * 360 / petals:
            angle = np.deg2rad(turn)
            at = (int(x + r * np.cos(angle)), int(y + r * np.sin(angle)))
            axes = (r, max(2, r // 2))
            cv2.ellipse(picture, at, axes, float(turn), 0, 360, ink, -1, cv2.LINE_AA)
        cv2.circle(picture, (x, y), max(2, r // 2), (235, 200, 60), -1, cv2.LINE_AA)
    return cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.3, 2)))


def night_sky(rng: np.random.Generator) -> np.ndarray:
    """Bright points and a coloured cloud on black, as fluorescence pictures look too."""
    width, height = size(rng)
    cloud = np.clip(_clouds(rng, width, height, (50, 50)), 0, None)[..., None]
    picture = cloud * np.array(colour(rng)) * rng.uniform(0.1, 0.5)
    picture = np.clip(picture, 0, 255).astype(np.uint8)
    for _ in range(int(rng.integers(20, 200))):
        at = _place(rng, width, height)
        cv2.circle(picture, at, int(rng.integers(1, 5)), colour(rng, light=(0.5, 1)), -1)
    return picture


def _place(rng: np.random.Generator, width: int, height: int) -> tuple[int, int]:
    return int(rng.integers(width)), int(rng.integers(height))


def _clouds(
    rng: np.random.Generator, width: int, height: int, grain: tuple[int, int]
) -> np.ndarray:
    """Smooth noise, mean 0, deviation about 1; grain is its size across and along, px."""
    rows, columns = height // grain[0] + 2, width // grain[1] + 2
    small = rng.standard_normal((rows, columns), dtype=np.float32)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
