"""The training loop.

    solver = create_solver("lenet_solver.prototxt")
    solver.solve()

An iteration, in the original's order: test if it is due; clear the gradients; iter_size times
forward and backward; display if it is due; average the gradients over the workers; clip them;
update the parameters; count; do what was asked from outside; snapshot if it is due.

How far the training is stands in its ``state``. Whoever serves the loop gets that and the nets,
never the solver: this module imports the others of the room, and none of them this one.
"""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from caffepy import log
from caffepy.core import footprint, obeys, scaled
from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.core.upgrade import read_solver_param, upgrade_solver
from caffepy.parallel.base import Communicator
from caffepy.parallel.single import Single
from caffepy.proto import caffe_pb2
from caffepy.proto.paths import paths_of
from caffepy.proto.text import to_text
from caffepy.solvers import actions, evaluation, keep, nets, progress, resume, rule, settings
from caffepy.solvers.actions import Action
from caffepy.solvers.apply_update import ApplyUpdate
from caffepy.solvers.average import Average
from caffepy.solvers.best import Best
from caffepy.solvers.forward_backward import ForwardBackward
from caffepy.solvers.local_rate import WORDS as OWN_RATES
from caffepy.solvers.located import located
from caffepy.solvers.losses import Losses
from caffepy.solvers.rate import WORDS as SCHEDULES
from caffepy.solvers.reduce import Reducer
from caffepy.solvers.state import Means, TrainingState
from caffepy.solvers.update_device import DeviceUpdater
from caffepy.solvers.update_host import HostUpdater
from caffepy.solvers.updater import Updater
from caffepy.solvers.watch import Watch

logger = log.get(__name__)

PathLike = str | os.PathLike[str]
Hook = Callable[["Solver"], None]


def create_solver(
    param: Any,
    context: Context | None = None,
    action: Action | None = None,
    communicator: Communicator | None = None,
    *,
    optimize: bool = False,
) -> Solver:
    """A solver from a prototxt file or a SolverParameter.

    Args:
        param: the file, or the message (which is copied).
        context: device, engines and seed of its nets; by default the CPU and ``random_seed``.
        action: asked between iterations and between the batches of a test; returns "stop",
            "snapshot" or None.
        communicator: the workers that train together; by default this one alone.
        optimize: for its nets; see core.net.

    Raises:
        CaffeError: anything wrong in the solver file or its nets.
    """
    if not isinstance(param, (str, os.PathLike)):
        return Solver(param, context, action, communicator, optimize=optimize)
    message, _ = read_solver_param(param)
    with located(param):
        return Solver(message, context, action, communicator, optimize=optimize)


