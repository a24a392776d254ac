"""cv2.dnn's Net over a Caffe net: the same methods, numbers, names and shapes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy import log
from caffepy.core.context import Context
from caffepy.core.layer import Layer as CoreLayer
from caffepy.dnn import costs, devices, drawn, parameters
from caffepy.dnn.entries import Entries, Entry, Pin, distinct
from caffepy.dnn.layer import Layer
from caffepy.dnn.pixels import disagreement
from caffepy.dnn.runner import Runner, as_input
from caffepy.errors import ConfigError, NotFound, ShapeError, did_you_mean
from caffepy.proto import wire
from caffepy.proto.text import Source
from caffepy.services.picture_rule import PictureRule

logger = log.get(__name__)

Array = NDArray[Any]
Name = str | int


class Net:
    """A net for use. ``readNetFromCaffe`` makes it; by itself it is empty.

    Args:
        param: the NetParameter of the TEST phase, which is the net's own from then on.
        source: where it is written, for errors.
        rule: what the net's file says of its pictures (picture_param), or None.

    Attributes:
        rule: the same.
        inputs: the names of its inputs.
        backend, target: what it was told by setPreferableBackend and setPreferableTarget.
    """

    def __init__(self, param: Any = None, source: Source | None = None,
                 rule: PictureRule | None = None) -> None:
        if param is not None:
            for layer, name in zip(param.layer, distinct(x.name for x in param.layer),
                                   strict=True):
                layer.name = name
        self.rule = rule
        self.backend, self.target = devices.BACKEND_DEFAULT, devices.TARGET_CPU
        self._entries = Entries() if param is None else Entries.of(param)
        self._runner = (None if param is None else
                        Runner(param, source, self._entries, Context()))
        self._unset = ({} if self._runner is None else
                       dict.fromkeys(parameters.undecided(self._runner.whole.net)))
        self._shapes = ({} if self._runner is None else
                        {name: self._runner.whole.net.blob(name).shape for name in self.inputs})
        self._told = False  # that pictures come otherwise than the rule says
        self._seconds = 0.0

    @property
    def inputs(self) -> list[str]:
        return list(self._entries.inputs)

    def shape_of_input(self, name: str = "") -> tuple[int, ...]:
        """The shape that the prototxt gives an input, the first by default; () if it has none."""
        names = self._entries.inputs
        return self._shapes[name or names[0]] if names else ()

    def load(self, found: wire.Weights) -> None:
        """Take the weights of a file; see parameters.load."""
        report = parameters.load(self._running.whole.net, found)
        self._unset = {name: None for name in self._unset if name in report.missing}

    @property
    def _running(self) -> Runner:
        if self._runner is None:
            raise ConfigError("the net is empty", fix="Read one by readNetFromCaffe.")
        return self._runner

    # -- inputs and outputs -------------------------------------------------------------------

    def setInput(self, blob: Any, name: str = "", scalefactor: float = 1.0,
                 mean: Sequence[float] | float = ()) -> None:
        """Give an input its values: ``scalefactor * (blob - mean)``.

        Args:
            blob: N x C x H x W, or of whatever shape the input takes; it need not be that of the
                prototxt, nor that of the last time.
            name: of the input; the first by default.
            mean: a number for each channel.

        Raises:
            NotFound: no input of that name.
        """
        inputs = self._running.inputs
        names = self._entries.inputs
        if not name:
            name = names[0] if names else name
        if name not in names:
            raise NotFound(f"Requested blob {name!r} not found: it is no input of the net",
                           allowed=", ".join(names) or "none", fix=did_you_mean(name, names))
        values = as_input(blob)
        means = np.atleast_1d(np.asarray(mean, np.float32)).ravel()
        if means.any() and values.ndim > 1:
            whole = np.zeros(max(values.shape[1], len(means)), np.float32)
            whole[: len(means)] = means
            values = values - whole[: values.shape[1]].reshape(1, -1, *[1] * (values.ndim - 2))
        if scalefactor != 1:
            values = values * np.float32(scalefactor)
        inputs[name] = np.array(values, np.float32)  # of our own: the caller may go on with his
        if self.rule is not None and not self._told and name == names[0]:
            if words := disagreement(self.rule, inputs[name]):
                logger.warning("%s", words)
                self._told = True

    def forward(self, *args: Any, outputName: str = "", outBlobNames: Sequence[str] | None = None,
                outputBlobs: Any = None) -> Any:
        """Run the net as far as is needed.

        Args:
            outputName: the layer whose (first) output is wanted; the last one by default.
            outBlobNames: a list of names in its stead.

        Returns:
            An array, or for a list a tuple of arrays. They are the caller's own.

        Raises:
            NotFound: no such layer. ConfigError: an input or weights have not been set.
            ShapeError: the inputs do not fit the net.
        """
        lists = [arg for arg in args if isinstance(arg, (list, tuple)) and arg
                 and all(isinstance(name, str) for name in arg)]
        names = outBlobNames if outBlobNames is not None else (lists[0] if lists else None)
        if names is not None:
            return tuple(self._outputs([Pin(self._computed(name).id) for name in names]))
        outputName = next((arg for arg in args if isinstance(arg, str)), outputName)
        return self._outputs([Pin(self._computed(outputName).id)])[0]

    def forwardAndRetrieve(self, outBlobNames: Sequence[str]) -> tuple[tuple[Array, ...], ...]:
        """For each layer all its outputs. Raises: as ``forward``."""
        entries = [self._computed(name) for name in outBlobNames]
        pins = [self._entries.outputs(entry) for entry in entries]
        found = iter(self._outputs([pin for some in pins for pin in some]))
        return tuple(tuple(next(found) for _ in some) for some in pins)

    def _computed(self, name: Name) -> Entry:
        """The layer of a name, the last by default, which must have an output to be seen."""
        runner = self._running
        entry = self._entries.get(name if name != "" else len(self._entries.entries) - 1)
        if not entry.tops:
            layer = runner.param.layer[entry.place or 0].name
            raise ConfigError(f"'{entry.name}' is a layer without an output"
                              if layer == entry.name else
                              f"'{entry.name}' is a step within a layer here",
                              fix=None if layer == entry.name else f"Ask for '{layer}'.")
        return entry

    def _outputs(self, pins: list[Pin]) -> list[Array]:
        runner = self._running
        lacking = [name for name in self._entries.inputs if name not in runner.inputs]
        if lacking:
            raise ConfigError("not all inputs of the net have been set", found=", ".join(lacking),
                              fix=f"setInput(blob, {lacking[0]!r}) sets it.")
        part = runner.part(pins)
        unset = [name for name in self._unset if name in part.net.layer_names]
        if unset:
            shown = ", ".join(unset[:5]) + (f" and {len(unset) - 5} more" if unset[5:] else "")
            raise ConfigError("there are layers without weights", found=shown, fix=(
                "Give readNetFromCaffe the caffemodel of this net, or set getLayer(name).blobs."))
        start = time.perf_counter()
        found = runner.forward(pins)
        self._seconds = time.perf_counter() - start
        return found

    # -- layers -----------------------------------------------------------------------------

    def empty(self) -> bool:
        """Whether there is no net in it."""
        return self._runner is None

    def getLayerNames(self) -> tuple[str, ...]:
        """All layers, in order; inputs are none."""
        return tuple(entry.name for entry in self._entries)

    def getLayerId(self, layer: Name) -> int:
        """The number of a layer by its name, from 1; -1 if there is none."""
        return self._entries.id_of(layer)

    def getLayer(self, layer: Name) -> Layer:
        """A layer by number or name; 0 is what brings the inputs.

        Raises:
            NotFound: there is none.
        """
        return Layer(self, self._entries.get(layer))

    def getLayerInputs(self, layerId: Name) -> list[Layer]:
        """The layers that a layer reads."""
        return [self.getLayer(pin.entry) for pin in self._entries.get(layerId).bottoms]

    def getUnconnectedOutLayers(self) -> Array:
        """The numbers of the layers that nobody reads."""
        return np.array([entry.id for entry in self._entries.unconnected()], np.int32)

    def getUnconnectedOutLayersNames(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(entry.name for entry in self._entries.unconnected())

    def getLayerTypes(self) -> tuple[str, ...]:
        """Which types of layers there are, sorted."""
        return tuple(sorted({entry.type for entry in self._entries} | {"__NetInputLayer__"}))

    def getLayersCount(self, layerType: str) -> int:
        """How many layers of a type there are."""
        return sum(entry.type == layerType for entry in self._entries)

    # -- parameters ---------------------------------------------------------------------------

    def getParam(self, layer: Name, numParam: int = 0) -> Array:
        """A copy of a parameter of a layer, by name or number.

        Raises:
            NotFound: no such layer, or parameter.
        """
        blobs = self.getLayer(layer).blobs
        if not 0 <= numParam < len(blobs):
            raise NotFound(f"layer {layer!r} has no such parameter", found=numParam,
                           allowed=f"0 to {len(blobs) - 1}" if blobs else "none")
        return blobs[numParam]  # type: ignore[no-any-return]

    def setParam(self, layer: Name, numParam: int, blob: Any) -> None:
        """Give a layer one parameter.

        Raises:
            NotFound: no such layer. ShapeError: no such parameter, or another shape.
        """
        found = self._layer(self._entries.get(layer))
        parameters.put_one(found, numParam, blob)
        self._unset.pop(found.name, None)

    def _layer(self, entry: Entry) -> CoreLayer:
        layer = self._running.layer(entry)
        if layer is None:
            raise ShapeError(f"layer {entry.name} has no parameters")
        return layer

    def parameters_of(self, entry: Entry) -> CoreLayer | None:
        """The layer that has an entry's parameters; None if it has none that were set."""
        layer = None if self._runner is None else self._runner.layer(entry)
        return None if layer is None or layer.name in self._unset else layer

    def set_parameters(self, entry: Entry, arrays: Sequence[Any]) -> None:
        """See Layer.blobs."""
        layer = self._layer(entry)
        parameters.put(layer, arrays)
        self._unset.pop(layer.name, None)

    # -- what it costs --------------------------------------------------------------------------

    def getLayersShapes(self, netInputShapes: Any) -> tuple[Array, Any, Any]:
        """Numbers of all layers, and for each the shapes of what it reads and of what it makes.

        Args:
            netInputShapes: a shape, or a list with one for each input.

        Raises:
            ShapeError: they do not fit the net.
        """
        _, shapes = self._costs(netInputShapes)
        def arrays(some: Sequence[Sequence[int]]) -> tuple[Array, ...]:
            return tuple(np.array(one, np.int32) for one in some)

        return (np.array([shape.entry.id for shape in shapes], np.int32),
                tuple(arrays(shape.bottoms) for shape in shapes),
                tuple(arrays(shape.tops) for shape in shapes))

    def getFLOPS(self, *args: Any) -> int:
        """Operations of one forward, by OpenCV's formulas: of the net, or of one layer.

            getFLOPS(netInputShapes), getFLOPS(layerId, netInputShapes)

        Raises:
            ShapeError: they do not fit the net. NotFound: no such layer.
        """
        entry, shapes = self._costs(*args)
        return sum(costs.flops(shape) for shape in shapes
                   if entry is None or shape.entry is entry)

    def getMemoryConsumption(self, *args: Any) -> tuple[int, int]:
        """Bytes of the parameters and of the outputs, of the net or of one layer, each output
        counted as if it had memory of its own. (Here they share it.)

            getMemoryConsumption(netInputShapes), getMemoryConsumption(layerId, netInputShapes)

        Raises:
            As ``getFLOPS``.
        """
        entry, shapes = self._costs(*args)
        mine = [shape for shape in shapes if entry is None or shape.entry is entry]
        return sum(costs.weights(shape) for shape in mine), sum(costs.outputs(s) for s in mine)

    def _costs(self, *args: Any) -> tuple[Entry | None, list[costs.Shapes]]:
        *layer, shapes = args
        entry = self._entries.get(layer[0]) if layer else None
        return entry, costs.of(self._running, costs.as_shapes(shapes))

    def getPerfProfile(self) -> tuple[int, Array]:
        """Ticks (see cv2.getTickFrequency) that the last forward took, and those of each layer.

        Layers run as one where they can, so the layers' times are of one more pass in which each
        runs by itself; their sum is more than the whole took.
        """
        import cv2

        ticks = cv2.getTickFrequency()
        times = self._running.times() if self._seconds else {}
        layers = [times.get(entry.place, 0.0) if entry.tops else 0.0 for entry in self._entries]
        return round(self._seconds * ticks), np.array(layers, np.float64) * ticks

    # -- how it computes --------------------------------------------------------------------------

    def setPreferableBackend(self, backendId: int) -> None:
        """DNN_BACKEND_CUDA together with a target of CUDA computes on the first GPU, if there is
        one; all others mean the CPU and the fastest that is known for it.

        Raises:
            ConfigError: no such number.
        """
        self.backend = devices.checked_backend(backendId)
        self._move()

    def setPreferableTarget(self, targetId: int) -> None:
        """See setPreferableBackend. DNN_TARGET_CUDA_FP16 is half precision on the GPU."""
        self.target = devices.checked_target(targetId)
        self._move()

    def _move(self) -> None:
        if self._runner is not None:
            context = devices.context(self.backend, self.target, self._runner.context)
            if context is not self._runner.context:
                self._runner.move(context)

    def enableFusion(self, fusion: bool) -> None:
        """Accepted: layers run as one where no value that is asked for depends on it."""

    def enableWinograd(self, useWinograd: bool) -> None:
        """Accepted: CAFFEPY_WINOGRAD=0 turns Winograd's algorithm off (docs/performance.md)."""

    def setHalideScheduler(self, scheduler: str) -> None:
        """Accepted, and means nothing here."""

    def setInputsNames(self, inputBlobNames: Sequence[str]) -> None:
        """Accepted if it says what is so already: a Caffe net names its inputs.

        Raises:
            ConfigError: other names.
        """
        if list(inputBlobNames) != self._entries.inputs:
            raise ConfigError("the inputs of a Caffe net are named in its prototxt",
                              found=", ".join(inputBlobNames),
                              allowed=", ".join(self._entries.inputs))

    def setInputShape(self, inputName: str, shape: Sequence[int]) -> None:
        """Accepted: an input has the shape of what setInput gives it.

        Raises:
            NotFound: no input of that name.
        """
        if inputName not in self._entries.inputs:
            raise NotFound(f"Requested blob {inputName!r} not found",
                           allowed=", ".join(self._entries.inputs),
                           fix=did_you_mean(inputName, self._entries.inputs))

    # -- being shown ------------------------------------------------------------------------------

    def dump(self) -> str:
        """The net in Graphviz' language."""
        return drawn.dot(self._entries)

    def dumpToFile(self, path: str) -> None:
        """Write what ``dump`` gives."""
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.dump())

    def __repr__(self) -> str:
        return f"< caffepy.dnn.Net {len(self.getLayerNames())} layers >"
