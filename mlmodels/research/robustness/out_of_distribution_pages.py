"""Drawings of pages, screens and patterns: no blood in them. Each is a function of a generator."""

from __future__ import annotations

import colorsys

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

WORDS = (
    "the", "sample", "was", "taken", "at", "noon", "and", "kept", "cool", "until", "it", "spread",
    "report", "number", "date", "patient", "doctor", "total", "count", "percent", "normal", "on",
    "page", "of", "figure", "table", "see", "glass", "dried", "in", "air",
)  # fmt: skip
SIZES = ((320, 240), (640, 480), (360, 360), (800, 600), (600, 800), (1024, 768), (200, 200))


def size(rng: np.random.Generator) -> tuple[int, int]:
    """Width and height of a usual picture, px."""
    width, height = SIZES[int(rng.integers(len(SIZES)))]
    return width, height


def colour(
    rng: np.random.Generator, *, light: tuple[float, float] = (0.2, 1.0), strong: float = 1.0
) -> tuple[int, int, int]:
    """Any hue.

    Args:
        rng: a generator.
        light: range of the value, 0 to 1.
        strong: largest saturation, 0 to 1.
    """
    red, green, blue = colorsys.hsv_to_rgb(
        rng.uniform(), rng.uniform(0, strong), rng.uniform(*light)
    )
    return round(255 * red), round(255 * green), round(255 * blue)


def text_page(rng: np.random.Generator) -> np.ndarray:
    """Lines of words; about every third page is light on dark, headings are coloured."""
    width, height = size(rng)
    dark = rng.uniform() < 0.33
    paper = colour(rng, light=(0.05, 0.2)) if dark else colour(rng, light=(0.93, 1), strong=0.08)
    ink = (225, 225, 225) if dark else colour(rng, light=(0, 0.35))
    page = Image.new("RGB", (width, height), paper)
    pen = ImageDraw.Draw(page)
    points = int(rng.integers(9, 34))
    y = points
    while y < height - points:
        heading = rng.uniform() < 0.15
        font = ImageFont.load_default(points * (1.6 if heading else 1))
        line = " ".join(rng.choice(WORDS, size=max(2, int(width / points / 3))))
        pen.text((points, y), line, font=font, fill=colour(rng) if heading else ink)
        y += round(points * (2.4 if heading else 1.5))
    return np.asarray(page)


def chart(rng: np.random.Generator) -> np.ndarray:
    """Bars, curves or a pie, with axes and words."""
    width, height = size(rng)
    page = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(page)
    left, top, right, bottom = width // 10, height // 10, width * 9 // 10, height * 9 // 10
    pen.line([(left, top), (left, bottom), (right, bottom)], fill=(40, 40, 40), width=2)
    form = int(rng.integers(3))
    if form == 0:
        count = int(rng.integers(3, 13))
        step = (right - left) / count
        for i in range(count):
            x = left + i * step
            up = rng.uniform(0.1, 1) * (bottom - top)
            pen.rectangle((x + step * 0.15, bottom - up, x + step * 0.85, bottom), colour(rng))
    elif form == 1:
        for _ in range(int(rng.integers(1, 6))):
            y = np.cumsum(rng.normal(0, 1, 40))
            y = bottom - (y - y.min()) / np.ptp(y) * (bottom - top)
            points = list(zip(np.linspace(left, right, 40), y, strict=True))
            pen.line(points, fill=colour(rng), width=3)
    else:
        edges = np.sort(rng.uniform(0, 360, int(rng.integers(3, 9))))
        side = min(right - left, bottom - top)
        for start, end in zip(edges, [*edges[1:], edges[0] + 360], strict=True):
            pen.pieslice((left, top, left + side, top + side), start, end, fill=colour(rng))
    pen.text((left, 4), str(rng.choice(WORDS)), font=ImageFont.load_default(16), fill="black")
    return np.asarray(page)


def screenshot(rng: np.random.Generator) -> np.ndarray:
    """A window with a bar, a menu, rows of text, buttons and round pictures of people."""
    width, height = 1024, 640
    page = Image.new("RGB", (width, height), colour(rng, light=(0.85, 1), strong=0.1))
    pen = ImageDraw.Draw(page)
    theme = colour(rng, light=(0.4, 0.9))
    font = ImageFont.load_default(14)
    pen.rectangle((0, 0, width, 44), theme)
    pen.rectangle((0, 44, 180, height), colour(rng, light=(0.75, 0.95), strong=0.2))
    for i in range(8):
        pen.text((20, 70 + 36 * i), str(rng.choice(WORDS)), font=font, fill=(40, 40, 40))
    for i in range(9):
        y = 80 + 56 * i
        pen.ellipse((210, y, 250, y + 40), colour(rng))
        pen.text((270, y + 10), " ".join(rng.choice(WORDS, 8)), font=font, fill=(30, 30, 30))
        pen.rounded_rectangle((860, y + 4, 980, y + 36), 8, fill=theme)
    return np.asarray(page)


