"""Nets whose blobs take turns, with and without doing so, and a watch on who reads what."""

from itertools import pairwise

import numpy as np
import pytest
from fuzz.nets_random import CLASSES

from caffepy.core import turns
from caffepy.core.memory import Place, SyncedMemory
from caffepy.core.net import Net
from caffepy.proto import caffe_pb2, text

TRAIN, TEST = caffe_pb2.TRAIN, caffe_pb2.TEST

INPUT = """layer { name: "in" type: "Input" top: "x" top: "t"
  input_param { shape { dim: 2 dim: 3 dim: 6 dim: 6 } shape { dim: 2 dim: 4 dim: 6 dim: 6 } } }
"""
CONV = """layer {{ name: "{0}" type: "Convolution" bottom: "{1}" top: "{0}" convolution_param {{
  num_output: 4 kernel_size: 3 pad: 1 weight_filler {{ type: "msra" }} }} }}
"""
RELU = 'layer {{ name: "{0}_relu" type: "ReLU" bottom: "{0}" top: "{0}" }}\n'
LOSS = 'layer { name: "loss" type: "EuclideanLoss" bottom: "%s" bottom: "t" top: "loss" }\n'
SUM = """layer {{ name: "{0}" type: "Eltwise" bottom: "{1}" bottom: "{2}" top: "{0}" }}
"""
CHAIN = "".join(CONV.format(top, bottom) + RELU.format(top)
                for bottom, top in pairwise("xabcdef"))
DEEP = INPUT + CHAIN + LOSS % "f"
BRANCHES = (INPUT + CHAIN + CONV.format("g", "b") + SUM.format("s", "g", "f")
            + CONV.format("h", "s") + SUM.format("u", "h", "c") + LOSS % "u")


class Lodger(SyncedMemory):
    """Knows whose numbers are in its room, and reads its own alone."""

    __slots__ = ()
    tenants: dict = {}  # noqa: RUF012

    def read(self, place, shape):
        assert self.tenants.get(self._lodging) is self, "read what another has overwritten"
        return super().read(place, shape)

    def overwrite(self, place, shape):
        self.tenants[self._lodging] = self
        return super().overwrite(place, shape)

    def zero(self):
        self.tenants[self._lodging] = self
        super().zero()


def watch(net):
    Lodger.tenants.clear()
    for group in net.executor.turns.values + net.executor.turns.grads:
        for life in group:
            life.memory.__class__ = Lodger


@pytest.fixture
def no_sharing(monkeypatch):
    """Nets optimize, but every blob keeps a memory of its own."""

    def build(*args, **arguments):
        with monkeypatch.context() as patch:
            patch.setattr(turns, "groups", lambda *found: [])
            return Net(*args, **arguments)

    return build


def parsed(prototxt):
    param = caffe_pb2.NetParameter()
    text.parse(prototxt, param)
    return param


def feed(net, seed=1):
    rng = np.random.default_rng(seed)
    for name in net.input_names:
        values = net.blobs[name].data
        values[...] = (rng.integers(CLASSES, size=values.shape) if values.ndim == 1
                       else rng.normal(size=values.shape))


def scatter(net):
    """Weights of such size that values neither die nor grow; fillers would take seconds."""
    rng = np.random.default_rng(2)
    for blob in (p.blob for p in net.parameters if p.blob.ndim > 1):
        fan_in = blob.count // blob.shape[0]
        uniform = rng.random(blob.shape, np.float32) - np.float32(0.5)
        blob.values.overwrite(Place.HOST)[...] = uniform * (24 / fan_in) ** 0.5


def numbers(net, backward=True, passes=2):
    """Loss, outputs and gradients, the latter of two passes added up."""
    net.clear_param_diffs()
    found = []
    for _ in range(passes):
        found.append(np.array(net.forward()))
        if backward:
            net.backward()
    found += [values.copy() for _, values, _ in net.outputs()]
    return found + [p.blob.diff.copy() for p in net.parameters]


def same(net, other, **arguments):
    for one, two in zip(numbers(net, **arguments), numbers(other, **arguments), strict=True):
        np.testing.assert_array_equal(one, two)


def shared(net):
    return [life.memory for group in net.executor.turns.values + net.executor.turns.grads
            for life in group]


def optimized(prototxt, phase=TRAIN, **arguments):
    net = Net(parsed(prototxt), phase, optimize=True, **arguments)
    feed(net)
    return net


def block(a, b, c):
    """Layers that run as one, with two others between them in the list."""
    return CONV.format(f"{c}1", a) + CONV.format(f"{c}2", b) + CONV.format(f"{c}3", f"{c}2") + (
        f'layer {{ name: "{c}4" type: "BatchNorm" bottom: "{c}1" top: "{c}4" }}'
        f'layer {{ name: "{c}5" type: "Scale" bottom: "{c}4" top: "{c}5" }}'
        f'layer {{ name: "{c}6" type: "ReLU" bottom: "{c}5" top: "{c}6" }}'
    ) + SUM.format(c, f"{c}3", f"{c}6")
