"""PyTorch on a GPU, each way that people run it: eager, as a CUDA graph, compiled.

Eager and as a graph in both memory orders; compiled with channels-last and "reduce-overhead",
which captures graphs by itself. A way that does not work on this machine (the compiler needs
Triton and a C compiler) is left out and said so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caffepy import log
from caffepy.core.net import Net
from caffepy.services.bench import sides as common
from caffepy.services.bench.side import Action, Side
from caffepy.services.bench.torch_net import TorchNet

logger = log.get(__name__)

WARM_UP = 3  # steps before a graph is captured, as PyTorch's manual asks


def torch_sides(net: Net, forward: bool, gpu: int, ways: Sequence[str]
                ) -> dict[str, Side]:
    """Name to side; all agree with ``net``, and use TF32 if and only if it may. Where the net is
    in half precision PyTorch runs under torch.autocast."""
    import torch

    if not torch.cuda.is_available():
        logger.warning("PyTorch is installed without CUDA: nothing to compare with.")
        return {}
    torch.cuda.set_device(gpu)
    tf32 = net.context.settings.tf32
    torch.backends.cuda.matmul.allow_tf32 = tf32
    torch.backends.cudnn.allow_tf32 = tf32
    torch.backends.cudnn.benchmark = True  # algorithms by measurement, as ours
    precision = next((layer.half for layer in net.layers if layer.half), None)
    sides: dict[str, Side] = {}
    for order, last in (("", False), (" channels-last", True)):
        for way in ways:
            if way == "compiled" and not last:
                continue
            name = f"PyTorch{'' if way == 'eager' else ' ' + way}{order}"
            twin = TorchNet(net, last, f"cuda:{gpu}", precision)
            if twin.precision:
                name += f", autocast {twin.precision}"
            agree(net, twin, forward, tf32)
            try:
                sides[name] = Side(MAKE[way](torch, twin, forward), torch.cuda.synchronize)
            except Exception as error:  # whatever PyTorch's compiler raises
                logger.warning("%s is left out: %s", name, str(error).partition("\n")[0])
    return sides


def agree(net: Net, twin: TorchNet, forward: bool, tf32: bool) -> None:
    """Both sides compute the same, as closely as their arithmetic lets them."""
    most = common.TF32 if tf32 else common.AGREEMENT
    if twin.precision:
        most = common.HALF[twin.precision]
    if forward:
        common.agree_on_outputs(net, twin, most)
    else:
        common.agree_on_gradients(net, twin, most, half=twin.precision is not None)


def eager(torch: Any, twin: TorchNet, forward: bool) -> Action:
    """One call after the other."""
    return common.inference(torch, twin) if forward else common.training(torch, twin)


def compiled(torch: Any, twin: TorchNet, forward: bool) -> Action:
    """By torch.compile; tried once here, since it compiles at the first call."""
    twin.forward = torch.compile(twin.forward, mode="reduce-overhead")  # type: ignore[method-assign]
    act = eager(torch, twin, forward)
    act()
    torch.cuda.synchronize()
    return act


def graph(torch: Any, twin: TorchNet, forward: bool) -> Action:
    """The whole step captured once and replayed."""
    if forward or twin.precision != "float16":
        act = eager(torch, twin, forward)
    else:  # the fused optimizer alone looks on the device whether gradients have overflowed
        act = common.training(torch, twin, fused=True)
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(WARM_UP):
            act()
    torch.cuda.current_stream().wait_stream(aside)
    captured = torch.cuda.CUDAGraph()
    with torch.cuda.graph(captured):
        act()
    return captured.replay  # type: ignore[no-any-return]


MAKE = {"eager": eager, "graph": graph, "compiled": compiled}
