"""Which layers of a net store activations and their gradients in half precision.

The words are those of NVIDIA's fork: ``default_forward_type`` and ``default_backward_type`` of the
net, ``forward_type`` and ``backward_type`` of a layer. Both must name the same half-precision type;
parameters, their gradients and all sums are float32 in any case, whatever the math fields say. On
the CPU that is bfloat16, where the processor has it; the context's fastest engine says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from caffepy import log
from caffepy.errors import ConfigError, did_you_mean
from caffepy.proto import caffe_pb2

if TYPE_CHECKING:
    from caffepy.core.layer import Layer

logger = log.get(__name__)

FLOAT = caffe_pb2.FLOAT
HALVES = {caffe_pb2.FLOAT16: "float16", caffe_pb2.BFLOAT16: "bfloat16"}
STORED = {FLOAT: "float32", **HALVES}
NAMES = tuple(STORED.values())  # what ``Context.precision`` may be
DIRECTIONS = ("forward", "backward")
WORDS = ("default_forward_type", "default_backward_type", "default_forward_math",
         "default_backward_math")  # of a net; a layer's are without "default_"


def check(precision: str) -> str:
    """The word itself.

    Raises:
        ConfigError: there is no such precision.
    """
    if precision not in NAMES:
        raise ConfigError("there is no such precision", found=precision,
                          allowed=", ".join(NAMES), fix=did_you_mean(precision, NAMES))
    return precision


class Precision:
    """Of one net: answers for each of its layers, and says once what it cannot follow.

    Args:
        param: the NetParameter.
        dtype: of the net; in float64 there is no half precision.
        on_gpu: whether the net computes on one; layers that run on the CPU beside it store float32.
        wanted: "float32", "float16" or "bfloat16" instead of the net's defaults, or None.

    Raises:
        ConfigError: a default names a type that activations cannot have, or ``wanted`` none.
    """

    def __init__(
        self, param: Any, dtype: np.dtype[Any], on_gpu: bool, wanted: str | None = None
    ) -> None:
        self.possible = dtype == np.float32
        self.on_gpu = on_gpu
        self._said: set[str] = set()
        self._converting: dict[str, None] = {}  # types of layers, in order
        where = f"net '{param.name}'"
        self._defaults = [self._stored(param, f"default_{way}_type", where) for way in DIRECTIONS]
        if wanted is not None:
            self._defaults = [check(wanted)] * 2
        self._hear_math(param, "default_")

    def of(self, layer: Layer) -> str | None:
        """What the layer is to store its activations as: a half-precision type, or None.

        Raises:
            ConfigError: it names a type that activations cannot have.
        """
        spec = layer.spec
        forward, backward = (
            self._stored(spec, f"{way}_type", layer.place_name)
            if spec.HasField(f"{way}_type") else default  # type: ignore[arg-type]
            for way, default in zip(DIRECTIONS, self._defaults, strict=True))
        self._hear_math(spec, "")
        if forward == backward == "float32" or not self.possible:
            return None
        if forward != backward:
            self._say("Layers whose forward type is %s and whose backward type is %s store "
                      "float32: half precision is for both", forward, backward)
            return None
        if self.on_gpu and not layer.context.accelerator:
            return None  # a layer that the CPU runs beside it
        if missing := layer.context.engines[0].without(forward):
            self._say("Layers store float32: %s", missing)
            return None
        self._say("Activations and their gradients are stored in %s; parameters, their gradients "
                  "and sums in float32", forward)
        return forward

    def look(self, layer: Layer) -> None:
        """Note, once the layer has planned its kernels, whether it works in half precision."""
        if layer.half and not (layer.stores_half or layer.data):
            self._converting[layer.type] = None

    def tell(self) -> None:
        """Say which types of layers do not."""
        if self._converting:
            logger.info("Layers of these types compute in float32, and what they read in half "
                        "precision is converted: %s", ", ".join(self._converting))

    def _stored(self, message: Any, field: str, where: str) -> str:
        """The type in a field."""
        value = getattr(message, field)
        if value not in STORED:
            raise ConfigError(
                f"activations cannot be stored in the {field} given", where=where,
                found=caffe_pb2.Type.Name(value),
                allowed=", ".join(caffe_pb2.Type.Name(number) for number in STORED))
        return STORED[value]

    def _hear_math(self, message: Any, prefix: str) -> None:
        """Sums are float32; whoever asks for less or more is told."""
        for way in DIRECTIONS:
            field = f"{prefix}{way}_math"
            if getattr(message, field) != FLOAT:
                self._say("%s: %s is computed in float32, as all sums are", field,
                          caffe_pb2.Type.Name(getattr(message, field)))

    def _say(self, message: str, *given: Any) -> None:
        if message % given not in self._said:
            self._said.add(message % given)
            logger.info(message, *given)
