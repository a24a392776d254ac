"""SqueezeNet 1.1: Iandola et al. 2016, with the changes that its authors published later.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from making import XAVIER, finish, gaussian, imagenet, learns, prototxt, start, write  # noqa: E402

from caffepy import layers as L  # noqa: E402
from caffepy.net_spec import NetSpec  # noqa: E402

# number: outputs of the squeezing convolution, and of each of the two that expand
FIRES = {2: (16, 64), 3: (16, 64), 4: (32, 128), 5: (32, 128),
         6: (48, 192), 7: (48, 192), 8: (64, 256), 9: (64, 256)}
POOLED = (3, 5)  # behind which modules the pictures shrink


def conv(n: NetSpec, train: bool, x: Any, name: str, relu: str, outputs: int, kernel: int,
         weights: dict[str, Any] = XAVIER, **shape: int) -> Any:
    top = n[name] = L.Convolution(
        x, num_output=outputs, kernel_size=kernel, **shape, **learns(train, weights))
    return L.ReLU(top, in_place=True, name=relu)


def fire(n: NetSpec, train: bool, x: Any, number: int) -> Any:
    """Few channels of 1 x 1, then many of 1 x 1 and of 3 x 3 side by side."""
    squeeze, expand = FIRES[number]
    name = f"fire{number}"
    x = conv(n, train, x, f"{name}/squeeze1x1", f"{name}/relu_squeeze1x1", squeeze, 1)
    one = conv(n, train, x, f"{name}/expand1x1", f"{name}/relu_expand1x1", expand, 1)
    three = conv(n, train, x, f"{name}/expand3x3", f"{name}/relu_expand3x3", expand, 3, pad=1)
    n[f"{name}/concat"] = L.Concat(one, three)
    return n[f"{name}/concat"]


def net(train: bool) -> NetSpec:
    n = start(train, 10, 3, 227, 227)
    if train:
        imagenet(n, (32, 25), 227, (104, 117, 123))
    x = conv(n, train, n.data, "conv1", "relu_conv1", 64, 3, stride=2)
    x = n.pool1 = L.Pooling(x, pool="MAX", kernel_size=3, stride=2)
    for number in FIRES:
        x = fire(n, train, x, number)
        if number in POOLED:
            x = n[f"pool{number}"] = L.Pooling(x, pool="MAX", kernel_size=3, stride=2)
    x = n.drop9 = L.Dropout(x, in_place=True, dropout_ratio=0.5)
    x = conv(n, train, x, "conv10", "relu_conv10", 1000, 1, gaussian(0.01))
    n.pool10 = L.Pooling(x, pool="AVE", global_pooling=True)
    finish(n, train, n.pool10, (1, 5))
    return n


def nets() -> dict[str, str]:
    return {
        "train_val.prototxt": prototxt(
            net(True), "SqueezeNet_v1.1", "SqueezeNet 1.1 for training and testing on ImageNet."),
        "deploy.prototxt": prototxt(
            net(False), "SqueezeNet_v1.1", "SqueezeNet 1.1 for use: BGR, less 104, 117 and 123."),
    }


if __name__ == "__main__":
    write(__file__, nets())
