"""CaffeNet: AlexNet with pooling before normalization and biases that start at 1."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from alexnet.make_net import net  # noqa: E402
from making import prototxt, write  # noqa: E402


def nets() -> dict[str, str]:
    return {
        "train_val.prototxt": prototxt(
            net(True, 1, False), "CaffeNet", "CaffeNet for training and testing on ImageNet."),
        "deploy.prototxt": prototxt(
            net(False, 1, False), "CaffeNet", "CaffeNet for use: BGR, the mean subtracted."),
    }


if __name__ == "__main__":
    write(__file__, nets())
