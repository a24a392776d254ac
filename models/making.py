"""What the scripts make_net.py beside the models share: fillers, data layers, ends of detectors,
writing the files.

Each make_net.py has a function ``nets()`` that gives file name to prototxt text, and writes those
files beside itself when it is run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from caffepy import layers as L
from caffepy.model_libs import CreateAnnotatedDataLayer
from caffepy.net_spec import NetSpec
from caffepy.proto import caffe_pb2
from caffepy.proto.printer import to_text

XAVIER = {"type": "xavier"}
MSRA = {"type": "msra"}
IMAGENET = ("data/ilsvrc12/ilsvrc12_train_lmdb", "data/ilsvrc12/ilsvrc12_val_lmdb")
IMAGENET_MEAN = "data/ilsvrc12/imagenet_mean.binaryproto"
VOC = ("data/voc0712/voc0712_trainval_lmdb", "data/voc0712/voc07_test_lmdb")
VOC_MAP = "models/ssd300_vgg16/labelmap_voc.prototxt"
WAYS = ["LINEAR", "AREA", "NEAREST", "CUBIC", "LANCZOS4"]  # one of which resizes a picture
LEAST_OVERLAPS = (0.1, 0.3, 0.5, 0.7, 0.9)


def gaussian(std: float) -> dict[str, Any]:
    return {"type": "gaussian", "std": std}


def rates(weights: float = 1, bias: float | None = 2, decay: bool = True) -> list[dict[str, float]]:
    """How fast the weights and the bias learn; ``decay``: weight decay for all but the bias."""
    shown = [{"lr_mult": weights, "decay_mult": 1}] if decay else [{"lr_mult": weights}]
    if bias is not None:
        shown.append({"lr_mult": bias, "decay_mult": 0} if decay else {"lr_mult": bias})
    return shown


def learns(train: bool, weights: dict[str, Any], bias: float | None = 0,
           param: list[dict[str, float]] | None = None) -> dict[str, Any]:
    """The settings of a layer with weights that only training needs; none for use.

    Args:
        weights: the filler of the weights.
        bias: what the bias starts at; None: the layer has none.
        param: as ``rates`` gives it.
    """
    if not train:
        return {}
    settings: dict[str, Any] = {"weight_filler": weights}
    if bias is not None:
        settings["bias_filler"] = {"type": "constant", "value": bias}
    return {"param": param or rates(bias=None if bias is None else 2), **settings}


def data_layers(n: NetSpec, type_name: str, train: dict[str, Any], test: dict[str, Any],
                tops: tuple[str, ...] = ("data", "label"), name: str = "data") -> None:
    """The two layers that give the same tops, one in each phase."""
    made = getattr(L, type_name)(name=name, include={"phase": "TRAIN"}, ntop=len(tops), **train)
    for top, blob in zip(tops, made if len(tops) > 1 else [made], strict=True):
        n[top] = blob
    n[f"{name} for testing"] = getattr(L, type_name)(
        name=name, include={"phase": "TEST"}, ntop=0, top=list(tops), **test)


def database(n: NetSpec, sources: tuple[str, str], batches: tuple[int, int],
             transform: dict[str, Any], augment: dict[str, Any] | None = None,
             **more: Any) -> None:
    """Data layers over two LMDBs. ``augment``: what is done to training pictures alone."""
    settings: list[dict[str, Any]] = [
        {"source": source, "batch_size": batch, "backend": "LMDB",
         **({"transform_param": {**given}} if given else {})}
        for source, batch, given in zip(
            sources, batches, ({**transform, **(augment or {})}, transform), strict=True)
    ]
    data_layers(n, "Data", *settings, **more)


def imagenet(n: NetSpec, batches: tuple[int, int], crop: int, means: tuple[float, ...] = (),
             scale: float | None = None) -> None:
    """ImageNet's two databases, less the mean picture or the channels' means (B, G, R)."""
    transform: dict[str, Any] = {"crop_size": crop}
    if means:
        transform["mean_value"] = list(means)
    else:
        transform["mean_file"] = IMAGENET_MEAN
    if scale is not None:
        transform["scale"] = scale
    database(n, IMAGENET, batches, transform, {"mirror": True})


def boxes_database(n: NetSpec, size: int, batches: tuple[int, int], means: list[float],
                   **rule: Any) -> None:
    """VOC's AnnotatedDatums, 2007 and 2012, for training with SSD's own augmentation, for testing
    as they are.

    Args:
        rule: more of both transform_params.
    """
    shape = {"prob": 1, "resize_mode": "WARP", "height": size, "width": size}
    sampler = {"min_scale": 0.3, "max_scale": 1, "min_aspect_ratio": 0.5, "max_aspect_ratio": 2}
    constraints = [{"min_jaccard_overlap": least} for least in LEAST_OVERLAPS]
    constraints.append({"max_jaccard_overlap": 1})
    n.data, n.label = CreateAnnotatedDataLayer(
        VOC[0], batch_size=batches[0], label_map_file=VOC_MAP,
        transform_param={
            "mirror": True, "mean_value": means, **rule,
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
        name="data", include={"phase": "TEST"}, ntop=0, top=["data", "label"],
        data_param={"source": VOC[1], "batch_size": batches[1], "backend": "LMDB"},
        transform_param={"mean_value": means, **rule,
                         "resize_param": {**shape, "interp_mode": "LINEAR"}},
        annotated_data_param={"label_map_file": VOC_MAP, "batch_sampler": [{}]})


def start(train: bool, batch: int, *shape: int) -> NetSpec:
    """A net that has no layers, or for use the input ``data`` of that shape."""
    n = NetSpec()
    if not train:
        n.data = L.Input(shape={"dim": [batch, *shape]})
    return n


def finish(n: NetSpec, train: bool, scores: Any, top_ks: tuple[int, ...] = (1,),
           loss: dict[str, Any] | None = None) -> None:
    """Loss and accuracy for training, class probabilities for use.

    Args:
        scores: the top with a number for each class.
        top_ks: the k of each top-k accuracy; top-1 is called accuracy, others accuracy_top_k.
        loss: the loss_param, if it has one.
    """
    if not train:
        n.prob = L.Softmax(scores)
        return
    n.loss = L.SoftmaxWithLoss(scores, n.label, **({"loss_param": loss} if loss else {}))
    for k in top_ks:
        more = {} if k == 1 else {"top_k": k}
        n["accuracy" if k == 1 else f"accuracy_top_{k}"] = L.Accuracy(
            scores, n.label, include={"phase": "TEST"}, **more)


def detections(n: NetSpec, tops: list[Any], classes: int, most: int, kept: int, least: float,
               **rule: Any) -> Any:
    """What an SSD finds, from scores to rows of boxes.

    Args:
        tops: locations, scores and priors, as CreateMultiBoxHead gives them.
        most: the best boxes of a class, which suppress each other; ``kept``: of a picture.
        least: score of a box.
        rule: for one phase alone.
    """
    n.mbox_conf_reshape = L.Reshape(tops[1], shape={"dim": [0, -1, classes]}, **rule)
    n.mbox_conf_softmax = L.Softmax(n.mbox_conf_reshape, axis=2, **rule)
    n.mbox_conf_flatten = L.Flatten(n.mbox_conf_softmax, **rule)
    n.detection_out = L.DetectionOutput(
        tops[0], n.mbox_conf_flatten, tops[2], num_classes=classes, share_location=True,
        background_label_id=0, nms_param={"nms_threshold": 0.45, "top_k": most},
        code_type="CENTER_SIZE", keep_top_k=kept, confidence_threshold=least, **rule)
    return n.detection_out


def evaluation(n: NetSpec, found: Any, classes: int, **rule: Any) -> None:
    """Which of the boxes that ``detections`` gives are right, by the top label."""
    n.detection_eval = L.DetectionEvaluate(
        found, n.label, num_classes=classes, background_label_id=0, overlap_threshold=0.5,
        evaluate_difficult_gt=False, **rule)


def prototxt(n: NetSpec, name: str, *comment: str, picture: dict[str, Any] | None = None) -> str:
    """The net as text, under lines of comment.

    Args:
        picture: its picture_param, for detect.
    """
    net = n.to_proto()
    if picture:
        net.picture_param.CopyFrom(caffe_pb2.PictureParameter(**picture))
    head = [*comment, "Written by make_net.py beside this file: change that, and run it."]
    body = to_text(net).replace("\nlayer {", "\n\nlayer {")
    return "".join(f"# {line}\n" for line in head) + f'name: "{name}"\n\n{body}'


def write(script: str, nets: dict[str, str]) -> None:
    """Write the files beside the script."""
    for name, text in nets.items():
        path = Path(script).resolve().parent / name
        path.write_text(text)
        print(f"Wrote {path}")
