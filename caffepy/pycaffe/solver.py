"""pycaffe's solvers, on top of the engine's training loop."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import Any, NamedTuple

from caffepy import log, mode
from caffepy.core.upgrade import read_solver_param, upgrade_solver
from caffepy.core.yielding import Yielding
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2
from caffepy.pycaffe.keeper import Keeper
from caffepy.pycaffe.net import Net, face
from caffepy.solvers import rate
from caffepy.solvers.located import located
from caffepy.solvers.solver import Solver as CoreSolver
from caffepy.solvers.solver import create_solver

Path = str | os.PathLike[str]


class Inside(NamedTuple):
    """What a solver keeps to itself, under one name: scripts hang their own on solvers."""

    core: CoreSolver
    keeper: Keeper
    net: Net
    test_nets: list[Net]


class Solver:
    """Trains a net; ``get_solver(file)`` makes the one that the file's ``type`` names.

    SGDSolver and its siblings train by their own rule, whatever the file says.

    Args:
        solver_file: a solver prototxt, or a SolverParameter.

    Raises:
        CaffeError: anything wrong in the file, its nets or weights.
    """

    _caffepy: Inside

    core: Yielding[CoreSolver] = Yielding(lambda solver: solver._caffepy.core)

    def __init__(self, solver_file: Path | Any) -> None:
        param, where = _read(solver_file)
        rule = next((rule for rule, cls in _BY_TYPE.items() if isinstance(self, cls)), None)
        if rule:
            param.type = rule
        context = mode.new_context(param.random_seed if param.random_seed >= 0 else None)
        with located(where) if where else contextlib.nullcontext():
            core = create_solver(param, context=context, communicator=mode.new_communicator())
        keeper = Keeper(core)
        self._caffepy = Inside(core, keeper, face(core.net, keeper),
                               [face(net, keeper) for net in core.test_nets])

    # -- what is in it --------------------------------------------------------------------

    @property
    def net(self) -> Net:
        """The training net."""
        return self._caffepy.net

    @property
    def test_nets(self) -> list[Net]:
        """The nets to test. They take over the training net's parameters when a test is due; to
        do it now, ``solver.test_nets[0].share_with(solver.net)``."""
        return self._caffepy.test_nets

    @property
    def iter(self) -> int:
        """Iterations done."""
        return self._caffepy.core.iter

    @property
    def lr(self) -> float:
        """The learning rate of the coming update, before lr_mult."""
        p, core = self._caffepy.core.param, self._caffepy.core
        return rate.rate(p, core.iter, rate.steps_taken(p, core.iter, core.state.current_step))

    @property
    def param(self) -> caffe_pb2.SolverParameter:
        """The SolverParameter. What is set in max_iter, display, base_lr and other fields that
        an iteration looks at counts from the next iteration on."""
        return self._caffepy.core.param

    # -- training -------------------------------------------------------------------------

    def step(self, iterations: int) -> None:
        """Train for that many iterations, with tests, display and snapshots when due.

        With ``display`` in the solver file its lines go to standard error, in the original's
        format; ``caffe.init_log(1)`` or GLOG_minloglevel=1 keep them away.

        Raises:
            CaffeError: what a layer, its data or a snapshot's disk cannot do.
        """
        core = self._caffepy.core
        with _progress(core) if _has_lines(core, iterations) else contextlib.nullcontext():
            core.step(iterations)

    def solve(self, resume_file: Path | None = None) -> None:
        """Train until max_iter, from a .solverstate if one is given.

        Raises:
            CaffeError: as ``step`` and ``restore``.
        """
        core = self._caffepy.core
        with _progress(core) if core.param.display > 0 else contextlib.nullcontext():
            core.solve(resume_file)

    def apply_update(self) -> None:
        """Update the parameters from the gradients that are there, at the rate of now, and count
        the iteration. For loops that run forward and backward themselves."""
        self._caffepy.core.apply_update()

    def add_callback(
        self, on_start: Any, on_gradients_ready: Callable[[], object] | None = None,
    ) -> None:
        """Call back in each iteration, with no arguments.

            solver.add_callback(on_start, on_gradients_ready)
            solver.add_callback(something)     # with these two methods, such as an NCCL

        Args:
            on_start: called before the iteration's forward.
            on_gradients_ready: called after its backward, before the update. Both may change
                parameters and gradients.

        Raises:
            ConfigError: what is given cannot be called.
        """
        if on_gradients_ready is None and hasattr(on_start, "on_gradients_ready"):
            on_start, on_gradients_ready = on_start.on_start, on_start.on_gradients_ready
        if not callable(on_start) or not callable(on_gradients_ready):
            raise ConfigError("add_callback takes two functions",
                              found=f"{on_start!r} and {on_gradients_ready!r}",
                              allowed="add_callback(on_start, on_gradients_ready)")
        self._caffepy.core.on_start.append(_without_arguments(on_start))
        self._caffepy.core.on_gradients.append(_without_arguments(on_gradients_ready))

    def share_weights(self, net: Net) -> None:
        """Train the parameters of ``net`` from here on, for layers of equal name: one memory for
        both, and for all solvers that share them.

        Raises:
            ShapeError: a layer of equal name has other shapes.
        """
        self._caffepy.net.share_with(net)

    # -- snapshots ------------------------------------------------------------------------

    def snapshot(self) -> str | None:
        """Write the .caffemodel and .solverstate of now; returns the latter's name, or None if
        they cannot be written and snapshot_errors is WARN.

        Raises:
            ConfigError: the solver file has no snapshot_prefix.
            NotFound, DataError: they cannot be written there.
        """
        return self._caffepy.core.snapshot()

    def restore(self, path: Path) -> None:
        """Go on from a .solverstate or .solverstate.h5.

        Raises:
            CaffeError: the file or the weights it names are missing, damaged or of another net.
        """
        self._caffepy.core.restore(path)

    # -- being a Python object ------------------------------------------------------------

    def close(self) -> None:
        """Let go of threads, files and databases now instead of when the solver and its nets
        are deleted. The blobs stay readable."""
        self._caffepy.keeper.close()

    def __enter__(self) -> Solver:
        return self

    def __exit__(self, *exception: object) -> None:
        self._caffepy.keeper.close()

    def __repr__(self) -> str:
        core, tests = self._caffepy.core, len(self._caffepy.test_nets)
        p = core.param
        return (f"<{type(self).__name__} ({p.type}) of net {core.net.name!r}: iteration "
                f"{core.iter} of {p.max_iter}, {p.lr_policy} lr from {p.base_lr:g}, "
                f"{tests} test net{'s' * (tests != 1)}>")


class SGDSolver(Solver):
    """Stochastic gradient descent with momentum."""


class NesterovSolver(Solver):
    """Nesterov's accelerated gradient."""


