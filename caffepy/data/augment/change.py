"""What a change is."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from caffepy.data.draws import Dice
from caffepy.errors import ConfigError

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

    def labels(self, labels: np.ndarray, dice: Dice, ignored: int) -> np.ndarray:
        """A picture of labels, H x W, moved as the picture is. Colours do not move.

        Args:
            dice: the same again: what moves a picture must draw nothing that hangs on its pixels.
            ignored: the label of what lies outside the picture.
        """
        return labels


class Sometimes(Change):
    """A change of the pixels alone, made with a probability.

    Args:
        chance: the probability. What is drawn first is whether it happens.
    """

    def __init__(self, chance: float) -> None:
        self.chance = chance

    def __call__(self, pixels: np.ndarray, boxes: np.ndarray, dice: Dice) -> Changed:
        return self.changed(pixels, dice) if dice.happens(self.chance) else pixels, boxes

    @abstractmethod
    def changed(self, pixels: np.ndarray, dice: Dice) -> np.ndarray:
        """The picture, changed; arguments as of a call."""


def check_prob(word: str, prob: float) -> None:
    """Raise ConfigError unless ``prob`` of this message is a probability."""
    if not 0 <= prob <= 1:
        raise ConfigError(f"{word}: prob is a probability", found=f"{prob:g}", allowed="0 to 1")


def check_range(word: str, low: float, high: float, least: float = 0, most: float = np.inf,
                names: tuple[str, str] = ("min", "max")) -> None:
    """Raise ConfigError unless ``least <= low <= high <= most``."""
    if not least <= low <= high <= most:
        ends = f"from {least:g} to {most:g}" if most < np.inf else f"{least:g} or more"
        raise ConfigError(f"{word}: bounds", found=f"{low:g} to {high:g}",
                          allowed=f"{ends}, and the {names[1]} not below the {names[0]}")
