"""Net: layers in order over named blobs, forward and backward.

Building one goes: read and upgrade the prototxt, keep the layers of this phase, level and stage
(graph.filter_net), give each consumer its own copy of a blob (graph.insert_splits), make and wire
the layers (assemble). Running one is a walk over the list of layers.
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from caffepy import log
from caffepy.core import (
    crops,
    graph,
    known_part,
    obeys,
    precision,
    scaled,
    sharing,
    strides,
    traits,
    weights,
)
from caffepy.core.arena import Arena, Parameter
from caffepy.core.assemble import assemble
from caffepy.core.blob import Blob
from caffepy.core.calls import Calls, Hook
from caffepy.core.context import Context
from caffepy.core.layer import Layer
from caffepy.core.memory import Place
from caffepy.core.node import Node
from caffepy.core.recorder import Recorder
from caffepy.core.recording import Sequel
from caffepy.core.taped import Taped
from caffepy.core.upgrade import own_net_param
from caffepy.errors import BadValue, NotFound, did_you_mean
from caffepy.proto import caffe_pb2, text

logger = log.get(__name__)


class Net:
    """A network of one phase.

    Args:
        source: a prototxt file, a NetParameter (which is copied), or what read_net_param gave.
        phase: caffe_pb2.TRAIN or TEST; None keeps the one in the parameter's own state.
        level, stages: added to the state by which include and exclude rules are judged.
        context: device, engines and seed; by default the CPU and a fresh seed.
        label: what this net is to its owner ("train", "test 0"): part of its random streams.
        dtype: float32, or float64 for gradient checks.
        optimize: layers may run as one where that leaves blobs between them unwritten, and blobs
            may take turns in memory (core.turns): for who looks at the outputs alone.

    Attributes:
        nodes: the layers in order, each with its blobs, their names, and what backward will
            compute of them (core.node); ``layers`` and ``layer_names`` for who wants these alone.
        blobs: name to blob, in order of appearance.
        loss_weights: blob name to its weight in the loss.
        parameters: the learnable blobs, shared ones once; ``params`` has all, by layer name.
        input_names, output_names: tops of Input layers; tops that nobody consumes, sorted.
        memory_used: bytes of all tops, counted as the original counts.
        before_forward, after_forward, before_backward, after_backward: lists of callables that
            are called with each layer's index; kept views are current then, and may be written.
        written: of each node the LayerParameter that the net was given, or None for one that is
            there for others' sake (core.strides).
        executor: runs the layers, and records what it can: tapes, or graphs on a GPU.

    Raises:
        CaffeError: anything wrong with the description, naming file, line and layer.
    """

    # what is done to pictures before they are inputs is up to who gives them
    obeys = (*precision.WORDS, *scaled.WORDS, "picture_param")
    harmless = ("engine", "compile_net_state", "multinode", "mem_param", "eltwise_mem_sharing",
                "reduce_buckets", "default_conv_algos_override", "default_cudnn_math_override")

    def __init__(
        self,
        source: str | os.PathLike[str] | Any,
        phase: int | None = None,
        *,
        level: int | None = None,
        stages: Sequence[str] = (),
        context: Context | None = None,
        label: str = "net",
        dtype: Any = np.float32,
        optimize: bool = False,
    ) -> None:
        param, where = own_net_param(source)
        if phase is not None:
            param.state.phase = phase
        if level is not None:
            param.state.level = level
        param.state.stage.extend(stages)

        kept = graph.filter_net(param, param.state, where)
        if logger.isEnabledFor(log.INFO):
            shown = text.to_text(kept).rstrip("\n")
            logger.info("Initializing net from parameters: \n%s", shown)
        refused = obeys.look(kept, type(self), where)
        known_part.require(kept.layer, param.layer, where, refused)
        crops.align(kept, where, param)
        for layer in kept.layer:
            traits.of(layer).settle(layer, kept)
        self.param = graph.insert_splits(kept, where, param, label)
        self.written: list[Any] = list(self.param.layer)
        if optimize and kept.state.phase == caffe_pb2.TEST and not kept.force_backward:
            if (moved := strides.moved(kept)) is not kept:
                written, self.param = self.param, graph.insert_splits(moved, where, param, label)
                self.written = strides.as_written(written, self.param)
        self.name: str = param.name
        self.phase: int = param.state.phase
        self.context = context or Context()
        self.label = label
        self.dtype = np.dtype(dtype)
        self.optimize = optimize

        self.nodes: list[Node] = []
        self.blobs: dict[str, Blob] = {}
        self.loss_weights: dict[str, float] = {}
        self.parameters: list[Parameter] = []
        self.input_names: list[str] = []
        self.output_names: list[str] = []
        self.memory_used = 0
        self.before_forward: list[Hook] = []
        self.after_forward: list[Hook] = []
        self.before_backward: list[Hook] = []
        self.after_backward: list[Hook] = []
        self.told: set[str] = set()  # about sharing with another net, once

        self._grad_scale: Callable[[], float] = lambda: 1.0
        self._calls = Calls(self.blobs, self.nodes, self.context)
        try:
            with self.context.computing():
                assemble(self, self.param, where)
        except BaseException:
            self.close()
            raise
        for node in self.nodes:
            node.take_shapes()
        self.executor = (Recorder if self.context.accelerator else Taped)(self, self._calls)
        logger.info("Network initialization done.")

    # -- looking things up ----------------------------------------------------------------

    @cached_property
    def layers(self) -> list[Layer]:
        return [node.layer for node in self.nodes]

    @property
    def layer_names(self) -> list[str]:
        return [node.layer.name for node in self.nodes]

    @property
    def params(self) -> dict[str, list[Blob]]:
        """Layer name to its parameter blobs, for the layers that have any."""
        return {layer.name: layer.blobs for layer in self.layers if layer.blobs}

    def blob(self, name: str) -> Blob:
        """The blob of that name.

        Raises:
            NotFound: there is none; the message suggests the nearest.
        """
        if name not in self.blobs:
            raise NotFound(f"Unknown blob name {name}", where=f"net '{self.name}'",
                           fix=did_you_mean(name, self.blobs))
        return self.blobs[name]

    def layer(self, name: str) -> Layer:
        """The layer of that name.

        Raises:
            NotFound: there is none; the message suggests the nearest.
        """
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise NotFound(f"Unknown layer name {name}", where=f"net '{self.name}'",
                       fix=did_you_mean(name, self.layer_names))

    @cached_property
    def arena(self) -> Arena:
        """All parameters side by side; made at the first look, by whoever updates them."""
        with self.context.computing():
            return Arena(self.parameters, self.dtype, self.context.mover, self.context.place)

    # -- running --------------------------------------------------------------------------

    def forward(self) -> float:
        """Run all layers; returns the weighted loss."""
        with self.public_call():
            return self.executor.whole_forward()

    def launch_forward(self) -> None:
        """Run all layers without waiting for the loss: a GPU may still be at work afterwards."""
        with self.public_call():
            self.executor.launch_forward()

    def loss(self) -> float:
        """The weighted loss of the last forward, as it is in the tops.

        Raises:
            DataError: what a layer on a GPU could not say while it ran, such as a bad label.
        """
        loss = 0.0
        for node in self.nodes:
            if node.loss_terms:
                loss += node.loss()
        self.check_device()
        return loss

    def check_device(self) -> None:
        """Look whether layers on a GPU have found something that they could not say then.

        Raises:
            DataError: what they found, such as a bad label.
        """
        if self.context.accelerator:
            try:
                self.context.accelerator.check()
            except BadValue as error:
                for layer in self.layers:
                    if error.kernel in layer.kernels:
                        layer.explain(error)
                raise

    @cached_property
    def losses_change(self) -> bool:
        """Whether a later layer works in place on a loss, which must be read before it does."""
        written = Counter(blob for node in self.nodes for blob in node.tops)
        return any(written[blob] > 1 for node in self.nodes for blob, _ in node.loss_terms)

    def forward_range(self, start: int, end: int) -> float:
        """Run layers ``start`` to ``end``, both included; returns their weighted loss."""
        with self.public_call():
            return self.executor.forward(start, end)

    def backward(self) -> None:
        """Run all layers' gradients, last to first."""
        with self.public_call(), scaled.true_gradients(self):
            self.launch_backward()

    def launch_backward(self, sequel: Sequel | None = None, layer_done: Hook | None = None
                        ) -> None:
        """As backward, but where gradients are scaled (see scaled) they stay so.

        Args:
            sequel: what is done with the gradients then; on a GPU it may be recorded with them.
            layer_done: called with a layer's index once backward has passed it, hooks and all: for
                who takes its gradients away while backward goes on below.
        """
        with self.public_call():
            self.executor.launch_backward(sequel, layer_done)

    def backward_range(self, start: int, end: int) -> None:
        """Run the gradients of layers ``start`` down to ``end``, both included."""
        with self.public_call(), scaled.true_gradients(self):
            self.executor.backward(start, end)

    def forward_layer(self, i: int) -> float:
        """Reshape layer i if its bottoms changed shape, run it, return its weighted loss."""
        return self.executor.forward_layer(i)

    def backward_layer(self, i: int) -> None:
        """Run layer i's gradient."""
        self.executor.backward_layer(i)

    def reshape(self) -> None:
        """Give all blobs the shapes that follow from the inputs' present ones."""
        with self.context.computing():
            for node in self.nodes:
                self.executor.reshape(node)

    def clear_param_diffs(self) -> None:
        """Set the gradients of all parameters to zero; they accumulate from here."""
        with self.public_call():  # else a kept view would bring the old ones back
            for parameter in self.parameters:
                parameter.blob.grads.zero()

    def outputs(self) -> list[tuple[str, np.ndarray[Any, Any], float]]:
        """Name, flat values and loss weight of each output blob, as of the last forward."""
        return [
            (name, self.blobs[name].values.read(Place.HOST).reshape(-1),
             self.loss_weights.get(name, 0.0))
            for name in self.output_names
        ]

    @property
    def debug_info(self) -> bool:
        """Whether passes log each layer's mean values; as the prototxt says, at first."""
        return self.executor.debug_info

    def set_debug_info(self, value: bool) -> None:
        """Let the next passes log them, or not."""
        self.executor.debug_info = value

    def grad_scale(self) -> float:
        """What the gradients that start at losses are multiplied with; see scaled."""
        return self._grad_scale()

    def scale_gradients(self, by: Callable[[], float]) -> None:
        """Multiply them from now on with what ``by`` says then."""
        self._grad_scale = by
        scaled.seed_losses(self)

    # -- calls from outside ---------------------------------------------------------------

    def public_call(self) -> contextlib.AbstractContextManager[None]:
        """Brackets every call from outside: views kept from ``blob.data`` count before it and
        are current after it (core.calls)."""
        return self._calls.public()

    # -- weights in and out ---------------------------------------------------------------

    def load(self, path: str | os.PathLike[str], steps: bool = True) -> weights.Report:
        """Copy the parameters of layers of equal name from a .caffemodel or HDF5 file.

        Args:
            steps: whether layers compute in 8 bits where the file says how; it fits its weights.

        Raises:
            NotFound, DataError: the file is missing, damaged or of another kind.
            ShapeError: a layer of that name has other shapes.
        """
        with self.public_call():
            return weights.load(self, path, steps)

    def share_trained_layers(self, other: Net) -> None:
        """Use the other net's parameters for layers of equal name, and for parameters that have a
        name: one memory, one version."""
        sharing.share(self, other)
        self._calls.look_again()

    def to_proto(self, diff: bool = False) -> Any:
        """A NetParameter with all layers, parameters included."""
        with self.public_call():
            return weights.to_proto(self, diff)

    def save(self, path: str | os.PathLike[str], diff: bool = False) -> None:
        """Write a .caffemodel, whole or not at all."""
        with self.public_call():
            weights.save(self, path, diff)

    def save_hdf5(self, path: str | os.PathLike[str], diff: bool = False) -> None:
        """Write a .caffemodel.h5, whole or not at all."""
        with self.public_call():
            weights.save_hdf5(self, path, diff)

    def close(self) -> None:
        """Let go of threads, files and databases. The blobs stay readable."""
        for node in self.nodes:
            node.layer.close()