class AdaGradSolver(Solver):
    """Adaptive gradient."""


class RMSPropSolver(Solver):
    """Root mean square propagation."""


class AdaDeltaSolver(Solver):
    """AdaDelta."""


class AdamSolver(Solver):
    """Adaptive moment estimation."""


_BY_TYPE: dict[str, type[Solver]] = {
    "SGD": SGDSolver, "Nesterov": NesterovSolver, "AdaGrad": AdaGradSolver,
    "RMSProp": RMSPropSolver, "AdaDelta": AdaDeltaSolver, "Adam": AdamSolver,
}


def get_solver(solver_file: Path | Any) -> Solver:
    """The solver that the file's ``type`` names (SGD if it names none). See Solver."""
    param, _ = _read(solver_file)
    return _BY_TYPE.get(param.type, Solver)(solver_file)


def _progress(core: CoreSolver) -> contextlib.AbstractContextManager[None]:
    """Shows how training goes on."""
    return log.shown("caffepy.solvers", *(["caffepy.core.debug"] if core.param.debug_info else []))


def _has_lines(core: CoreSolver, iterations: int) -> bool:
    """Whether these iterations have any; most calls of loops by ``step(1)`` have none."""
    p = core.param
    return p.display > 0 and any(
        interval > 0 and -core.iter % interval <= iterations
        for interval in (p.display, p.test_interval, p.snapshot))


def _without_arguments(function: Callable[[], object]) -> Callable[[object], None]:
    def hook(solver: object) -> None:
        function()

    return hook


def _read(source: Path | Any) -> tuple[Any, str | None]:
    if isinstance(source, (str, os.PathLike)):
        return read_solver_param(source)[0], os.fspath(source)
    param = caffe_pb2.SolverParameter()
    param.CopyFrom(source)
    upgrade_solver(param)
    return param, None
