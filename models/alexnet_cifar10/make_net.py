"""AlexNet for pictures of 32 x 32, with local response normalization and without.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from making import MSRA, database, finish, gaussian, learns, prototxt, start, write  # noqa: E402

from caffepy import layers as L  # noqa: E402
from caffepy.net_spec import NetSpec  # noqa: E402

SOURCES = ("data/cifar10/cifar10_train_lmdb", "data/cifar10/cifar10_test_lmdb")
MEAN = {"mean_file": "data/cifar10/mean.binaryproto"}
# outputs, kernel, pad, stride, and whether normalization and pooling follow
CONVOLUTIONS = ((96, 11, 1, 4, True), (256, 5, 2, 1, True),
                (384, 3, 1, 1, False), (384, 3, 1, 1, False), (256, 3, 1, 1, False))


def net(train: bool, lrn: bool) -> NetSpec:
    n = start(train, 1, 3, 32, 32)
    if train:
        database(n, SOURCES, (128, 100), MEAN)
    x: Any = n.data
    for i, (outputs, kernel, pad, stride, pooled) in enumerate(CONVOLUTIONS, start=1):
        shape = {"stride": stride} if stride > 1 else {}
        n[f"conv{i}"] = L.Convolution(
            x, num_output=outputs, kernel_size=kernel, pad=pad, **shape, **learns(train, MSRA))
        x = n[f"relu{i}"] = L.ReLU(n[f"conv{i}"], in_place=True)
        if pooled and lrn:
            x = n[f"norm{i}"] = L.LRN(x, local_size=5, alpha=0.0001, beta=0.75)
        if pooled:
            x = n[f"pool{i}"] = L.Pooling(x, pool="MAX", kernel_size=3, stride=2)
    # one pixel comes in here: without padding no window of 3 x 3 would fit
    x = n.pool5 = L.Pooling(x, pool="MAX", kernel_size=3, stride=2, pad=1)
    for i in (6, 7):
        n[f"fc{i}"] = L.InnerProduct(x, num_output=4096, **learns(train, MSRA))
        n[f"relu{i}"] = L.ReLU(n[f"fc{i}"], in_place=True)
        x = n[f"drop{i}"] = L.Dropout(n[f"relu{i}"], in_place=True, dropout_ratio=0.5)
    n.fc8 = L.InnerProduct(x, num_output=10, **learns(train, gaussian(0.01)))
    finish(n, train, n.fc8)
    return n


def nets() -> dict[str, str]:
    found = {}
    for end, lrn in (("", True), ("_no_lrn", False)):
        name = f"AlexNet_CIFAR10{end}"
        says = "with LRN" if lrn else "without LRN"
        found[f"train_val{end}.prototxt"] = prototxt(
            net(True, lrn), name, f"AlexNet {says} for training and testing on CIFAR-10.")
        found[f"deploy{end}.prototxt"] = prototxt(
            net(False, lrn), name, f"AlexNet {says} for use: RGB, the mean picture subtracted.")
    return found


if __name__ == "__main__":
    write(__file__, nets())
