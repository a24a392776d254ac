"""Base of the layers that write a file for each item of each batch."""

from __future__ import annotations

import os
from collections.abc import Sequence

from caffepy import log
from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Array, Place
from caffepy.errors import CaffeError, DataError
from caffepy.proto.files import atomic_path
from caffepy.proto.paths import path_of

logger = log.get(__name__)


class Writer(Layer):
    """Files are folder/prefix0000012suffix.ext, by the batches before, with the item in brackets
    where a batch has several: prefix0000012(003)suffix.ext. With ``file`` all are this one file.
    """

    only_in_training = True
    tops = "0"
    keeps = ()

    def extension(self) -> str:
        """What names end in."""
        raise NotImplementedError

    def content(self, item: Array) -> bytes:
        """An item, C x H x W, as a file."""
        raise NotImplementedError

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        self.folder = path_of(self.p, "folder")
        if not self.p.file and not self.folder:
            self.fail("writer_param needs a folder, or a file", fix='Add folder: "out".')
        if self.folder:
            try:
                os.makedirs(self.folder, exist_ok=True)
            except OSError as error:
                self.fail(f"the folder cannot be made: {error.strerror}", kind=DataError,
                          found=self.folder)

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        items = bottom[0].values.read(Place.HOST)
        for i, item in enumerate(items):
            path = self.path(i, len(items))
            logger.info("Saving %s", path)
            try:
                with atomic_path(path) as beside, open(beside, "wb") as file:
                    file.write(self.content(item))
            except CaffeError as error:
                raise error.at(self.place_name) from error
            except OSError as error:
                self.fail(f"{path} cannot be written: {error.strerror}", kind=DataError)
        self.position += 1

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        for blob, wanted in zip(bottom, propagate_down, strict=True):
            if wanted:
                blob.grads.zero()

    def path(self, item: int, count: int) -> str:
        """Of one of so many items of the next batch."""
        if self.p.file:
            return path_of(self.p, "file")
        which = f"({item:03d})" if count > 1 else ""
        name = f"{self.p.prefix}{self.position:07d}{which}{self.p.suffix}.{self.extension()}"
        return os.path.join(self.folder, name)
