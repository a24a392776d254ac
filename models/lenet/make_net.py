"""LeNet on Fashion-MNIST: the net of lenet_train_test.prototxt on other pictures of 28 x 28."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from making import write  # noqa: E402


def nets() -> dict[str, str]:
    text = (HERE / "lenet_train_test.prototxt").read_text()
    body = text.split("\n", 1)[1].replace("data/mnist/mnist_", "data/fashion_mnist/fashion_mnist_")
    head = ("# LeNet for training and testing on Fashion-MNIST.\n"
            "# Written by make_net.py from lenet_train_test.prototxt: change those, and run it.\n")
    return {"lenet_fashion_train_test.prototxt": head + body}


if __name__ == "__main__":
    write(__file__, nets())
