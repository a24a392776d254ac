"""ResNet-101 and -152 (He et al., 2015)."""

from __future__ import annotations

from typing import Any

from caffepy.model_libs.building import ConvBNLayer
from caffepy.net_spec import NetSpec
from caffepy.net_spec import layers as L
from caffepy.net_spec import params as P


def ResBody(net: NetSpec, from_layer: str, block_name: str, out2a: int, out2b: int, out2c: int,
            stride: int, use_branch1: bool, dilation: int = 1, **bn_param: Any) -> None:
    """Add a block, res``block_name``: convolutions of 1 x 1, 3 x 3 and 1 x 1 beside the identity,
    or beside one of 1 x 1 with ``use_branch1``."""

    def convolution(below: str, branch: str, relu: bool, **settings: Any) -> str:
        ConvBNLayer(net, below, branch, use_bn=True, use_relu=relu,
                    conv_prefix=f"res{block_name}_", bn_prefix=f"bn{block_name}_", bn_postfix="",
                    scale_prefix=f"scale{block_name}_", scale_postfix="", **settings, **bn_param)
        return f"res{block_name}_{branch}"

    beside = from_layer
    if use_branch1:
        beside = convolution(from_layer, "branch1", False, num_output=out2c, kernel_size=1, pad=0,
                             stride=stride)
    a = convolution(from_layer, "branch2a", True, num_output=out2a, kernel_size=1, pad=0,
                    stride=stride)
    b = convolution(a, "branch2b", True, num_output=out2b, kernel_size=3, pad=dilation, stride=1,
                    dilation=dilation)
    c = convolution(b, "branch2c", False, num_output=out2c, kernel_size=1, pad=0, stride=1)
    name = f"res{block_name}"
    net[name] = L.Eltwise(net[beside], net[c])
    net[f"{name}_relu"] = L.ReLU(net[name], in_place=True)


def ResNet101Body(net: NetSpec, from_layer: str, use_pool5: bool = True,
                  use_dilation_conv5: bool = False, **bn_param: Any) -> NetSpec:
    """Add conv1 to res5c, and with ``use_pool5`` a mean over the map.

    Args:
        use_dilation_conv5: the last stage does not shrink the map; its kernels are wider instead.
        bn_param: see ConvBNLayer.
    """
    return _body(net, from_layer, 4, 23, use_pool5, use_dilation_conv5, bn_param)


def ResNet152Body(net: NetSpec, from_layer: str, use_pool5: bool = True,
                  use_dilation_conv5: bool = False, **bn_param: Any) -> NetSpec:
    """The same with more blocks in the two stages of the middle."""
    return _body(net, from_layer, 8, 36, use_pool5, use_dilation_conv5, bn_param)


def _body(net: NetSpec, from_layer: str, third: int, fourth: int, pool: bool, dilated: bool,
          bn_param: dict[str, Any]) -> NetSpec:
    """``third``, ``fourth``: how many blocks these stages have."""
    ConvBNLayer(net, from_layer, "conv1", use_bn=True, use_relu=True, num_output=64, kernel_size=7,
                pad=3, stride=2, bn_prefix="bn_", bn_postfix="", scale_prefix="scale_",
                scale_postfix="", **bn_param)
    net.pool1 = L.Pooling(net.conv1, pool=P.Pooling.MAX, kernel_size=3, stride=2)
    blocks = {2: "abc", 3: ["a", *(f"b{i}" for i in range(1, third))],
              4: ["a", *(f"b{i}" for i in range(1, fourth))], 5: "abc"}
    below = "pool1"
    for stage, names in blocks.items():
        width = 64 * 2 ** (stage - 2)
        stride, dilation = (1, 2) if stage == 5 and dilated else (1 if stage == 2 else 2, 1)
        for name in names:
            first = name == "a"
            ResBody(net, below, f"{stage}{name}", width, width, 4 * width, stride if first else 1,
                    first, dilation, **bn_param)
            below = f"res{stage}{name}"
    if pool:
        net.pool5 = L.Pooling(net.res5c, pool=P.Pooling.AVE, global_pooling=True)
    return net
