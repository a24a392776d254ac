"""What all bodies are built of: a convolution with what follows it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from caffepy.net_spec import NetSpec
from caffepy.net_spec import layers as L

LEARNED = {"param": [{"lr_mult": 1, "decay_mult": 1}, {"lr_mult": 2, "decay_mult": 0}],
           "weight_filler": {"type": "xavier"}, "bias_filler": {"type": "constant", "value": 0}}
FROZEN = {**LEARNED, "param": [{"lr_mult": 0, "decay_mult": 0}] * 2}


def check_if_exist(path: str) -> bool:
    """Whether there is such a file or folder."""
    return os.path.exists(path)


def make_if_not_exist(path: str) -> None:
    """Make a folder, with those above it, unless it is there."""
    os.makedirs(path, exist_ok=True)


def UnpackVariable(var: Any, num: int) -> list[Any]:
    """``var`` as a list of ``num``: itself if it is one, else that many times it, or what it
    holds."""
    if isinstance(var, list) and len(var) == num:
        return var
    if isinstance(var, list):
        (var,) = var
    return [var] * num


def ConvBNLayer(
    net: NetSpec, from_layer: str, out_layer: str, use_bn: bool, use_relu: bool, num_output: int,
    kernel_size: Any, pad: Any, stride: Any, dilation: int = 1, use_scale: bool = True,
    lr_mult: float = 1, conv_prefix: str = "", conv_postfix: str = "", bn_prefix: str = "",
    bn_postfix: str = "_bn", scale_prefix: str = "", scale_postfix: str = "_scale",
    bias_prefix: str = "", bias_postfix: str = "_bias", **bn_params: Any,
) -> None:
    """Add a convolution; behind it, with ``use_bn``, BatchNorm and Scale (or Bias, without
    ``use_scale``), and with ``use_relu`` ReLU, all in place.

    Args:
        kernel_size, pad, stride: a number, or height and width.
        conv_prefix, ...: stand before and after ``out_layer`` in the layers' names.
        bn_params: eps (0.001), moving_average_fraction (0.999), use_global_stats (False). With the
            last, scales and biases do not learn.
    """
    name = f"{conv_prefix}{out_layer}{conv_postfix}"
    settings: dict[str, Any] = {**LEARNED, "param": [
        {"lr_mult": lr_mult, "decay_mult": 1}, {"lr_mult": 2 * lr_mult, "decay_mult": 0}]}
    if use_bn:
        settings = {"param": settings["param"][:1], "bias_term": False,
                    "weight_filler": {"type": "gaussian", "std": 0.01}}
    window = {"kernel": kernel_size, "pad": pad, "stride": stride}
    sides = {what: UnpackVariable(value, 2) for what, value in window.items()}
    if sides["kernel"][0] == sides["kernel"][1]:
        settings.update(kernel_size=sides["kernel"][0], pad=sides["pad"][0],
                        stride=sides["stride"][0])
    else:
        settings.update({f"{what}_{axis}": value for what, values in sides.items()
                         for axis, value in zip("hw", values, strict=True)})
    if dilation > 1:
        settings["dilation"] = dilation
    net[name] = L.Convolution(net[from_layer], num_output=num_output, **settings)
    if use_bn:
        normalized = f"{bn_prefix}{out_layer}{bn_postfix}"
        rate = 0 if bn_params.get("use_global_stats") else lr_mult
        net[normalized] = L.BatchNorm(net[name], in_place=True, **_normalizing(bn_params))
        learned = {"lr_mult": rate, "decay_mult": 0}
        zeros = {"type": "constant", "value": 0.0}
        if use_scale:
            net[f"{scale_prefix}{out_layer}{scale_postfix}"] = L.Scale(
                net[normalized], in_place=True, bias_term=True, param=[learned] * 2,
                filler={"type": "constant", "value": 1.0}, bias_filler=zeros)
        else:
            net[f"{bias_prefix}{out_layer}{bias_postfix}"] = L.Bias(
                net[normalized], in_place=True, param=[learned], filler=zeros)
    if use_relu:
        net[f"{name}_relu"] = L.ReLU(net[name], in_place=True)


def freeze(net: NetSpec, names: Iterable[str]) -> None:
    """Layers of these names, as far as there are, learn nothing."""
    for name in names:
        if name in net:
            net.update(name, FROZEN)


def _normalizing(given: dict[str, Any]) -> dict[str, Any]:
    """BatchNorm's settings; use_global_stats only where it is asked for, else the phase says."""
    settings = {"param": [{"lr_mult": 0, "decay_mult": 0}] * 3, "eps": given.get("eps", 0.001)}
    if given.get("use_global_stats"):
        return {**settings, "use_global_stats": given["use_global_stats"]}
    return {**settings, "moving_average_fraction": given.get("moving_average_fraction", 0.999)}
