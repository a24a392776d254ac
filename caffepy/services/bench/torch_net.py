"""A prototxt as a PyTorch function, for side-by-side measurements.

The same layers, weights and update rule as the net they are made from, by torch.nn.functional;
layers that PyTorch lacks are refused. PyTorch is no dependency of caffepy: it is imported here
alone, by whoever asks for the comparison.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np

from caffepy.core import registry
from caffepy.core.layer import Layer
from caffepy.core.memory import Place
from caffepy.core.net import Net
from caffepy.core.node import Node
from caffepy.core.place import HALVES
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2

Blobs = dict[str, Any]
Step = Callable[[Blobs], None]


class NoTwin(ConfigError):
    """PyTorch lacks a layer of the net."""


class TorchNet:
    """The torch twin of a net: the same blobs by name, the same parameters in order.

    Args:
        net: where shapes, weights and inputs are taken from.
        channels_last: whether 4-D tensors lie channels-last.
        device: torch's name of the device.
        precision: "float16" or "bfloat16": forward runs under torch.autocast of that type.

    Attributes:
        parameters: the torch parameters, in the order of ``net.parameters``.
    """

    def __init__(self, net: Net, channels_last: bool = False, device: str = "cpu",
                 precision: str | None = None) -> None:
        import torch

        self.torch = torch
        self.device = device
        self.precision = precision if precision in HALVES else None
        self.format = torch.channels_last if channels_last else torch.contiguous_format
        self.by_memory: dict[Any, Any] = {}
        self.parameters = [self._parameter(p.blob) for p in net.parameters]
        self.inputs = {
            name: self._tensor(blob.values.read(Place.HOST))
            for node in net.nodes if node.layer.waits
            for name, blob in node.named_tops
        }
        self.losses: list[tuple[str, float]] = []
        self.training = net.phase == caffe_pb2.TRAIN
        self.steps = [step for node in net.nodes if (step := self._step(node))]

    def _tensor(self, values: np.ndarray) -> Any:
        tensor = self.torch.from_numpy(values.copy()).to(self.device)
        return tensor.contiguous(memory_format=self.format) if tensor.ndim == 4 else tensor

    def _parameter(self, blob: Any) -> Any:
        parameter = self._tensor(blob.values.read(Place.HOST)).requires_grad_()
        self.by_memory[blob.values.memory] = parameter
        return parameter

    def forward(self) -> Any:
        """The weighted loss (0 if the net has none), and the blobs in ``self.blobs``."""
        self.blobs: Blobs = dict(self.inputs)
        with self._casting():
            for step in self.steps:
                step(self.blobs)
        return sum((weight * self.blobs[name] for name, weight in self.losses), start=0.0)

    def _casting(self) -> Any:
        """Around forward: what chooses the types of PyTorch's operations."""
        if self.precision is None:
            return contextlib.nullcontext()
        return self.torch.autocast(self.device.partition(":")[0],
                                   dtype=getattr(self.torch, self.precision))

    # -- one layer ------------------------------------------------------------------------

    def _step(self, node: Node) -> Step | None:
        layer = node.layer
        if layer.waits or layer.only_in_training:
            return None
        maker = getattr(self, f"_{layer.type.lower()}", None)
        if maker is None or type(layer) is not registry.get(layer.type).cls:  # or a fork's
            raise NoTwin(f"no PyTorch twin for layer type {layer.type}",
                              where=layer.place_name)
        weights = [self.by_memory.get(blob.values.memory) for blob in layer.blobs]
        function = maker(layer, weights, node.bottoms)
        bottoms, tops = node.bottom_names, node.top_names
        for name, weight in zip(tops, node.loss_weights, strict=True):
            if weight:
                self.losses.append((name, weight))

        def step(blobs: Blobs) -> None:
            result = function(*(blobs[name] for name in bottoms))
            results = result if isinstance(result, (list, tuple)) else [result] * len(tops)
            blobs.update(zip(tops, results, strict=False))

        return step

    def _convolution(self, layer: Any, weights: list[Any], bottom: list[Any]) -> Any:
        s, f = layer.spatial, self.torch.nn.functional
        bias = weights[1] if len(weights) > 1 else None
        return lambda x: f.conv2d(x, weights[0], bias, s.stride, s.pad, s.dilation, layer.group)

    def _pooling(self, layer: Any, weights: list[Any], bottom: list[Any]) -> Any:
        p, f = layer.p, self.torch.nn.functional
        if p.global_pooling:
            return lambda x: f.adaptive_avg_pool2d(x, 1)
        w = layer.pool_windows
        ceil = p.round_mode == caffe_pb2.PoolingParameter.CEIL
        pool = f.max_pool2d if p.pool == caffe_pb2.PoolingParameter.MAX else f.avg_pool2d
        return lambda x: pool(x, w.kernel, w.stride, w.pad, ceil_mode=ceil)

    def _lrn(self, layer: Any, weights: list[Any], bottom: list[Any]) -> Any:
        p, f = layer.p, self.torch.nn.functional
        if p.norm_region == caffe_pb2.LRNParameter.WITHIN_CHANNEL:
            pad = (p.local_size - 1) // 2
            return lambda x: x * (
                1 + p.alpha * f.avg_pool2d(x * x, p.local_size, 1, pad)).pow(-p.beta)
        return lambda x: f.local_response_norm(x, p.local_size, p.alpha, p.beta, p.k)

    def _innerproduct(self, layer: Any, weights: list[Any], bottom: list[Any]) -> Any:
        bias = weights[1] if len(weights) > 1 else None
        linear = self.torch.nn.functional.linear
        return lambda x: linear(x.flatten(1), weights[0], bias)

    def _batchnorm(self, layer: Any, weights: list[Any], bottom: list[Any]) -> Any:
        f, p = self.torch.nn.functional, layer.p
        mean, variance, factor = (blob.values.read(Place.HOST) for blob in layer.blobs)
        scale = 1 / factor if factor[0] else 0 * factor
        mean, variance = self._tensor(mean * scale), self._tensor(variance * scale)
        own = not layer.given
        return lambda x: f.batch_norm(x, mean, variance, None, None, own,
                                      1 - p.moving_average_fraction, p.eps)

    def _scale(self, layer: Any, weights: list[Any], bottom: list[Any]) -> Any:
        shape = (1, -1) + (1,) * (bottom[0].ndim - 2)
        if len(weights) > 1:
            return lambda x: x * weights[0].view(shape) + weights[1].view(shape)
        return lambda x: x * weights[0].view(shape)

    def _relu(self, layer: Any, weights: list[Any], bottom: list[Any]) -> Any:
        f, slope = self.torch.nn.functional, layer.p.negative_slope
        # in place where the net is, as one would write it by hand
        inplace = layer.spec.bottom[0] == layer.spec.top[0]
        if slope:
            return lambda x: f.leaky_relu(x, slope, inplace)
        return lambda x: f.relu(x, inplace)

    def _dropout(self, layer: Any, weights: list[Any], bottom: list[Any]) -> Any:
        f, ratio = self.torch.nn.functional, layer.p.dropout_ratio
        return lambda x: f.dropout(x, ratio, self.training)

    def _eltwise(self, layer: Any, weights: list[Any], bottom: list[Any]) -> Any:
        operation = layer.p.operation
        if operation == caffe_pb2.EltwiseParameter.PROD:
            return lambda x, y: x * y
        if operation == caffe_pb2.EltwiseParameter.MAX:
            return self.torch.maximum
        coeff = list(layer.p.coeff) or [1.0] * len(bottom)
        if coeff == [1.0, 1.0]:
            return lambda x, y: x + y
        return lambda *xs: sum(c * x for c, x in zip(coeff, xs, strict=True))

    def _concat(self, layer: Any, weights: list[Any], bottom: list[Any]) -> Any:
        return lambda *xs: self.torch.cat(xs, layer.p.axis)

    def _softmax(self, layer: Any, weights: list[Any], bottom: list[Any]) -> Any:
        return lambda x: self.torch.softmax(x, layer.p.axis)

    def _softmaxwithloss(self, layer: Any, weights: list[Any], bottom: list[Any]) -> Any:
        loss = self.torch.nn.functional.cross_entropy
        # one label a position: N x 1 x 1 for scores of N x C x 1 x 1, whatever shape they came in
        positions = (bottom[0].shape[0], *bottom[0].shape[2:])
        return lambda x, label: loss(x, label.long().view(positions))

    def _sigmoid(self, layer: Layer, weights: list[Any], bottom: list[Any]) -> Any:
        return self.torch.sigmoid

    def _tanh(self, layer: Layer, weights: list[Any], bottom: list[Any]) -> Any:
        return self.torch.tanh

    def _flatten(self, layer: Layer, weights: list[Any], bottom: list[Any]) -> Any:
        return lambda x: x.flatten(1)

    def _split(self, layer: Layer, weights: list[Any], bottom: list[Any]) -> Any:
        return lambda x: x
