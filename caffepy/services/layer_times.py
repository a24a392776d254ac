"""How long each layer of a net in training takes, logged at each display."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING

from caffepy import log

if TYPE_CHECKING:
    from caffepy.solvers.solver import Solver

logger = log.get(__name__)


@contextmanager
def timed(solver: Solver) -> Iterator[None]:
    """Log the milliseconds of each layer's last forward and backward whenever the log displays.

    On a GPU that is the time in which the work was queued.
    """
    net, display = solver.net, solver.param.display
    ends: dict[tuple[str, int], float] = {}
    took: dict[tuple[str, int], float] = {}

    def begin(what: str, layer: int = 0) -> None:
        ends[what, layer] = perf_counter()

    def end(what: str, layer: int = 0) -> None:
        took[what, layer] = 1000 * (perf_counter() - ends[what, layer])

    def after_backward(layer: int) -> None:
        end("back", layer)
        if layer == 0:
            end("total")
            begin("allreduce")

    def ready(solver: Solver) -> None:
        end("allreduce")
        if not display or solver.iter % display:
            return
        forward = range(len(net.layers))
        lines = [f"{what} {i:3d} {net.layer_names[i]:>8s} : {took[what, i]:.2f}"
                 for what, order in (("forw", forward), ("back", reversed(forward)))
                 for i in order]
        lines.append(f"solver total: {took['total', 0]:.2f}")
        lines.append(f"allreduce: {took['allreduce', 0]:.2f}")
        logger.info("\n%s", "\n".join(lines))

    hooks = (
        (solver.on_start, lambda solver: begin("total")),
        (net.before_forward, lambda layer: begin("forw", layer)),
        (net.after_forward, lambda layer: end("forw", layer)),
        (net.before_backward, lambda layer: begin("back", layer)),
        (net.after_backward, after_backward), (solver.on_gradients, ready))
    for calls, call in hooks:
        calls.append(call)  # type: ignore[arg-type]
    try:
        yield
    finally:
        for calls, call in hooks:
            calls.remove(call)  # type: ignore[arg-type]
