"""Loss scaling: the net's ``global_grad_scale`` and ``global_grad_scale_adaptive``.

Half-precision gradients below 6e-8 are zero. So while a solver trains, the gradient that starts at
each loss is multiplied by the scale, and with it all gradients between there and the parameters;
the update divides by it. P. Micikevicius et al., "Mixed Precision Training", ICLR 2018. The
fields' names are those of NVIDIA's Caffe.

An adaptive scale starts at ``global_grad_scale`` if that is given, else at START. An update whose
gradients hold an infinity or no number is skipped: parameters and histories stay as they are, diffs
become 0, since they show what was subtracted; the iteration counts. Each skip halves the scale, and
GOOD updates in a row double it. The averaged gradients of several workers are the same for all, so
all decide the same.

All diffs are scaled while ``Solver.step`` is between a backward and its update, which
``after_backward`` hooks can look at. Everywhere else a parameter's diffs are not: in what
debug_info and the log say, in callbacks for gradients, after an update, in snapshots, and after a
backward that a script calls by itself. Nets that no solver trains ignore the fields.
"""

from __future__ import annotations

import contextlib
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from caffepy import log
from caffepy.errors import ConfigError, NumericError
from caffepy.proto import caffe_pb2

if TYPE_CHECKING:
    from caffepy.core.net import Net

logger = log.get(__name__)

START = 65536.0
GOOD = 2000  # updates in a row that double the scale
LEAST = 2.0**-24  # to which it falls: what overflows even so does for another reason
LOST = 40  # skipped updates in a row: more than lead from START to LEAST


class GradScale:
    """The scale of a net, as the host knows it.

    On a GPU the update kernels change a copy on the device (see update_device), and
    ``Updater.fetch_grad_scale`` brings this one up to date.

    Attributes:
        value: what gradients are multiplied with; ``start`` at first.
        adaptive: whether it changes.
        good: updates since it changed or one was skipped.
        skipped, in_a_row: updates that were skipped, in all and since the last good one.
    """

    def __init__(self, value: float = 1.0, adaptive: bool = False) -> None:
        self.start = self.value = value
        self.adaptive = adaptive
        self.good = self.skipped = self.in_a_row = 0
        self._logged = 0

    @staticmethod
    def of(net: Net) -> GradScale:
        """What a net's prototxt asks for.

        Raises:
            ConfigError: the scale is no positive number.
        """
        p = net.param
        given = p.HasField("global_grad_scale") or not p.global_grad_scale_adaptive
        value: float = p.global_grad_scale if given else START
        if not (math.isfinite(value) and value > 0):
            raise ConfigError("global_grad_scale must be a positive number", found=value,
                              where=f"net '{net.name}'")
        return GradScale(value, p.global_grad_scale_adaptive)

    @property
    def asked(self) -> bool:
        """Whether gradients are to be scaled at all."""
        return self.value != 1 or self.adaptive

    def overflowing(self) -> contextlib.AbstractContextManager[Any]:
        """Around passes whose numbers may overflow, which NumPy need not warn of."""
        quiet: contextlib.AbstractContextManager[Any] = np.errstate(over="ignore", invalid="ignore")
        return quiet if self.adaptive else contextlib.nullcontext()

    def judge(self, finite: bool) -> bool:
        """Whether an update is made whose gradients are all ``finite``; counts it, and adapts."""
        if not self.adaptive:
            return True
        if finite:
            self.in_a_row = 0
            self.good += 1
            if self.good == GOOD:
                self.value, self.good = 2 * self.value, 0
        else:
            if self.value > LEAST:
                self.value /= 2
            self.good = 0
            self.skipped += 1
            self.in_a_row += 1
        return finite

    def log_skipped(self, iteration: int, on_nan: int) -> None:
        """Log what was skipped since the last time.

        Raises:
            NumericError: no scale helps any more, and ``on_nan`` is STOP.
        """
        new, self._logged = self.skipped - self._logged, self.skipped
        if new <= 0:
            return
        # no line "Iteration N", which parsers of logs count
        logger.info("%d update%s skipped up to iteration %d whose gradients were no finite "
                    "numbers; global_grad_scale = %g", new, "s" * (new != 1), iteration, self.value)
        if self.in_a_row >= LOST and on_nan == caffe_pb2.SolverParameter.STOP:
            raise NumericError(
                f"no update could be made in the last {self.in_a_row} iterations: their gradients "
                f"are no finite numbers, whatever they are scaled with",
                fix="Nothing was written over the last snapshot; a lower base_lr may help from "
                    "there.")
