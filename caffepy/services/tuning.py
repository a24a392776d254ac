"""Which kernels are the fastest on this machine, for a net's shapes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from caffepy.columns import columns
from caffepy.errors import ConfigError
from caffepy.services import work

if TYPE_CHECKING:
    from caffepy.core.memory import Place
    from caffepy.core.net import Net
    from caffepy.kernels.contract import Kernel
    from caffepy.kernels.measuring import Result

FORWARD, DATA, WEIGHTS = "forward", "backward_data", "backward_weights"


class Job(NamedTuple):
    """One kernel of a net. ``layers`` have the same; ``directions`` are those that run."""

    layers: list[str]
    kernel: Kernel
    directions: list[str]
    x: Place  # in whose order the input comes




def build(path: str, test: bool = False, batch: int = 0, size: int = 0, channels: int = 3,
          threads: int = 0) -> Net:
    """The net as the command would run it, by the rule, with random numbers in its inputs.

    Raises:
        ConfigError: no kernels that could be chosen run on this machine.
    """
    from caffepy.core.context import Context
    from caffepy.core.net import Net
    from caffepy.kernels.tuning import Choices
    from caffepy.proto import caffe_pb2
    from caffepy.services.bench.nets import fill_inputs, synthetic

    context = Context(seed=work.SEED, threads=threads or None)
    if context.engines[0].name != "onednn":
        raise ConfigError("there is nothing to choose: the oneDNN kernels do not run here",
                          fix="'caffepy device_query' says what is missing.")
    for engine in context.engines:
        engine.choices = Choices()
    try:
        source: Any = synthetic(path, batch, size, channels, test)
    except ConfigError:
        if batch or size:
            raise
        source = path  # pictures of a size that only the data tell
    net = Net(source, caffe_pb2.TEST if test else caffe_pb2.TRAIN, context=context, optimize=True)
    fill_inputs(net, classes=1)
    return net


def orders(net: Net) -> list[Place]:
    """The order in which the first bottom of each layer comes, as one forward shows."""
    from caffepy.core.memory import Place

    found = [Place.HOST] * len(net.layers)

    def look(i: int) -> None:
        bottoms = net.nodes[i].bottoms
        if bottoms and bottoms[0].values.channels_last:
            found[i] = Place.HOST_LAST

    net.before_forward.append(look)
    net.forward()
    net.before_forward.remove(look)
    return found


def jobs(net: Net) -> list[Job]:
    """The kernels of a net that have a choice, each once."""
    from caffepy.proto import caffe_pb2

    found: dict[Any, Job] = {}
    comes = orders(net)
    for i, node in enumerate(net.nodes):
        layer = node.layer
        for kernel in kernels(net, i):
            if not kernel.candidates():
                continue
            known = found.get(kernel.spec)
            if known:
                known.layers.append(layer.name)
                continue
            directions = [FORWARD]
            if layer.mirrored:
                directions = [FORWARD, DATA, WEIGHTS]
            elif net.phase == caffe_pb2.TRAIN and node.needs_backward:
                directions += [WEIGHTS] * any(layer.param_propagate_down)
                directions += [DATA] * any(node.propagate_down)
            found[kernel.spec] = Job([layer.name], kernel, directions, comes[i])
    return list(found.values())


def kernels(net: Net, i: int) -> list[Kernel]:
    """Of layer ``i``, those that run: where layers run as one it may be another."""
    fused = net.executor.fused.get(i)
    kernel = getattr(fused, "kernel", None)
    return [kernel] if kernel and kernel.candidates() else net.layers[i].kernels


def tune(net: Net, milliseconds: Any = None) -> list[tuple[Job, dict[str, Result]]]:
    """Measure; see kernels.measuring for ``milliseconds``."""
    from caffepy.kernels.measuring import measure

    todo = jobs(net)
    return [
        (job, measure(job.kernel, job.directions, net.context.mover, job.x, milliseconds))
        for job in work.track(todo, "kernel", len(todo))
    ]


def table(found: list[tuple[Job, dict[str, Result]]]) -> Iterator[str]:
    """What the rule takes and what is fastest, in columns, and the sums."""
    lines = [("layer", "direction", "rule", "ms", "fastest here", "ms", "")]
    rule = best = 0.0
    for job, results in found:
        more = len(job.layers) - 1
        name = job.layers[0] + (f" and {more} more" if more else "")
        for direction, r in results.items():
            rule += r.rule_ms * len(job.layers)
            best += r.best_ms * len(job.layers)
            same = r.best == r.rule
            lines.append((name, direction, r.rule, f"{r.rule_ms:.2f}", "the same" if same else
                          r.best, f"{r.best_ms:.2f}",
                          "" if same else f"{r.rule_ms / r.best_ms:.2f} x"))
    yield from columns(lines, right=(3, 5))
    yield f"All layers together: {rule:.2f} ms by the rule, {best:.2f} ms by the fastest."


def write(path: Path, net: Net, found: list[tuple[Job, dict[str, Result]]]) -> str:
    """Add what was found to the file of choices; returns what it holds for, in words."""
    from caffepy.kernels import tuning
    from caffepy.proto.files import atomic_write

    engine: Any = net.context.engines[0]
    table = {repr(job.kernel.spec): {way: result.best for way, result in results.items()}
             for job, results in found if results}
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_bytes() if path.exists() else None
    with atomic_write(path) as file:
        file.write(tuning.merged(before, engine.machine, table))
    return str(engine.machine)
