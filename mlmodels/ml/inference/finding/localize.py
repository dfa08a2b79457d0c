"""Where the cells are: nuclei found by their stain, at the scale of the field.

A first look at the whole picture is enough where few cells fill it. Where the field's red cells
are small in it, a second one looks at more pixels. It names nothing; whether a find is a cell at
all is scored later.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mlmodels.ml.inference.finding.field import Field
from mlmodels.ml.inference.finding.look import look
from mlmodels.ml.inference.finding.scale import FIRST_SIDE_PX, scale_of


def locate(rgb: np.ndarray) -> Field:
    """Find the nuclei of a picture by their stain.

    Args:
        rgb: uint8 array, shape (H, W, 3), 0 to 255, oriented RGB.

    Returns:
        The field; it has no nuclei where the picture is too small, empty, black or grey.
    """
    first = look(rgb, FIRST_SIDE_PX)
    scale = scale_of(rgb, first)
    if scale.side_px > FIRST_SIDE_PX:
        seen = look(rgb, scale.side_px, red_cell_px=scale.guessed_px)
    else:
        seen = first
    return replace(seen, red_cell_px=scale.red_cell_px, um_per_px=scale.um_per_px)
