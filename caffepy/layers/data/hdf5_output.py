"""HDF5Output: saves what comes to it into an HDF5 file, as the datasets ``data`` and ``label``.

bottom  data and label, of equal batch size; up to four axes each are saved as four,
        N x C x H x W, as in the original's files
top     none
param   hdf5_output_param { file_name: "out.h5" }
V1      HDF5_OUTPUT (V0 "hdf5_output")

The batches of all forwards are gathered along the first axis, and the file appears, whole, when
the net is closed or ends. (The original can save one batch: the second forward ends it, since the
dataset is there already.)
"""

from __future__ import annotations

import contextlib
import os
import weakref

import h5py

from caffepy import forks, log
from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Array, Place, Shape
from caffepy.core.registry import register
from caffepy.errors import DataError, NotFound, ShapeError
from caffepy.proto.files import atomic_path
from caffepy.proto.paths import path_of

logger = log.get(__name__)

NAMES = ("data", "label")
AXES = 4


@register("HDF5Output", v1="HDF5_OUTPUT", v0="hdf5_output", param="hdf5_output_param")
class HDF5Output(Layer):
    only_in_training = True
    bottoms = "2"
    tops = "0"
    keeps = ()

    file: h5py.File | None = None
    rows = 0

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        path = self.path = path_of(self.p, "file_name")
        if not path:
            self.fail("hdf5_output_param needs a file_name")
        folder = os.path.dirname(os.path.abspath(path))
        if not os.path.isdir(folder):  # said now, not after an hour of forwards
            self.fail(f"cannot write {path}: there is no folder {folder}", kind=NotFound,
                      fix="Make it.")

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        shapes = [blob.shape for blob in bottom]
        if not all(shapes) or shapes[0][0] != shapes[1][0]:
            self.fail("data and label must have the same batch size", kind=ShapeError,
                      found=f"shapes {shapes[0]} and {shapes[1]}")

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        file = self._open()
        items = [blob.values.read(Place.HOST).reshape(_legacy(blob.shape)) for blob in bottom]
        for name, values in zip(NAMES, items, strict=True):
            if name in file and file[name].shape[1:] != values.shape[1:]:
                self.fail(f"all batches of '{name}' must have one shape but for their size",
                          kind=ShapeError, found=f"{values.shape[1:]} an item",
                          allowed=f"{file[name].shape[1:]}, as before")
        try:
            for name, values in zip(NAMES, items, strict=True):
                self._append(file, name, values)
        except OSError as error:
            self.fail(f"{self.path} cannot be written: {error}", kind=DataError)
        self.rows += len(items[0])

    def close(self) -> None:
        """Let the file appear under its name; without any forward, what was there stays."""
        if self.file is not None:
            self.file = None
            self._finish()
            logger.info("Successfully saved %d rows to %s", self.rows, self.path)

    def _open(self) -> h5py.File:
        if self.file is None:
            logger.info("Saving HDF5 file %s", self.path)
            stack = contextlib.ExitStack()
            try:
                beside = stack.enter_context(atomic_path(self.path))
                self.file = stack.enter_context(h5py.File(beside, "w"))
            except OSError as error:
                self.fail(f"{self.path} cannot be written: {error}", kind=DataError)
            self.rows = 0
            # a net that nobody closes ends with its owner, or with the interpreter
            self._finish = weakref.finalize(self, stack.close)
            forks.watch(self)
        return self.file

    def after_fork_in_child(self) -> None:
        """The file is the parent's; a forward in the child begins another."""
        if self.file is not None:
            self.file = None
            self._finish.detach()

    def _append(self, file: h5py.File, name: str, values: Array) -> None:
        if name not in file:
            file.create_dataset(name, data=values, maxshape=(None, *values.shape[1:]))
            return
        file[name].resize(self.rows + len(values), axis=0)
        file[name][self.rows :] = values


def _legacy(shape: Shape) -> Shape:
    """The shape with the legacy axes that a blob of few axes seems to have."""
    return shape + (1,) * (AXES - len(shape))
