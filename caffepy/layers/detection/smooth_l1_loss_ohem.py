"""SmoothL1LossOHEM: SmoothL1Loss as R-FCN has it, which tells the loss of each box.

bottom  a and b, N x ..., of one shape; optionally inside weights
top     the loss; optionally the sum over the channels for each place, N x 1 x H x W
param   loss_param { normalization: PRE_FIXED pre_fixed_normalizer: 128 }

loss = sum of h(inside * (a - b)) / normalizer: VALID and FULL are all places, N H W; PRE_FIXED is
pre_fixed_normalizer. da = h' * loss weight / normalizer, without the weights, which are 0 or 1.
"""

from __future__ import annotations

from caffepy.core.registry import register
from caffepy.layers.detection.smooth_l1_loss import SmoothL1


@register("SmoothL1LossOHEM", dialect="rfcn")
class SmoothL1LossOHEM(SmoothL1):
    bottoms = "2-3"
    labels = (2,)
    places = True
