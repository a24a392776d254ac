"""FCN's measures of how well a net labels pictures."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import cv2
import numpy as np

from caffepy.core.memory import Array
from caffepy.errors import DataError


def fast_hist(a: Array, b: Array, n: int) -> Array:
    """How often the truth ``a`` is i where ``b`` says j, n x n; what is no class in ``a`` does not
    count."""
    known = (a >= 0) & (a < n)
    return np.bincount(n * a[known].astype(int) + b[known].astype(int),
                       minlength=n * n).reshape(n, n)


def compute_hist(net: Any, save_dir: str | None, dataset: Sequence[str], layer: str = "score",
                 gt: str = "label") -> tuple[Array, float]:
    """The table for as many forward passes as ``dataset`` has names, and the mean of blob ``loss``.

    Args:
        save_dir: a new folder for what the net says, NAME.png of classes; none if empty.
    """
    if save_dir:
        os.mkdir(save_dir)
    table, loss = 0, 0.0
    for name in dataset:
        net.forward()
        scores = net.blobs[layer].data[0]
        said = scores.argmax(0)
        table = table + fast_hist(net.blobs[gt].data[0, 0].ravel(), said.ravel(), len(scores))
        path = os.path.join(save_dir, f"{name}.png") if save_dir else ""
        if save_dir and not cv2.imwrite(path, said.astype(np.uint8)):
            raise DataError("the picture cannot be written", where=path)
        loss += net.blobs["loss"].data.flat[0]
    return np.asarray(table), loss / len(dataset)


def seg_tests(solver: Any, save_format: str | bool, dataset: Sequence[str], layer: str = "score",
              gt: str = "label") -> Array:
    """``do_seg_tests`` of a solver's first test net, with the weights of now."""
    print(">>>", datetime.now(), "Begin seg tests")
    solver.test_nets[0].share_with(solver.net)
    return do_seg_tests(solver.test_nets[0], solver.iter, save_format, dataset, layer, gt)


def do_seg_tests(net: Any, iter: int, save_format: str | bool, dataset: Sequence[str],
                 layer: str = "score", gt: str = "label") -> Array:
    """Print loss, accuracy of all pixels and of each class, and intersection over union.

    Args:
        save_format: names a folder by the iteration, as ``"val_{}"``; see ``compute_hist``.
    Returns: the table of ``fast_hist``.
    """
    folder = save_format.format(iter) if isinstance(save_format, str) and save_format else None
    table, loss = compute_hist(net, folder, dataset, layer, gt)

    def say(what: str, value: Any) -> None:
        print(">>>", datetime.now(), "Iteration", iter, what, value)

    say("loss", loss)
    right, truth = np.diag(table), table.sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):  # a class that does not occur has none
        accuracy = right / truth
        union = right / (truth + table.sum(0) - right)
    share = truth / truth.sum()
    say("overall accuracy", right.sum() / table.sum())
    say("mean accuracy", np.nanmean(accuracy))
    say("mean IU", np.nanmean(union))
    say("fwavacc", (share[share > 0] * union[share > 0]).sum())
    return table
