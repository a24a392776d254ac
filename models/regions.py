"""What the scripts make_net.py of region-based detectors share: Faster R-CNN's and R-FCN's layers,
by the names that py-faster-rcnn and py-R-FCN give them.

A net for training and testing in one has the rules TRAIN and TEST; nets of one phase have none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from making import evaluation

from caffepy import layers as L
from caffepy.net_spec import NetSpec

TRAIN: dict[str, Any] = {"include": {"phase": "TRAIN"}}
TEST: dict[str, Any] = {"include": {"phase": "TEST"}}
STDS = [0.1, 0.1, 0.2, 0.2]  # BBOX_NORMALIZE_STDS: what learned deltas are multiplied by
MEANS = [102.9801, 115.9465, 122.7717]  # PIXEL_MEANS
LOSS = {"propagate_down": [True, False], "loss_weight": 1}


def pictures(shorter: int, longer: int, labels: Sequence[str]) -> dict[str, Any]:
    """A picture_param: what RoIDataLayer does to pictures, by SCALES and MAX_SIZE of cfg.TEST."""
    return {"shorter_side": shorter, "longer_side": longer, "mean_value": MEANS, "label": labels}


def words(**given: Any) -> str:
    """A param_str: one setting as everybody writes it, several in braces."""
    return ", ".join(f"{name!r}: {value!r}" for name, value in given.items()).join(
        "{}" if len(given) > 1 else ("", ""))


def python(module: str, layer: str, given: dict[str, Any], *bottoms: Any, **more: Any) -> Any:
    """A layer of type Python; see docs/standins.md."""
    return L.Python(*bottoms, module=module, layer=layer, param_str=words(**given), **more)


def data(n: NetSpec, train: dict[str, Any], test: dict[str, Any]) -> None:
    """Pictures and boxes of a folder like VOC's: tops data, im_info, and gt_boxes for training or
    label for testing. Arguments are param_strs."""
    module = "roi_data_layer.layer", "RoIDataLayer"
    n.data, n.im_info, n.gt_boxes = python(*module, train, name="input-data", ntop=3, **TRAIN)
    *_, n.label = python(*module, {**test, "rows": True}, name="input-data", ntop=3,
                         top=["data", "im_info", "label"], **TEST)


def start(height: int, width: int) -> NetSpec:
    """A net for use that has its inputs alone."""
    n = NetSpec()
    n.data, n.im_info = L.Input(ntop=2, shape=[{"dim": [1, 3, height, width]}, {"dim": [1, 3]}])
    return n


def region_scores(n: NetSpec, x: Any, outputs: int, anchors: int, learned: dict[str, Any]) -> None:
    """A score and four deltas for each anchor of each cell of a map.

    Args:
        learned: settings of the three convolutions.
    """
    n["rpn/output"] = L.Convolution(x, name="rpn_conv/3x3", num_output=outputs, kernel_size=3,
                                    pad=1, **learned)
    x = L.ReLU(n["rpn/output"], in_place=True, name="rpn_relu/3x3")
    n.rpn_cls_score = L.Convolution(x, num_output=2 * anchors, kernel_size=1, **learned)
    n.rpn_bbox_pred = L.Convolution(x, num_output=4 * anchors, kernel_size=1, **learned)
    n.rpn_cls_score_reshape = L.Reshape(n.rpn_cls_score, shape={"dim": [0, 2, -1, 0]})


def region_losses(n: NetSpec, given: dict[str, Any], **rule: Any) -> None:
    """What the anchors are to say, and how far they are from it."""
    labels, *targets = python(
        "rpn.anchor_target_layer", "AnchorTargetLayer", given, n.rpn_cls_score, n.gt_boxes,
        n.im_info, n.data, name="rpn-data", ntop=4, **rule)
    n.rpn_labels, n.rpn_bbox_targets = labels, targets[0]
    n.rpn_bbox_inside_weights, n.rpn_bbox_outside_weights = targets[1:]
    n.rpn_cls_loss = L.SoftmaxWithLoss(
        n.rpn_cls_score_reshape, labels, name="rpn_loss_cls",
        loss_param={"ignore_label": -1, "normalize": True}, **LOSS, **rule)
    n.rpn_loss_bbox = L.SmoothL1Loss(n.rpn_bbox_pred, *targets, loss_weight=1,
                                     smooth_l1_loss_param={"sigma": 3.0}, **rule)


def probabilities(n: NetSpec, anchors: int) -> None:
    """Of each anchor, that it is background and that it is an object."""
    n.rpn_cls_prob = L.Softmax(n.rpn_cls_score_reshape)
    n.rpn_cls_prob_reshape = L.Reshape(n.rpn_cls_prob, shape={"dim": [0, 2 * anchors, -1, 0]})


def proposals(n: NetSpec, given: dict[str, Any], **more: Any) -> Any:
    """The regions that most likely are objects."""
    return python("rpn.proposal_layer", "ProposalLayer", given, n.rpn_cls_prob_reshape,
                  n.rpn_bbox_pred, n.im_info, name="proposal", **more)


def rois(n: NetSpec, given: dict[str, Any], classes: int) -> Any:
    """Regions, for training those to learn from and for testing the proposals themselves."""
    n.rpn_rois = proposals(n, given, **TRAIN)
    region_targets(n, classes, **TRAIN)
    n["rois for testing"] = proposals(n, given, ntop=0, top=["rois"], **TEST)
    return n.rois


def region_targets(n: NetSpec, classes: int, **rule: Any) -> None:
    """Of the proposals those to learn from: rois, labels, bbox_targets and both weights."""
    (n.rois, n.labels, n.bbox_targets, n.bbox_inside_weights, n.bbox_outside_weights) = python(
        "rpn.proposal_target_layer", "ProposalTargetLayer", {"num_classes": classes}, n.rpn_rois,
        n.gt_boxes, name="roi-data", ntop=5, **rule)


def losses(n: NetSpec, **rule: Any) -> None:
    """How far classes and boxes of the rois are from what they should be."""
    n.cls_loss = L.SoftmaxWithLoss(n.cls_score, n.labels, name="loss_cls",
                                   loss_param={"ignore_label": -1, "normalize": True},
                                   **LOSS, **rule)
    n.bbox_loss = L.SmoothL1Loss(
        n.bbox_pred, n.bbox_targets, n.bbox_inside_weights, n.bbox_outside_weights,
        name="loss_bbox", loss_weight=1, **rule)


def priors(n: NetSpec, variance: list[float], **more: Any) -> Any:
    """The rois as DetectionOutput takes them.

    Args:
        variance: what deltas are multiplied by: STDS for nets as they are trained, 1 for those
            whose last layer was given that already, as published ones.
    """
    return python("fast_rcnn.prior_layer", "PriorLayer", {"variance": variance}, n.rois, n.im_info,
                  **more)


def rows(n: NetSpec, classes: int, agnostic: bool, **rule: Any) -> Any:
    """What the net finds, as SSD's rows of boxes: what py-faster-rcnn's test does after the net.

    Args:
        agnostic: one box for all classes (R-FCN), the second four numbers.
    """
    boxes = n.bbox_pred
    if agnostic:
        background, boxes = L.Slice(boxes, ntop=2, axis=1, slice_point=4, **rule)
        n.bbox_pred_background, n.bbox_pred_object = background, boxes
        n.silence_bbox_pred = L.Silence(background, ntop=0, **rule)
    for name, bottom in (("bbox_pred", boxes), ("cls_prob", n.cls_prob)):
        n[f"{name}_flat"] = L.Reshape(bottom, shape={"dim": [1, -1]}, **rule)
    n.detection_out = L.DetectionOutput(
        n.bbox_pred_flat, n.cls_prob_flat, n.roi_priors, num_classes=classes,
        share_location=agnostic, background_label_id=0, code_type="CENTER_SIZE",
        nms_param={"nms_threshold": 0.3, "top_k": 100}, keep_top_k=100,
        confidence_threshold=0.01, clip=True, **rule)
    return n.detection_out


def found(n: NetSpec, classes: int, variance: list[float], agnostic: bool = False) -> None:
    """The same of a net for use; ``variance`` as for ``priors``."""
    n.roi_priors = priors(n, variance)
    rows(n, classes, agnostic)


def tested(n: NetSpec, classes: int, agnostic: bool = False) -> None:
    """For testing: what is found, and which of it is right. The stage "published" is for weights
    that were given the deviations of targets already."""
    n.roi_priors = priors(n, STDS, include={**TEST["include"], "not_stage": "published"})
    n["roi_priors of published weights"] = priors(
        n, [1, 1, 1, 1], ntop=0, name="roi_priors", top=["roi_priors"],
        include={**TEST["include"], "stage": "published"})
    evaluation(n, rows(n, classes, agnostic, **TEST), classes, **TEST)
