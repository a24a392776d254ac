"""MobileNet: Howard et al. 2017, width 1, pictures of 224 x 224.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from making import MSRA, finish, imagenet, learns, prototxt, rates, start, write  # noqa: E402

from caffepy import layers as L  # noqa: E402
from caffepy.net_spec import NetSpec  # noqa: E402

# name: outputs of the 1 x 1 convolution, stride of the depthwise one
PAIRS = {
    "conv2_1": (64, 1), "conv2_2": (128, 2), "conv3_1": (128, 1), "conv3_2": (256, 2),
    "conv4_1": (256, 1), "conv4_2": (512, 2), "conv5_1": (512, 1), "conv5_2": (512, 1),
    "conv5_3": (512, 1), "conv5_4": (512, 1), "conv5_5": (512, 1), "conv5_6": (1024, 2),
    "conv6": (1024, 1),
}  # fmt: skip


def conv(n: NetSpec, train: bool, x: Any, name: str, outputs: int, kernel: int,
         stride: int = 1, group: int = 1) -> Any:
    """Convolution, batch normalization, scale and ReLU, all in the blob ``name``."""
    shape: dict[str, Any] = {"pad": 1} if kernel == 3 else {}
    if stride > 1:
        shape["stride"] = stride
    own: dict[str, Any] = learns(train, MSRA, None)
    if group > 1:
        shape["group"] = group
        if train:  # a depthwise filter has too few weights to need decay (section 3.2)
            own["param"] = [{"lr_mult": 1, "decay_mult": 0}]
    n[name] = L.Convolution(
        x, num_output=outputs, kernel_size=kernel, bias_term=False, **shape, **own)
    x = L.BatchNorm(n[name], in_place=True, name=f"{name}/bn")
    own = {"param": rates(1, 1, decay=False)} if train else {}
    x = L.Scale(x, in_place=True, name=f"{name}/scale", bias_term=True, **own)
    return L.ReLU(x, in_place=True, name=f"relu{name.removeprefix('conv')}")


def net(train: bool) -> NetSpec:
    n = start(train, 1, 3, 224, 224)
    if train:
        imagenet(n, (64, 50), 224, (103.94, 116.78, 123.68), 0.017)
    x = conv(n, train, n.data, "conv1", 32, 3, 2)
    channels = 32
    for name, (outputs, stride) in PAIRS.items():
        x = conv(n, train, x, f"{name}/dw", channels, 3, stride, channels)
        x = conv(n, train, x, f"{name}/sep", outputs, 1)
        channels = outputs
    x = n.pool6 = L.Pooling(x, pool="AVE", global_pooling=True)
    n.fc7 = L.Convolution(x, num_output=1000, kernel_size=1, **learns(train, MSRA))
    finish(n, train, n.fc7, (1, 5))
    return n


def nets() -> dict[str, str]:
    return {
        "train_val.prototxt": prototxt(
            net(True), "MOBILENET", "MobileNet for training and testing on ImageNet."),
        "deploy.prototxt": prototxt(
            net(False), "MOBILENET",
            "MobileNet for use: BGR, less 103.94, 116.78 and 123.68, times 0.017."),
    }


if __name__ == "__main__":
    write(__file__, nets())
