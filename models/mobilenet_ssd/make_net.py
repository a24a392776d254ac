"""MobileNet-SSD: MobileNet's features, and SSD's boxes and scores on six of its maps."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from making import (  # noqa: E402
    MSRA,
    boxes_database,
    detections,
    evaluation,
    learns,
    prototxt,
    rates,
    write,
)

from caffepy import layers as L  # noqa: E402
from caffepy.net_spec import NetSpec  # noqa: E402

SIZE, CLASSES, VARIANCES = 300, 21, [0.1, 0.1, 0.2, 0.2]
# outputs of the 1 x 1 convolution, stride of the depthwise one
PAIRS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *(((512, 1),) * 5),
         (1024, 2), (1024, 1))
SMALLER = {"conv14": (256, 512), "conv15": (128, 256), "conv16": (128, 256), "conv17": (64, 128)}
# smallest and largest box on each map, in shares of the picture
MAPS = {"conv11": (0.2, None), "conv13": (0.35, 0.5), "conv14_2": (0.5, 0.65),
        "conv15_2": (0.65, 0.8), "conv16_2": (0.8, 0.95), "conv17_2": (0.95, 1)}


def conv(n: NetSpec, train: bool, x: Any, name: str, outputs: int, kernel: int, stride: int = 1,
         group: int = 1) -> Any:
    """Convolution and ReLU in the blob ``name``; for training batch normalization between them,
    which the published weights have in weights and bias."""
    shape: dict[str, Any] = {"pad": 1} if kernel == 3 else {}
    shape |= {"stride": stride} if stride > 1 else {}
    shape |= {"group": group} if group > 1 else {}
    own = learns(True, MSRA, None if train else 0) | ({"bias_term": False} if train else {})
    x = n[name] = L.Convolution(x, num_output=outputs, kernel_size=kernel, **shape, **own)
    if train:
        x = L.BatchNorm(x, in_place=True, name=f"{name}/bn")
        x = L.Scale(x, in_place=True, name=f"{name}/scale", bias_term=True,
                    param=[{"lr_mult": 1, "decay_mult": 0}, {"lr_mult": 2, "decay_mult": 0}])
    return L.ReLU(x, in_place=True, name=f"{name}/relu")


def features(n: NetSpec, train: bool) -> dict[str, Any]:
    """The maps that boxes are predicted on."""
    x, channels = conv(n, train, n.data, "conv0", 32, 3, 2), 32
    found = {}
    for i, (outputs, stride) in enumerate(PAIRS, start=1):
        x = conv(n, train, x, f"conv{i}/dw", channels, 3, stride, channels)
        x = found[f"conv{i}"] = conv(n, train, x, f"conv{i}", outputs, 1)
        channels = outputs
    for name, (few, outputs) in SMALLER.items():
        x = conv(n, train, x, f"{name}_1", few, 1)
        x = found[f"{name}_2"] = conv(n, train, x, f"{name}_2", outputs, 3, 2)
    return found


def predictions(n: NetSpec, maps: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Locations, scores and priors of all maps."""
    parts: dict[str, list[Any]] = {"loc": [], "conf": [], "priorbox": []}
    for name, (least, most) in MAPS.items():
        boxes: dict[str, Any] = {"max_size": SIZE * most, "aspect_ratio": [2, 3]} if most else {
            "aspect_ratio": [2]}
        each = 6 if most else 3
        for kind, count in (("loc", 4 * each), ("conf", CLASSES * each)):
            whole = f"{name}_mbox_{kind}"
            n[whole] = L.Convolution(maps[name], num_output=count, kernel_size=1,
                                     **learns(True, MSRA, param=rates()))
            n[f"{whole}_perm"] = L.Permute(n[whole], order=[0, 2, 3, 1])
            n[f"{whole}_flat"] = L.Flatten(n[f"{whole}_perm"])
            parts[kind].append(n[f"{whole}_flat"])
        n[f"{name}_mbox_priorbox"] = L.PriorBox(
            maps[name], n.data, min_size=SIZE * least, **boxes, flip=True, clip=False,
            variance=VARIANCES, offset=0.5)
        parts["priorbox"].append(n[f"{name}_mbox_priorbox"])
    for kind, axis in (("loc", 1), ("conf", 1), ("priorbox", 2)):
        n[f"mbox_{kind}"] = L.Concat(*parts[kind], axis=axis)
    return n.mbox_loc, n.mbox_conf, n.mbox_priorbox


def train_val() -> NetSpec:
    n = NetSpec()
    boxes_database(n, SIZE, (24, 8), [127.5] * 3, scale=0.007843)
    tops = predictions(n, features(n, True))
    n.mbox_loss = L.MultiBoxLoss(
        *tops, n.label, propagate_down=[True, True, False, False],
        loss_param={"normalization": "VALID"}, loc_loss_type="SMOOTH_L1",
        conf_loss_type="SOFTMAX", loc_weight=1, num_classes=CLASSES, share_location=True,
        match_type="PER_PREDICTION", overlap_threshold=0.5, use_prior_for_matching=True,
        background_label_id=0, use_difficult_gt=True, neg_pos_ratio=3, neg_overlap=0.5,
        code_type="CENTER_SIZE", mining_type="MAX_NEGATIVE", include={"phase": "TRAIN"})
    rule = {"include": {"phase": "TEST"}}
    evaluation(n, detections(n, list(tops), CLASSES, 400, 200, 0.01, **rule), CLASSES, **rule)
    return n


def deploy() -> NetSpec:
    n = NetSpec()
    n.data = L.Input(shape={"dim": [1, 3, SIZE, SIZE]})
    detections(n, list(predictions(n, features(n, False))), CLASSES, 100, 100, 0.25)
    return n


def nets() -> dict[str, str]:
    return {
        "train_val.prototxt": prototxt(
            train_val(), "MobileNet-SSD", "MobileNet-SSD for training and testing on VOC."),
        "deploy.prototxt": prototxt(
            deploy(), "MobileNet-SSD",
            "MobileNet-SSD for use: BGR, less 127.5, times 0.007843."),
    }


if __name__ == "__main__":
    write(__file__, nets())
