"""What is drawn beside the figures: bars with whiskers, signs of flags, the code to scan.

Drawn on the page itself: reportlab's own drawings would bring in a font that is not embedded.
"""

from __future__ import annotations

from reportlab.graphics.barcode.qr import QrCode
from reportlab.lib.colors import Color
from reportlab.platypus import Flowable

from predictions.reports import styles
from predictions.reports.content import Flag, ReportInterval, ReportRow
from predictions.reports.fonts import REGULAR

_BAR_HEIGHT = 9.0
_SIGN = 5.0
_ENDS = (10, 20, 40, 60, 80, 100)
_TICKS = (0.0, 0.5, 1.0)


def axis_end(rows: tuple[ReportRow, ...]) -> int:
    """Where the axis of all bars ends, in per cent: no whisker or interval reaches further."""
    reached = [row.high for row in rows if row.high is not None]
    reached += [row.reference.high or 0 for row in rows if row.reference]
    return next((end for end in _ENDS if max(reached, default=0) <= end), _ENDS[-1])


class Axis(Flowable):
    """The axis over the bars, in per cent."""

    def __init__(self, width: float, end: int) -> None:
        super().__init__()
        self.width, self.height, self.end = width, 8.0, end

    def draw(self) -> None:
        """Writes where it begins, its middle and its end."""
        self.canv.setFont(REGULAR, 6.2)
        self.canv.setFillColor(styles.SOFT)
        for part in _TICKS:
            self.canv.drawCentredString(part * self.width, 1, f"{part * self.end:g}")


class Bar(Flowable):
    """One class: its reference interval behind its bar, Wilson's interval as whisker."""

    def __init__(self, row: ReportRow, width: float, end: int) -> None:
        super().__init__()
        self.row, self.width, self.height, self.end = row, width, _BAR_HEIGHT, end

    def draw(self) -> None:
        """Draws from back to front."""
        row = self.row
        for part in _TICKS:
            self._line(part * self.end, 0, part * self.end, _BAR_HEIGHT, styles.HAIRLINE)
        if row.reference and not row.not_applied:
            self._fill(*_within(row.reference, self.end), 0.4, 8.2, styles.BAND)
        if row.percent is None or row.low is None or row.high is None:
            return
        self._fill(0, row.percent, 2.4, 4.2, styles.ACCENT)
        self._line(row.low, 4.5, row.high, 4.5, styles.INK, 0.7)
        for end in (row.low, row.high):
            self._line(end, 2.9, end, 6.1, styles.INK, 0.7)

    def _x(self, percent: float) -> float:
        return min(percent, self.end) * self.width / self.end

    def _fill(self, low: float, high: float, y: float, height: float, colour: Color) -> None:
        self.canv.setFillColor(colour)
        left = self._x(low)
        self.canv.rect(left, y, self._x(high) - left, height, stroke=0, fill=1)

    def _line(
        self, low: float, y: float, high: float, to_y: float, colour: Color, width: float = 0.4
    ) -> None:
        self.canv.setStrokeColor(colour)
        self.canv.setLineWidth(width)
        self.canv.line(self._x(low), y, self._x(high), to_y)


class FlagSign(Flowable):
    """A flag's sign: up or down, twice where it is critical; a square for what is abnormal."""

    def __init__(self, flag: Flag) -> None:
        super().__init__()
        self.flag = flag
        self.width, self.height = len(flag) * (_SIGN + 0.5), 7.0

    def draw(self) -> None:
        """Draws as many signs as the flag has letters."""
        self.canv.setFillColor(styles.DANGER if len(self.flag) == 2 else styles.INK)
        if self.flag == "A":
            self.canv.rect(0, 1, _SIGN, _SIGN, stroke=0, fill=1)
            return
        foot, point = (0.8, 5.8) if self.flag[:1] == "H" else (5.8, 0.8)
        for place in range(len(self.flag)):
            left = place * (_SIGN + 0.5)
            path = self.canv.beginPath()
            path.moveTo(left, foot)
            path.lineTo(left + _SIGN, foot)
            path.lineTo(left + _SIGN / 2, point)
            path.close()
            self.canv.drawPath(path, stroke=0, fill=1)


class ScanCode(QrCode):
    """A QR code that leads to an address; the paper around it is its quiet zone."""

    def __init__(self, address: str, side: float) -> None:
        super().__init__(address, width=side, height=side, qrBorder=0, qrLevel="M")

    def draw(self) -> None:
        """Draws the code in the ink of the page."""
        self.canv.setFillColor(styles.INK)
        super().draw()


def _within(reference: ReportInterval, end: int) -> tuple[float, float]:
    low = 0.0 if reference.low is None else reference.low
    return low, float(end) if reference.high is None else reference.high
