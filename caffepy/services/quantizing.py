"""Steps of 8 bits for a net's inputs to convolutions and inner products, from batches of its data.

A step s rounds x to q = round(x / s), 0 to 255, or -128 to 127 where some x is negative. What is
cut, x beyond 255 s (or 127 s), is chosen by one of two rules of H. Wu et al., "Integer Quantization
for Deep Learning Inference: Principles and Empirical Evaluation", 2020, arXiv 2004.09602:

    max          nothing that was seen is cut
    percentile   the largest of all |x| that were seen, a share of them, by default 0.01 %
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from caffepy.errors import ConfigError, NumericError, did_you_mean
from caffepy.kernels.eight_bits import SIGNED, UNSIGNED

if TYPE_CHECKING:
    from caffepy.core.context import Context
    from caffepy.core.net import Net

BINS = 4096


class Seen:
    """The sizes of a layer's inputs: a histogram whose range doubles as larger ones come.

    Attributes:
        largest: of all |x|; ``negative``: whether some x is.
    """

    def __init__(self) -> None:
        self.largest, self.negative = 0.0, False
        self._counts = np.zeros(BINS, np.int64)
        self._end = 0.0

    def look(self, x: np.ndarray) -> None:
        """At another batch.

        Raises:
            NumericError: some of it is no number.
        """
        sizes = np.abs(x.reshape(-1))
        largest = float(sizes.max(initial=0))
        if not np.isfinite(largest):
            raise NumericError("numbers are not finite, so they have no step", found=largest)
        self.negative |= bool((x < 0).any())
        self.largest = max(self.largest, largest)
        if not largest:
            return
        self._end = self._end or largest
        while self._end < largest:
            self._end *= 2
            self._counts[: BINS // 2] = self._counts.reshape(-1, 2).sum(1)
            self._counts[BINS // 2 :] = 0
        self._counts += np.histogram(sizes[sizes > 0], BINS, (0, self._end))[0]

    def kept(self, method: str, percentile: float) -> float:
        """The largest size that is not cut; of those that are not 0 the percentile."""
        if method == "max" or not self._end:
            return self.largest
        wanted = percentile / 100 * self._counts.sum()
        number = int(np.searchsorted(np.cumsum(self._counts), wanted)) + 1
        return min(self.largest, number * self._end / BINS)


@dataclass
class Quantized:
    """What ``quantize`` found.

    Attributes:
        net: the net, with an Int8Parameter in each layer that has a step.
        steps: of each such layer its name, the step, whether inputs are negative, the largest.
        left: of each other layer with weights its name, type, and why.
        before, after: the means of the net's outputs over the same batches, in float32 and in 8
            bits; ``after`` is empty where this machine has no 8 bits.
        missing: why it has none.
    """

    net: Net
    steps: list[tuple[str, float, bool, float]] = field(default_factory=list)
    left: list[tuple[str, str, str]] = field(default_factory=list)
    before: list[tuple[str, float]] = field(default_factory=list)
    after: list[tuple[str, float]] = field(default_factory=list)
    missing: str | None = None


def quantize(model: str, weights: Sequence[str], context: Context, iterations: int,
             method: str, percentile: float, keep: Sequence[str] = (), level: int = 0,
             stages: Sequence[str] = ()) -> Quantized:
    """Look at the inputs of a net's layers over some batches of its TEST phase.

    Args:
        model: a prototxt with a data layer in TEST.
        weights: .caffemodel files for it.
        context: on the CPU.
        method, percentile: the rule, "max" or "percentile".
        keep: names of layers that stay as they are.

    Raises:
        ConfigError: the net reads no data, or has no layer that could have 8 bits, or none of a
            name in ``keep``; a percentile that is none.
        NumericError: an input is no finite number.
        CaffeError: files that are missing, damaged or do not fit.
    """
    from caffepy.core.net import Net
    from caffepy.proto import caffe_pb2

    if not 0 < percentile <= 100:
        raise ConfigError("a percentile is a share of a hundred", found=percentile,
                          allowed="more than 0, at most 100")
    net = Net(model, caffe_pb2.TEST, level=level, stages=stages, context=context)
    found = Quantized(net)
    try:
        if net.input_names or not net.nodes:
            raise ConfigError("the net reads no data to look at", where=model,
                              found=f"input '{net.input_names[0]}'" if net.input_names else None,
                              fix="Give the net that was trained, with the data layer of its TEST "
                                  "phase: what is found holds for layers of the same names.")
        for name in keep:
            if name not in net.layer_names:
                raise ConfigError(f"no layer '{name}' to keep", where=model,
                                  fix=did_you_mean(name, net.layer_names))
        for path in weights:
            net.load(path)
        forget(net)
        seen = watch(net, keep, found)
        if not seen:
            raise ConfigError("no layer could have 8 bits", where=model,
                              found="; ".join(map(" ".join, found.left)) or "no weights",
                              allowed="convolutions and inner products")
        found.before = means(net, iterations)
        net.before_forward.clear()
        _write(net, seen, found, method, percentile)
        found.missing = context.engines[0].without("int8")
        if not found.missing:
            again = Net(model, caffe_pb2.TEST, level=level, stages=stages, context=context)
            try:
                found.after = _compared(again, net, iterations)
            finally:
                again.close()
    except BaseException:
        net.close()
        raise
    return found


def forget(net: Net) -> None:
    """Let all layers compute in float32, whatever a file of weights has said."""
    for layer in net.layers:
        layer.spec.ClearField("int8_param")
    net.reshape()


def watch(net: Net, keep: Sequence[str], found: Quantized) -> dict[int, Seen]:
    """Look at inputs from now on: what is seen, by the layer's number."""
    from caffepy.core import int8
    from caffepy.core.memory import Place
    from caffepy.core.obeys import declared

    seen: dict[int, Seen] = {}
    for node in net.nodes:
        layer = node.layer
        rounds = int8.FIELD in declared(type(layer), "obeys")  # type: ignore[arg-type]
        if rounds and layer.name not in keep:
            seen[node.number] = Seen()
        elif layer.blobs and layer.name in keep:
            found.left.append((layer.name, layer.type, "is kept"))

    def look(number: int) -> None:
        if number in seen:
            node = net.nodes[number]
            with node.layer.named_errors():
                for bottom in node.bottoms:
                    seen[number].look(bottom.values.read(Place.HOST))

    net.before_forward.append(look)
    return seen


def _write(net: Net, seen: dict[int, Seen], found: Quantized, method: str, percentile: float
           ) -> None:
    for number, one in seen.items():
        layer = net.nodes[number].layer
        if not one.largest:
            found.left.append((layer.name, layer.type, "all its inputs were 0"))
            continue
        step = one.kept(method, percentile) / (SIGNED if one.negative else UNSIGNED)
        layer.spec.int8_param.input_scale = step
        layer.spec.int8_param.input_signed = one.negative
        found.steps.append((layer.name, step, one.negative, one.largest))


def _compared(again: Net, net: Net, iterations: int) -> list[tuple[str, float]]:
    """The means in 8 bits over the batches that ``net`` began with."""
    again.share_trained_layers(net)  # steps of 8 bits go with the weights
    return means(again, iterations)


def means(net: Net, iterations: int) -> list[tuple[str, float]]:
    """Of each output with one number its mean over so many batches."""
    totals: dict[str, Any] = {}
    for _ in range(iterations):
        net.forward()
        for name, values, _ in net.outputs():
            if values.size == 1:
                totals[name] = totals.get(name, 0.0) + float(values[0])
    return [(name, total / iterations) for name, total in totals.items()]
