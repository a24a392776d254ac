"""imdb: the pictures of a data set and their boxes (py-faster-rcnn's base of all of them)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from caffepy.errors import ConfigError, did_you_mean
from caffepy.standins.roi_data_layer.minibatch import Entry


class imdb:
    """
    Attributes:
        name: of the set, "voc_2007_trainval".
        classes: their names, the background's first.
        image_index: what each picture is called, with those mirrored behind the others once
            ``append_flipped_images`` was called.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.classes: Sequence[str] = ()
        self.image_index: list[str] = []
        self.roidb_handler: Callable[[], list[Entry]] = self.default_roidb
        self._roidb: list[Entry] | None = None

    @property
    def num_classes(self) -> int:
        """With the background."""
        return len(self.classes)

    @property
    def num_images(self) -> int:
        """With those mirrored."""
        return len(self.image_index)

    @property
    def roidb(self) -> list[Entry]:
        """An entry for each picture: see roi_data_layer.minibatch."""
        if self._roidb is None:
            self._roidb = self.roidb_handler()
        return self._roidb

    def set_proposal_method(self, method: str) -> None:
        """Where boxes come from: "gt" for the objects' own.

        Raises:
            ConfigError: the set has no such method.
        """
        handlers = [name[: -len("_roidb")] for name in dir(self) if name.endswith("_roidb")
                    and not name.startswith("_")]
        if method not in handlers:
            raise ConfigError("there are no such boxes", where=self.name, found=method,
                              allowed=", ".join(handlers), fix=did_you_mean(method, handlers))
        self.roidb_handler = getattr(self, f"{method}_roidb")

    def default_roidb(self) -> list[Entry]:
        """What a set says of its boxes by itself."""
        raise NotImplementedError

    def image_path_at(self, i: int) -> str:
        """The file of picture ``i``."""
        raise NotImplementedError

    def append_flipped_images(self) -> None:
        """Put behind the entries a mirrored one of each."""
        self.roidb.extend([flipped(entry) for entry in self.roidb])
        self.image_index = self.image_index * 2


def flipped(entry: Entry) -> Entry:
    """The entry of the mirrored picture; it must have its ``width``."""
    boxes = np.array(entry["boxes"])
    boxes[:, [0, 2]] = entry["width"] - 1 - entry["boxes"][:, [2, 0]]
    return {**entry, "boxes": boxes, "flipped": not entry["flipped"]}
