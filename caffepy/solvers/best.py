"""Which weights scored best: kept beside the snapshots, and a reason to stop.

    snapshot_best: "accuracy"    # an output of a test net; its best weights go to <prefix>_best
    patience: 5                  # stop after so many tests in a row without a better one

Outputs of layers that score, such as Accuracy, are better the larger they are, those of losses the
smaller; of others "max:NAME" or "min:NAME" says it. Tests before the first update do not count. A
snapshot keeps what was best and when, so a resumed run keeps and stops as an uninterrupted one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from caffepy import log
from caffepy.core.net import Net
from caffepy.errors import CaffeError, ConfigError, did_you_mean
from caffepy.solvers import snapshot
from caffepy.solvers.state import Means, TrainingState

logger = log.get(__name__)

LARGER, SMALLER = 1, -1
SIGNS = {"max": LARGER, "min": SMALLER}


class Best:
    """Watches the tests of a training.

    Args:
        param: the SolverParameter.
        test_nets: the first of them that has the output is watched.

    Raises:
        ConfigError: no test net has it, nobody says which values are better, or ``patience``
            without it.
    """

    def __init__(self, param: Any, test_nets: Sequence[Net]) -> None:
        self.param = param
        words = param.snapshot_best.split(":")
        self.output = words[-1].strip()
        if param.patience < 0:
            raise ConfigError("patience is a number of tests", found=param.patience,
                              allowed="0, no end before max_iter, or more", field="patience")
        if words[1:] and not self.output:
            raise ConfigError("snapshot_best names no output", found=param.snapshot_best,
                              fix='Write it behind the colon: "max:accuracy".',
                              field="snapshot_best")
        if param.patience and not self.output:
            raise ConfigError("patience counts tests in which snapshot_best was not better",
                              found=f"patience: {param.patience}", field="patience",
                              fix='Add snapshot_best: "accuracy", or what the test net gives.')
        self.net, self.sign = -1, LARGER
        if not self.output:
            return
        known = [name for net in test_nets for name in net.output_names]
        if self.output not in known:
            raise ConfigError("no test net has this output", found=self.output,
                              allowed=", ".join(known) or "nothing: there is no test net",
                              fix=did_you_mean(self.output, known), field="snapshot_best")
        self.net = next(i for i, net in enumerate(test_nets) if self.output in net.output_names)
        sign = SIGNS.get(words[0].strip()) if len(words) == 2 else better(
            test_nets[self.net], self.output)
        if sign is None:
            raise ConfigError(f"it is not known whether more or less of {self.output} is better",
                              found=param.snapshot_best, field="snapshot_best",
                              fix=f'Write "max:{self.output}" or "min:{self.output}".')
        self.sign = sign

    @property
    def path(self) -> str:
        """Where the best weights are written."""
        return snapshot.beside(self.param, "_best")

    def see(self, index: int, means: Means, net: Net, state: TrainingState) -> None:
        """Test net ``index`` gave these means on the weights of ``net``: keep them if they are
        better, or stop the training if that has been too long ago.

        Raises:
            ConfigError: the output has several values. CaffeError: the weights cannot be written,
                with ``snapshot_errors: STOP``.
        """
        if index != self.net or not state.iter:
            return
        values = dict(means).get(self.output)
        if values is None or values.size != 1:
            raise ConfigError("snapshot_best goes by an output of one value", field="snapshot_best",
                              found=f"{0 if values is None else values.size} of {self.output}")
        value = float(values.reshape(-1)[0])
        if math.isfinite(value) and (state.best_iter < 0
                                     or self.sign * (value - state.best_value) > 0):
            state.best_value, state.best_iter, state.tests_since_best = value, state.iter, 0
            self._write(net)
        else:
            state.tests_since_best += 1
        if self.param.patience and state.tests_since_best >= self.param.patience:
            logger.info("No better %s in %d tests: training stops (patience). %s", self.output,
                        state.tests_since_best, self.found(state))
            state.stopped = True

    def found(self, state: TrainingState) -> str:
        """The best so far, in a sentence; "" for none."""
        if self.net < 0 or state.best_iter < 0:
            return ""
        return (f"The best {self.output}, {state.best_value:.6g}, is of iteration "
                f"{state.best_iter}: {self.path}")

    def _write(self, net: Net) -> None:
        try:
            snapshot.save(self.param, net, self.path)
        except CaffeError as error:
            if not snapshot.goes_on(self.param):
                raise
            logger.warning("the best weights so far cannot be written: %s. Training goes on "
                           "(snapshot_errors: WARN).", error)
        else:
            logger.info("The best %s so far: weights written to %s", self.output, self.path)


def better(net: Net, output: str) -> int | None:
    """Whether more (LARGER) or less (SMALLER) of an output of a net is better; None if that is not
    known."""
    maker = next(node for node in reversed(net.nodes) if output in node.top_names)
    if maker.layer.scores:
        return LARGER
    return SMALLER if maker.layer.loss or net.loss_weights.get(output) else None
