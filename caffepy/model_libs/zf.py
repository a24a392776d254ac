"""ZF (Zeiler, Fergus, 2013), dense or fully convolutional."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caffepy.model_libs.building import LEARNED, freeze
from caffepy.model_libs.vgg import MAX, activate
from caffepy.net_spec import NetSpec
from caffepy.net_spec import layers as L
from caffepy.net_spec import params as P

CONVOLUTIONS = ({"num_output": 96, "pad": 3, "kernel_size": 7, "stride": 2},
                {"num_output": 256, "pad": 2, "kernel_size": 5, "stride": 2},
                {"num_output": 384, "pad": 1, "kernel_size": 3},
                {"num_output": 384, "pad": 1, "kernel_size": 3},
                {"num_output": 256, "pad": 1, "kernel_size": 3})
# fc6 by dilated and reduced
FC6 = {(True, True): {"num_output": 1024, "pad": 5, "kernel_size": 3, "dilation": 5},
       (True, False): {"num_output": 4096, "pad": 5, "kernel_size": 6, "dilation": 2},
       (False, True): {"num_output": 1024, "pad": 2, "kernel_size": 3, "dilation": 2},
       (False, False): {"num_output": 4096, "pad": 2, "kernel_size": 6}}


def ZFNetBody(
    net: NetSpec, from_layer: str, need_fc: bool = True, fully_conv: bool = False,
    reduced: bool = False, dilated: bool = False, dropout: bool = True, need_fc8: bool = False,
    freeze_layers: Sequence[str] = (),
) -> NetSpec:
    """Add conv1 to relu5, with ``need_fc`` pool5 to relu7, with ``need_fc8`` fc8 and prob.

    Arguments are those of VGGNetBody.
    """
    at: Any = net[from_layer]
    for number, settings in enumerate(CONVOLUTIONS, 1):
        net[f"conv{number}"] = L.Convolution(at, **settings, **LEARNED)
        net[f"relu{number}"] = at = L.ReLU(net[f"conv{number}"], in_place=True)
        if number <= 2:
            net[f"norm{number}"] = L.LRN(at, local_size=3, alpha=0.00005, beta=0.75,
                                         norm_region=P.LRN.WITHIN_CHANNEL, engine=P.LRN.CAFFE)
            net[f"pool{number}"] = at = L.Pooling(net[f"norm{number}"], pool=MAX, pad=1,
                                                  kernel_size=3, stride=2)
    if need_fc:
        net.pool5 = L.Pooling(at, pool=MAX, pad=1, kernel_size=3, stride=1 if dilated else 2)
        net.fc6 = (L.Convolution(net.pool5, **FC6[dilated, reduced], **LEARNED) if fully_conv
                   else L.InnerProduct(net.pool5, num_output=4096))
        activate(net, "6", dropout)
        net.fc7 = (L.Convolution(net.relu6, num_output=1024 if reduced else 4096, kernel_size=1,
                                 **LEARNED)
                   if fully_conv else L.InnerProduct(net.relu6, num_output=4096))
        activate(net, "7", dropout)
    if need_fc8:
        at = net[list(net.keys())[-1]]
        net.fc8 = (L.Convolution(at, num_output=1000, kernel_size=1, **LEARNED) if fully_conv
                   else L.InnerProduct(at, num_output=1000))
        net.prob = L.Softmax(net.fc8)
    freeze(net, freeze_layers)
    return net
