"""The layer contract: setup, reshape, forward(bottom, top), backward(top, propagate_down, bottom).

Native layers, ``type: "Python"`` layers and plug-ins are the same thing. What can be declared is
declared, as class attributes: the net checks it before the first iteration and the table of
layer types in the documentation is made from it.

    Parameter gradients accumulate, bottom gradients overwrite.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from caffepy.core import filler
from caffepy.core.blob import Blob, BlobVec
from caffepy.core.context import Context
from caffepy.core.memory import Array, Place, Shape, Tensor
from caffepy.core.traits import Traits
from caffepy.core.yielding import Yielding
from caffepy.errors import BadValue, CaffeError, ConfigError, DeviceError
from caffepy.proto import caffe_pb2, unknown, wire

if TYPE_CHECKING:
    from caffepy.core.fusion import Fused
    from caffepy.core.node import Node

Blobs = Sequence[Blob]
ErrorClass = type[CaffeError]  # within Layer, ``type`` is an attribute

PLANS_KEPT = 16  # plans a layer keeps for shapes it has seen; the oldest goes first


class Layer(Traits):
    """Base of all layers.

    What a type declares about itself stands in core.traits.

    Instance attributes:
        spec: the LayerParameter; ``p`` is the type's own message in it.
        name, phase (caffe_pb2.TRAIN or TEST), context, dtype.
        half: "float16" or "bfloat16" if activations are to lie so (core.precision), else None.
        blobs: the parameters.
        param_propagate_down: per parameter, whether its gradient is wanted.
        position: how many draws or batches this layer has used up; a snapshot saves it.
        reads: the bottoms' names as the prototxt has them, without the net's splits.
        labels_seen: how many numbers of its ``integers`` were looked at.
        kernel: of a layer that plans one in ``reshape``, that; else None.
    """

    kernel: Any = None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls.__module__.startswith("caffepy."):
            return
        for name, value in vars(Layer).items():  # names that users may want for themselves
            if isinstance(value, property) and inspect.getattr_static(cls, name) is value:
                setattr(cls, name, Yielding(value.fget))  # type: ignore[arg-type]

    def __init__(self, spec: Any = None, **options: Any) -> None:
        # a Python layer's own __init__ passes on the LayerParameter alone, as to pycaffe's Layer;
        # the object has been made ready by then
        if options:
            self.__make_ready(spec, **options)
        elif "spec" not in vars(self):
            raise TypeError(f"{type(self).__name__} is made by a net, from a prototxt")

    def __make_ready(
        self,
        spec: Any,
        *,
        phase: int,
        context: Context,
        dtype: Any = np.float32,
        where: str | None = None,
        net: str = "net",
    ) -> None:
        self.spec = spec
        self.name: str = spec.name
        self.phase = phase
        self.context = context
        self.dtype = np.dtype(dtype)
        self.where = where
        self.stream = f"{net}/{spec.name}"
        self.p: Any = getattr(spec, self.param_field) if self.param_field else None
        self.blobs: list[Blob] = BlobVec(layer=self)
        self.param_propagate_down: list[bool] = []
        self.half: str | None = None
        self.position = 0
        self.reads: list[str] = []
        self.labels_seen = 0
        self._plans: dict[Any, Any] = {}

    # -- the four methods -----------------------------------------------------------------

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        """Check the parameters and make the parameter blobs. Runs once."""

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        """Give the tops their shapes and plan the kernels for them."""
        raise NotImplementedError(f"{type(self).__name__}.reshape")

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        """Compute the tops' values from the bottoms'."""
        raise NotImplementedError(f"{type(self).__name__}.forward")

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        """Compute the bottoms' gradients, where wanted, and add to the parameters'."""
        self.fail("this layer has no gradient",
                  fix="Take it off the way from parameters to the loss, or give its bottom "
                      "propagate_down: false.")

    def accept(self, given: list[Array | None]) -> list[Array | None]:
        """Parameters of a file as this layer keeps them, where forks keep more of them."""
        return given

    def before_replay(self) -> None:
        """Recorded work of this layer is about to run again, without ``forward`` being called:
        bring up to date what it reads on the device besides blobs, such as a counter of draws."""

    def fuse(self, chain: Sequence[Node], optimize: bool) -> Fused | None:
        """What runs this layer and some that follow as one, if that is faster; see core.fusion.

        Args:
            chain: this layer and those behind it, each of which alone reads what the one before
                writes.
            optimize: blobs between them may stay unwritten, and backward runs for all or none.
        """
        return None

    def affine(self) -> tuple[Array, Array] | None:
        """For a layer that in TEST does y = factor * x + shift for each channel, axis 1, with what
        its parameters say: both, of shape (C,) and in float64. None for all others."""
        return None

    def scaled(self, factor: Array, shift: Array) -> list[Array] | None:
        """For a layer whose outputs are sums over weights and lie on axis 1 of the top: the weights
        and the bias with which it gives factor * y + shift for each output, in float64. None for
        all others.

        Args:
            factor, shift: of shape (C,).
        """
        return None

    @property
    def device_bytes(self) -> int:
        """About how much of a GPU's memory the layer takes for a batch, beside blobs and what its
        kernels keep."""
        return 0

    # -- what a layer may need to give back ------------------------------------------------

    def close(self) -> None:
        """Let go of threads, files and databases."""

    # -- short hands for native layers -----------------------------------------------------

    @property
    def xp(self) -> Any:
        """The array module: numpy, or cupy on a GPU."""
        return self.context.xp

    def read(self, tensor: Tensor) -> Array:
        """The tensor's numbers in C order on this layer's device."""
        return tensor.read(self.context.place)

    def write(self, tensor: Tensor) -> Array:
        """The same, to be changed."""
        return tensor.write(self.context.place)

    def overwrite(self, tensor: Tensor) -> Array:
        """The same, to be replaced whole."""
        return tensor.overwrite(self.context.place)

    def accumulate(self, tensor: Tensor, values: Array) -> None:
        """Add ``values`` to a parameter's gradient."""
        array, add = tensor.accumulate(self.context.place)
        if add:
            array += values
        else:
            array[...] = values

    def follow(self, tensor: Tensor) -> Place:
        """The place in the order the tensor was last written in: for elementwise layers."""
        place = self.context.place
        return place.last if tensor.channels_last else place

    def keep(self, tensor: Tensor) -> Place:
        """The same in the number format that the layer is to store: for layers that only copy."""
        return self.follow(tensor).holding(self.half or self.dtype.name)

    def plan(self, spec: Any, before: Any = None) -> Any:
        """A kernel for a spec: planned once, and with each call a use of its own, which sees
        nothing of what others left for backward (see kernels.contract).

        Args:
            before: the kernel that this use had until now, if any. What it left for this spec is
                there again: so backward may follow a forward of before the reshape.
        """
        planned = self._plans.get(spec)
        if planned is None:
            if len(self._plans) >= PLANS_KEPT:
                self._plans.pop(next(iter(self._plans)))
            planned = self._plans[spec] = self.context.plan(spec, self.engine, self.half)
        return planned.use(before)

    def kept(self, bottom: Blobs, top: Blobs) -> list[Blob]:
        """The blobs whose values backward reads, as ``keeps`` declares it."""
        found: list[Blob] = []
        if "bottom" in self.keeps or "sign" in self.keeps:
            found += bottom
        elif "labels" in self.keeps:
            found += [blob for i, blob in enumerate(bottom) if i in self.labels]
        return found + list(top) if "top" in self.keeps else found

    @property
    def unknown(self) -> unknown.Words:
        """The words in the prototxt that the schema does not have, as a plug-in's layer may have:
        ``self.unknown["mine_param"]["alpha"]``; see proto.unknown."""
        return unknown.of(self.spec)

    @property
    def kernels(self) -> list[Any]:
        """The kernels planned so far, for ``caffepy time``."""
        return list(self._plans.values())

    @property
    def stores_half(self) -> bool:
        """Whether it leaves half-precision values what they are, or converts them."""
        return self.works_in_half or self.half is not None and any(
            kernel.spec.dtype == self.half for kernel in self.kernels)

    @property
    def engine(self) -> str | None:
        """The engine that the prototxt asks for, as ``engine: REFERENCE`` or ``ONEDNN``.

        A word that is no engine of the context's says nothing. CAFFE and CUDNN chose between two
        GPU libraries and meant nothing on a CPU, where the original ignored them, too; MKL2017, FFT
        and the like are forks'.
        """
        if self.p is None or "engine" not in self.p.DESCRIPTOR.fields_by_name:
            return None
        words = self.p.DESCRIPTOR.fields_by_name["engine"].enum_type.values_by_number
        return str(words[self.p.engine].name).lower()

    def add_blob(self, shape: Shape, fill: Any = None) -> Blob:
        """Make the next parameter blob: from the prototxt's own ``blobs``, else by a filler."""
        blob = Blob(shape, self.dtype, self.context.mover)
        index = len(self.blobs)
        if index < len(self.spec.blobs):
            given = wire.blob_to_array(self.spec.blobs[index])
            if given.size != blob.count:
                self.fail(f"blob {index} in the prototxt does not fit",
                          found=f"shape {given.shape}", allowed=f"shape {shape}")
            blob.values.overwrite(Place.HOST)[...] = given.reshape(shape)
        else:
            generator = self.context.generator(f"{self.stream}/filler/{index}")
            filler.fill(blob.values, fill or caffe_pb2.FillerParameter(), generator, self.fail)
        self.blobs.append(blob)
        self.param_propagate_down.append(True)
        return blob

    def random(self) -> np.random.Generator:
        """A generator for the next draw; see Context.generator."""
        self.position += 1
        return self.context.generator(self.stream, self.position)

    @property
    def place_name(self) -> str:
        """How errors and warnings call this layer: file and line if known, name and type."""
        name = f"layer '{self.name}' ({self.type or type(self).__name__})"
        return f"{self.where}, {name}" if self.where else name

    @contextlib.contextmanager
    def named_errors(self) -> Iterator[None]:
        """Names this layer in errors of blobs and memory, which do not know whose they are."""
        try:
            yield
        except CaffeError as error:
            if error.where is None:
                error.at(self.place_name)
            raise
        except MemoryError as error:
            self.no_memory(error)

    def no_memory(self, error: MemoryError, advice: str | None = None) -> NoReturn:
        """Raise what a MemoryError in this layer means to the user."""
        words = str(error).rstrip(".")
        detail = f" ({words})" if words else ""
        raise DeviceError(f"not enough memory{detail}", where=self.place_name,
                          fix=advice or "A smaller batch or fewer outputs need less.") from error

    def explain(self, error: BadValue) -> NoReturn:
        """Raise what a number means that one of the layer's kernels cannot take."""
        raise error.at(self.place_name)

    def fail(self, message: str, *, kind: ErrorClass = ConfigError, **details: Any
             ) -> NoReturn:
        """Raise an error about this layer; ``details`` are found, allowed and fix."""
        raise kind(message, where=self.place_name, **details)


def count_range(text: str, bottoms: int = 0) -> tuple[int, int | None]:
    """What ``"1"``, ``"1-2"``, ``"1+"`` or ``"= bottoms"`` allows: (least, most or None)."""
    if text == "= bottoms":
        return bottoms, bottoms
    if text.endswith("+"):
        return int(text[:-1]), None
    least, _, most = text.partition("-")
    return int(least), int(most or least)
