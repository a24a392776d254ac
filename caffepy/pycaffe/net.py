"""pycaffe's Net, on top of the engine.

Blobs are the engine's own: their ``data`` and ``diff`` are writable float32 views that may be
kept; a value written into one before a call is used by it, and the view shows the newest value
after it, and in callbacks.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, overload

import numpy as np

from caffepy import mode
from caffepy.core import weights as core_weights
from caffepy.core.net import Hook
from caffepy.core.net import Net as CoreNet
from caffepy.errors import ConfigError
from caffepy.layers.data.memory_data import MemoryData
from caffepy.proto import caffe_pb2
from caffepy.pycaffe import arguments, batches, table
from caffepy.pycaffe.inside import Inside
from caffepy.pycaffe.keeper import Keeper
from caffepy.pycaffe.parts import Parts

Path = str | os.PathLike[str]
Arrays = dict[str, Any]  # blob name to ndarray


class Net(Parts):
    """A network, as pycaffe has it.

        Net(network_file, phase, level=0, stages=None, weights=None)
        Net(network_file, weights, phase)          # the old order

    Args:
        network_file: a prototxt, or a NetParameter.
        phase: caffe.TRAIN or caffe.TEST.
        level, stages: for include and exclude rules.
        weights: a .caffemodel or .caffemodel.h5 to copy parameters from.
        optimize: be as fast and small as the command line's nets: layers run as one, and blobs
            between them share memory. Inputs, outputs and parameters stay readable, other blobs
            may raise ConfigError. By name alone; see docs/python.md.
        precision: "bfloat16" or "float16": activations are stored so where the machine has it,
            instead of what the net says by default; see docs/python.md. By name alone.

    Scripts may hang whatever they like on a net; what pycaffe's has of its own cannot be set.

    Raises:
        CaffeError: the file, the net in it or the weights are wrong. The process and other nets
            are not affected.
    """

    @overload
    def __init__(self, network_file: Path | Any, phase: int, level: int = 0,
                 stages: Sequence[str] | None = None, weights: Path | None = None, *,
                 optimize: bool = False, precision: str | None = None) -> None: ...
    @overload
    def __init__(self, network_file: Path | Any, weights: Path, phase: int, *,
                 optimize: bool = False, precision: str | None = None) -> None: ...

    def __init__(self, network_file: Path | Any, *args: Any, **options: Any) -> None:
        given = arguments.constructor(args, options)
        if given.get("phase") not in (caffe_pb2.TRAIN, caffe_pb2.TEST):
            raise ConfigError("Net needs a phase", found=given.get("phase"),
                              allowed="caffe.TRAIN or caffe.TEST",
                              fix="Write caffe.Net(network_file, caffe.TEST, weights=file).")
        stages = given.get("stages") or ()
        core = CoreNet(
            network_file, given["phase"], level=given.get("level", 0),
            stages=[stages] if isinstance(stages, str) else list(stages),
            context=mode.new_context(precision=given.get("precision")),
            optimize=given.get("optimize", False),
        )
        self._caffepy = Inside(core, Keeper(core))
        if given.get("weights") is not None:
            try:
                self._caffepy.load(given["weights"])
            except BaseException:
                self._caffepy.keeper.close()
                raise

    # -- running it -----------------------------------------------------------------------

    def forward(
        self,
        blobs: Sequence[str] | None = None,
        start: str | None = None,
        end: str | None = None,
        **inputs: Any,
    ) -> Arrays:
        """Run the net, or the layers from ``start`` to ``end`` (names, both included).

        Args:
            blobs: names to return besides the outputs.
            inputs: an array for each input blob, of its batch size.

        Returns:
            Blob name to its values: the outputs, or the tops of ``end``. They are views: the
            next forward changes them, so copy what is to be kept.

        Raises:
            NotFound: no such layer or blob.
            ConfigError, ShapeError: the inputs are not those of the net, or of other shapes.
            CaffeError: what a layer or its data cannot do.
        """
        inside, core = self._caffepy, self._caffepy.core
        first = inside.index(start) if start is not None else 0
        last = inside.index(end) if end is not None else len(core.layers) - 1
        names = inside.names(core.nodes[last].tops) if end is not None else core.output_names
        wanted = inside.named([*names, *(blobs or [])])
        arguments.fill(core, inputs, core.input_names, "input", lambda blob: blob.data)
        core.forward_range(first, last)
        return {name: blob.data for name, blob in wanted.items()}

    def backward(
        self,
        diffs: Sequence[str] | None = None,
        start: str | None = None,
        end: str | None = None,
        **tops: Any,
    ) -> Arrays:
        """Run the gradients, or those of the layers from ``start`` down to ``end``.

        Parameter gradients add up until ``clear_param_diffs``.

        Args:
            diffs: names of blobs whose gradients to return besides the inputs'.
            tops: a gradient for each output blob, of its batch size.

        Returns:
            Blob name to its gradient, as a view: the inputs, or the bottoms of ``end``.

        Raises:
            As ``forward``.
        """
        inside, core = self._caffepy, self._caffepy.core
        first = inside.index(start) if start is not None else len(core.layers) - 1
        last = inside.index(end) if end is not None else 0
        names = inside.names(core.nodes[last].bottoms) if end is not None else core.input_names
        wanted = inside.named([*names, *(diffs or [])])
        arguments.fill(core, tops, core.output_names, "top diff", lambda blob: blob.diff)
        core.backward_range(first, last)
        return {name: blob.diff for name, blob in wanted.items()}

    def forward_all(self, blobs: Sequence[str] | None = None, **inputs: Any) -> Arrays:
        """Run the net over more data than one batch has.

        Args:
            blobs: names to return besides the outputs.
            inputs: for each input blob an array of any number of items; the last batch is
                filled up with zeros.

        Returns:
            Blob name to values of its own, one row per item (per batch for scalars).

        Raises:
            As ``forward``.
        """
        return batches.forward_all(self, blobs, inputs)

    def forward_backward_all(
        self,
        blobs: Sequence[str] | None = None,
        diffs: Sequence[str] | None = None,
        **arrays: Any,
    ) -> tuple[Arrays, Arrays]:
        """Run forward and backward over more data than one batch has.

        Args:
            blobs, diffs: names to return besides the outputs' values and the inputs' gradients.
            arrays: for each input blob its values, for each output blob its gradients.

        Returns:
            Blob name to values, and blob name to gradients, one row per item.

        Raises:
            As ``forward``.
        """
        return batches.forward_backward_all(self, blobs, diffs, arrays)

    def _batch(self, blobs: Mapping[str, Any]) -> Iterator[Arrays]:
        """Cut arrays into batches of the net's size; the last is filled up with zeros."""
        return batches.cut(blobs, self._caffepy.blob_list[0].shape[0])

    def _forward(self, start: int, end: int) -> float:
        """Run layers by index, both included; returns their weighted loss."""
        inside = self._caffepy
        return inside.core.forward_range(inside.checked(start), inside.checked(end))

    def _backward(self, start: int, end: int) -> None:
        """Run gradients by index, from ``start`` down to ``end``, both included."""
        inside = self._caffepy
        inside.core.backward_range(inside.checked(start), inside.checked(end))

    def set_input_arrays(self, data: np.ndarray[Any, Any], labels: np.ndarray[Any, Any]) -> None:
        """Let the first layer, a MemoryData, take its batches from these arrays.

        They are not copied: what is written into them is seen by the next batch.

        Args:
            data: n x C x H x W, float32, C-contiguous; n a multiple of the batch size.
            labels: n, or n x 1 x 1 x 1, float32, C-contiguous.

        Raises:
            ConfigError: the first layer is of another type.
            ShapeError: an array that does not fit.
        """
        layer = self._caffepy.core.layers[0]
        if not isinstance(layer, MemoryData):
            layer.fail("set_input_arrays may only be called if the first layer is a "
                       "MemoryDataLayer", found=layer.type,
                       fix='Give the first layer type: "MemoryData", or write into '
                           "net.blobs[name].data.")
        for what, array in (("data", data), ("labels", labels)):
            arguments.check_array(layer, what, array)
        layer.reset(data, labels)

    _set_input_arrays = set_input_arrays

    def reshape(self) -> None:
        """Give all blobs the shapes that follow from the inputs' present ones.

        ``forward`` does this too; call it to see the shapes before, or to fill blobs below.
        Views of blobs that grow are views of the old values from here on.
        """
        self._caffepy.core.reshape()

    def clear_param_diffs(self) -> None:
        """Set the parameters' gradients to zero; backward adds to them."""
        with self._caffepy.core.public_call():
            self._caffepy.core.clear_param_diffs()

    # -- callbacks ------------------------------------------------------------------------

    def before_forward(self, hook: Hook) -> None:
        """Call ``hook(layer index)`` before each layer's forward, also within a solver."""
        self._caffepy.core.before_forward.append(hook)

    def after_forward(self, hook: Hook) -> None:
        """Call ``hook(layer index)`` after each layer's forward."""
        self._caffepy.core.after_forward.append(hook)

    def before_backward(self, hook: Hook) -> None:
        """Call ``hook(layer index)`` before each layer's backward."""
        self._caffepy.core.before_backward.append(hook)

    def after_backward(self, hook: Hook) -> None:
        """Call ``hook(layer index)`` after each layer's backward."""
        self._caffepy.core.after_backward.append(hook)

    # -- weights --------------------------------------------------------------------------

    def copy_from(self, weights: Path | Net) -> core_weights.Report:
        """Copy parameters of layers of equal name from a .caffemodel, an HDF5 file or a net.

        Returns:
            Which layers were copied, which keep their values (``missing``), and which of the
            source's were not used.

        Raises:
            NotFound, DataError: the file is missing, damaged or of another kind.
            ShapeError: a layer of equal name has other shapes.
        """
        return self._caffepy.load(
            weights._caffepy if isinstance(weights, Net) else weights)

    def share_with(self, other: Net) -> None:
        """Use the other net's parameters for layers of equal name, and where layers share one by a
        name (param { name: "w" }): one memory for both.

        Views of this net's own parameters that were taken before are not followed.

        Raises:
            ShapeError: a layer of equal name has other shapes.
        """
        self._caffepy.core.share_trained_layers(other._caffepy.core)

    def save(self, path: Path) -> None:
        """Write a .caffemodel, whole or not at all."""
        self._caffepy.core.save(path)

    def save_hdf5(self, path: Path) -> None:
        """Write a .caffemodel.h5, whole or not at all."""
        self._caffepy.core.save_hdf5(path)

    def load_hdf5(self, path: Path) -> core_weights.Report:
        """Copy parameters from a .caffemodel.h5; see ``copy_from``."""
        return self._caffepy.core.load(path)

    # -- being a Python object ------------------------------------------------------------

    def close(self) -> None:
        """Let go of threads, files and databases now instead of when the net is deleted. The
        blobs stay readable. A solver's net closes its solver."""
        self._caffepy.keeper.close()

    def __enter__(self) -> Net:
        return self

    def __exit__(self, *exception: object) -> None:
        self._caffepy.keeper.close()

    def __repr__(self) -> str:
        return table.of_net(self._caffepy.core)


def face(core: CoreNet, keeper: Keeper) -> Net:
    """The Net of an engine's net that a solver owns."""
    net = Net.__new__(Net)
    net._caffepy = Inside(core, keeper)
    return net
