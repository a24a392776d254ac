"""Kernel, stride, pads and dilation of ONNX's nodes, and Caffe's words for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from caffepy.exchange.into.refused import NotInCaffe
from caffepy.exchange.into.step import Step


@dataclass
class Windows:
    """One number for each spatial axis.

    Attributes:
        begin, end: the padding before and behind.
    """

    kernel: list[int]
    stride: list[int]
    dilation: list[int]
    begin: list[int]
    end: list[int]

    def pad_more(self, begin: Sequence[int], end: Sequence[int]) -> None:
        """Take a Pad node's padding along."""
        self.begin = [a + b for a, b in zip(self.begin, begin, strict=True)]
        self.end = [a + b for a, b in zip(self.end, end, strict=True)]


def read(step: Step, kernel: Sequence[int], sizes: Sequence[int] = ()) -> Windows:
    """The windows of a node whose kernel is this large.

    Args:
        sizes: of the input's spatial axes, for auto_pad, which else says nothing.
    """
    axes = len(kernel)
    stride = list(step.attribute("strides") or [1] * axes)
    dilation = list(step.attribute("dilations") or [1] * axes)
    pads = list(step.attribute("pads") or [0] * 2 * axes)
    auto = step.attribute("auto_pad", "NOTSET")
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        pads = _same(sizes, kernel, stride, dilation, auto == "SAME_UPPER") if sizes else pads
    elif auto == "VALID":
        pads = [0] * 2 * axes
    if min(pads) < 0:
        raise NotInCaffe("padding below 0")
    return Windows(list(kernel), stride, dilation, pads[:axes], pads[axes:])


def _same(sizes: Sequence[int], kernel: Sequence[int], stride: Sequence[int],
          dilation: Sequence[int], upper: bool) -> list[int]:
    """The padding with which there is a window for each stride of the input."""
    less, more = [], []
    for n, k, s, d in zip(sizes, kernel, stride, dilation, strict=True):
        both = max(0, (-(-n // s) - 1) * s + d * (k - 1) + 1 - n)
        less.append(both // 2)
        more.append(both - both // 2)
    return less + more if upper else more + less


def words(values: Sequence[int], field: str, side: str, once: bool = False) -> dict[str, Any]:
    """A size in Caffe's words: one number, two by _h and _w, or one for each axis.

    Args:
        field: as "kernel_size"; side: what _h and _w follow.
        once: the message takes one number there, and a list in ``field``_all.
    """
    if len(set(values)) == 1:
        return {field: values[0] if once else [values[0]]}
    if len(values) == 2:
        return {f"{side}_h": values[0], f"{side}_w": values[1]}
    return {f"{field}_all" if once else field: list(values)}
