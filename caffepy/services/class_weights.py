"""Weights of classes by how rare they are, and how a loss is told of them.

With n labels of a class, N of all C classes:

    inverse      N / (C n): each class counts the same, an item 1 on average
    median       median of f / f, f = n / (labels in the pictures that have the class), N where
                 labels are no pictures. SegNet: V. Badrinarayanan, A. Kendall and R. Cipolla, 2017;
                 after D. Eigen and R. Fergus, 2015
    effective    (1 - beta) / (1 - beta^n), scaled to add up to C. Y. Cui et al., "Class-Balanced
                 Loss Based on Effective Number of Samples", CVPR 2019

A class without a label has the weight 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from caffepy.errors import ConfigError, did_you_mean
from caffepy.services import means
from caffepy.services.label_counts import Counts

Array = NDArray[np.float64]
METHODS = ("inverse", "median", "effective")
BETA = 0.999


def weights(counts: Counts, method: str = "inverse", beta: float = BETA) -> Array:
    """A weight for each class.

    Raises:
        ConfigError: no such method, or a beta that is none.
    """
    if method not in METHODS:
        raise ConfigError("there is no such method", found=method, allowed=", ".join(METHODS),
                          fix=did_you_mean(method, METHODS))
    if not 0 <= beta < 1:
        raise ConfigError("beta must be at least 0 and below 1", found=f"{beta:g}")
    each = counts.each.astype(np.float64)
    there = each > 0
    found = np.zeros(len(each))
    if method == "inverse":
        found[there] = each.sum() / (len(each) * each[there])
    elif method == "median":
        share = each[there] / counts.among[there]
        found[there] = np.median(share) / share
    else:
        found[there] = (1 - beta) / -np.expm1(each[there] * np.log(beta)) if beta else 1
        found *= len(each) / found.sum()
    return found


def write_infogain(path: str, found: Array) -> None:
    """InfogainLoss's matrix of the weights, a BlobProto of 1 x 1 x C x C: the weights along the
    diagonal, so that the loss is SoftmaxWithLoss's with each class weighed.

    Raises:
        CaffeError: it cannot be written.
    """
    means.write(path, np.diag(found)[None].astype(np.float32))


def prototxt(found: Array, infogain: str = "", ignore_label: int | None = None) -> str:
    """The lines of a layer that has these weights.

    Args:
        infogain: the file of the matrix, for InfogainLoss; else they are SoftmaxWithLoss's.
    """
    ignored = "" if ignore_label is None else f"  ignore_label: {ignore_label}\n"
    if infogain:
        shared = f"loss_param {{\n{ignored}}}\n" if ignored else ""
        return f'type: "InfogainLoss"\n{shared}infogain_loss_param {{ source: "{infogain}" }}'
    rows = "".join(f"  class_weighting: {weight:.6g}\n" for weight in found)
    return f"loss_param {{\n{ignored}  weight_by_label_freqs: true\n{rows}}}"
