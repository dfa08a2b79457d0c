"""Which values of a deep picture are black and white: as the file says, else as its data do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Of so many bits are the sensors of cameras; a picture of fewer is kept in the next wider type.
_BITS = (8, 10, 12, 14, 16, 32)


@dataclass(frozen=True)
class Shown:
    """The range of values that is shown from black to white.

    Args:
        low, high: the values that become 0 and 255.
        said: a sentence for a person; empty where nothing was chosen.
    """

    low: float
    high: float
    said: str = ""

    def eight_bits(self, values: np.ndarray) -> np.ndarray:
        """Values of any number type as uint8, 0 to 255, same shape."""
        if values.dtype == np.uint8 and (self.low, self.high) == (0, 255):
            return values
        if values.dtype in (np.uint8, np.uint16):
            steps = np.arange(np.iinfo(values.dtype).max + 1)
            return self._levels(steps)[values]
        return self._levels(np.nan_to_num(values.astype(np.float64), posinf=0.0, neginf=0.0))

    def _levels(self, values: np.ndarray) -> np.ndarray:
        share = (values - self.low) / ((self.high - self.low) or 1.0)
        return (255 * share.clip(0, 1) + 0.5).astype(np.uint8)


def shown_range(
    values: np.ndarray, bits: int, declared: tuple[float, float] | None = None
) -> Shown:
    """What is shown of a picture.

    Args:
        values: of all its colours, any shape and number type.
        bits: of one sample in the file; of fewer than its type holds, that is what was declared.
        declared: smallest and largest value as the file says them, if it does.

    Returns:
        The declared range; else, of whole numbers, up to the largest of the next of 8, 10, 12,
        14, 16 or 32 bits; of real ones up to 1, or as of whole numbers where they are larger.
    """
    kind = values.dtype.kind
    if declared is not None and declared[0] < declared[1]:
        low, high = declared
        held = next((some for some in _BITS if (low, high) == (0, 2**some - 1)), bits)
        said = f"{held} bits, shown from {low:.10g} to {high:.10g} as the file says"
        return Shown(low, high, "" if (low, high, bits) == (0, 255, 8) else said)
    if kind == "b" or bits < 8:
        return Shown(0, 2**bits - 1)
    if kind == "u" and bits not in (16, 32, 64):
        high = 2**bits - 1
        return Shown(0, high, "" if bits == 8 else f"{bits} bits, shown from 0 to {high}")
    smallest, largest = _extremes(values)
    if kind == "u":
        held = next((some for some in _BITS if largest < 2**some), 64)
        return Shown(0, 2**held - 1, f"{held} bits, shown from 0 to {2**held - 1}")
    top = _top(largest, bits, is_real=kind == "f")
    if smallest == largest == 0:
        return Shown(0, 1)
    # A little below zero is what resampling leaves; more of it is a scale of its own.
    if smallest < -0.1 * top or top <= 0:
        return Shown(smallest, largest, f"Values from {smallest:.6g} to {largest:.6g}, all shown")
    words = "Real numbers" if kind == "f" else f"{bits} bits with sign"
    missing = kind == "f" and not np.isfinite(values).all()
    further = "; where there is no number it is black" if missing else ""
    return Shown(0, top, f"{words}, shown from 0 to {top:.10g}{further}")


def _extremes(values: np.ndarray) -> tuple[float, float]:
    if values.size == 0:
        return 0.0, 0.0
    if values.dtype.kind != "f":
        return float(values.min()), float(values.max())
    smallest = np.min(values, where=np.isfinite(values), initial=np.inf)
    largest = np.max(values, where=np.isfinite(values), initial=-np.inf)
    return (float(smallest), float(largest)) if smallest <= largest else (0.0, 0.0)


def _top(largest: float, bits: int, *, is_real: bool) -> float:
    """The largest value of the scale that real numbers, or those with a sign, are on."""
    if not is_real:
        scales = [2.0**some - 1 for some in (*_BITS[:-1], 31) if some < bits - 1]
        return next((top for top in scales if largest <= top), 2.0 ** (bits - 1) - 1)
    # Resampling overshoots a scale that ends at 1.
    if 0 < largest < 2:
        return 1.0
    if largest < 16:
        return largest
    return next((2.0**some - 1 for some in _BITS[:5] if 0 < largest < 2**some), largest)
