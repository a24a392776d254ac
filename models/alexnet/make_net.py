"""AlexNet: Krizhevsky, Sutskever and Hinton 2012, with its two groups on one machine.

``layers`` builds CaffeNet too, where pooling comes before normalization.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from making import finish, gaussian, imagenet, learns, prototxt, start, write  # noqa: E402

from caffepy import layers as L  # noqa: E402
from caffepy.net_spec import NetSpec  # noqa: E402

# name: outputs, kernel, pad, stride, group, and whether pooling and normalization follow
CONVOLUTIONS: dict[str, tuple[int, int, int, int, int, bool]] = {
    "1": (96, 11, 0, 4, 1, True),
    "2": (256, 5, 2, 1, 2, True),
    "3": (384, 3, 1, 1, 1, False),
    "4": (384, 3, 1, 1, 2, False),
    "5": (256, 3, 1, 1, 2, False),
}
BIASED = ("2", "4", "5")  # whose biases do not start at 0, as those of fc6 and fc7


def layers(n: NetSpec, train: bool, bias: float, norm_first: bool) -> Any:
    """The layers from ``data`` to the dropout behind fc7; returns the last top.

    Args:
        bias: what the biases of conv2, conv4, conv5, fc6 and fc7 start at.
        norm_first: normalization before pooling.
    """
    x = n.data
    for i, (outputs, kernel, pad, stride, group, pooled) in CONVOLUTIONS.items():
        shape: dict[str, int] = {"num_output": outputs, "kernel_size": kernel}
        for key, value, default in (("pad", pad, 0), ("stride", stride, 1), ("group", group, 1)):
            if value != default:
                shape[key] = value
        n[f"conv{i}"] = L.Convolution(
            x, **shape, **learns(train, gaussian(0.01), bias if i in BIASED else 0))
        x = n[f"relu{i}"] = L.ReLU(n[f"conv{i}"], in_place=True)
        for kind in (("norm", "pool") if norm_first else ("pool", "norm")) if pooled else ():
            x = n[f"{kind}{i}"] = (
                L.LRN(x, local_size=5, alpha=0.0001, beta=0.75) if kind == "norm"
                else L.Pooling(x, pool="MAX", kernel_size=3, stride=2))
    x = n.pool5 = L.Pooling(x, pool="MAX", kernel_size=3, stride=2)
    for i in (6, 7):
        n[f"fc{i}"] = L.InnerProduct(x, num_output=4096, **learns(train, gaussian(0.005), bias))
        n[f"relu{i}"] = L.ReLU(n[f"fc{i}"], in_place=True)
        x = n[f"drop{i}"] = L.Dropout(n[f"relu{i}"], in_place=True, dropout_ratio=0.5)
    return x


def net(train: bool, bias: float, norm_first: bool) -> NetSpec:
    """The whole net for the 1000 classes of ImageNet."""
    n = start(train, 10, 3, 227, 227)
    if train:
        imagenet(n, (256, 50), 227)
    x = layers(n, train, bias, norm_first)
    n.fc8 = L.InnerProduct(x, num_output=1000, **learns(train, gaussian(0.01)))
    finish(n, train, n.fc8)
    return n


def nets() -> dict[str, str]:
    return {
        "train_val.prototxt": prototxt(
            net(True, 0.1, True), "AlexNet", "AlexNet for training and testing on ImageNet."),
        "deploy.prototxt": prototxt(
            net(False, 0.1, True), "AlexNet", "AlexNet for use: BGR, the mean subtracted."),
    }


if __name__ == "__main__":
    write(__file__, nets())
