"""pycaffe's NCCL: what connects the workers of a script that starts its processes by itself."""

from __future__ import annotations

from multiprocessing import util
from typing import TYPE_CHECKING

from caffepy.parallel import local
from caffepy.parallel.base import Communicator
from caffepy.solvers import positions
from caffepy.solvers.reduce import Reducer

if TYPE_CHECKING:
    from caffepy.pycaffe.solver import Solver


class NCCL:
    """What workers on one machine average their gradients by: ``NCCL(solver, uid)``.

        uid = caffe.NCCL.new_uid()                  # once; handed to each process

        caffe.set_solver_count(2)                   # in each process
        caffe.set_solver_rank(rank)
        solver = caffe.SGDSolver("solver.prototxt")
        nccl = caffe.NCCL(solver, uid)
        nccl.bcast()
        solver.add_callback(nccl)
        if solver.param.layer_wise_reduce:
            solver.net.after_backward(nccl)         # overlaps with backward
        solver.step(100)

    In GPU mode NVIDIA's NCCL does it, on the CPU shared memory, so that a script can be tried where
    there is no GPU. All workers take over worker 0's seed: they share out one order of records.

    Args:
        solver: made after set_solver_count and set_solver_rank, which it follows.
        uid: from ``new_uid``, the same for all workers.

    Raises:
        CaffeError: the others do not come, or differ about how many they are.
        DeviceError: GPU mode without NCCL.
    """

    def __init__(self, solver: Solver, uid: str) -> None:
        core = solver._caffepy.core
        workers = core.communicator
        self._core = core
        self._communicator: Communicator = local.Local(uid, workers.rank, workers.size)
        if core.context.device != "cpu":
            from caffepy.parallel.nccl import Nccl

            self._communicator = Nccl(self._communicator, core.context.accelerator)
        # atexit is not heeded in processes of multiprocessing, this is
        self._leave = util.Finalize(self, self._communicator.close, exitpriority=10)
        self._reducer = Reducer(core.net, self._communicator)
        workers.abort = self._communicator.abort  # type: ignore[method-assign]
        seed = int(self._communicator.broadcast_bytes(str(core.context.seed).encode()))
        if seed != core.context.seed:
            core.context.seed = seed
            positions.go_to([core.net], positions.of([core.net]))

    @staticmethod
    def new_uid() -> str:
        """A name by which workers find each other; one makes it, the others are told."""
        return local.new_uid()

    def bcast(self) -> None:
        """Give all workers the parameters of worker 0."""
        self._reducer.broadcast()

    def on_start(self) -> None:
        """Called before an iteration; nothing is to be done."""

    def on_gradients_ready(self) -> None:
        """Called after backward: average what has not been averaged yet, and wait for all."""
        self._reducer.finish()

    def __call__(self, layer: int) -> None:
        """Called after a layer's backward, the last of iter_size ones counting: average what is
        complete by that, behind the caller's back."""
        if self._core.last_pass:
            self._reducer.layer_done(layer)

    def __repr__(self) -> str:
        return f"<NCCL: worker {self._communicator.rank} of {self._communicator.size}>"
