"""An autoencoder of MNIST: 784 numbers through 30 and back (Hinton and Salakhutdinov 2006).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from making import prototxt, start, write  # noqa: E402

from caffepy import layers as L  # noqa: E402
from caffepy.net_spec import NetSpec  # noqa: E402

WIDTHS = (1000, 500, 250, 30)
PIXELS = 28 * 28
SCALE = 0.0039215684  # 1/255


def inner_product(train: bool, x: Any, outputs: int) -> Any:
    own: dict[str, Any] = {}
    if train:
        own = {"param": [{"lr_mult": 1, "decay_mult": 1}, {"lr_mult": 1, "decay_mult": 0}],
               # each unit starts with 15 inputs: dense sums would saturate the sigmoids
               "weight_filler": {"type": "gaussian", "std": 1, "sparse": 15},
               "bias_filler": {"type": "constant", "value": 0}}
    return L.InnerProduct(x, num_output=outputs, **own)


def pictures(source: str, **include: Any) -> dict[str, Any]:
    return {"name": "data", "source": f"data/mnist/mnist_{source}_lmdb", "batch_size": 100,
            "backend": "LMDB", "transform_param": {"scale": SCALE}, "include": include}


def net(train: bool) -> NetSpec:
    """For training there are two tests, on the training and on the test pictures."""
    n = start(train, 1, 1, 28, 28)
    if train:
        n.data = L.Data(**pictures("train", phase="TRAIN"))
        for part in ("train", "test"):
            n[f"test on {part}"] = L.Data(
                ntop=0, top=["data"],
                **pictures(part, phase="TEST", stage=f"test-on-{part}"))
        n.flatdata = L.Flatten(n.data)
    x: Any = n.data
    for i, width in enumerate(WIDTHS, start=1):
        x = n[f"encode{i}"] = inner_product(train, x, width)
        if i < len(WIDTHS):
            x = n[f"encode{i}neuron"] = L.Sigmoid(x)
    for i, width in zip((4, 3, 2, 1), (*WIDTHS[-2::-1], PIXELS), strict=True):
        x = n[f"decode{i}"] = inner_product(train, x, width)
        if i > 1:
            x = n[f"decode{i}neuron"] = L.Sigmoid(x)
    if train:
        n.cross_entropy_loss = L.SigmoidCrossEntropyLoss(
            n.decode1, n.flatdata, name="loss", loss_weight=1)
    n.decode1neuron = L.Sigmoid(n.decode1)
    if train:  # to look at, not to learn from
        n.l2_error = L.EuclideanLoss(n.decode1neuron, n.flatdata, name="loss", loss_weight=0)
    return n


def nets() -> dict[str, str]:
    return {
        "train_val.prototxt": prototxt(
            net(True), "MNISTAutoencoder", "An autoencoder for training and testing on MNIST."),
        "deploy.prototxt": prototxt(
            net(False), "MNISTAutoencoder", "The autoencoder for use: pixels from 0 to 1.",
            "The code is in encode4, the picture that it stands for in decode1neuron."),
    }


if __name__ == "__main__":
    write(__file__, nets())
