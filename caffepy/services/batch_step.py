"""Some training steps with a batch of a given size, in a process of their own, which may die.

    python -m caffepy.services.batch_step < question > answer

Both are JSON; ``batch_trial`` asks.
"""

from __future__ import annotations

import base64
import contextlib
import json
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

from caffepy.core import traits

WARM, TIMED = 2, 3  # steps before the clock runs, and at least with it
SECONDS = 0.5  # that it runs at least


def set_batch(net: Any, batch: int) -> int:
    """Let the layers of a NetParameter that bring data into training bring so many items at once.

    Returns: how many the first of them brought; 0 if there is none.
    """
    from caffepy.proto import caffe_pb2

    first = 0
    for layer in net.layer:
        if layer.bottom or layer.include and not any(
                rule.phase == caffe_pb2.TRAIN for rule in layer.include):
            continue
        kind = traits.of(layer)
        if kind.batch_size(layer):
            message = kind.reading(layer)
            first = first or message.batch_size
            message.batch_size = batch
            continue
        own = kind.own(layer)
        for shape in getattr(own, "shape", ()) if kind.data or kind.waits else ():
            if shape.dim:
                first = first or shape.dim[0]
                shape.dim[0] = batch
    return first


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """Run the steps.

    Args:
        question: param, a SolverParameter in base64; net, the NetParameter to train likewise; path,
            the solver file; gpu, -1 for the CPU; precision, plugins.

    Returns: peak, the bytes that the process (on a GPU: the device) had at most; fixed, blobs and
        batch of its footprint; seconds a step and items of it.
    """
    from caffepy.core import footprint
    from caffepy.core.plugins import load_plugin
    from caffepy.proto import caffe_pb2
    from caffepy.services import devices
    from caffepy.solvers.located import located
    from caffepy.solvers.nets import TRAIN_FIELDS
    from caffepy.solvers.solver import create_solver

    for path in question["plugins"]:
        load_plugin(path)
    param = caffe_pb2.SolverParameter.FromString(base64.b64decode(question["param"]))
    both = param.HasField("net") or param.HasField("net_param")  # test nets come of it, too
    for field in TRAIN_FIELDS:
        param.ClearField(field)
    net = param.net_param if both else param.train_net_param
    net.ParseFromString(base64.b64decode(question["net"]))
    numbers = [question["gpu"]] if question["gpu"] >= 0 else []
    context = devices.context(numbers, param.random_seed, precision=question["precision"])
    with located(question["path"]), create_solver(param, context=context, optimize=True) as solver:
        for net in solver.test_nets:
            net.forward()
        solver.step(WARM)
        times: list[float] = []
        since = perf_counter()
        while len(times) < TIMED or perf_counter() - since < SECONDS:
            before = perf_counter()
            solver.step(1)
            times.append(perf_counter() - before)
        _ = solver.smoothed_loss  # on a GPU: wait for all of them
        # on a CPU the best of them: others may have the cores now and then
        seconds = min(times) if not numbers else (perf_counter() - since) / len(times)
        count = footprint.of(solver.net, solver.updater.rule.histories)
        return {"peak": _peak(context), "fixed": count.fixed, "blobs": count.blobs,
                "batch": count.batch, "seconds": seconds,
                "items": count.batch * param.iter_size}


def _peak(context: Any) -> int:
    if context.accelerator is not None:
        with context.computing():
            free, whole = context.accelerator.xp.cuda.runtime.memGetInfo()
        return int(whole) - int(free)
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    """Answer one question. Where memory runs out the system may end this process, and it asks to
    be the first."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    from caffepy.errors import CaffeError

    try:
        found = answer(json.load(sys.stdin))
    except (MemoryError, CaffeError) as error:
        short = isinstance(error, MemoryError) or isinstance(error.__cause__, MemoryError)
        found = {"memory": True} if short else {"error": str(error)}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
