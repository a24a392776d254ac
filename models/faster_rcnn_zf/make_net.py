"""Faster R-CNN on ZF's net, as py-faster-rcnn trains it end to end: its layers, by its names."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import regions  # noqa: E402
from making import XAVIER, gaussian, learns, prototxt, rates, write  # noqa: E402

from caffepy import layers as L  # noqa: E402
from caffepy.model_libs.zf import CONVOLUTIONS  # noqa: E402
from caffepy.net_spec import NetSpec  # noqa: E402
from caffepy.standins.datasets.pascal_voc import CLASSES as VOC_CLASSES  # noqa: E402

CLASSES, COUNT, STRIDE = 21, 9, {"feat_stride": 16}
# experiments/cfgs/faster_rcnn_end2end.yml
SETTINGS = {"TRAIN": {"HAS_RPN": True, "IMS_PER_BATCH": 1,
                      "BBOX_NORMALIZE_TARGETS_PRECOMPUTED": True, "RPN_POSITIVE_OVERLAP": 0.7,
                      "RPN_BATCHSIZE": 256, "BG_THRESH_LO": 0.0}}
SOURCE = {"num_classes": CLASSES, "source": "data/VOCdevkit2007/VOC2007", "cfg": SETTINGS}
RATES = rates(decay=False)
REGIONS = learns(True, gaussian(0.01), param=RATES)


def features(n: NetSpec) -> Any:
    """ZF's five convolutions: a cell for each 16 pixels."""
    x: Any = n.data
    for number, shape in enumerate(CONVOLUTIONS, 1):
        n[f"conv{number}"] = L.Convolution(x, **shape, **learns(True, XAVIER, param=RATES))
        x = n[f"relu{number}"] = L.ReLU(n[f"conv{number}"], in_place=True)
        if number <= 2:
            n[f"norm{number}"] = L.LRN(x, local_size=3, alpha=0.00005, beta=0.75,
                                       norm_region="WITHIN_CHANNEL", engine="CAFFE")
            x = n[f"pool{number}"] = L.Pooling(n[f"norm{number}"], pool="MAX", kernel_size=3,
                                               stride=2, pad=1)
    return x


def scores(n: NetSpec, x: Any) -> None:
    """Classes of the rois, and how each would move them."""
    x = n.roi_pool_conv5 = L.ROIPooling(x, n.rois, pooled_w=6, pooled_h=6, spatial_scale=1 / 16)
    for i in (6, 7):
        n[f"fc{i}"] = L.InnerProduct(x, num_output=4096, **learns(True, XAVIER, param=RATES))
        n[f"relu{i}"] = L.ReLU(n[f"fc{i}"], in_place=True)
        x = n[f"drop{i}"] = L.Dropout(n[f"relu{i}"], in_place=True, dropout_ratio=0.5,
                                      scale_train=False)
    n.cls_score = L.InnerProduct(x, num_output=CLASSES,
                                 **learns(True, gaussian(0.01), param=RATES))
    n.bbox_pred = L.InnerProduct(x, num_output=4 * CLASSES,
                                 **learns(True, gaussian(0.001), param=RATES))


def train_val() -> NetSpec:
    n = NetSpec()
    regions.data(n, {**SOURCE, "split": "trainval"}, {**SOURCE, "split": "test"})
    x = features(n)
    regions.region_scores(n, x, 256, COUNT, REGIONS)
    regions.region_losses(n, STRIDE, **regions.TRAIN)
    regions.probabilities(n, COUNT)
    regions.rois(n, STRIDE, CLASSES)
    scores(n, x)
    regions.losses(n, **regions.TRAIN)
    n.cls_prob = L.Softmax(n.cls_score, **regions.TEST)
    regions.tested(n, CLASSES)
    return n


def deploy(finds: bool) -> NetSpec:
    """
    Args:
        finds: with rows of boxes behind the public net's outputs.
    """
    n = regions.start(600, 800)
    x = features(n)
    regions.region_scores(n, x, 256, COUNT, REGIONS)
    regions.probabilities(n, COUNT)
    n.rois = regions.proposals(n, STRIDE)
    scores(n, x)
    n.cls_prob = L.Softmax(n.cls_score)
    if finds:
        regions.found(n, CLASSES, [1, 1, 1, 1])
    return n


def nets() -> dict[str, str]:
    use = "Faster R-CNN on ZF's net for use: BGR, less 102.9801, 115.9465 and 122.7717."
    return {
        "train_val.prototxt": prototxt(
            train_val(), "ZF", "Faster R-CNN on ZF's net for training and testing on VOC 2007."),
        "deploy.prototxt": prototxt(
            deploy(False), "ZF", use, "im_info is height and width of data, and its scale."),
        "detect.prototxt": prototxt(
            deploy(True), "ZF", use, "The same with what it finds as rows of boxes, for detect.",
            picture=regions.pictures(600, 1000, VOC_CLASSES)),
    }


if __name__ == "__main__":
    write(__file__, nets())
