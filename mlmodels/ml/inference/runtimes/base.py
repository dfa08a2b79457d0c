"""What every runtime can do: crops in, packed numbers out."""

from __future__ import annotations

from typing import Protocol

import numpy as np


class Runtime(Protocol):
    """A loaded network.

    Args:
        name: "keras" or "litert".
    """

    name: str

    def run(self, crops: np.ndarray) -> np.ndarray:
        """Run the network.

        Args:
            crops: uint8 array, shape (N, side, side, 3), RGB, 0 to 255, N at least 1.

        Returns:
            float32 array, shape (N, K + 1 + F): class logits, cell logit, features.
        """
        ...
