"""SSD300: boxes and scores on six maps of VGG-16 and of what lies over it, by caffe.model_libs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from making import detections, evaluation, prototxt, write  # noqa: E402

from caffepy import layers as L  # noqa: E402
from caffepy.model_libs import (  # noqa: E402
    ConvBNLayer,
    CreateAnnotatedDataLayer,
    CreateMultiBoxHead,
    VGGNetBody,
)
from caffepy.net_spec import NetSpec  # noqa: E402

SIZE, CLASSES = 300, 21
TRAIN, TEST = {"phase": "TRAIN"}, {"phase": "TEST"}
# classes; boxes of each that are compared, that are kept of a picture, and from which score up
FOUND = CLASSES, 400, 200, 0.01
DATA = "data/voc0712"
MAP = "models/ssd300_vgg16/labelmap_voc.prototxt"
MEAN = [104, 117, 123]
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
WAYS = ["LINEAR", "AREA", "NEAREST", "CUBIC", "LANCZOS4"]  # one of which resizes a picture
LEAST_OVERLAPS = (0.1, 0.3, 0.5, 0.7, 0.9)


def data(n: NetSpec) -> None:
    """Both data layers: SSD's own augmentation, and none."""
    shape = {"prob": 1, "resize_mode": "WARP", "height": SIZE, "width": SIZE}
    sampler = {"min_scale": 0.3, "max_scale": 1, "min_aspect_ratio": 0.5, "max_aspect_ratio": 2}
    constraints = [{"min_jaccard_overlap": least} for least in LEAST_OVERLAPS]
    constraints.append({"max_jaccard_overlap": 1})
    n.data, n.label = CreateAnnotatedDataLayer(
        f"{DATA}/voc0712_trainval_lmdb", batch_size=8, label_map_file=MAP,
        transform_param={
            "mirror": True, "mean_value": MEAN,
            "resize_param": {**shape, "interp_mode": WAYS},
            "emit_constraint": {"emit_type": "CENTER"},
            "distort_param": {
                "brightness_prob": 0.5, "brightness_delta": 32, "contrast_prob": 0.5,
                "contrast_lower": 0.5, "contrast_upper": 1.5, "hue_prob": 0.5, "hue_delta": 18,
                "saturation_prob": 0.5, "saturation_lower": 0.5, "saturation_upper": 1.5,
                "random_order_prob": 0.0},
            "expand_param": {"prob": 0.5, "max_expand_ratio": 4}},
        batch_sampler=[{"max_sample": 1, "max_trials": 1}, *(
            {"sampler": sampler, "sample_constraint": constraint, "max_sample": 1,
             "max_trials": 50} for constraint in constraints)])
    n["data for testing"] = L.AnnotatedData(
        name="data", include=TEST, ntop=0, top=["data", "label"],
        data_param={"source": f"{DATA}/voc07_test_lmdb", "batch_size": 8, "backend": "LMDB"},
        transform_param={"mean_value": MEAN, "resize_param": {**shape, "interp_mode": "LINEAR"}},
        annotated_data_param={"label_map_file": MAP, "batch_sampler": [{}]})


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
    data(n)
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
