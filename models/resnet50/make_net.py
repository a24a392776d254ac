"""ResNet-50: He, Zhang, Ren and Sun 2015, "Deep Residual Learning for Image Recognition".
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from making import MSRA, finish, imagenet, learns, prototxt, rates, start, write  # noqa: E402

from caffepy import layers as L  # noqa: E402
from caffepy.net_spec import NetSpec  # noqa: E402

STAGES = ((3, 64), (4, 128), (6, 256), (3, 512))  # blocks, and outputs of their inner convolutions


def conv(n: NetSpec, train: bool, x: Any, name: str, suffix: str, outputs: int, kernel: int,
         pad: int = 0, stride: int = 1, relu: bool = True) -> Any:
    """Convolution, batch normalization, scale and, if wanted, ReLU: all in the blob ``name``.

    Args:
        suffix: what the names bn..., scale... end in.
    """
    bias = name == "conv1"  # the published weights have one there, and nowhere else
    shape: dict[str, Any] = {"pad": pad} if pad else {}
    if stride > 1:
        shape["stride"] = stride
    if not bias:
        shape["bias_term"] = False
    top = n[name] = L.Convolution(
        x, num_output=outputs, kernel_size=kernel, **shape,
        **learns(train, MSRA, 0 if bias else None))
    top = L.BatchNorm(top, in_place=True, name=f"bn{suffix}")
    own = {"param": rates(1, 1, decay=False)} if train else {}
    top = L.Scale(top, in_place=True, name=f"scale{suffix}", bias_term=True, **own)
    return L.ReLU(top, in_place=True, name=f"{name}_relu") if relu else top


def block(n: NetSpec, train: bool, x: Any, name: str, width: int, stride: int,
          project: bool) -> Any:
    """Three convolutions beside a shortcut, which is projected where the shape changes."""
    shortcut = x
    if project:
        shortcut = conv(n, train, x, f"res{name}_branch1", f"{name}_branch1", 4 * width, 1,
                        stride=stride, relu=False)
    for part, outputs, kernel, pad, step in (
            ("a", width, 1, 0, stride), ("b", width, 3, 1, 1), ("c", 4 * width, 1, 0, 1)):
        x = conv(n, train, x, f"res{name}_branch2{part}", f"{name}_branch2{part}", outputs, kernel,
                 pad, step, relu=part != "c")
    n[f"res{name}"] = L.Eltwise(shortcut, x)
    return L.ReLU(n[f"res{name}"], in_place=True, name=f"res{name}_relu")


def net(train: bool) -> NetSpec:
    n = start(train, 1, 3, 224, 224)
    if train:
        imagenet(n, (32, 25), 224, (104, 117, 123))
    x = conv(n, train, n.data, "conv1", "_conv1", 64, 7, 3, 2)
    x = n.pool1 = L.Pooling(x, pool="MAX", kernel_size=3, stride=2)
    for stage, (blocks, width) in enumerate(STAGES, start=2):
        for i in range(blocks):
            stride = 2 if i == 0 and stage > 2 else 1
            x = block(n, train, x, f"{stage}{chr(ord('a') + i)}", width, stride, i == 0)
    x = n.pool5 = L.Pooling(x, pool="AVE", kernel_size=7, stride=1)
    n.fc1000 = L.InnerProduct(x, num_output=1000, **learns(train, MSRA))
    finish(n, train, n.fc1000, (1, 5))
    return n


def nets() -> dict[str, str]:
    return {
        "train_val.prototxt": prototxt(
            net(True), "ResNet-50", "ResNet-50 for training and testing on ImageNet."),
        "deploy.prototxt": prototxt(
            net(False), "ResNet-50", "ResNet-50 for use: BGR, the mean subtracted."),
    }


if __name__ == "__main__":
    write(__file__, nets())