class Solver:
    """Trains a net. See ``create_solver`` for the arguments.

    Attributes:
        param: the SolverParameter.
        net, test_nets: the net to train, the nets to test.
        state: how far the training is. ``iter``, ``rate``, ``last_tests``, ``stopped`` and, made
            current, ``losses`` and ``smoothed_loss`` are attributes of the solver, too.
        on_start, on_gradients, on_iteration: lists of callables that are called with the solver
            before each iteration's forward, when its gradients are there, and after its update.
        on_test: callables that are called with the solver and a test net's index after its test.
        average: of the weights; None without average_decay, and in all workers but the first.
        best: what knows the best weights so far; None in all workers but the first.
        last_snapshot: the state file that was written last; None before the first.
    """

    obeys = ("snapshot_keep", "snapshot_errors", "on_nan", "restart_mult", "amsgrad",
             "clip_policy", "snapshot_best", "patience", "average_decay", "eval_type", "ap_version",
             "show_per_class_result", *SCHEDULES, *OWN_RATES)
    harmless = ("engine", "richness", "reduce_buckets", "per_parameter_reduce")

    def __init__(
        self,
        param: Any,
        context: Context | None = None,
        action: Action | None = None,
        communicator: Communicator | None = None,
        *,
        optimize: bool = False,
    ) -> None:
        self.param = caffe_pb2.SolverParameter()
        self.param.CopyFrom(param)
        upgrade_solver(self.param)
        self.communicator = communicator or Single()
        self.action: Action = action or (lambda: None)
        settings.check(self.param, self.communicator.root)
        obeys.check_solver(self.param, type(self))
        logger.info("Initializing solver from parameters: \n%s", to_text(self.param).rstrip("\n"))

        seed = self.param.random_seed
        self.context = context or Context(
            seed=seed if seed >= 0 else None,
            rank=self.communicator.rank, size=self.communicator.size)
        if seed < 0:  # one seed for all workers: they share out one order of records
            drawn = str(self.context.seed).encode()
            self.context.seed = int(self.communicator.broadcast_bytes(drawn))
            logger.info("random_seed is not set; drawn: %d", self.context.seed)
        self.on_start: list[Hook] = []
        self.on_gradients: list[Hook] = []
        self.on_iteration: list[Hook] = []
        self.on_test: list[Callable[[Solver, int], None]] = []
        self.last_snapshot: str | None = None
        self._clock = progress.Clock()

        update_rule = rule.get(self.param.type)(self.param, self.context.xp)
        self.test_nets: list[Net] = []
        self.net = nets.train_net(self.param, self.context, optimize)
        self.reducer = Reducer(self.net, self.communicator)
        try:
            self.state = TrainingState.of(self.param, self.net)
            make = DeviceUpdater if self.context.accelerator else HostUpdater
            self.updater: Updater = make(
                self.net, update_rule, self.param, self.state.grad_scale)
            if self.param.snapshot and self.communicator.root:
                keep.check_holds(self.param, self.net, update_rule.histories)
            self.average = Average.of(self.net, self.param, self.communicator.root)
            self._apply_update = ApplyUpdate(
                self.state, self.net, self.updater, self.reducer, self.param, self.average)
            self.updater.scale_gradients()
            loaded = nets.load_train_net(self.net, paths_of(self.param, "weights"))
            if self.communicator.root:
                self.test_nets = nets.test_nets(self.param, self.context, optimize)
                nets.load_test_nets(self.test_nets, paths_of(self.param, "weights"))
            evaluation.check(self.test_nets, self.param)
            self.best = Best(self.param, self.test_nets) if self.communicator.root else None
            self.watch = Watch(self.net, self.test_nets, self.state, self.param)
            self._losses = Losses(self.net, self.state, self.param, self.watch.loss)
            self._forward_backward = ForwardBackward(
                self.state, self.net, self._losses, self.reducer, self.watch, self.param)
        except BaseException:
            self.close()
            raise
        footprint.report([self.net, *self.test_nets], update_rule.histories + bool(self.average))
        logger.info("Solver scaffolding done.")
        nets.show(loaded)  # the last that is said, so that it is found

    # -- how far it is --------------------------------------------------------------------

    @property
    def max_iter(self) -> int:
        return self.param.max_iter

    @property
    def iter(self) -> int:
        return self.state.iter

    @property
    def rate(self) -> float:
        return self.state.rate

    @property
    def losses(self) -> deque[float]:
        self._losses.settle()
        return self.state.losses

    @property
    def smoothed_loss(self) -> float:
        self._losses.settle()
        return self.state.smoothed_loss

    @property
    def last_pass(self) -> bool:
        """Whether the pass that runs is the last of the iteration's ``iter_size``."""
        return self._forward_backward.last_pass

    @property
    def last_tests(self) -> dict[int, tuple[int, Means]]:
        return self.state.last_tests

    @property
    def stopped(self) -> bool:
        return self.state.stopped

    # -- training -------------------------------------------------------------------------

    def solve(self, resume_file: PathLike | None = None) -> None:
        """Train up to ``max_iter``, from a snapshot's .solverstate if one is given."""
        p = self.param
        logger.info("Solving %s", self.net.name)
        logger.info("Learning Rate Policy: %s", p.lr_policy)
        if resume_file:
            logger.info("Restoring previous solver status from %s", os.fspath(resume_file))
            self.restore(resume_file)
        ends_with_snapshot = self.communicator.root and keep.ends_with_snapshot(
            p, self.net, self.updater.rule.histories)
        self.step(p.max_iter - self.state.iter)
        if ends_with_snapshot and not self._due(p.snapshot):
            self.snapshot()
        if self.state.stopped:
            logger.info("Optimization stopped early.")
            return
        if self.displays:  # the loss after the last update, as the original shows it
            self._losses.settle()
            self.state.take_loss(self.net.forward())
            logger.info("Iteration %d, loss = %g", self.state.iter, self.state.smoothed_loss)
        if self._due(p.test_interval):
            self.test_all()
        logger.info("Optimization Done.")

    def step(self, iterations: int) -> None:
        """Train for so many iterations, with tests, display and snapshots when they are due."""
        state = self.state
        state.stopped = False
        self._clock.stop()
        stop_iter = state.iter + iterations
        try:
            self.reducer.begin(self.param.layer_wise_reduce)
            while state.iter < stop_iter and not state.stopped:
                self._iterate()
        except BaseException as error:
            self.communicator.abort(error)
            raise

    def _iterate(self) -> None:
        p, state = self.param, self.state
        if self._due(p.test_interval) and (state.iter > 0 or p.test_initialization):
            self.test_all()
            asked = actions.agreed("stop" if state.stopped else None, self.communicator)
            if asked == "stop":
                state.stopped = True
                return
        self._call(self.on_start)
        displays = self.displays
        debug_info = displays and p.debug_info
        self._clock.start()
        sequel = self._apply_update.as_sequel(
            "callbacks look at the gradients" if self.on_gradients else
            "debug_info looks at the gradients" if debug_info else "")
        self._forward_backward.run(debug_info, sequel)
        if displays:
            self._clock.show(state.iter, p.display, self.smoothed_loss)
            progress.show_outputs("Train", self.net.outputs())
        if sequel:
            self._apply_update.followed(displays)
        else:
            still_scaled = self._gradients_ready()
            self._apply_update.apply(displays, scaled=still_scaled)
        self._call(self.on_iteration)
        asked = actions.agreed(self.action(), self.communicator)
        if self.communicator.root and (asked == "snapshot" or self._due(p.snapshot)):
            self.snapshot()
        if asked == "stop":
            state.stopped = True

    def _gradients_ready(self) -> bool:
        """Average the gradients and show them to callbacks, without their scale; returns whether
        they still have it."""
        with self.state.grad_scale.overflowing():
            self.reducer.finish()
        if not self.on_gradients:
            return True
        with self.net.public_call():
            scaled.multiply(self.net, 1 / self.net.grad_scale())
        self._call(self.on_gradients)
        return False

    def apply_update(self) -> None:
        """Update the parameters from the gradients that are there, and count the iteration.

        It does not average over workers, as the original's does not: ``step`` has done it, and a
        loop of one's own calls ``reducer.finish``.
        """
        self._apply_update.apply(self.displays, scaled=False)

    def _due(self, interval: int) -> bool:
        return interval > 0 and self.state.iter % interval == 0

    @property
    def displays(self) -> bool:
        """Whether this iteration has lines in the log."""
        return self.communicator.root and self._due(self.param.display)

    def _call(self, hooks: Sequence[Callable[..., object]], *more: object) -> None:
        for hook in tuple(hooks):
            hook(self, *more)

    # -- testing --------------------------------------------------------------------------

    def test_all(self) -> None:
        """Test all test nets, or those up to the one in which it was asked to stop. They are
        worker 0's; the others have none."""
        if self.communicator.root:
            evaluation.evaluate_all(self.state, self.test_nets, self.test)

    def test(self, index: int = 0) -> Means:
        """Run a test net over ``test_iter`` batches and log the means of its outputs.

        Returns: (name, mean values) of each output; empty if it was interrupted.
        """
        self.state.stopped = False
        net = self.average.net if self.average else self.net
        means = evaluation.evaluate(index, self.test_nets[index], net, self.state, self.param,
                                    self.watch, self._asked_to_stop)
        if means is None:
            return []
        self._call(self.on_test, index)
        if self.best:
            self.best.see(index, means, net, self.state)
        return means

    def _asked_to_stop(self) -> bool:
        while asked := self.action():
            if asked == "snapshot":
                self.snapshot()
            elif asked == "stop":
                self.state.stopped = True
        return self.state.stopped

    # -- weights and snapshots ------------------------------------------------------------

    def load_weights(self, paths: str | Sequence[str]) -> None:
        """Start from the weights of files, the train net and each test net.

        Args:
            paths: one or several, each of which may be a list with commas.
        """
        names = [paths] if isinstance(paths, str) else paths
        nets.show(nets.load_train_net(self.net, names))
        nets.load_test_nets(self.test_nets, names)
        self._apply_update.average_anew()

    def snapshot(self) -> str | None:
        """Write the weights and the state of now; returns the name of the state's file.

        With ``snapshot_errors: WARN``, one that cannot be written is logged, and None returned.
        Older ones are deleted as ``snapshot_keep`` says.
        """
        self._losses.settle()  # and stop here if the loss is lost
        self._apply_update.log_updates()
        written = keep.write(self.param, self.state, self.net, self.test_nets, self.updater,
                             lost=self.watch.lost, average=self.average)
        self.last_snapshot = written or self.last_snapshot
        return written

    def restore(self, path: PathLike) -> None:
        """Go on from a snapshot. See ``resume.restore`` for the errors."""
        self._losses.settle()
        resume.restore(path, self.param, self.state, self.net, self.test_nets, self.updater,
                       self.average)

    def measuring(
        self, about: Mapping[str, Any], path: str | None = None, **options: Any
    ) -> contextlib.AbstractContextManager[None]:
        """Writes measurements to a file while the block runs; one worker of several does. See
        ``measurements.writing``, which knows the ``options`` also and keep."""
        from caffepy.solvers.measurements import writing

        if not self.communicator.root:
            return contextlib.nullcontext()
        return writing(self.param, self.state, self.net, self.test_nets, about, path,
                       workers=self.communicator.size, on_start=self.on_start,
                       on_iteration=self.on_iteration, on_test=self.on_test, **options)

    # -- the end --------------------------------------------------------------------------

    def close(self) -> None:
        """Let go of threads, files and databases."""
        for net in [self.net, *self.test_nets]:
            net.close()
        if hasattr(self, "updater"):
            self.updater.close()
        self.communicator.close()

    def __enter__(self) -> Solver:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
