"""The training loop.

    solver = create_solver("lenet_solver.prototxt")
    solver.solve()

An iteration, in the original's order: test if it is due; clear the gradients; iter_size times
forward and backward; display if it is due; average the gradients over the workers; clip them;
update the parameters; count; do what was asked from outside; snapshot if it is due.
"""

from __future__ import annotations

import os
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from caffepy import log
from caffepy.checks import structure
from caffepy.core import debug, footprint, obeys, weights
from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.core.upgrade import read_solver_param, upgrade_solver
from caffepy.errors import ConfigError
from caffepy.parallel.base import Communicator
from caffepy.parallel.single import Single
from caffepy.proto import caffe_pb2
from caffepy.proto.paths import paths_of
from caffepy.proto.text import to_text
from caffepy.solvers import keep, nets, progress, resume, rule, settings, snapshot, testing
from caffepy.solvers.grad_scale import GradScale
from caffepy.solvers.located import located
from caffepy.solvers.losses import Losses
from caffepy.solvers.reduce import Reducer
from caffepy.solvers.sequel import Update
from caffepy.solvers.update_device import DeviceUpdater
from caffepy.solvers.update_host import HostUpdater
from caffepy.solvers.updater import Updater
from caffepy.solvers.watch import Watch

logger = log.get(__name__)

PathLike = str | os.PathLike[str]
Action = Callable[[], str | None]
Hook = Callable[["Solver"], None]

