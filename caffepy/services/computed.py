"""What ``caffepy time`` says after the original's lines: what computed each layer, and how the
net runs where nobody looks between its layers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from caffepy import log
from caffepy.columns import columns

if TYPE_CHECKING:
    from caffepy.core.layer import Layer
    from caffepy.core.net import Net

logger = log.get(__name__)

WARM = 3  # passes before timing; on a GPU they are recorded meanwhile


class Row(NamedTuple):
    """One layer.

    Attributes:
        engine: of its kernels; the array module's name for a layer without any.
        layout: the order in which forward left the first top.
        moved: what it paid in a forward and a backward: values brought into another order
            ("reorder"), into or out of half precision ("conversion", which may change the order
            too), and from or to a device ("copy").
        kernel: the implementations, in the engine's words.
    """

    layer: str
    type: str
    engine: str
    layout: str
    moved: str
    kernel: str


TITLES = Row("layer", "type", "engine", "layout", "moved", "kernel")


def rows(net: Net, both: bool = True) -> list[Row]:
    """What one more forward and (with ``both``) backward, layer by layer, shows of each layer."""
    count = len(net.nodes)
    paid: list[list[str]] = [[] for _ in range(count)]
    layouts = ["-"] * count
    with net.public_call():
        for i, node in enumerate(net.nodes):
            with _counted(net, "forward", paid[i]):
                net.forward_layer(i)
            if node.tops:
                layouts[i] = "channels-last" if node.tops[0].values.channels_last else "C order"
        for i in reversed(range(count)):
            if both and net.nodes[i].needs_backward:
                with _counted(net, "backward", paid[i]):
                    net.backward_layer(i)
    return [
        Row(layer.name, layer.type, _engines(layer), layouts[i], ", ".join(paid[i]) or "-",
            "; ".join(dict.fromkeys(k.detail for k in layer.kernels if k.detail)) or "-")
        for i, layer in enumerate(net.layers)
    ]


@contextmanager
def _counted(net: Net, way: str, paid: list[str]) -> Iterator[None]:
    """Append what was moved meanwhile, such as ``forward 1 reorder``."""
    counts = net.context.mover.counts
    before = counts.copy()
    yield
    found: Counter[str] = Counter()
    for (source, target), times in (counts - before).items():
        found["conversion"] += times * (source.half != target.half)
        found["reorder"] += times * (source.half == target.half
                                     and source.channels_last != target.channels_last)
        found["copy"] += times * (source.on_device != target.on_device)
    for what, plural in (("reorder", "reorders"), ("conversion", "conversions"),
                         ("copy", "copies")):
        if found[what]:
            paid.append(f"{way} {found[what]} {what if found[what] == 1 else plural}")


def _engines(layer: Layer) -> str:
    names = dict.fromkeys(kernel.engine for kernel in layer.kernels)
    return ", ".join(names) or str(layer.xp.__name__)


def table(found: list[Row]) -> list[str]:
    """The rows as lines of columns."""
    return columns([TITLES, *found])


def as_one(net: Net) -> str:
    """Which layers run as one, such as ``conv1 + relu1, conv2 + relu2``."""
    return ", ".join(" + ".join(net.layer_names[n] for n in fused.numbers)
                     for _, fused in sorted(net.executor.fused.items())) or "none"


def whole(net: Net, iterations: int, both: bool = True) -> tuple[float, float]:
    """Mean milliseconds of ``net.forward`` and, if the net is one of training, its backward."""
    finish, learns = finisher(net), both and trains(net)
    forward = backward = 0.0
    for iteration in range(WARM + iterations):
        net.clear_param_diffs()  # as each step does: the first sum is then an overwrite
        finish()
        start = perf_counter()
        net.launch_forward()
        finish()
        between = perf_counter()
        if learns:
            net.backward()
            finish()
        if iteration >= WARM:
            forward += between - start
            backward += perf_counter() - between
    return 1e3 * forward / iterations, 1e3 * backward / iterations


def trains(net: Net) -> bool:
    """Whether its phase is TRAIN."""
    from caffepy.proto import caffe_pb2

    return bool(net.phase == caffe_pb2.TRAIN)


def finisher(net: Net) -> Callable[[], object]:
    """What waits until all that was begun is done: on a GPU, calls return earlier."""
    accelerator = net.context.accelerator
    return accelerator.synchronize if accelerator else lambda: None


def report(net: Net, both: bool = True) -> list[Row]:
    """Log what computed each layer; returns it."""
    logger.info("What computed each layer:")
    found = rows(net, both)
    for line in table(found):
        logger.info("%s", line)
    return found


def report_whole(net: Net, iterations: int, both: bool = True) -> tuple[float, float]:
    """Log what runs as one in a net that optimizes, and how long its passes take; returns the
    mean milliseconds, as ``whole``."""
    forward, backward = whole(net, iterations, both)
    use = "train" if trains(net) else "test"
    logger.info("Layers that run as one in %s: %s", use, as_one(net))
    if both and trains(net):
        logger.info("As train runs the net: forward %g ms, backward %g ms, both %g ms.",
                    forward, backward, forward + backward)
    else:
        logger.info("As %s runs the net: forward %g ms.", use, forward)
        backward = 0.0
    return forward, backward
