"""GoogLeNet: Szegedy et al. 2014, "Going Deeper with Convolutions".
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from making import XAVIER, imagenet, learns, prototxt, start, write  # noqa: E402

from caffepy import layers as L  # noqa: E402
from caffepy.net_spec import NetSpec  # noqa: E402

# name: outputs of 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, and of the projection behind the pooling
INCEPTIONS = {
    "3a": (64, 96, 128, 16, 32, 32), "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64), "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64), "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128), "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}  # fmt: skip
POOLED = {"3b": "pool3/3x3_s2", "4e": "pool4/3x3_s2"}  # behind which modules the pictures shrink
HELPERS = {"4a": "loss1", "4d": "loss2"}  # behind which modules a further loss is put
HELPER_WEIGHT = 0.3
MEANS = (104, 117, 123)  # blue, green, red


def conv(n: NetSpec, train: bool, x: Any, prefix: str, name: str, outputs: int, kernel: int,
         pad: int = 0, stride: int = 1) -> Any:
    """Convolution ``prefix/name`` and ReLU; the ReLU's top."""
    shape = {"pad": pad} if pad else {}
    if stride > 1:
        shape["stride"] = stride
    top = n[f"{prefix}/{name}"] = L.Convolution(
        x, num_output=outputs, kernel_size=kernel, **shape, **learns(train, XAVIER, 0.2))
    return L.ReLU(top, in_place=True, name=f"{prefix}/relu_{name}")


def shrink(n: NetSpec, x: Any, name: str) -> Any:
    n[name] = L.Pooling(x, pool="MAX", kernel_size=3, stride=2)
    return n[name]


def inception(n: NetSpec, train: bool, x: Any, name: str) -> Any:
    """Four branches side by side, their channels one behind the other."""
    one, reduce3, three, reduce5, five, project = INCEPTIONS[name]
    prefix = f"inception_{name}"
    branches = [conv(n, train, x, prefix, "1x1", one, 1)]
    reduced = conv(n, train, x, prefix, "3x3_reduce", reduce3, 1)
    branches.append(conv(n, train, reduced, prefix, "3x3", three, 3, 1))
    reduced = conv(n, train, x, prefix, "5x5_reduce", reduce5, 1)
    branches.append(conv(n, train, reduced, prefix, "5x5", five, 5, 2))
    pooled = n[f"{prefix}/pool"] = L.Pooling(x, pool="MAX", kernel_size=3, stride=1, pad=1)
    branches.append(conv(n, train, pooled, prefix, "pool_proj", project, 1))
    n[f"{prefix}/output"] = L.Concat(*branches)
    return n[f"{prefix}/output"]


def helper(n: NetSpec, x: Any, name: str) -> None:
    """A small classifier halfway, so that the gradient reaches the early layers."""
    x = n[f"{name}/ave_pool"] = L.Pooling(x, pool="AVE", kernel_size=5, stride=3)
    x = n[f"{name}/conv"] = L.Convolution(
        x, num_output=128, kernel_size=1, **learns(True, XAVIER, 0.2))
    x = L.ReLU(x, in_place=True, name=f"{name}/relu_conv")
    x = n[f"{name}/fc"] = L.InnerProduct(x, num_output=1024, **learns(True, XAVIER, 0.2))
    x = L.ReLU(x, in_place=True, name=f"{name}/relu_fc")
    x = L.Dropout(x, in_place=True, name=f"{name}/drop_fc", dropout_ratio=0.7)
    x = n[f"{name}/classifier"] = L.InnerProduct(x, num_output=1000, **learns(True, XAVIER))
    judge(n, x, name, f"{name}/loss", HELPER_WEIGHT)


def judge(n: NetSpec, x: Any, name: str, layer: str, weight: float) -> None:
    """Loss and accuracies of a classifier; the loss's blob is ``name``/``name``."""
    n[f"{name}/{name}"] = L.SoftmaxWithLoss(x, n.label, name=layer, loss_weight=weight)
    for k in (1, 5):
        n[f"{name}/top-{k}"] = L.Accuracy(x, n.label, top_k=k, include={"phase": "TEST"})


def net(train: bool) -> NetSpec:
    n = start(train, 10, 3, 224, 224)
    if train:
        imagenet(n, (32, 50), 224, MEANS)
    x = conv(n, train, n.data, "conv1", "7x7_s2", 64, 7, 3, 2)
    x = shrink(n, x, "pool1/3x3_s2")
    x = n["pool1/norm1"] = L.LRN(x, local_size=5, alpha=0.0001, beta=0.75)
    x = conv(n, train, x, "conv2", "3x3_reduce", 64, 1)
    x = conv(n, train, x, "conv2", "3x3", 192, 3, 1)
    x = n["conv2/norm2"] = L.LRN(x, local_size=5, alpha=0.0001, beta=0.75)
    x = shrink(n, x, "pool2/3x3_s2")
    for name in INCEPTIONS:
        x = inception(n, train, x, name)
        if train and name in HELPERS:
            helper(n, x, HELPERS[name])
        if name in POOLED:
            x = shrink(n, x, POOLED[name])
    x = n["pool5/7x7_s1"] = L.Pooling(x, pool="AVE", kernel_size=7, stride=1)
    x = L.Dropout(x, in_place=True, name="pool5/drop_7x7_s1", dropout_ratio=0.4)
    x = n["loss3/classifier"] = L.InnerProduct(x, num_output=1000, **learns(train, XAVIER))
    if train:
        judge(n, x, "loss3", "loss3/loss3", 1)
    else:
        n.prob = L.Softmax(x)
    return n


def nets() -> dict[str, str]:
    return {
        "train_val.prototxt": prototxt(
            net(True), "GoogleNet", "GoogLeNet for training and testing on ImageNet."),
        "deploy.prototxt": prototxt(
            net(False), "GoogleNet", "GoogLeNet for use: BGR, less 104, 117 and 123."),
    }


if __name__ == "__main__":
    write(__file__, nets())
