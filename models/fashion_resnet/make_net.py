"""A residual net for pictures of 28 x 28, after He, Zhang, Ren and Sun 2015, "Deep Residual
Learning for Image Recognition", section 4.2.

Their nets for CIFAR-10 have 20 layers and more, of few channels. This one has fewer and wider ones,
which processors compute several times as fast, and halves pictures by pooling; a block of two
convolutions beside a shortcut stands behind the first pooling and behind the last one.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from making import MSRA, data_layers, finish, learns, prototxt, rates, start, write  # noqa: E402

from caffepy import layers as L  # noqa: E402
from caffepy.net_spec import NetSpec  # noqa: E402

DATA = "data/fashion_mnist/fashion_mnist"
CLASSES = 10
STEM = 16
STAGES = ((64, True), (96, False), (192, True))  # outputs, and whether a block follows
MEAN, SCALE = 73.0, 0.0111  # of the training pictures; one over their standard deviation
# what is done to training pictures alone
AUGMENT = {"padding": 2, "padding_value": 0, "mirror": True, "cutout_param": {"size": 8}}
# statistics of about ten batches; those of a thousand, as by default, lag behind weights that move
# as fast as here
FRACTION = 0.9


def conv(n: NetSpec, train: bool, x: Any, name: str, outputs: int, relu: bool = True) -> Any:
    """Convolution, batch normalization, scale and, if wanted, ReLU: all in the blob ``name``."""
    top = n[name] = L.Convolution(x, num_output=outputs, kernel_size=3, pad=1, bias_term=False,
                                  **learns(train, MSRA, None))
    moving = {"moving_average_fraction": FRACTION} if train else {}
    top = L.BatchNorm(top, in_place=True, name=f"{name}_bn", **moving)
    own = {"param": rates(1, 1, decay=False)} if train else {}
    top = L.Scale(top, in_place=True, name=f"{name}_scale", bias_term=True, **own)
    return L.ReLU(top, in_place=True, name=f"{name}_relu") if relu else top


def block(n: NetSpec, train: bool, x: Any, name: str, width: int) -> Any:
    """Two convolutions beside a shortcut."""
    y = conv(n, train, x, f"{name}_conv1", width)
    y = conv(n, train, y, f"{name}_conv2", width, relu=False)
    n[name] = L.Eltwise(x, y)
    return L.ReLU(n[name], in_place=True, name=f"{name}_relu")


def net(train: bool) -> NetSpec:
    n = start(train, 1, 1, 28, 28)
    if train:
        preprocessing = {"crop_size": 28, "mean_value": MEAN, "scale": SCALE}
        data_layers(n, "Data", *(
            {"source": f"{DATA}_{part}_lmdb", "backend": "LMDB", "batch_size": batch, **more,
             "transform_param": {**preprocessing, **augment}}
            for part, batch, more, augment in (
                ("train", 128, {"shuffle": True}, AUGMENT), ("test", 100, {}, {}))))
    x = conv(n, train, n.data, "conv1", STEM)
    for stage, (width, residual) in enumerate(STAGES, start=2):
        x = conv(n, train, x, f"conv{stage}", width)
        x = n[f"pool{stage}"] = L.Pooling(x, pool="MAX", kernel_size=2, stride=2)
        if residual:
            x = block(n, train, x, f"res{stage}", width)
    x = n.pool = L.Pooling(x, pool="AVE", global_pooling=True)
    n.ip = L.InnerProduct(x, num_output=CLASSES, **learns(train, MSRA))
    finish(n, train, n.ip, loss={"label_smoothing": 0.1})
    return n


def nets() -> dict[str, str]:
    return {
        "train_test.prototxt": prototxt(net(True), "FashionResNet", "For training and testing."),
        "deploy.prototxt": prototxt(net(False), "FashionResNet", "For use."),
    }


if __name__ == "__main__":
    write(__file__, nets())
