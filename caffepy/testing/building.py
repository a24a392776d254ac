"""A layer by itself, built from a prototxt line, with blobs to feed it.

    layer, bottom, top = build('type: "ReLU" relu_param { negative_slope: 0.1 }', (2, 3))
    layer.forward(bottom, top)
    assert_allclose(top[0].data, ...)

A layer is built from text, so a test is its usage example and proves the wiring of its parameters.
A bottom is given as an array, or as a shape that is filled with numbers from N(0, 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from caffepy import kernels
from caffepy.core import registry
from caffepy.core.blob import Blob
from caffepy.core.context import Context
from caffepy.core.layer import Layer, count_range
from caffepy.core.memory import Place
from caffepy.proto import caffe_pb2, text

SEED = 1701
Built = tuple[Layer, list[Blob], list[Blob]]


def available_engines() -> list[str]:
    """The engines that can serve on this machine."""

    def serves(name: str) -> bool:
        try:
            kernels.engine(name)
        except kernels.Unsupported:
            return False
        return True

    return [name for name in reversed(kernels.NAMES) if serves(name)]


ENGINES = available_engines()


def random(*shape: int, seed: int = SEED) -> np.ndarray:
    """Numbers from N(0, 1), the same for the same shape and seed."""
    return np.random.default_rng(seed).standard_normal(shape)


def parse(line: str) -> Any:
    """The LayerParameter of a ``layer { ... }`` line, or of the inside of one."""
    net = caffe_pb2.NetParameter()
    text.parse(line if line.lstrip().startswith("layer") else f"layer {{ {line} }}", net,
               types=registry.names)
    spec = net.layer[0]
    spec.name = spec.name or "layer"
    return spec


def build(
    line: str,
    *bottoms: Any,
    phase: str = "TRAIN",
    dtype: Any = np.float32,
    engines: Sequence[str] | None = None,
    inplace: bool = False,
    seed: int = SEED,
) -> Built:
    """A layer, set up and reshaped, with its bottom and top blobs.

    Args:
        line: prototxt; its ``top`` entries say how many tops there are, else the least that
            the type allows.
        bottoms: arrays or shapes.
        inplace: the first top is the first bottom.
    """
    spec = parse(line)
    cls = registry.of(spec).cls
    context = Context(seed=seed, engines=engines)
    layer = cls(spec, phase=caffe_pb2.Phase.Value(phase), context=context, dtype=dtype)
    bottom = [Blob((0,), dtype, context.mover) for _ in bottoms]
    feed(bottom, bottoms)
    least_tops, most_tops = count_range(cls.tops, len(bottom))
    top = [Blob((0,), dtype, context.mover) for _ in range(len(spec.top) or least_tops)]
    if inplace:
        assert cls.inplace, f"{spec.type} does not run in place"
        top[0] = bottom[0]
    for blobs, (least, most) in (
        (bottom, count_range(cls.bottoms)), (top, (least_tops, most_tops)),
    ):
        assert least <= len(blobs) and (most is None or len(blobs) <= most), (
            f"{spec.type} has bottoms {cls.bottoms!r} and tops {cls.tops!r}, "
            f"not {len(bottom)} and {len(top)}"
        )
    layer.setup(bottom, top)
    layer.reshape(bottom, top)
    return layer, bottom, top


def feed(blobs: Sequence[Blob], values: Sequence[Any]) -> None:
    """Give the blobs these values (arrays or shapes) and their shapes."""
    for index, (blob, value) in enumerate(zip(blobs, values, strict=True)):
        if isinstance(value, tuple):
            value = random(*value, seed=SEED + index)
        array = np.asarray(value)
        blob.reshape(*array.shape)
        blob.values.overwrite(Place.HOST)[...] = array


def run(built: Built, values: Sequence[Any]) -> list[np.ndarray]:
    """Forward, always with the same random draws; copies of the tops' values."""
    layer, bottom, top = built
    feed(bottom, values)
    layer.position = 0
    if layer.always_reshape:
        layer.reshape(bottom, top)
    layer.forward(bottom, top)
    return [blob.data.copy() for blob in top]
