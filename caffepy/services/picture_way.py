"""What classify and detect do to pictures: what the flags say, else the net's file, else a guess.

A guess is said, and so is a flag that says otherwise than the file.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy import log
from caffepy.errors import shown
from caffepy.services import prediction
from caffepy.services.prediction import MEAN, Asked

logger = log.get(__name__)

Array = NDArray[Any]
CAFFENETS = (256, 256)  # the size that the pictures of its training had


class Way:
    """What is done to the pictures of a net.

    Args:
        net: which is asked.
        mean_file, mean_value, input_scale, size, labels: of the flags; None (or empty numbers and
            names) where none was given.

    Attributes:
        size: height and width to bring them to.
        mean: C x H x W, one number a channel, or None.
        scale: what to multiply with after the mean is off, or None.
        names: of the classes, as far as they are known.
        guesses: what nobody said and was taken, in words.

    Raises:
        NotFound, DataError: a file that is named. ConfigError: flags that cannot be read.
    """

    def __init__(
        self, net: Asked, mean_file: str | None, mean_value: str, input_scale: float | None,
        labels: str, size: Sequence[int] = (),
    ) -> None:
        self.net, self.guesses = net, []  # type: Asked, list[str]
        self.size = self._size(tuple(size))
        self.mean = self._mean(mean_file, mean_value)
        self.scale = self._scale(input_scale)
        self.names = prediction.read_labels(labels)
        if net.rule is None:
            self._say()
        elif not labels:
            self.names = list(net.rule.label)

    def _size(self, given: tuple[int, ...]) -> tuple[int, ...]:
        net, own = self.net, self.net.shape[2:]
        if net.rule is not None:
            said = net.rule.size or own
            if given and given != said:
                self._otherwise("images_dim", given, said)
            return given or said
        usual = CAFFENETS if net.usual else own
        if not given:
            words = "" if net.usual else ", the size of its input"
            self.guesses.append(f"brought to {usual[0]} x {usual[1]}{words}")
        return given or usual

    def _mean(self, mean_file: str | None, mean_value: str) -> Array | None:
        net, rule = self.net, self.net.rule
        if mean_file is None and not mean_value:
            if rule is not None:
                return rule.mean(net.shape)
            # ImageNet's, as ever, is one of colours
            if net.channels == 3 and (net.usual or os.path.exists(prediction.here(MEAN))):
                self.guesses.append(f"minus ImageNet's mean picture ({MEAN})")
                return prediction.read_mean(MEAN, "")
            self.guesses.append("with no mean taken off")
            return None
        mean = prediction.read_mean(mean_file or "", mean_value)
        if rule is not None and not _alike(mean, rule.mean(net.shape)):
            words = rule.mean_file or ", ".join(f"{value:g}" for value in rule.mean_value) or "none"
            self._otherwise("mean_value" if mean_value else "mean_file",
                            mean_value or mean_file or "none", words)
            if mean is None:  # said, or the net's own would be taken
                return np.zeros(net.channels, np.float32)
        return mean

    def _scale(self, given: float | None) -> float | None:
        rule = self.net.rule
        if rule is None:
            if given is None:
                self.guesses.append("from 0 to 255")
            return given
        if given is not None and np.float32(given) != np.float32(rule.scale):
            self._otherwise("input_scale", f"{given:g}", f"{rule.scale:g}")
        return rule.scale if given is None else given

    def _otherwise(self, flag: str, given: Any, said: Any) -> None:
        given, said = (",".join(map(str, v)) if isinstance(v, tuple) else v for v in (given, said))
        logger.warning("--%s=%s is taken, and %s says %s (picture_param)", flag, given,
                       shown(self.net.path), said)

    def _say(self) -> None:
        if self.guesses and not self.net.usual:
            logger.warning(
                "%s does not say what was done to its pictures in training. Taken: %s. `caffepy "
                "deploy` writes it into the file; flags say it, too.", shown(self.net.path),
                ", ".join(self.guesses))


def _alike(one: Array | None, other: Array | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.shape == other.shape and np.allclose(one, other)