ASKED = (None, "snapshot", "stop")  # what an action may say, the weightier last


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
        iter, rate: iterations done, and the learning rate of the last update.
        smoothed_loss: the mean of the last ``average_loss`` losses, which are in ``losses``,
            oldest first.
        on_start, on_gradients, on_iteration: lists of callables that are called with the solver
            before each iteration's forward, when its gradients are there, and after its update.
        on_test: callables that are called with the solver and a test net's index after its test.
        last_tests: per test net, the iteration of its last whole test and what ``test`` returned.
        stopped: whether the last ``step`` or ``solve`` ended early because it was asked to.
    """

    obeys = ("snapshot_keep", "snapshot_errors", "on_nan")
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
            self.context.seed = int(self.communicator.tell(str(self.context.seed).encode()))
            logger.info("random_seed is not set; drawn: %d", self.context.seed)
        self.iter = 0
        self.current_step = 0
        self.rate: float = self.param.base_lr
        self.on_start: list[Hook] = []
        self.on_gradients: list[Hook] = []
        self.on_iteration: list[Hook] = []
        self.on_test: list[Callable[[Solver, int], None]] = []
        self.last_tests: dict[int, tuple[int, list[tuple[str, np.ndarray[Any, Any]]]]] = {}
        self.stopped = False
        self._clock = progress.Clock()
        self.last_pass = True  # of the iter_size passes of an iteration
        self.before_tests: list[Any] | None = None  # positions, while tests run

        update_rule = rule.get(self.param.type)(self.param, self.context.xp)
        self.test_nets: list[Net] = []
        self.net = nets.train_net(self.param, self.context, optimize)
        self.reducer = Reducer(self.net, self.communicator)
        try:
            self.grad_scale = GradScale.of(self.net)
            make = DeviceUpdater if self.context.accelerator else HostUpdater
            self.updater: Updater = make(self.net, update_rule, self.param, self.grad_scale)
            if self.param.snapshot and self.communicator.root:
                keep.check_holds(self.param, self.net, update_rule.histories)
            self._update = Update(self)
            self.grad_scale.serve(self.net, self.updater)
            self._load([self.net], paths_of(self.param, "weights"))
            if self.communicator.root:
                self.test_nets = nets.test_nets(self.param, self.context, optimize)
                self._load(self.test_nets, paths_of(self.param, "weights"))
            self.watch = Watch(self)
            this = weakref.proxy(self)
            self._losses = Losses(self.net, self.param,
                                  lambda iteration, loss: this.watch.loss(this, iteration, loss))
        except BaseException:
            self.close()
            raise
        footprint.report([self.net, *self.test_nets], update_rule.histories)
        logger.info("Solver scaffolding done.")

    @property
    def max_iter(self) -> int:
        return self.param.max_iter

    # -- training -------------------------------------------------------------------------

    def solve(self, resume_file: PathLike | None = None) -> None:
        """Train up to ``max_iter``, from a snapshot's .solverstate if one is given."""
        p = self.param
        logger.info("Solving %s", self.net.name)
        logger.info("Learning Rate Policy: %s", p.lr_policy)
        if resume_file:
            logger.info("Restoring previous solver status from %s", os.fspath(resume_file))
            self.restore(resume_file)
        ends_with_snapshot = p.snapshot_after_train and self.communicator.root
        if ends_with_snapshot and not p.snapshot_prefix:
            logger.warning("snapshot_prefix is not set: the trained weights will not be written")
            ends_with_snapshot = False
        elif ends_with_snapshot:
            keep.check_writable(p)
            keep.check_holds(p, self.net, rule.get(p.type).histories)

        self.step(p.max_iter - self.iter)
        if ends_with_snapshot and not self._due(p.snapshot):
            self.snapshot()
        if self.stopped:
            logger.info("Optimization stopped early.")
            return
        if self.displays:  # the loss after the last update, as the original shows it
            self._losses.settle()
            self._losses.take(self.net.forward())
            logger.info("Iteration %d, loss = %g", self.iter, self.smoothed_loss)
        if self._due(p.test_interval):
            self.test_all()
        logger.info("Optimization Done.")

    def step(self, iterations: int) -> None:
        """Train for so many iterations, with tests, display and snapshots when they are due."""
        self.stopped = False
        self._clock.stop()
        end = self.iter + iterations
        try:
            if self.communicator.size > 1:
                self.reducer.broadcast()
                if self.param.layer_wise_reduce:
                    self.reducer.cut_recordings()
            while self.iter < end and not self.stopped:
                self._iterate()
        except BaseException as error:
            self.communicator.abort(error)
            raise

    def _iterate(self) -> None:
        p = self.param
        if self._due(p.test_interval) and (self.iter > 0 or p.test_initialization):
            self.test_all()
            if self._agreed("stop" if self.stopped else None) == "stop":
                self.stopped = True
                return
        self._call(self.on_start)
        displays = self.displays
        self._clock.start()
        updated = self._forward_backward(displays and p.debug_info)
        if displays:
            self._clock.show(self.iter, p.display, self.smoothed_loss)
            progress.show_outputs("Train", self.net.outputs())
        self._update.finish(updated)
        self._call(self.on_iteration)
        asked = self._agreed(self.action())
        if self.communicator.root and (asked == "snapshot" or self._due(p.snapshot)):
            self.snapshot()
        if asked == "stop":
            self.stopped = True

    def _forward_backward(self, debug_info: bool) -> bool:
        """The passes of an iteration; returns whether the update is done behind the last."""
        net = self.net
        sequel = self._update.as_sequel(debug_info)
        net.debug_info = debug_info
        overlaps = (self.param.layer_wise_reduce and self.communicator.size > 1
                    and not debug_info)  # whose lines tell of this worker's gradients
        with net.public_call(), self.grad_scale.overflowing():
            net.clear_param_diffs()
            for left in reversed(range(self.param.iter_size)):
                self._losses.forward(debug_info)
                self.last_pass = not left
                net.layer_done = self.reducer.layer_done if overlaps and not left else None
                net.launch_backward(None if left else sequel)
                if debug_info:
                    debug.norms(net)
        self.watch.forwarded(net)
        self._losses.end(self.iter, debug_info)
        return sequel is not None

    @property
    def losses(self) -> deque[float]:
        self._losses.settle()
        return self._losses.last

    @property
    def smoothed_loss(self) -> float:
        self._losses.settle()
        return self._losses.mean

    @smoothed_loss.setter
    def smoothed_loss(self, mean: float) -> None:
        self._losses.mean = mean

    def apply_update(self) -> None:
        """Update the parameters from the gradients that are there, and count the iteration.

        It does not average over workers, as the original's does not: ``step`` has done it, and a
        loop of one's own calls ``reducer.finish``.
        """
        self._update.apply(scaled=False)

    def _due(self, interval: int) -> bool:
        return interval > 0 and self.iter % interval == 0

    @property
    def displays(self) -> bool:
        """Whether this iteration has lines in the log."""
        return self.communicator.root and self._due(self.param.display)

    def _agreed(self, asked: str | None) -> str | None:
        """What all workers do: they stop if any of them is asked to, after the same iteration;
        of snapshots the root alone is asked, since a signal may reach others an iteration later.
        """
        if self.communicator.size == 1:
            return asked
        counts = self.communicator.root or asked == "stop"
        return ASKED[self.communicator.agree(ASKED.index(asked) if counts else 0)]

    def _call(self, hooks: Sequence[Hook]) -> None:
        for hook in tuple(hooks):
            hook(self)

    # -- testing --------------------------------------------------------------------------

    def test_all(self) -> None:
        """Test all test nets, or those up to the one in which it was asked to stop. They are
        worker 0's; the others have none."""
        testing.test_all(self)

    def test(self, index: int = 0) -> list[tuple[str, np.ndarray[Any, Any]]]:
        """Run a test net over ``test_iter`` batches and log the means of its outputs.

        Returns: (name, mean values) of each output; empty if it was interrupted.
        """
        return testing.test(self, index)

    # -- weights and snapshots ------------------------------------------------------------

    def load_weights(self, paths: str | Sequence[str]) -> None:
        """Start from the weights of files, the train net and each test net.

        Args:
            paths: one or several, each of which may be a list with commas.
        """
        self._load([self.net, *self.test_nets], [paths] if isinstance(paths, str) else paths)

    def _load(self, into: Sequence[Net], paths: Sequence[str]) -> None:
        names = settings.weight_files(paths)
        for net in into:
            reports = []
            for name in names:
                logger.info("Finetuning from %s", name)
                reports.append(net.load(name))
            if reports and net is self.net:  # the test nets' layers are those of the train net
                structure.warn(s for r in reports for s in structure.copied_nothing(net, r))
                logger.info("Layers with weights, after loading:\n%s", weights.table(reports))

    def snapshot(self) -> str | None:
        """Write the weights and the state of now; returns the name of the state's file.

        With ``snapshot_errors: WARN``, one that cannot be written is logged, and None returned.
        Older ones are deleted as ``snapshot_keep`` says.
        """
        self._losses.settle()  # and stop here if the loss is lost
        self._update.notice()
        return keep.written(self)

    def write_snapshot(self) -> str:
        """Write weights and state, whatever happens."""
        p = self.param
        if not p.snapshot_prefix:
            raise ConfigError("there is no snapshot_prefix to name snapshots by",
                              fix="Set it in the solver file.")
        hdf5 = snapshot.is_hdf5(p)
        kind = "HDF5 file" if hdf5 else "binary proto file"
        model = snapshot.file_name(p, self.iter, "caffemodel")
        path = snapshot.file_name(p, self.iter, "solverstate")
        logger.info("Snapshotting to %s %s", kind, model)
        save = self.net.save_hdf5 if hdf5 else self.net.save
        save(model, diff=p.snapshot_diff)
        logger.info("Snapshotting solver state to %s %s", kind, path)
        tests = self.before_tests
        if tests is None:
            tests = resume.positions(self.test_nets)
        state = resume.state_of(self, model, tests)
        snapshot.write_state(path, state, self.updater.history_blobs(), hdf5)
        return path

    def restore(self, path: PathLike) -> None:
        """Go on from a snapshot. See ``resume.restore`` for the errors."""
        resume.restore(self, path)

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
