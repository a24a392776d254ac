"""Faster R-CNN on VGG-16: regions that a small net proposes, and a score for each class in each."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from making import MSRA, gaussian, learns, prototxt, write  # noqa: E402

from caffepy import layers as L  # noqa: E402
from caffepy.net_spec import NetSpec  # noqa: E402

STAGES = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))  # convolutions of 3 x 3, and outputs
RATIOS, SCALES = [0.5, 1, 2], [128, 256, 512]
HEIGHT, WIDTH, CLASSES = 600, 800, 21


def conv(n: NetSpec, x: Any, top: str, relu: str, outputs: int, name: str | None = None) -> Any:
    """A convolution of 3 x 3 and its ReLU, in the blob ``top``."""
    n[top] = L.Convolution(x, name=name or top, num_output=outputs, kernel_size=3, pad=1,
                           **learns(True, MSRA))
    return L.ReLU(n[top], in_place=True, name=relu)


def features(n: NetSpec) -> Any:
    """VGG-16 up to the last convolution: a cell for each 16 pixels."""
    x: Any = n.data
    for stage, (convolutions, outputs) in enumerate(STAGES, start=1):
        for i in range(1, convolutions + 1):
            x = conv(n, x, f"conv{stage}_{i}", f"relu{stage}_{i}", outputs)
        if stage < len(STAGES):
            x = n[f"pool{stage}"] = L.Pooling(x, pool="MAX", kernel_size=2, stride=2)
    return x


def proposals(n: NetSpec, x: Any) -> Any:
    """The regions that most likely are objects."""
    anchors = len(RATIOS) * len(SCALES)
    x = conv(n, x, "rpn/output", "rpn_relu/3x3", 512, "rpn_conv/3x3")
    for name, outputs in (("rpn_cls_score", 2), ("rpn_bbox_pred", 4)):
        n[name] = L.Convolution(x, num_output=outputs * anchors, kernel_size=1,
                                **learns(True, gaussian(0.01)))
    n.rpn_cls_score_reshape = L.Reshape(n.rpn_cls_score, shape={"dim": [0, 2, -1, 0]})
    n.rpn_cls_prob = L.Softmax(n.rpn_cls_score_reshape)
    n.rpn_cls_prob_reshape = L.Reshape(n.rpn_cls_prob, shape={"dim": [0, 2 * anchors, -1, 0]})
    n.rois = L.Proposal(
        n.rpn_cls_prob_reshape, n.rpn_bbox_pred, n.im_info, name="proposal", feat_stride=16,
        base_size=16, min_size=16, ratio=RATIOS, scale=SCALES, pre_nms_topn=6000,
        post_nms_topn=300, nms_thresh=0.7)
    return n.rois


def net() -> NetSpec:
    n = NetSpec()
    n.data = L.Input(shape={"dim": [1, 3, HEIGHT, WIDTH]})
    n.im_info = L.Input(shape={"dim": [1, 4]})
    x = features(n)
    x = n.pool5 = L.ROIPooling(x, proposals(n, x), name="roi_pool5", pooled_h=7, pooled_w=7,
                               spatial_scale=0.0625)
    for i in (6, 7):
        n[f"fc{i}"] = L.InnerProduct(x, num_output=4096, **learns(True, MSRA))
        n[f"relu{i}"] = L.ReLU(n[f"fc{i}"], in_place=True)
        x = n[f"drop{i}"] = L.Dropout(n[f"relu{i}"], in_place=True, dropout_ratio=0.5)
    n.cls_score = L.InnerProduct(x, num_output=CLASSES, **learns(True, gaussian(0.01)))
    n.bbox_pred = L.InnerProduct(x, num_output=4 * CLASSES, **learns(True, gaussian(0.001)))
    n.cls_prob = L.Softmax(n.cls_score)
    return n


def nets() -> dict[str, str]:
    return {"deploy.prototxt": prototxt(
        net(), "VGG_ILSVRC_16_layers",
        "Faster R-CNN on VGG-16 for use: BGR, less 102.9801, 115.9465 and 122.7717.",
        "im_info is height, width and the two scales of the picture.")}


if __name__ == "__main__":
    write(__file__, nets())
