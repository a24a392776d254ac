"""CaffeNet fine-tuned for 20 styles of photographs: a new last layer that learns ten times faster.

Layers of CaffeNet's names start from its weights; fc8_flickr is not among them, so it starts anew.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from alexnet.make_net import layers  # noqa: E402
from making import (  # noqa: E402
    IMAGENET_MEAN,
    data_layers,
    finish,
    gaussian,
    learns,
    prototxt,
    rates,
    start,
    write,
)

from caffepy import layers as L  # noqa: E402
from caffepy.net_spec import NetSpec  # noqa: E402


def pictures(part: str, **transform: Any) -> dict[str, Any]:
    return {
        "image_data_param": {"source": f"data/flickr_style/{part}.txt", "batch_size": 50,
                             "new_height": 256, "new_width": 256},
        "transform_param": {"crop_size": 227, "mean_file": IMAGENET_MEAN, **transform},
    }


def net(train: bool) -> NetSpec:
    n = start(train, 10, 3, 227, 227)
    if train:
        data_layers(n, "ImageData", pictures("train", mirror=True), pictures("test"))
    n.fc8_flickr = L.InnerProduct(
        layers(n, train, 1, False), num_output=20,
        **learns(train, gaussian(0.01), param=rates(10, 20)))
    finish(n, train, n.fc8_flickr)
    return n


def nets() -> dict[str, str]:
    return {
        "train_val.prototxt": prototxt(
            net(True), "FlickrStyleCaffeNet", "Start the training with CaffeNet's weights."),
        "deploy.prototxt": prototxt(
            net(False), "FlickrStyleCaffeNet", "The tuned net for use: BGR, the mean subtracted."),
    }


if __name__ == "__main__":
    write(__file__, nets())
