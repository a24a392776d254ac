"""cv2.dnn's Model: a net with what is to be done to pictures before it sees them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.dnn.net import Net
from caffepy.dnn.reading import readNet
from caffepy.errors import ConfigError

Array = NDArray[Any]
Numbers = float | Sequence[float]

CHANNELS = 4  # of OpenCV's Scalar
REGIONS = "im_info"  # an input of Faster R-CNN and R-FCN: the picture's height, width and scale
REGIONS_SCALE = 1.6


class Model:
    """A net that is given pictures.

        Model(model, config), as paths in either order; Model(net)

    What is not set is taken from the net: the size from its input, the rest from its file's
    picture_param (`deploy` writes it), so that a net that has one needs nothing set. Without one
    nothing is done to pixels, as in OpenCV.
    """

    def __init__(self, model: Net | str | os.PathLike[str], config: str | os.PathLike[str] = ""
                 ) -> None:
        self.net = model if isinstance(model, Net) else readNet(model, config)
        self._names = list(self.net.getUnconnectedOutLayersNames())
        self._size: tuple[int, int] | None = None
        self._mean: Array | None = None
        self._scale: Array | None = None
        self._swap = self._crop = False

    # -- what is done to pictures ----------------------------------------------------------------

    def setInputSize(self, *size: Any) -> Model:
        """Width and height, as two numbers or one pair."""
        width, height = size if len(size) == 2 else size[0]
        self._size = int(width), int(height)
        return self

    def setInputMean(self, mean: Numbers) -> Model:
        """What is subtracted from each channel."""
        self._mean = _scalar(mean)
        return self

    def setInputScale(self, scale: Numbers) -> Model:
        """What each channel is multiplied by then; one number is meant for all."""
        values = _scalar(scale)
        self._scale = np.full(CHANNELS, values[0]) if not values[1:].any() else values
        return self

    def setInputCrop(self, crop: bool) -> Model:
        """Whether pictures keep their sides' ratio and lose their edges."""
        self._crop = bool(crop)
        return self

    def setInputSwapRB(self, swapRB: bool) -> Model:
        """Whether red and blue change places."""
        self._swap = bool(swapRB)
        return self

    def setInputParams(self, scale: Numbers = 1.0, size: Sequence[int] = (0, 0),
                       mean: Numbers = 0.0, swapRB: bool = False, crop: bool = False) -> None:
        """All of these at once; those not given become OpenCV's defaults."""
        self.setInputScale(scale)
        self.setInputMean(mean)
        self._size = (int(size[0]), int(size[1])) if any(size) else self._size
        self._swap, self._crop = bool(swapRB), bool(crop)

    def setOutputNames(self, outNames: Sequence[str]) -> Model:
        """The layers whose outputs are wanted, instead of those that nobody reads."""
        self._names = list(outNames)
        return self

    def setPreferableBackend(self, backendId: int) -> Model:
        """See Net."""
        self.net.setPreferableBackend(backendId)
        return self

    def setPreferableTarget(self, targetId: int) -> Model:
        """See Net."""
        self.net.setPreferableTarget(targetId)
        return self

    def enableWinograd(self, useWinograd: bool) -> Model:
        """See Net."""
        self.net.enableWinograd(useWinograd)
        return self

    # -- pictures through the net --------------------------------------------------------------

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the net's input.

        Raises:
            ConfigError: it is nowhere said.
        """
        shape = self.net.shape_of_input()
        if self._size is None and len(shape) != 4:
            raise ConfigError("the net's input is no picture of a size", found=f"shape {shape}",
                              fix="Call setInputSize.")
        return self._size or (shape[3], shape[2])

    def predict(self, frame: Array, outs: Any = None) -> tuple[Array, ...]:
        """The outputs for one picture, H x W or H x W x C."""
        self.net.setInput(self.blob(frame))
        if REGIONS in self.net.inputs:
            width, height = self.size
            self.net.setInput(np.array([[height, width, REGIONS_SCALE]], np.float32), REGIONS)
        return self.net.forward(self._names)  # type: ignore[no-any-return]

    def blob(self, frame: Array) -> Array:
        """A picture as the net's input, 1 x C x H x W."""
        import cv2

        size, rule = self.size, self.net.rule
        if rule is not None and frame.ndim == 3 and self.net.shape_of_input()[1] == 1:
            frame = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
        if rule is not None and rule.size and self._size is None:
            frame = _middle(cv2.resize(frame, rule.size[::-1]), size)
        blob = cv2.dnn.blobFromImage(frame, 1, size, (), self._swap, self._crop)
        mean, scale = self._mean, self._scale
        if mean is None and rule is not None:
            mean = rule.mean(blob.shape)
        if scale is None:
            scale = np.full(CHANNELS, 1.0 if rule is None else rule.scale)
        channels = blob.shape[1]
        if mean is not None:
            blob = blob - (mean if mean.ndim == 3 else mean[:channels, None, None])
        return np.asarray(blob * scale[:channels, None, None], np.float32)

    def one_output(self, frame: Array) -> Array:
        """The only output for a picture.

        Raises:
            ConfigError: there are several.
        """
        outputs = self.predict(frame)
        if len(outputs) != 1:
            raise ConfigError("the model needs a net with one output",
                              found=", ".join(self._names),
                              fix="setOutputNames([name]) says which is meant.")
        return outputs[0]


def _scalar(values: Numbers) -> Array:
    """OpenCV's Scalar: four numbers, those not given 0."""
    given = np.atleast_1d(np.asarray(values, np.float64)).ravel()[:CHANNELS]
    return np.pad(given, (0, CHANNELS - len(given)))


def _middle(picture: Array, size: tuple[int, int]) -> Array:
    """The middle of a picture, of this width and height."""
    top, left = (picture.shape[0] - size[1]) // 2, (picture.shape[1] - size[0]) // 2
    if top < 0 or left < 0:
        raise ConfigError("picture_param brings pictures to less than the net's input",
                          found=f"{picture.shape[0]} x {picture.shape[1]}",
                          allowed=f"{size[1]} x {size[0]} or more")
    return np.ascontiguousarray(picture[top : top + size[1], left : left + size[0]])
