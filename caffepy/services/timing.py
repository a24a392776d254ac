"""How long each layer of a net takes, and the whole net as it runs where nobody looks inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from caffepy import log
from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.proto import caffe_pb2
from caffepy.services import computed, weighed, work

logger = log.get(__name__)


@dataclass
class LayerTime:
    """Mean milliseconds of one layer; ``backward`` is 0 where there is none."""

    name: str
    forward: float = 0.0
    backward: float = 0.0


@dataclass
class Times:
    """What ``time`` found, in milliseconds.

    Attributes:
        layers: one after the other, each waited for.
        total: all iterations together.
        computed: what computed each layer.
        forward, backward: a pass of the whole net as train or test runs it.
    """

    layers: list[LayerTime]
    total: float
    computed: list[computed.Row] = field(default_factory=list)
    forward: float = 0.0
    backward: float = 0.0


def time(model: str, iterations: int, context: Context, *, phase: str = "",
         weights: Sequence[str] = (), level: int = 0, stages: Sequence[str] = ("",),
         both: bool = True) -> Times:
    """Time a net, and log it in the original's words.

    Args:
        phase: "TRAIN" or "TEST"; "" is TRAIN.
        weights: .caffemodel files.
        both: backward, too. A net without a loss is given one for that.
    """
    source: Any = model
    kind = caffe_pb2.TEST if phase == "TEST" else caffe_pb2.TRAIN

    def build(optimize: bool) -> Net:
        net = Net(source, kind, level=level, stages=stages, context=context, optimize=optimize)
        for path in weights:
            net.load(path)
        return net

    net = build(optimize=False)
    if both and weighed.without_loss(net):
        weighted, outputs = weighed.with_losses(model, net)
        if outputs:
            logger.info("The net has no loss: to time backward each of its outputs (%s) counts as "
                        "one. -forward_only leaves backward out.", ", ".join(outputs))
            source, level, stages = weighted, 0, ("",)  # what these choose is chosen
            net.close()
            with work.quiet():
                net = build(optimize=False)
        else:
            logger.info("The net has no loss and no layer with a gradient: no backward to time.")
    try:
        with net.context.computing():
            times = benchmark(net, iterations, both)
        times.computed = computed.report(net, both)
    finally:
        net.close()
    del net  # its memory is the next one's; databases are not opened twice
    with work.quiet():
        net = build(optimize=True)
    try:
        times.forward, times.backward = computed.report_whole(net, iterations, both)
    finally:
        net.close()
    return times


def benchmark(net: Net, iterations: int, both: bool = True) -> Times:
    """One forward and backward to warm up, then ``iterations`` timed ones, layer by layer.

    Without ``both`` there is no backward, and the lines are those of Intel's -forward_only. A GPU
    is waited for after each layer, so what layers take together is more than a pass takes.
    """
    count = len(net.layer_names)
    wait = computed.finisher(net)
    logger.info("Performing Forward")
    logger.info("Initial loss: %g", net.forward())
    if both:
        logger.info("Performing Backward")
        net.backward()
    wait()
    logger.info("*** Benchmark begins ***")
    logger.info("Testing for %d iterations.", iterations)
    forward = [0.0] * count     # milliseconds, summed over the iterations
    backward = [0.0] * count
    start = perf_counter()
    for iteration in range(1, iterations + 1):
        begun = perf_counter()
        for i in range(count):
            before = perf_counter()
            net.forward_layer(i)
            wait()
            forward[i] += 1e3 * (perf_counter() - before)
        for i in reversed(range(count)):
            if both and net.nodes[i].needs_backward:
                before = perf_counter()
                net.backward_layer(i)
                wait()
                backward[i] += 1e3 * (perf_counter() - before)
        logger.info(
            "Iteration: %d %s time: %g ms.", iteration,
            "forward-backward" if both else "forward", 1e3 * (perf_counter() - begun),
        )
    total = 1e3 * (perf_counter() - start)
    logger.info("Average time per layer: ")
    for name, there, back in zip(net.layer_names, forward, backward, strict=True):
        logger.info("%10s\tforward: %g ms.", name, there / iterations)
        if both:
            logger.info("%10s\tbackward: %g ms.", name, back / iterations)
    logger.info("Average Forward pass: %g ms.", sum(forward) / iterations)
    if both:
        logger.info("Average Backward pass: %g ms.", sum(backward) / iterations)
        logger.info("Average Forward-Backward: %g ms.", total / iterations)
    logger.info("Total Time: %g ms.", total)
    logger.info("*** Benchmark ends ***")
    return Times([LayerTime(name, there / iterations, back / iterations) for name, there, back
                  in zip(net.layer_names, forward, backward, strict=True)], total)
