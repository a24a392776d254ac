"""A small SSD that finds digits: seven convolutions, boxes and scores on two maps."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from making import data_layers, prototxt, write  # noqa: E402

from caffepy import layers as L  # noqa: E402
from caffepy.model_libs import ConvBNLayer, CreateMultiBoxHead  # noqa: E402
from caffepy.net_spec import NetSpec  # noqa: E402

SIZE, CLASSES = 96, 11
TRAIN, TEST = {"phase": "TRAIN"}, {"phase": "TEST"}
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


def detections(n: NetSpec, tops: list[Any], **rule: Any) -> Any:
    """What the net finds; ``rule``: for one phase alone."""
    n.mbox_conf_reshape = L.Reshape(tops[1], shape={"dim": [0, -1, CLASSES]}, **rule)
    n.mbox_conf_softmax = L.Softmax(n.mbox_conf_reshape, axis=2, **rule)
    n.mbox_conf_flatten = L.Flatten(n.mbox_conf_softmax, **rule)
    n.detection_out = L.DetectionOutput(
        tops[0], n.mbox_conf_flatten, tops[2], num_classes=CLASSES, share_location=True,
        background_label_id=0, nms_param={"nms_threshold": 0.45, "top_k": 100},
        code_type="CENTER_SIZE", keep_top_k=50, confidence_threshold=0.02, **rule)
    return n.detection_out


def train_val() -> NetSpec:
    n = NetSpec()
    data(n)
    tops = predictions(n)
    n.mbox_loss = L.MultiBoxLoss(
        *tops, n.label, include=TRAIN, propagate_down=[True, True, False, False],
        num_classes=CLASSES, code_type="CENTER_SIZE", mining_type="MAX_NEGATIVE",
        neg_pos_ratio=3, neg_overlap=0.5, loss_param={"normalization": "VALID"})
    found = detections(n, tops, include=TEST)
    n.detection_eval = L.DetectionEvaluate(
        found, n.label, include=TEST, num_classes=CLASSES, background_label_id=0,
        overlap_threshold=0.5, evaluate_difficult_gt=False)
    return n


def deploy() -> NetSpec:
    n = NetSpec()
    n.data = L.Input(shape={"dim": [1, 3, SIZE, SIZE]})
    detections(n, predictions(n))
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
