"""What FCN's data layers share: a picture and its labels at a time, in the size that it has.

bottom  none
top     data, 1 x 3 x H x W: BGR less the mean; label, 1 x 1 x H x W
param   param_str: a dictionary of where the data set lies, split, randomize (True) and seed

A split with "train" in its name is drawn from at random, with every picture as likely each time;
any other is gone through from first to last. What is drawn follows from ``seed``, or the net's own
if there is none, and the number of the picture, so a resumed training goes on as it would have.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.data.draws import draws, stream_key
from caffepy.data.image import read_image
from caffepy.errors import DataError, NotFound
from caffepy.standins._layer import StandIn


class SegmentationLayer(StandIn):
    """
    Attributes:
        needed: names in param_str.
        lists: the file with a split's names, in terms of param_str.
    """

    bottoms = "0"
    tops = "2"
    always_reshape = True
    needed: ClassVar[tuple[str, ...]] = ()
    lists: ClassVar[str] = ""

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        self.given: dict[str, Any] = self.settings(*self.needed, "split")
        path = self.lists.format(**self.given)
        try:
            with open(path) as file:
                self.items = file.read().split()
        except FileNotFoundError:
            self.fail("there is no list of this split", kind=NotFound, found=path,
                      fix=f"Put the data set where {' and '.join(self.needed)} say, as seen from "
                          "the working directory.")
        if not self.items:
            self.fail("the list of this split is empty", kind=DataError, found=path)
        self.drawing = self.given.get("randomize", True) and "train" in self.given["split"]
        self.loaded: tuple[int, Sequence[Array]] = (-1, ())

    def load(self, item: str) -> Sequence[Array]:
        """The tops' values for a name of the list, C x H x W each."""
        raise NotImplementedError

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        index = self._index()
        if self.loaded[0] != index:
            self.loaded = index, self.load(self.items[index])
        for blob, values in zip(top, self.loaded[1], strict=True):
            blob.reshape(1, *values.shape)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        for blob, values in zip(top, self.loaded[1], strict=True):
            blob.data[...] = values
        self.random()  # counts on

    def _index(self) -> int:
        number = self.drawn * self.context.size + self.context.rank  # workers share them out
        if not self.drawing:
            return number % len(self.items)
        seed = self.given.get("seed")
        key = (stream_key(self.context.seed, self.stream) if seed is None
               else stream_key(seed, "segmentation"))
        return int(draws(key, np.array([number]), len(self.items))[0])


def picture(path: str, mean: Sequence[float]) -> Array:
    """BGR less the mean, 3 x H x W, float32."""
    return (read_image(path) - np.asarray(mean, float).reshape(-1, 1, 1)).astype(np.float32)
