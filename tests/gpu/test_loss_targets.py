"""Losses whose targets, weights or hard examples no kernel knows, on a GPU, fake or real: the same
numbers as on the CPU, step after step."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import same

from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.proto import caffe_pb2, text

X, W = (6, 4, 2, 3), (6,)
DRAW = np.random.default_rng(5)
CLASSES = DRAW.integers(0, 4, (6, 2, 3))
SOFT = DRAW.dirichlet(np.ones(4), (6, 2, 3)).transpose(0, 3, 1, 2)
ONES = DRAW.integers(0, 2, X)
CASES = {
    "smoothed": ("SoftmaxWithLoss", "loss_param { label_smoothing: 0.1 ignore_label: 2 }", CLASSES),
    "soft": ("SoftmaxWithLoss", "loss_param { soft_labels: true } "
             "softmax_param { class_weight: [1, 2, 3, 4] }", SOFT),
    "hard": ("SoftmaxWithLoss", "softmax_param { hard_ratio: 0.5 cutting_point: 0.6 "
             "label_smooth_factor: 0.1 class_weight: [1, 2, 3, 4] }", CLASSES),
    "weighed": ("SoftmaxWithLoss", "", CLASSES),
    "sigmoid": ("SigmoidCrossEntropyLoss", "loss_param { normalization: VALID }", ONES),
    "euclidean": ("EuclideanLoss", "", ONES),
    "focal": ("FocalLoss", "loss_param { ignore_label: 0 }", ONES),
}
WEIGHED = ("weighed", "soft", "sigmoid", "euclidean")


def played(name, context):
    kind, words, targets = CASES[name]
    shapes = [X, targets.shape, W][: 3 if name in WEIGHED else 2]
    lines = [f'layer {{ name: "in{i}" type: "Input" top: "in{i}" input_param {{ shape {{ '
             + " ".join(f"dim: {d}" for d in shape) + " } } }" for i, shape in enumerate(shapes)]
    bottoms = " ".join(f'bottom: "in{i}"' for i in range(len(shapes)))
    param = caffe_pb2.NetParameter()
    text.parse("force_backward: true\n" + "\n".join(lines)
               + f'\nlayer {{ name: "loss" type: "{kind}" {bottoms} top: "loss" {words} }}', param)
    net = Net(param, caffe_pb2.TRAIN, context=context)
    draw, found = np.random.default_rng(2), []
    for _ in range(5):  # a device records what it may after three
        given = draw.standard_normal(X), targets, draw.random(W)
        for i, values in enumerate(given[: len(shapes)]):
            net.blobs[f"in{i}"].data[...] = values
        net.forward()
        net.backward()
        found.append((net.blobs["loss"].data.copy(), net.blobs["in0"].diff.copy()))
    return found


@pytest.mark.parametrize("name", CASES)
def test_the_same_on_both(name, gpu):
    expected = played(name, Context())
    for here, there in zip(expected, played(name, Context(gpu)), strict=True):
        for a, b in zip(here, there, strict=True):
            same(b, a, what=name)
    half = played(name, Context(gpu, precision="float16"))
    for here, there in zip(expected, half, strict=True):
        for a, b in zip(here, there, strict=True):
            assert_allclose(b, a, rtol=1e-2, atol=1e-3)
