"""A small Faster R-CNN that finds digits: six convolutions, which two inner products look at
regions of."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import regions  # noqa: E402
from making import MSRA, gaussian, learns, prototxt, write  # noqa: E402

from caffepy import layers as L  # noqa: E402
from caffepy.net_spec import NetSpec  # noqa: E402

CLASSES = 11
SIZE, LONGER = 128, 200  # pixels of a picture's shorter side, and of the longer at most
# outputs and stride of each convolution of 3 x 3; regions are looked at where a cell is 4 pixels,
# and proposed where it is 8
CONVOLUTIONS = {"conv1": (16, 2), "conv2": (32, 2), "conv3": (64, 1), "conv4": (64, 1),
                "conv5": (96, 2), "conv6": (96, 1)}
RATIOS, SCALES = [1, 1.7, 4], [1, 1.4, 2, 2.8]  # of 16 pixels, height to width
ANCHORS = {"feat_stride": 8, "scales": SCALES, "ratios": RATIOS}
COUNT = len(RATIOS) * len(SCALES)
FEW = {"RPN_MIN_SIZE": 4, "RPN_PRE_NMS_TOP_N": 600}
TEST = {**FEW, "RPN_POST_NMS_TOP_N": 60}
SETTINGS = {
    "TRAIN": {"HAS_RPN": True, "IMS_PER_BATCH": 1, "SCALES": (112, SIZE, 144), "MAX_SIZE": LONGER,
              "USE_FLIPPED": False, "ASPECT_GROUPING": False,
              "BBOX_NORMALIZE_TARGETS_PRECOMPUTED": True, "BATCH_SIZE": 64, "BG_THRESH_LO": 0.0,
              "RPN_BATCHSIZE": 128, **FEW, "RPN_POST_NMS_TOP_N": 100},
    "TEST": {"SCALES": (SIZE,), "MAX_SIZE": LONGER, **TEST}}
SOURCE = {"num_classes": CLASSES, "source": "data/digits_ssd/VOC",
          "label_map_file": "models/digits_ssd/labelmap.prototxt", "cfg": SETTINGS}


def features(n: NetSpec) -> tuple[Any, Any]:
    """Maps to look at regions of, and to propose them on."""
    n.scaled = L.Power(n.data, scale=1 / 64)
    x, maps = n.scaled, {}
    for name, (outputs, stride) in CONVOLUTIONS.items():
        n[name] = L.Convolution(x, num_output=outputs, kernel_size=3, pad=1, stride=stride,
                                **learns(True, MSRA))
        x = maps[name] = n[name.replace("conv", "relu")] = L.ReLU(n[name], in_place=True)
    return maps["conv4"], x


def scores(n: NetSpec, x: Any) -> None:
    """Classes of the rois, and how each would move them."""
    n.roi_pool = L.ROIPooling(x, n.rois, pooled_h=7, pooled_w=7, spatial_scale=0.25)
    n.fc7 = L.InnerProduct(n.roi_pool, num_output=256, **learns(True, MSRA))
    n.relu7 = L.ReLU(n.fc7, in_place=True)
    x = n.drop7 = L.Dropout(n.relu7, in_place=True, dropout_ratio=0.5)
    n.cls_score = L.InnerProduct(x, num_output=CLASSES, **learns(True, gaussian(0.01)))
    n.bbox_pred = L.InnerProduct(x, num_output=4 * CLASSES, **learns(True, gaussian(0.001)))


def train_val() -> NetSpec:
    n = NetSpec()
    regions.data(n, {**SOURCE, "split": "train"}, {**SOURCE, "split": "test"})
    looked_at, proposed_on = features(n)
    regions.region_scores(n, proposed_on, 96, COUNT, learns(True, gaussian(0.01)))
    regions.region_losses(n, ANCHORS, **regions.TRAIN)
    regions.probabilities(n, COUNT)
    regions.rois(n, ANCHORS, CLASSES)
    scores(n, looked_at)
    regions.losses(n, **regions.TRAIN)
    n.cls_prob = L.Softmax(n.cls_score, **regions.TEST)
    regions.tested(n, CLASSES)
    return n


def deploy() -> NetSpec:
    n = regions.start(SIZE, SIZE)
    looked_at, proposed_on = features(n)
    regions.region_scores(n, proposed_on, 96, COUNT, learns(True, gaussian(0.01)))
    regions.probabilities(n, COUNT)
    n.rois = regions.proposals(n, {**ANCHORS, "cfg": {"TEST": TEST}})
    scores(n, looked_at)
    n.cls_prob = L.Softmax(n.cls_score)
    regions.found(n, CLASSES, regions.STDS)
    return n


def nets() -> dict[str, str]:
    return {
        "train_val.prototxt": prototxt(
            train_val(), "digits_faster_rcnn", "A small Faster R-CNN that finds digits."),
        "deploy.prototxt": prototxt(
            deploy(), "digits_faster_rcnn",
            "A small Faster R-CNN that finds digits: BGR, less 102.9801, 115.9465 and 122.7717.",
            picture=regions.pictures(SIZE, LONGER, ["background", *"0123456789"])),
    }


if __name__ == "__main__":
    write(__file__, nets())