def slide_label(rng: np.random.Generator) -> np.ndarray:
    """The paper label of a glass slide: bars, squares of a matrix code, a number."""
    page = Image.new("RGB", (480, 480), colour(rng, light=(0.85, 1), strong=0.25))
    pen = ImageDraw.Draw(page)
    x = 40
    while x < 430:
        wide = int(rng.integers(2, 9))
        pen.rectangle((x, 40, x + wide, 150), (15, 15, 20))
        x += wide + int(rng.integers(3, 10))
    squares = np.kron(rng.integers(0, 2, (18, 18)), np.ones((10, 10)))
    code = np.where(squares[..., None] > 0, np.array(colour(rng, light=(0.1, 0.5))), 250)
    page.paste(Image.fromarray(code.astype(np.uint8)), (40, 190))
    number = f"{rng.integers(10**6, 10**7)}"
    pen.text((250, 240), number, font=ImageFont.load_default(44), fill=colour(rng, light=(0, 0.5)))
    return np.asarray(page)


def handwriting(rng: np.random.Generator) -> np.ndarray:
    """Loops of blue, black or violet ink on ruled paper."""
    width, height = size(rng)
    page = np.full((height, width, 3), colour(rng, light=(0.94, 1), strong=0.06), np.uint8)
    gap = height // 12
    inks = ((30, 40, 130), (20, 20, 25), (90, 30, 130), (130, 20, 60))
    ink = inks[int(rng.integers(len(inks)))]
    for y in range(gap, height, gap):
        cv2.line(page, (0, y), (width, y), (190, 210, 235), 1)
        t = np.linspace(0, rng.uniform(40, 90), 600)
        x = 10 + t / t[-1] * (width - 20) + gap / 4 * np.sin(t * 1.1)
        wave = y - gap * 0.3 + gap * 0.3 * np.sin(t + rng.uniform(0, 6)) * np.cos(t * 0.37)
        points = np.stack([x, wave], axis=1).astype(np.int32)
        cv2.polylines(page, [points], False, ink, int(rng.integers(1, 4)), cv2.LINE_AA)
    return page


def blank(rng: np.random.Generator) -> np.ndarray:
    """One colour, now and then with a vignette: white, black, pink, violet, anything."""
    width, height = size(rng)
    plain = ((255, 255, 255), (0, 0, 0), (128, 128, 128), (245, 200, 215), (110, 60, 150))
    choice = int(rng.integers(2 * len(plain)))
    shade = plain[choice] if choice < len(plain) else colour(rng)
    page = np.full((height, width, 3), shade, np.float32)
    if rng.uniform() < 0.4:
        y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        page *= (1 - 0.45 * np.clip(x**2 + y**2, 0, 2) / 2)[..., None]
    return page.astype(np.uint8)


def gradient(rng: np.random.Generator) -> np.ndarray:
    """From one colour to another, along a line or outwards from a point."""
    width, height = size(rng)
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    if rng.uniform() < 0.5:
        angle = rng.uniform(0, 2 * np.pi)
        t = x * np.cos(angle) + y * np.sin(angle)
    else:
        t = np.hypot(x - rng.uniform(), y - rng.uniform())
    t = ((t - t.min()) / np.ptp(t))[..., None]
    return ((1 - t) * np.array(colour(rng)) + t * np.array(colour(rng))).astype(np.uint8)


def stripes(rng: np.random.Generator) -> np.ndarray:
    """Parallel stripes of two to four colours at any angle."""
    width, height = size(rng)
    y, x = np.mgrid[0:height, 0:width]
    angle = rng.uniform(0, np.pi)
    period = rng.uniform(6, 120)
    inks = np.array([colour(rng) for _ in range(int(rng.integers(2, 5)))])
    along = (x * np.cos(angle) + y * np.sin(angle)) / period
    return inks[np.floor(along).astype(int) % len(inks)].astype(np.uint8)


def checkerboard(rng: np.random.Generator) -> np.ndarray:
    """Squares of two colours."""
    width, height = size(rng)
    side = int(rng.integers(5, 90))
    y, x = np.mgrid[0:height, 0:width]
    inks = np.array([colour(rng), colour(rng)])
    return inks[(x // side + y // side) % 2].astype(np.uint8)
