"""A loss that has left the numbers: which layer was first, and what this run says of the cause."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from caffepy.checks import structure
from caffepy.core.memory import Place
from caffepy.proto import caffe_pb2

if TYPE_CHECKING:
    from caffepy.core.blob import Blob
    from caffepy.core.net import Net

Array = Any

STUCK = 87.33  # -log(FLT_MIN) is 87.3365: no item of the batch has any probability left
MEANS = (caffe_pb2.LossParameter.VALID, caffe_pb2.LossParameter.FULL)
RAW = 50  # inputs beyond this were hardly scaled


def softmax_losses(net: Net) -> list[str]:
    """The tops that say 87.3365 when all probabilities are gone: softmax losses that are means."""
    return [
        node.top_names[0] for node in net.nodes
        if node.layer.saturates
        and node.layer.spec.loss_param.normalization in MEANS
        and not node.layer.spec.loss_param.HasField("normalize") and node.top_names
    ]


def stuck(net: Net, names: Sequence[str]) -> bool:
    """Whether one of these losses is at 87.3365."""
    return any(float(net.blobs[name].values.read(Place.HOST).reshape(-1)[0]) >= STUCK
               for name in names if name in net.blobs)


def diagnose(net: Net, rate: float, before: Sequence[float]) -> str:
    """Who was first, and the likeliest cause.

    Args:
        net: as the forward and backward that gave the loss have left it.
        rate: the learning rate of the last update.
        before: the losses before it, oldest first.
    """
    return f"{_first(net)} Most likely: {next(_causes(net, rate, before))}"


def _first(net: Net) -> str:
    """The first layer whose weights or tops are no numbers; else the range of the largest top."""
    for layer in net.layers:
        for index, blob in enumerate(layer.blobs):
            if not _finite(blob):
                return (f"First to go: param {index} of layer '{layer.name}' ({layer.type}), in an "
                        "update before this forward.")
    for node in net.nodes:
        layer = node.layer
        for name, blob in node.named_tops:
            if not _finite(blob):
                inputs = [f"'{n}' {_range(b)}" for n, b in node.named_bottoms if n != name]
                given = f", made of {' and '.join(inputs)}" if inputs else ""
                return f"First to go: '{name}' of layer '{layer.name}' ({layer.type}){given}."
    for layer in reversed(net.layers):
        for parameter in layer.blobs:
            if not np.isfinite(parameter.grads.read(Place.HOST)).all():
                return f"First to go: the gradient of layer '{layer.name}' ({layer.type})."
    scores = [blob for node in net.nodes if node.layer.saturates
              for blob in node.bottoms[:1]]
    return f"All is finite; the scores lie {_range(scores[0])}." if scores else "All is finite."


def _causes(net: Net, rate: float, before: Sequence[float]) -> Iterator[str]:
    """Causes for which this run has evidence, the surest first; the last one always fits."""
    tops = [(node.layer, blob) for node in net.nodes if node.layer.data for blob in node.tops]
    for layer, blob in tops:
        if not _finite(blob):
            yield f"the data of {layer.place_name} hold no number (nan or inf) somewhere."
    if any(structure.untouched_statistics(net)):
        yield next(structure.untouched_statistics(net))
    for node in net.nodes:
        layer = node.layer
        if layer.needs_positive and not _finite(node.tops[0]) \
                and not node.in_place and (least := _least(node.bottoms[0])) <= 0:
            yield (f"layer '{layer.name}' ({layer.type}) is given {least:g}, of which there is no "
                   "such value.")
    data = [(layer, blob) for layer, blob in tops[:1] if blob.count]
    for layer, blob in data:
        if (most := _most(blob)) > RAW and not any(x.normalizes for x in net.layers):
            yield (f"numbers up to {most:g} from '{layer.name}' with a rate of {rate:g}: scale the "
                   "data (transform_param { scale: 0.00390625 }), or lower base_lr.")
    known = [loss for loss in before if math.isfinite(loss)]
    if len(known) > 1 and known[-1] > 1.5 * min(known):
        yield (f"a rate of {rate:g} is too high here, the loss rose from {min(known):g} to "
               f"{known[-1]:g} before: try a tenth of it, or clip_gradients.")
    yield (f"a rate of {rate:g} is too high for these weights and data: try a tenth of base_lr, or "
           "clip_gradients.")


def _values(blob: Blob) -> Array:
    return blob.values.read(Place.HOST)


def _finite(blob: Blob) -> bool:
    return bool(np.isfinite(_values(blob)).all())


def _range(blob: Blob) -> str:
    values = _values(blob)
    good = values[np.isfinite(values)]
    return f"in [{good.min():g}, {good.max():g}]" if good.size else "without a number"


def _least(blob: Blob) -> float:
    return float(np.nanmin(_values(blob)))


def _most(blob: Blob) -> float:
    return float(np.abs(_values(blob)).max())
