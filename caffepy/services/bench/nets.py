"""Nets without data: an Input in place of each data layer, and random numbers in it."""

from __future__ import annotations

from typing import Any

import numpy as np

from caffepy.core import graph, traits
from caffepy.core.memory import Place
from caffepy.core.net import Net
from caffepy.core.upgrade import read_net_param
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2

SEED = 1701


def synthetic(path: str, batch: int, size: int, channels: int, forward: bool) -> Any:
    """The net with an Input layer in place of each data layer of its phase."""
    param, _ = read_net_param(path)
    phase = caffe_pb2.TEST if forward else caffe_pb2.TRAIN
    kept = caffe_pb2.NetParameter()
    kept.CopyFrom(param)
    del kept.layer[:]
    for layer in param.layer:
        kind = traits.of(layer)
        if not (kind.waits or kind.batch_size(layer)):
            kept.layer.add().CopyFrom(layer)
        elif not layer.include or any(rule.phase == phase for rule in layer.include):
            shapes = input_shapes(layer, batch, size, channels)
            kept.layer.append(graph.input_layer(layer.name, layer.top, shapes))
    return kept


def input_shapes(layer: Any, batch: int, size: int, channels: int) -> list[list[int]]:
    """The shapes of a data layer's tops, at the batch size that was asked for."""
    kind = traits.of(layer)
    if kind.waits:
        shapes = [list(shape.dim) for shape in layer.input_param.shape]
        return [[batch or shape[0], *shape[1:]] for shape in shapes]
    side = size or layer.transform_param.crop_size
    if not side:
        raise ConfigError("the prototxt does not say how large the pictures are",
                          where=f"layer '{layer.name}'", fix="Give -size.")
    count = batch or kind.batch_size(layer) or 1
    return [[count, channels, side, side], [count]][: len(layer.top)]


def fill_inputs(net: Net, classes: int) -> None:
    """Pictures from N(0, 1), labels below ``classes``, and what layers say of bottoms that are
    neither."""
    generator = np.random.default_rng(SEED)
    for name in net.input_names:
        values = net.blobs[name].values
        given = (node.layer.example(i, node.bottoms, generator) for node in net.nodes
                 for i, blob in enumerate(node.bottoms) if blob.values.memory is values.memory)
        example = next((numbers for numbers in given if numbers is not None), None)
        if example is None:
            example = (generator.normal(size=values.shape) if len(values.shape) > 1
                       else generator.integers(classes, size=values.shape))
        values.overwrite(Place.HOST)[...] = example
