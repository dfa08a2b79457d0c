"""What a nucleus's size, told in red cells of its field, says against a small class.

A class whose nuclei are smaller than red cells, as platelets are, loses part of its score where the
nucleus is larger. Nothing is gained by being small, and no other class has a limit: on another
microscope's films nuclei are smaller or larger beside their red cells, but none so much.
Without a size, as in a picture that the cell fills, nothing changes.

Source: all constants were chosen on PBC `train` and on folds 0 and 1 of the four-class set by a
network of PBC alone (docs/model/experiments.md, "Size").
"""

from __future__ import annotations

import numpy as np

# A nucleus 10 % above a class's limit lowers its logit by about one, before the temperature divides
# it (at 0.534, that of version 1.3.0, its odds fall to a sixth); and at most by so much, since a
# field's red cells may be measured wrongly.
EXCESS = 0.1
MOST = 4.0


def weigh_sizes(logits: np.ndarray, sizes: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """Lower the logits of classes that a cell is too large for.

    Args:
        logits: float array, shape (N, K).
        sizes: float array, shape (N,), of the nuclei in red cells; NaN where unknown.
        limits: float array, shape (K,), largest size of each class; infinite where it has none.

    Returns:
        float array, shape (N, K): each logit less ln(size / limit) / `EXCESS` where the size is
        above the limit, at most `MOST`.
    """
    with np.errstate(divide="ignore"):
        excess = np.log(sizes[:, None] / limits[None, :])
    return logits - np.clip(np.nan_to_num(excess, nan=0.0, neginf=0.0) / EXCESS, 0.0, MOST)
