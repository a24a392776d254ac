"""R-FCN on ResNet-50 with hard examples mined, as py-R-FCN trains it end to end: its layers, by
its names."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import regions  # noqa: E402
from making import MSRA, gaussian, learns, prototxt, rates, write  # noqa: E402

from caffepy import layers as L  # noqa: E402
from caffepy.net_spec import NetSpec  # noqa: E402
from caffepy.standins.datasets.pascal_voc import CLASSES as VOC_CLASSES  # noqa: E402

CLASSES, COUNT, STRIDE, GROUP = 21, 9, {"feat_stride": 16}, 7
STAGES = {"2": ("abc", 64), "3": ("abcd", 128), "4": ("abcdef", 256), "5": ("abc", 512)}
FROZEN = ("1", "2")  # stages that keep what they learned on ImageNet
MINED = 128  # rois of a picture that count: those with the largest losses
# experiments/cfgs/rfcn_end2end_ohem.yml
SETTINGS = {"TRAIN": {"HAS_RPN": True, "IMS_PER_BATCH": 1,
                      "BBOX_NORMALIZE_TARGETS_PRECOMPUTED": True, "RPN_POSITIVE_OVERLAP": 0.7,
                      "RPN_BATCHSIZE": 256, "BG_THRESH_LO": 0.0, "BATCH_SIZE": -1,
                      "AGNOSTIC": True, "RPN_PRE_NMS_TOP_N": 6000, "RPN_POST_NMS_TOP_N": 300},
            "TEST": {"AGNOSTIC": True}}
SOURCE = {"num_classes": CLASSES, "source": "data/VOCdevkit2007/VOC2007", "cfg": SETTINGS}
NEW = learns(True, gaussian(0.01), param=rates(decay=False))
UNLEARNED = {"lr_mult": 0, "decay_mult": 0}


def conv(n: NetSpec, x: Any, name: str, suffix: str, outputs: int, kernel: int, stage: str,
         stride: int = 1, dilation: int = 1, relu: bool = True) -> Any:
    """Convolution, batch normalization by statistics of ImageNet, scale and, if wanted, ReLU: all
    in the blob ``name``."""
    bias = name == "conv1"
    shape: dict[str, Any] = {"pad": (kernel // 2) * dilation, "stride": stride}
    if dilation > 1:
        shape["dilation"] = dilation
    if not bias:
        shape["bias_term"] = False
    rate = {"lr_mult": 0 if stage in FROZEN else 1}
    top = n[name] = L.Convolution(x, num_output=outputs, kernel_size=kernel, **shape,
                                  param=[rate] * (2 if bias else 1), weight_filler=MSRA)
    top = L.BatchNorm(top, in_place=True, name=f"bn{suffix}", use_global_stats=True,
                      param=[UNLEARNED] * 3)
    top = L.Scale(top, in_place=True, name=f"scale{suffix}", bias_term=True,
                  param=[UNLEARNED] * 2)
    return L.ReLU(top, in_place=True, name=f"{name}_relu") if relu else top


def block(n: NetSpec, x: Any, stage: str, letter: str, width: int) -> Any:
    """Three convolutions beside a shortcut, which is projected in a stage's first. The last stage
    does not shrink the map: its kernels are wider instead."""
    name = f"{stage}{letter}"
    stride = 2 if letter == "a" and stage in "34" else 1
    shortcut, ends = x, f"res{name}_branch"
    if letter == "a":
        shortcut = conv(n, x, f"{ends}1", f"{name}_branch1", 4 * width, 1, stage, stride,
                        relu=False)
    x = conv(n, x, f"{ends}2a", f"{name}_branch2a", width, 1, stage, stride)
    x = conv(n, x, f"{ends}2b", f"{name}_branch2b", width, 3, stage,
             dilation=2 if stage == "5" else 1)
    x = conv(n, x, f"{ends}2c", f"{name}_branch2c", 4 * width, 1, stage, relu=False)
    n[f"res{name}"] = L.Eltwise(shortcut, x)
    return L.ReLU(n[f"res{name}"], in_place=True, name=f"res{name}_relu")


def features(n: NetSpec) -> tuple[Any, Any]:
    """Maps to propose regions on and to look at them: a cell for each 16 pixels, both."""
    x = conv(n, n.data, "conv1", "_conv1", 64, 7, "1", 2)
    x = n.pool1 = L.Pooling(x, pool="MAX", kernel_size=3, stride=2)
    ends = {}
    for stage, (letters, width) in STAGES.items():
        for letter in letters:
            x = block(n, x, stage, letter, width)
        ends[stage] = x
    return ends["4"], ends["5"]


def score_maps(n: NetSpec, x: Any) -> None:
    """For each of 7 x 7 parts of a region a map of scores, and one of deltas; and their means over
    the parts of each roi."""
    n.conv_new_1 = L.Convolution(x, num_output=1024, kernel_size=1, **NEW)
    x = L.ReLU(n.conv_new_1, in_place=True, name="conv_new_1_relu")
    for name, short, outputs, top in (("rfcn_cls", "cls", CLASSES, "cls_score"),
                                      ("rfcn_bbox", "loc", 8, "bbox_pred_pre")):
        n[name] = L.Convolution(x, num_output=outputs * GROUP**2, kernel_size=1, **NEW)
        pooled = n[f"psroipooled_{short}_rois"] = L.PSROIPooling(
            n[name], n.rois, spatial_scale=1 / 16, output_dim=outputs, group_size=GROUP)
        called = top.removesuffix("_pre")
        n[top] = L.Pooling(pooled, name=f"ave_{called}_rois", pool="AVE", kernel_size=GROUP,
                           stride=GROUP)


def mined_losses(n: NetSpec) -> None:
    """The losses of those rois that have the largest ones."""
    unseen: dict[str, Any] = regions.TRAIN
    n.temp_loss_cls, n.temp_prob_cls, n.per_roi_loss_cls = L.SoftmaxWithLossOHEM(
        n.cls_score, n.labels, name="per_roi_loss_cls", ntop=3, loss_weight=[0] * 3,
        propagate_down=[False] * 2, **unseen)
    n.temp_loss_bbox, n.per_roi_loss_bbox = L.SmoothL1LossOHEM(
        n.bbox_pred_pre, n.bbox_targets, n.bbox_inside_weights, name="per_roi_loss_bbox", ntop=2,
        loss_weight=[0] * 2, propagate_down=[False] * 3, **unseen)
    n.per_roi_loss = L.Eltwise(n.per_roi_loss_cls, n.per_roi_loss_bbox,
                               propagate_down=[False] * 2, **unseen)
    n.labels_ohem, n.bbox_loss_weights_ohem = L.BoxAnnotatorOHEM(
        n.rois, n.per_roi_loss, n.labels, n.bbox_inside_weights, name="annotator_detector", ntop=2,
        roi_per_img=MINED, ignore_label=-1, propagate_down=[False] * 4, **unseen)
    n.silence = L.Silence(n.bbox_outside_weights, n.temp_loss_cls, n.temp_prob_cls,
                          n.temp_loss_bbox, ntop=0, **unseen)
    n.loss_cls = L.SoftmaxWithLoss(n.cls_score, n.labels_ohem, name="loss",
                                   loss_param={"ignore_label": -1}, **regions.LOSS, **unseen)
    n.accuarcy = L.Accuracy(n.cls_score, n.labels_ohem, ignore_label=-1,
                            propagate_down=[False] * 2, **unseen)
    n.loss_bbox = L.SmoothL1LossOHEM(
        n.bbox_pred_pre, n.bbox_targets, n.bbox_loss_weights_ohem, loss_weight=1,
        loss_param={"normalization": "PRE_FIXED", "pre_fixed_normalizer": MINED},
        propagate_down=[True, False, False], **unseen)


def answers(n: NetSpec, **rule: Any) -> None:
    """Probabilities of the classes and deltas, a row for each roi."""
    n.cls_prob_pre = L.Softmax(n.cls_score, name="cls_prob", **rule)
    n.cls_prob = L.Reshape(n.cls_prob_pre, name="cls_prob_reshape",
                           shape={"dim": [-1, CLASSES]}, **rule)
    n.bbox_pred = L.Reshape(n.bbox_pred_pre, name="bbox_pred_reshape", shape={"dim": [-1, 8]},
                            **rule)


def train_val() -> NetSpec:
    n = NetSpec()
    regions.data(n, {**SOURCE, "split": "trainval"}, {**SOURCE, "split": "test"})
    proposed_on, looked_at = features(n)
    regions.region_scores(n, proposed_on, 512, COUNT, NEW)
    regions.region_losses(n, STRIDE, **regions.TRAIN)
    regions.probabilities(n, COUNT)
    regions.rois(n, STRIDE, 2)
    score_maps(n, looked_at)
    mined_losses(n)
    answers(n, **regions.TEST)
    regions.tested(n, CLASSES, agnostic=True)
    return n


def deploy(finds: bool) -> NetSpec:
    """
    Args:
        finds: with rows of boxes behind the public net's outputs.
    """
    n = regions.start(600, 800)
    proposed_on, looked_at = features(n)
    regions.region_scores(n, proposed_on, 512, COUNT, NEW)
    regions.probabilities(n, COUNT)
    n.rois = regions.proposals(n, STRIDE)
    score_maps(n, looked_at)
    answers(n)
    if finds:
        regions.found(n, CLASSES, [1, 1, 1, 1], agnostic=True)
    return n


def nets() -> dict[str, str]:
    use = "R-FCN on ResNet-50 for use: BGR, less 102.9801, 115.9465 and 122.7717."
    return {
        "train_val.prototxt": prototxt(
            train_val(), "ResNet-50", "R-FCN on ResNet-50 for training and testing on VOC 2007."),
        "deploy.prototxt": prototxt(
            deploy(False), "ResNet-50", use,
            "im_info is height and width of data, and its scale."),
        "detect.prototxt": prototxt(
            deploy(True), "ResNet-50", use,
            "The same with what it finds as rows of boxes, for detect.",
            picture=regions.pictures(600, 1000, VOC_CLASSES)),
    }


if __name__ == "__main__":
    write(__file__, nets())
