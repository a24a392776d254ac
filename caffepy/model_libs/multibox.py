"""The head of SSD: for each map boxes, classes and priors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caffepy.errors import ConfigError
from caffepy.model_libs.building import ConvBNLayer
from caffepy.net_spec import NetSpec
from caffepy.net_spec import layers as L


def CreateMultiBoxHead(
    net: NetSpec, data_layer: str = "data", num_classes: int = 0, from_layers: Sequence[str] = (),
    use_objectness: bool = False, normalizations: Sequence[float] = (), use_batchnorm: bool = True,
    lr_mult: float = 1, use_scale: bool = True, min_sizes: Sequence[Any] = (),
    max_sizes: Sequence[Any] = (), prior_variance: Sequence[float] = (0.1,),
    aspect_ratios: Sequence[Any] = (), steps: Sequence[Any] = (), img_height: int = 0,
    img_width: int = 0, share_location: bool = True, flip: bool = True, clip: bool = True,
    offset: float = 0.5, inter_layer_depth: Sequence[int] = (), kernel_size: int = 1, pad: int = 0,
    conf_postfix: str = "", loc_postfix: str = "", **bn_param: Any,
) -> list[Any]:
    """Add for each of ``from_layers`` convolutions that say where boxes are and what is in them,
    and a PriorBox; and what joins them, mbox_loc, mbox_conf, mbox_priorbox and perhaps
    mbox_objectness.

    Args:
        normalizations: for each a scale of Normalize before the head, -1 for none.
        min_sizes, max_sizes, aspect_ratios: for each one number, or a list. steps: for each one.
        inter_layer_depth: for each the channels of a convolution before the head, 0 for none.
        conf_postfix, loc_postfix: stand behind the names of the convolutions.
        the rest: see PriorBox and ConvBNLayer. ``use_scale`` changes nothing, as in the original.

    Returns: the tops that join, for a MultiBoxLoss or DetectionOutput.

    Raises:
        ConfigError: what is given for each map is not given for each.
    """
    if num_classes <= 0:
        raise ConfigError("CreateMultiBoxHead needs num_classes, the background included")
    if data_layer not in net:
        raise ConfigError("the net has no such data_layer", found=data_layer)
    for name, given in (("normalizations", normalizations), ("min_sizes", min_sizes),
                        ("max_sizes", max_sizes), ("aspect_ratios", aspect_ratios),
                        ("steps", steps), ("inter_layer_depth", inter_layer_depth)):
        if (given or name == "min_sizes") and len(given) != len(from_layers):
            raise ConfigError(f"{name} are given for each of from_layers",
                              found=f"{len(given)} for {len(from_layers)}")
    layers: dict[str, list[Any]] = {"loc": [], "conf": [], "priorbox": []}
    if use_objectness:
        layers["objectness"] = []
    convolution: dict[str, Any] = dict(use_bn=use_batchnorm, lr_mult=lr_mult, stride=1, **bn_param)
    for i, source in enumerate(from_layers):
        if normalizations and normalizations[i] != -1:
            net[f"{source}_norm"] = L.Normalize(
                net[source], scale_filler={"type": "constant", "value": normalizations[i]},
                across_spatial=False, channel_shared=False)
            source = f"{source}_norm"
        if inter_layer_depth and inter_layer_depth[i] > 0:
            ConvBNLayer(net, source, f"{source}_inter", use_relu=True, kernel_size=3, pad=1,
                        num_output=inter_layer_depth[i], **convolution)
            source = f"{source}_inter"
        least, most, ratios = (_listed(given, i) for given in (min_sizes, max_sizes, aspect_ratios))
        if most and len(most) != len(least):
            raise ConfigError("each max_size goes with a min_size",
                              found=f"{len(most)} and {len(least)} for {source}")
        count = len(least) * (1 + bool(most) + len(ratios) * (2 if flip else 1))
        outputs = {f"loc{loc_postfix}": 4 * (1 if share_location else num_classes),
                   f"conf{conf_postfix}": num_classes, "objectness": 2}

        def predicted(what: str, source: str = source, count: int = count,
                      outputs: dict[str, int] = outputs) -> Any:
            name = f"{source}_mbox_{what}"
            ConvBNLayer(net, source, name, use_relu=False, num_output=count * outputs[what],
                        kernel_size=kernel_size, pad=pad, **convolution)
            net[f"{name}_perm"] = L.Permute(net[name], order=[0, 2, 3, 1])
            net[f"{name}_flat"] = L.Flatten(net[f"{name}_perm"], axis=1)
            return net[f"{name}_flat"]

        layers["loc"].append(predicted(f"loc{loc_postfix}"))
        layers["conf"].append(predicted(f"conf{conf_postfix}"))
        size = ({"img_size": img_height} if img_height == img_width else
                {"img_h": img_height, "img_w": img_width}) if img_height and img_width else {}
        more = {"max_size": most, "aspect_ratio": ratios, "step": steps[i] if steps else None}
        name = f"{source}_mbox_priorbox"
        net[name] = L.PriorBox(
            net[source], net[data_layer], min_size=least, clip=clip, variance=list(prior_variance),
            offset=offset, **{key: value for key, value in more.items() if value}, **size,
            **({"flip": flip} if ratios else {}))
        layers["priorbox"].append(net[name])
        if use_objectness:
            layers["objectness"].append(predicted("objectness"))
    for what, tops in layers.items():
        net[f"mbox_{what}"] = L.Concat(*tops, axis=2 if what == "priorbox" else 1)
    return [net[f"mbox_{what}"] for what in layers]


def _listed(given: Sequence[Any], i: int) -> list[Any]:
    """What is given for one map, as a list."""
    if not given:
        return []
    return given[i] if isinstance(given[i], list) else [given[i]]
