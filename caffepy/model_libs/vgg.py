"""VGG-16 (Simonyan, Zisserman, 2014), dense or fully convolutional."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caffepy.model_libs.building import LEARNED, freeze
from caffepy.net_spec import NetSpec
from caffepy.net_spec import layers as L
from caffepy.net_spec import params as P

STAGES = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))  # channels and convolutions
MAX = P.Pooling.MAX


def VGGNetBody(
    net: NetSpec, from_layer: str, need_fc: bool = True, fully_conv: bool = False,
    reduced: bool = False, dilated: bool = False, nopool: bool = False, dropout: bool = True,
    freeze_layers: Sequence[str] = (), dilate_pool4: bool = False,
) -> NetSpec:
    """Add conv1_1 to relu5_3, and with ``need_fc`` pool5 to relu7.

    Args:
        fully_conv: fc6 and fc7 are convolutions; ``reduced``: of 1024 channels instead of 4096, fc6
            3 x 3 instead of 7 x 7.
        dilated: pool5 does not shrink the map, and fc6 looks twice as far instead.
        nopool: convolutions of stride 2 shrink maps. dilate_pool4: pool4 does not shrink its map.
        freeze_layers: names of layers that do not learn.
    """
    at, dilation = net[from_layer], 1
    for stage, (channels, depth) in enumerate(STAGES, 1):
        around = {"dilation": dilation} if stage == 5 else {}
        for step in range(1, depth + 1):
            name = f"{stage}_{step}"
            net[f"conv{name}"] = L.Convolution(at, num_output=channels, pad=dilation, kernel_size=3,
                                               **around, **LEARNED)
            net[f"relu{name}"] = at = L.ReLU(net[f"conv{name}"], in_place=True)
        if stage == 5 and not need_fc:
            break
        wider = stage == 4 and dilate_pool4 and not nopool
        name = f"conv{stage}_{depth + 1}" if nopool else f"pool{stage}"
        net[name] = at = _shrinking(at, channels, nopool, wider or (stage == 5 and dilated))
        dilation = 2 if wider else dilation
    if need_fc:
        _dense(net, at, fully_conv, reduced, dilated, dropout, dilation)
    freeze(net, freeze_layers)
    return net


def _shrinking(at: Any, channels: int, nopool: bool, stays: bool) -> Any:
    """A layer behind a stage, which halves the map, unless it ``stays``."""
    if nopool:
        return L.Convolution(at, num_output=channels, pad=1, kernel_size=3,
                             stride=1 if stays else 2, **LEARNED)
    if stays:
        return L.Pooling(at, pool=MAX, pad=1, kernel_size=3, stride=1)
    return L.Pooling(at, pool=MAX, kernel_size=2, stride=2)


def _dense(net: NetSpec, at: Any, fully_conv: bool, reduced: bool, dilated: bool, dropout: bool,
           dilation: int) -> None:
    channels = 1024 if reduced else 4096
    if fully_conv:
        kernel = 3 if reduced else 7
        dilation *= (6 if reduced else 2) if dilated else (3 if reduced else 1)
        net.fc6 = L.Convolution(at, num_output=channels, pad=dilation * (kernel - 1) // 2,
                                kernel_size=kernel, dilation=dilation, **LEARNED)
    else:
        net.fc6 = L.InnerProduct(at, num_output=4096)
    activate(net, "6", dropout)
    net.fc7 = (L.Convolution(net.relu6, num_output=channels, kernel_size=1, **LEARNED)
               if fully_conv else L.InnerProduct(net.relu6, num_output=4096))
    activate(net, "7", dropout)


def activate(net: NetSpec, number: str, dropout: bool) -> None:
    """relu and perhaps drop behind fc of this number."""
    net[f"relu{number}"] = relu = L.ReLU(net[f"fc{number}"], in_place=True)
    if dropout:
        net[f"drop{number}"] = L.Dropout(relu, dropout_ratio=0.5, in_place=True)
