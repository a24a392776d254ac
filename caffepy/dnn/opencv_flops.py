"""OpenCV's formulas for the operations of a layer (getFLOPS of its layers, 4.x).

They are taken as they are, odd ones too: a grouped convolution counts as if it had no groups, and
an InnerProduct as three operations a factor, a pooling of the whole picture as of windows of one
pixel. Types without a formula count as nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from caffepy.core.window import Window

Shape = tuple[int, ...]
Formula = Callable[[Sequence[Shape], Sequence[Shape], Sequence[Shape], Any], int]


def of(kind: str, bottoms: Sequence[Shape], tops: Sequence[Shape], blobs: Sequence[Shape],
       spec: Any) -> int:
    """Operations of one forward.

    Args:
        kind: OpenCV's type. spec: the LayerParameter.
    """
    if kind in EACH:
        return EACH[kind] * sum(map(math.prod, tops))
    return int(FORMULAS[kind](bottoms, tops, blobs, spec)) if kind in FORMULAS else 0


def _convolution(bottoms: Sequence[Shape], tops: Sequence[Shape], blobs: Sequence[Shape],
                 spec: Any) -> int:
    area = math.prod(blobs[0][2:])
    return sum(math.prod(top) * (2 * area * bottom[1] + 1)
               for bottom, top in zip(bottoms, tops, strict=True))


def _deconvolution(bottoms: Sequence[Shape], tops: Sequence[Shape], blobs: Sequence[Shape],
                   spec: Any) -> int:
    per_number = 2 * tops[0][1] * math.prod(blobs[0][2:])
    return sum(per_number * math.prod(bottom) for bottom in bottoms)


def _inner_product(bottoms: Sequence[Shape], tops: Sequence[Shape], blobs: Sequence[Shape],
                   spec: Any) -> int:
    return sum(3 * math.prod(bottoms[0][spec.inner_product_param.axis:]) * math.prod(top)
               for top in tops)


def _pooling(bottoms: Sequence[Shape], tops: Sequence[Shape], blobs: Sequence[Shape],
             spec: Any) -> int:
    own, sides = spec.pooling_param, bottoms[0][2:]
    window = Window(own)
    area = 1 if window.whole else math.prod(window.each("kernel", len(sides)))
    return math.prod(tops[0]) * (area + (own.pool == own.AVE))


def _lrn(bottoms: Sequence[Shape], tops: Sequence[Shape], blobs: Sequence[Shape], spec: Any
         ) -> int:
    own, (count, channels, *rest) = spec.lrn_param, bottoms[0]
    places, size = math.prod(rest), own.local_size
    if own.norm_region == own.WITHIN_CHANNEL:
        return math.prod(bottoms[0]) * (2 * size * size + 2)
    half = (size - 1) // 2
    whole = count * (min(half, channels) * 2 * places + channels * 4 * places)
    return whole + ((size + 2 * (channels - size)) * places if half < channels else 0)


def _power(bottoms: Sequence[Shape], tops: Sequence[Shape], blobs: Sequence[Shape], spec: Any
           ) -> int:
    return math.prod(tops[0]) * (2 if spec.power_param.power == 1 else 10)


def _eltwise(bottoms: Sequence[Shape], tops: Sequence[Shape], blobs: Sequence[Shape], spec: Any
             ) -> int:
    return len(bottoms) * math.prod(bottoms[0])


def _normal(bottoms: Sequence[Shape], tops: Sequence[Shape], blobs: Sequence[Shape], spec: Any
            ) -> int:
    # of a BatchNorm's own statistics: always with variance, of each channel
    across = spec.mvn_param.across_channels
    axes = 2 if spec.mvn_param.normalize_variance and not across else 1
    return sum(6 * math.prod(x) + 3 * math.prod(x[:axes]) for x in bottoms)


def _priors(bottoms: Sequence[Shape], tops: Sequence[Shape], blobs: Sequence[Shape], spec: Any
            ) -> int:
    places = math.prod(bottoms[0][2:])
    each = tops[0][2] // places // 4
    return sum(math.prod(bottom[2:]) * each * 4 for bottom in bottoms)


EACH = {  # operations for each number that comes out
    "AbsVal": 1, "BNLL": 5, "BatchNorm": 3, "Clip": 2, "ELU": 2, "Exp": 3, "PReLU": 1, "ReLU": 1,
    "ReLU6": 2, "Reorg": 21, "Scale": 2, "Sigmoid": 3, "Softmax": 4, "Swish": 3, "Mish": 3,
    "TanH": 1,
}
FORMULAS: dict[str, Formula] = {
    "Convolution": _convolution, "Deconvolution": _deconvolution, "Eltwise": _eltwise,
    "InnerProduct": _inner_product, "LRN": _lrn, "MVN": _normal, "Pooling": _pooling,
    "Power": _power, "PriorBox": _priors,
}
