"""caffepy time: how long each layer takes, forward and backward, and what computes it."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

from caffepy import log
from caffepy.cli import computed, devices, files, flags, gflags
from caffepy.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from caffepy.core.net import Net

logger = log.get(__name__)


@gflags.command("time", help="Time a net layer by layer.")
@flags.MODEL
@flags.PHASE
@flags.FORWARD_ONLY
@flags.ITERATIONS
@flags.WEIGHTS
@flags.GPU
@flags.PRECISION
@flags.LEVEL
@flags.STAGE
def time(
    model: str, phase: str, forward_only: bool, iterations: int, weights: str, gpu: str,
    precision: str | None, level: int, stage: str,
) -> None:
    if not model:
        raise ConfigError("Need a model definition to time", fix="Give one: -model net.prototxt.")
    if phase not in ("", "TRAIN", "TEST"):
        raise ConfigError(
            "phase must be \"TRAIN\" or \"TEST\"", found=phase,
            fix=did_you_mean(phase, ("TRAIN", "TEST")),
        )
    files.check("model", model, "prototxt")
    paths = flags.split_list(weights)
    for path in paths:
        files.check("weights", path, "caffemodel")
    flags.check_iterations(iterations)

    from caffepy.cli import weighed
    from caffepy.core.net import Net
    from caffepy.proto import caffe_pb2
    from caffepy.tools import _work

    context = devices.context(devices.choose(gpu), precision=precision)

    source: Any = model

    def build(optimize: bool) -> Net:
        net = Net(
            source, caffe_pb2.TEST if phase == "TEST" else caffe_pb2.TRAIN, level=level,
            stages=flags.split_stages(stage), context=context, optimize=optimize,
        )
        for path in paths:
            net.load(path)
        return net

    net = build(optimize=False)
    if not forward_only and weighed.without_loss(net):
        weighted, outputs = weighed.with_losses(model, net)
        if outputs:
            logger.info("The net has no loss: to time backward each of its outputs (%s) counts as "
                        "one. -forward_only leaves backward out.", ", ".join(outputs))
            source, level, stage = weighted, 0, ""  # what these choose is chosen
            net.close()
            with _work.quiet():
                net = build(optimize=False)
        else:
            logger.info("The net has no loss and no layer with a gradient: no backward to time.")
    try:
        with net.context.computing():
            benchmark(net, iterations, not forward_only)
        computed.report(net, not forward_only)
    finally:
        net.close()
    del net  # its memory is the next one's; databases are not opened twice
    with _work.quiet():
        net = build(optimize=True)
    try:
        computed.report_whole(net, iterations, not forward_only)
    finally:
        net.close()


def benchmark(net: Net, iterations: int, both: bool = True) -> None:
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
