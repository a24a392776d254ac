"""Two LeNets with the same weights, for pairs of digits (Hadsell, Chopra and LeCun 2006).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from making import XAVIER, database, prototxt, start, write  # noqa: E402

from caffepy import layers as L  # noqa: E402
from caffepy.net_spec import NetSpec  # noqa: E402

SOURCES = ("data/mnist/mnist_siamese_train_lmdb", "data/mnist/mnist_siamese_test_lmdb")
SCALE = 0.00390625  # 1/256


def learned(train: bool, name: str) -> dict[str, Any]:
    """Both halves call their weights by these names, and so share them."""
    if not train:
        return {}
    return {"param": [{"name": f"{name}_w", "lr_mult": 1}, {"name": f"{name}_b", "lr_mult": 2}],
            "weight_filler": XAVIER, "bias_filler": {"type": "constant"}}


def half(n: NetSpec, train: bool, x: Any, suffix: str = "") -> Any:
    """From a digit to its place in the plane; ``suffix`` tells the halves' layers apart."""
    for i, outputs in ((1, 20), (2, 50)):
        x = n[f"conv{i}{suffix}"] = L.Convolution(
            x, num_output=outputs, kernel_size=5, **learned(train, f"conv{i}"))
        x = n[f"pool{i}{suffix}"] = L.Pooling(x, pool="MAX", kernel_size=2, stride=2)
    n[f"ip1{suffix}"] = L.InnerProduct(x, num_output=500, **learned(train, "ip1"))
    x = n[f"relu1{suffix}"] = L.ReLU(n[f"ip1{suffix}"], in_place=True)
    x = n[f"ip2{suffix}"] = L.InnerProduct(x, num_output=10, **learned(train, "ip2"))
    n[f"feat{suffix}"] = L.InnerProduct(x, num_output=2, **learned(train, "feat"))
    return n[f"feat{suffix}"]


def net(train: bool) -> NetSpec:
    n = start(train, 1, 1, 28, 28)
    if not train:
        half(n, train, n.data)
        return n
    database(n, SOURCES, (64, 100), {"scale": SCALE}, tops=("pair_data", "sim"), name="pair_data")
    n.data, n.data_p = L.Slice(n.pair_data, ntop=2, axis=1, slice_point=1, name="slice_pair")
    first, second = half(n, train, n.data), half(n, train, n.data_p, "_p")
    n.loss = L.ContrastiveLoss(first, second, n.sim, margin=1)
    return n


def nets() -> dict[str, str]:
    return {
        "train_val.prototxt": prototxt(
            net(True), "mnist_siamese_train_test", "Two LeNets over pairs of MNIST's digits."),
        "deploy.prototxt": prototxt(
            net(False), "mnist_siamese", "One half for use: a digit in, a point of the plane out."),
    }


if __name__ == "__main__":
    write(__file__, nets())
