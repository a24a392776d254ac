"""cv2.dnn's ClassificationModel: the class that a net finds likeliest."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from caffepy.dnn.model import Array, Model
from caffepy.dnn.net import Net


class ClassificationModel(Model):
    """A net with one output, a number for each class."""

    def __init__(self, model: Net | str | os.PathLike[str], config: str | os.PathLike[str] = ""
                 ) -> None:
        super().__init__(model, config)
        self._softmax = False

    def setEnableSoftmaxPostProcessing(self, enable: bool) -> ClassificationModel:
        """Whether the output goes through a softmax, for nets that end without one."""
        self._softmax = bool(enable)
        return self

    def getEnableSoftmaxPostProcessing(self) -> bool:
        """Whether it does."""
        return self._softmax

    def classify(self, frame: Array) -> tuple[int, float]:
        """The number of the class, and what the net gives it."""
        scores: Any = self.one_output(frame).ravel()
        if self._softmax:
            scores = np.exp(scores - scores.max())
            scores /= scores.sum()
        best = int(scores.argmax())
        return best, float(scores[best])
