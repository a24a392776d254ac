"""What a change is."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from caffepy.data.draws import Dice

Changed = tuple[np.ndarray, np.ndarray]  # pixels, and boxes


class Change(ABC):
    """One step on a picture's way.

    Attributes:
        name: what its draws are called: they depend on no other step's.
    """

    name: str

    @abstractmethod
    def __call__(self, pixels: np.ndarray, boxes: np.ndarray, dice: Dice) -> Changed:
        """The picture and its boxes, changed; what is given stays as it is.

        Args:
            pixels: H x W x C, or H x W if it is gray; uint8.
            boxes: see augment.boxes.
            dice: the record's, for this step.
        """
