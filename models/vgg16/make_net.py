"""VGG-16: Simonyan and Zisserman 2014, "Very Deep Convolutional Networks", configuration D.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from making import XAVIER, finish, gaussian, imagenet, learns, prototxt, start, write  # noqa: E402

from caffepy import layers as L  # noqa: E402
from caffepy.net_spec import NetSpec  # noqa: E402

STAGES = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))  # convolutions of 3 x 3, and outputs


def net(train: bool) -> NetSpec:
    n = start(train, 10, 3, 224, 224)
    if train:
        imagenet(n, (32, 25), 224, (103.939, 116.779, 123.68))
    x: Any = n.data
    for stage, (convolutions, outputs) in enumerate(STAGES, start=1):
        for i in range(1, convolutions + 1):
            n[f"conv{stage}_{i}"] = L.Convolution(
                x, num_output=outputs, kernel_size=3, pad=1, **learns(train, XAVIER))
            x = n[f"relu{stage}_{i}"] = L.ReLU(n[f"conv{stage}_{i}"], in_place=True)
        x = n[f"pool{stage}"] = L.Pooling(x, pool="MAX", kernel_size=2, stride=2)
    for i in (6, 7):
        n[f"fc{i}"] = L.InnerProduct(x, num_output=4096, **learns(train, gaussian(0.005)))
        n[f"relu{i}"] = L.ReLU(n[f"fc{i}"], in_place=True)
        x = n[f"drop{i}"] = L.Dropout(n[f"relu{i}"], in_place=True, dropout_ratio=0.5)
    n.fc8 = L.InnerProduct(x, num_output=1000, **learns(train, gaussian(0.01)))
    finish(n, train, n.fc8, (1, 5))
    return n


def nets() -> dict[str, str]:
    return {
        "train_val.prototxt": prototxt(
            net(True), "VGG_ILSVRC_16_layers", "VGG-16 for training and testing on ImageNet."),
        "deploy.prototxt": prototxt(
            net(False), "VGG_ILSVRC_16_layers",
            "VGG-16 for use: BGR, less 103.939, 116.779 and 123.68."),
    }


if __name__ == "__main__":
    write(__file__, nets())
