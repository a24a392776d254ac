"""Which sides a bench has: caffepy, PyTorch, OpenCV's DNN, ONNX Runtime and OpenVINO, as far as
they are installed.

Where ``caffepy tune`` has measured this machine, caffepy runs by the rule and tuned, too.
On a GPU (gpu.py) PyTorch also runs as a CUDA graph and compiled.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import Any

from caffepy import log
from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.kernels.tuning import Choices
from caffepy.services.bench import sides as common
from caffepy.services.bench.nets import SEED
from caffepy.services.bench.onnx_sides import onnx_sides
from caffepy.services.bench.opencv import opencv_side
from caffepy.services.bench.side import WAYS, Side
from caffepy.services.bench.torch_net import NoTwin, TorchNet

logger = log.get(__name__)


def contenders(
    param: Any, path: str, classes: int, forward: bool, threads: int, gpu: int | None = None,
    ways: Sequence[str] = WAYS, precision: str | None = None,
) -> dict[str, Side]:
    """Name to side, caffepy first; those that are installed, checked against each other."""
    context = Context(
        "cpu" if gpu is None else gpu, seed=SEED, threads=threads, precision=precision)
    tuned = context.engines[0].choices
    net, side = common.ours(param, classes, forward, context, Choices())
    sides = {"caffepy": side}
    if tuned.table:
        other, sides["caffepy tuned"] = common.ours(
            param, classes, forward, Context(seed=SEED, threads=threads), tuned)
        common.agree_with_each_other(net, other)
    if importlib.util.find_spec("torch"):
        try:
            if gpu is None:
                sides |= torch_sides(net, forward, threads, precision)
            else:
                from caffepy.services.bench import gpu as on_gpu

                sides |= on_gpu.torch_sides(net, forward, gpu, ways)
        except NoTwin as error:
            logger.warning("PyTorch is left out: %s", error)
    if forward and gpu is None:
        if importlib.util.find_spec("cv2"):
            sides |= opencv_side(net, path, threads)
        sides |= onnx_sides(net, param, threads, precision)
    return sides


def torch_sides(net: Net, forward: bool, threads: int, precision: str | None = None
                ) -> dict[str, Side]:
    """PyTorch eager with plain and with channels-last tensors; in half precision under
    torch.autocast."""
    import torch

    torch.set_num_threads(threads)
    sides: dict[str, Side] = {}
    for name, last in (("PyTorch", False), ("PyTorch channels-last", True)):
        twin = TorchNet(net, last, precision=precision)
        if twin.precision:
            name += f", autocast {twin.precision}"
        most = common.HALF.get(twin.precision or "", common.AGREEMENT)
        if forward:
            common.agree_on_outputs(net, twin, most)
            sides[name] = Side(common.inference(torch, twin))
        else:
            common.agree_on_gradients(net, twin, most, half=twin.precision is not None)
            sides[name] = Side(common.training(torch, twin))
    return sides
