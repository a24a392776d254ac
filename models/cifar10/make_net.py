"""The nets for CIFAR-10: quick, full, and full with sigmoids, plain and batch normalized.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from making import database, finish, gaussian, prototxt, rates, start, write  # noqa: E402

from caffepy import layers as L  # noqa: E402
from caffepy.net_spec import NetSpec  # noqa: E402

SOURCES = ("data/cifar10/cifar10_train_lmdb", "data/cifar10/cifar10_test_lmdb")
MEAN = {"mean_file": "data/cifar10/mean.binaryproto"}
STDS = (0.0001, 0.01, 0.01)  # of the three convolutions' first weights
OUTPUTS = (32, 32, 64)
POOLS = ("MAX", "AVE", "AVE")


def filled(train: bool, std: float, bias: bool = True,
           param: list[dict[str, float]] | None = None) -> dict[str, Any]:
    if not train:
        return {}
    settings: dict[str, Any] = {"weight_filler": gaussian(std)}
    if bias:
        settings["bias_filler"] = {"type": "constant"}
    return {"param": param or rates(1, 2 if bias else None, decay=False), **settings}


def net(train: bool, kind: str) -> NetSpec:
    """One of the nets: "quick", "full", "full_sigmoid", "full_sigmoid_bn".

    Three times convolution of 5 x 5, pooling of 3 x 3 and a non-linearity. The first one is
    pooled before the non-linearity, the other two behind it.
    """
    n = start(train, 1, 3, 32, 32)
    if train:
        database(n, SOURCES, (100, 1000 if "sigmoid" in kind else 100), MEAN, name="cifar")
    normalized = kind.endswith("bn")
    x: Any = n.data
    for i, (outputs, std, method) in enumerate(zip(OUTPUTS, STDS, POOLS, strict=True), start=1):
        more = {"bias_term": False} if normalized else {}  # the normalization would remove it
        x = n[f"conv{i}"] = L.Convolution(
            x, num_output=outputs, pad=2, kernel_size=5, **more,
            **filled(train, std, not normalized))
        for step in ("pool", "neuron") if i == 1 else ("neuron", "pool"):
            if step == "pool":
                x = n[f"pool{i}"] = L.Pooling(x, pool=method, kernel_size=3, stride=2)
                continue
            if normalized:
                x = n[f"bn{i}"] = L.BatchNorm(x)
            if "sigmoid" in kind:
                x = n[f"Sigmoid{i}"] = L.Sigmoid(x)
            else:
                x = n[f"relu{i}"] = L.ReLU(x, in_place=True)
        if kind == "full" and i < 3:
            x = n[f"norm{i}"] = L.LRN(
                x, local_size=3, alpha=5e-05, beta=0.75, norm_region="WITHIN_CHANNEL")
    if kind == "quick":
        n.ip1 = L.InnerProduct(x, num_output=64, **filled(train, 0.1))
        scores = n.ip2 = L.InnerProduct(n.ip1, num_output=10, **filled(train, 0.1))
    else:
        # 250 times the others' decay: few weights, much to overfit with
        param = [{"lr_mult": 1, "decay_mult": 250}, {"lr_mult": 2, "decay_mult": 0}]
        if "sigmoid" in kind:
            param = rates(1, 2, decay=False)
        scores = n.ip1 = L.InnerProduct(x, num_output=10, **filled(train, 0.01, True, param))
    finish(n, train, scores)
    return n


def nets() -> dict[str, str]:
    found = {}
    for kind in ("quick", "full", "full_sigmoid", "full_sigmoid_bn"):
        title = f"CIFAR10_{kind}"
        found[f"cifar10_{kind}_train_test.prototxt"] = prototxt(
            net(True, kind), title, f"The {kind} net for training and testing on CIFAR-10.")
        found[f"cifar10_{kind}.prototxt"] = prototxt(
            net(False, kind), title, f"The {kind} net for use: RGB, the mean picture subtracted.")
    return found


if __name__ == "__main__":
    write(__file__, nets())
