"""A small SSD that finds digits: seven convolutions, boxes and scores on two maps."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from making import data_layers, detections, evaluation, prototxt, write  # noqa: E402

from caffepy import layers as L  # noqa: E402
from caffepy.model_libs import ConvBNLayer, CreateMultiBoxHead  # noqa: E402
from caffepy.net_spec import NetSpec  # noqa: E402

SIZE, CLASSES = 96, 11
TRAIN, TEST = {"phase": "TRAIN"}, {"phase": "TEST"}
# classes; boxes of each that are compared, that are kept of a picture, and from which score up
FOUND = CLASSES, 100, 50, 0.02
DATA = "data/digits_ssd"
MAP = "models/digits_ssd/labelmap.prototxt"
# outputs and stride of each convolution of 3 x 3; a map of 12 x 12 and one of 6 x 6 predict
CONVOLUTIONS = {"conv1": (16, 2), "conv2": (32, 2), "conv3": (64, 1), "conv4": (96, 2),
                "conv5": (96, 1), "conv6": (128, 2), "conv7": (128, 1)}
MAPS: dict[str, tuple[list[int], list[int]]] = {  # smallest and largest boxes in pixels
    "conv5": ([14, 20], [20, 28]), "conv7": ([28, 40], [40, 52])}
NARROW = 0.35  # width to height of boxes beside squares, for ones above all


def data(n: NetSpec) -> None:
    rule = {"mean_value": [127], "scale": 1 / 64,
            "resize_param": {"prob": 1, "resize_mode": "WARP", "height": SIZE, "width": SIZE,
                             "interp_mode": "LINEAR"}}
    whole = {"max_sample": 1, "max_trials": 1}
    part = {"max_sample": 1, "max_trials": 20,
            "sampler": {"min_scale": 0.6, "max_scale": 1, "min_aspect_ratio": 0.75,
                        "max_aspect_ratio": 1.33},
            "sample_constraint": {"min_object_coverage": 1}}
    train, test = (
        {"data_param": {"source": f"{DATA}/digits_{name}_lmdb", "batch_size": batch,
                        "backend": "LMDB"},
         "transform_param": {**rule, "emit_constraint": {"emit_type": "CENTER"}},
         "annotated_data_param": {"label_map_file": MAP, "batch_sampler": samplers}}
        for name, batch, samplers in (("train", 16, [whole, part]), ("test", 20, [])))
    data_layers(n, "AnnotatedData", train, test)


def predictions(n: NetSpec) -> list[Any]:
    """Locations, scores and priors of both maps."""
    below = "data"
    for name, (outputs, stride) in CONVOLUTIONS.items():
        ConvBNLayer(n, below, name, True, True, outputs, 3, 1, stride)
        below = name
    least, most = zip(*MAPS.values(), strict=True)
    return CreateMultiBoxHead(
        n, data_layer="data", from_layers=list(MAPS), use_batchnorm=False, min_sizes=least,
        max_sizes=most, aspect_ratios=[[NARROW]] * len(MAPS), num_classes=CLASSES,
        share_location=True, flip=False, clip=False, prior_variance=[0.1, 0.1, 0.2, 0.2],
        kernel_size=3, pad=1)


def train_val() -> NetSpec:
    n = NetSpec()
    data(n)
    tops = predictions(n)
    n.mbox_loss = L.MultiBoxLoss(
        *tops, n.label, include=TRAIN, propagate_down=[True, True, False, False],
        num_classes=CLASSES, code_type="CENTER_SIZE", mining_type="MAX_NEGATIVE",
        neg_pos_ratio=3, neg_overlap=0.5, loss_param={"normalization": "VALID"})
    evaluation(n, detections(n, tops, *FOUND, include=TEST), CLASSES, include=TEST)
    return n


def deploy() -> NetSpec:
    n = NetSpec()
    n.data = L.Input(shape={"dim": [1, 3, SIZE, SIZE]})
    detections(n, predictions(n), *FOUND)
    return n


def nets() -> dict[str, str]:
    return {
        "train_val.prototxt": prototxt(
            train_val(), "digits_ssd", "A small SSD that finds digits."),
        "deploy.prototxt": prototxt(
            deploy(), "digits_ssd", "A small SSD that finds digits: BGR, less 127, times 1/64."),
    }


if __name__ == "__main__":
    write(__file__, nets())
