"""Nets that are kept ready: the two that were asked last."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.board.keeping import Kept
from caffepy.board.shelf import Shelf
from caffepy.board.tries.given import with_channels
from caffepy.board.tries.use import Use, use
from caffepy.classifier import Classifier
from caffepy.core.context import Context
from caffepy.data import image
from caffepy.services import objects, work

Array = NDArray[Any]

READY = 2
RGB = (2, 1, 0)


@dataclass(frozen=True)
class Map:
    """What a layer makes of a picture.

    Attributes:
        layers: the layer that makes the blob, and those that change it in place.
        values: of the picture, without the axis of the batch.
    """

    blob: str
    layers: list[str]
    values: Array


class Ready:
    """A net with its weights.

    Attributes:
        use: what it is, and what is done to its pictures.
        names: of the classes.
    """

    def __init__(self, of: Use) -> None:
        self.use, self.names = of, of.names
        asked, way = of.asked, of.way
        swap = RGB if asked.channels == 3 else None
        with work.quiet():
            if of.finds:
                self._objects = objects.ObjectNet(way, 255, swap, Context())
                self._net = self._objects.net
            else:
                self._classifier = Classifier(asked.path, asked.weights, way.size, way.mean,
                                              way.scale, 255, swap)
                self._net = self._classifier._caffepy.core

    def scores(self, planes: Array, crops: bool = False) -> Array:
        """The first output, of one picture.

        Args:
            planes: C x H x W bytes.
            crops: the mean over ten crops.
        """
        picture = image.pixels(with_channels(planes, self.use.asked.channels))
        floats = np.float32(1 / 255) * (picture[..., ::-1] if picture.ndim == 3
                                        else picture[..., None])
        result: Array = self._classifier.predict([floats], oversample=crops)[0]
        return result

    def objects(self, planes: Array) -> list[objects.Object]:
        """What a detector finds in one picture."""
        return self._objects.objects(image.pixels(
            with_channels(planes, self.use.asked.channels)))

    @property
    def input(self) -> Array:
        """What went into the net last, C x H x W."""
        return np.array(self._net.blobs[self._net.input_names[0]].data[0])

    def forward(self, values: Array) -> Array:
        """The first output for an input as it is, C x H x W."""
        net = self._net
        net.blobs[net.input_names[0]].data[...] = values
        net.forward()
        return np.array(net.blobs[net.output_names[0]].data[0])

    def maps(self) -> list[Map]:
        """What each layer made of the picture that went in last."""
        made: dict[str, list[str]] = {}
        for node in self._net.nodes:
            for name in () if node.layer.splits else node.top_names:
                made.setdefault(name, []).append(node.layer.spec.name)
        found = []
        for name, layers in made.items():
            values = np.array(self._net.blobs[name].data)
            one = values.ndim > 1 and len(values) == 1
            found.append(Map(name, layers, values[0] if one else values))
        return found


class Nets:
    """See ``Ask.one``. To be asked in the worker's thread."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._kept: Kept[Ready] = Kept(READY)

    def get(self, model: Path, weights: Path, mean: str = "", scale: float | None = None
            ) -> Ready:
        """A net that is ready.

        Args:
            mean, scale: as for ``use``.

        Raises: as ``use``, and building it.
        """
        def make() -> Ready:
            with tempfile.TemporaryDirectory(prefix="caffepy-board-") as folder:
                return Ready(use(model, weights, self._shelf, Path(folder), mean, scale))

        return self._kept.get((model, weights, mean, scale), make, model, weights)
