"""HED's way with pictures and maps of labels, such as of edges."""

from __future__ import annotations

from typing import Any

import numpy as np

from caffepy.data.pairs import Pair, Pairs
from caffepy.errors import ConfigError


class Labelmaps(Pairs):
    """Args and raises: as Pairs."""

    form = "picture label_map"
    ignored = 0  # there is no edge outside the picture

    def __init__(self, param: Any, *rest: Any) -> None:
        self._raw = param.HasField("normalize") and not param.normalize
        if self._raw and param.soft_labels:
            raise ConfigError("soft_labels and normalize: false exclude each other")
        super().__init__(param, *rest)

    def load(self, pair: Pair) -> tuple[np.ndarray, Any]:
        picture, labels = self.read(pair), self.read_labels(pair)
        self.check_sizes(picture.shape[1:], labels.shape)
        labels = self.resized(labels[None])[0]
        if self._param.soft_labels:
            labels = labels.astype(np.float32) * np.float32(1 / 255)
        elif not self._raw:
            labels = (labels > 127).astype(np.uint8)
        return self.resized(picture), (labels, pair.bits)
