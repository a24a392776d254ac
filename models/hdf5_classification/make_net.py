"""Logistic regression on HDF5 files, and the same with one hidden layer.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from making import XAVIER, finish, prototxt, start, write  # noqa: E402

from caffepy import layers as L  # noqa: E402
from caffepy.net_spec import NetSpec  # noqa: E402

FEATURES, CLASSES, HIDDEN = 4, 2, 40
BATCH = 10


def net(phase: str, hidden: int) -> NetSpec:
    """One phase's net: training and testing have a file each here.

    Args:
        phase: "train", "test" or "deploy".
        hidden: outputs of the layer before the last; 0: there is none.
    """
    training = phase != "deploy"
    n = start(training, 1, FEATURES)
    if training:
        n.data, n.label = L.HDF5Data(
            source=f"data/hdf5_classification/{phase}.txt", batch_size=BATCH, ntop=2)
    own = {"weight_filler": XAVIER} if training else {}
    x: Any = n.data
    if hidden:
        n.ip1 = L.InnerProduct(x, num_output=hidden, **own)
        x = n.relu1 = L.ReLU(n.ip1, in_place=True)
    last = "ip2" if hidden else "ip1"
    n[last] = L.InnerProduct(x, num_output=CLASSES, **own)
    if phase == "test":
        n.accuracy = L.Accuracy(n[last], n.label)
    finish(n, training, n[last], ())
    return n


def nets() -> dict[str, str]:
    found = {}
    for name, hidden in (("logreg", 0), ("nonlinear", HIDDEN)):
        for phase, end in (("train", "_train"), ("test", "_test"), ("deploy", "_deploy")):
            found[f"{name}{end}.prototxt"] = prototxt(
                net(phase, hidden), name, f"Four numbers into two classes: {name}, {phase}.")
    return found


if __name__ == "__main__":
    write(__file__, nets())
