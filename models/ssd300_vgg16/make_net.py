"""SSD300: boxes and scores on six maps of VGG-16 and of what lies over it, by caffe.model_libs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from making import boxes_database, detections, evaluation, prototxt, write  # noqa: E402

from caffepy import layers as L  # noqa: E402
from caffepy.model_libs import ConvBNLayer, CreateMultiBoxHead, VGGNetBody  # noqa: E402
from caffepy.net_spec import NetSpec  # noqa: E402

SIZE, CLASSES = 300, 21
TRAIN, TEST = {"phase": "TRAIN"}, {"phase": "TEST"}
# classes; boxes of each that are compared, that are kept of a picture, and from which score up
FOUND = CLASSES, 400, 200, 0.01
# layers over fc7: outputs, kernel, pad, stride
EXTRA = {"conv6_1": (256, 1, 0, 1), "conv6_2": (512, 3, 1, 2), "conv7_1": (128, 1, 0, 1),
         "conv7_2": (256, 3, 1, 2), "conv8_1": (128, 1, 0, 1), "conv8_2": (256, 3, 0, 1),
         "conv9_1": (128, 1, 0, 1), "conv9_2": (256, 3, 0, 1)}
# smallest and largest box in pixels, aspect ratios beside 1, pixels from cell to cell, and what
# features are brought to the length of
MAPS: dict[str, tuple[float, float, list[int], int, int]] = {
    "conv4_3": (30, 60, [2], 8, 20), "fc7": (60, 111, [2, 3], 16, -1),
    "conv6_2": (111, 162, [2, 3], 32, -1), "conv7_2": (162, 213, [2, 3], 64, -1),
    "conv8_2": (213, 264, [2], 100, -1), "conv9_2": (264, 315, [2], 300, -1)}


def predictions(n: NetSpec) -> list[Any]:
    """Locations, scores and priors of all maps."""
    VGGNetBody(n, from_layer="data", fully_conv=True, reduced=True, dilated=True, dropout=False)
    below = "fc7"
    for name, window in EXTRA.items():
        ConvBNLayer(n, below, name, False, True, *window, lr_mult=1)
        below = name
    least, most, ratios, steps, lengths = map(list, zip(*MAPS.values(), strict=True))
    return CreateMultiBoxHead(
        n, data_layer="data", from_layers=list(MAPS), use_batchnorm=False, min_sizes=least,
        max_sizes=most, aspect_ratios=ratios, steps=steps, normalizations=lengths,
        num_classes=CLASSES, share_location=True, flip=True, clip=False,
        prior_variance=[0.1, 0.1, 0.2, 0.2], kernel_size=3, pad=1, lr_mult=1)


def train_val() -> NetSpec:
    n = NetSpec()
    boxes_database(n, SIZE, (8, 8), [104, 117, 123])
    tops = predictions(n)
    n.mbox_loss = L.MultiBoxLoss(
        *tops, n.label, include=TRAIN, propagate_down=[True, True, False, False],
        loss_param={"normalization": "VALID"}, loc_loss_type="SMOOTH_L1",
        conf_loss_type="SOFTMAX", loc_weight=1, num_classes=CLASSES, share_location=True,
        match_type="PER_PREDICTION", overlap_threshold=0.5, use_prior_for_matching=True,
        background_label_id=0, use_difficult_gt=True, neg_pos_ratio=3, neg_overlap=0.5,
        code_type="CENTER_SIZE", ignore_cross_boundary_bbox=False,
        mining_type="MAX_NEGATIVE")
    evaluation(n, detections(n, tops, *FOUND, include=TEST), CLASSES, include=TEST)
    return n


def deploy() -> NetSpec:
    n = NetSpec()
    n.data = L.Input(shape={"dim": [1, 3, SIZE, SIZE]})
    detections(n, predictions(n), *FOUND)
    return n


def nets() -> dict[str, str]:
    return {
        "train_val.prototxt": prototxt(train_val(), "SSD300 on VGG-16", "SSD300 on VGG-16."),
        "deploy.prototxt": prototxt(
            deploy(), "SSD300 on VGG-16", "SSD300 on VGG-16 for use: BGR, less 104, 117, 123."),
    }


if __name__ == "__main__":
    write(__file__, nets())
