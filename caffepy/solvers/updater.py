"""What carries out an update rule on all parameters of a net: the contract of host and device.

For each parameter, in the original's order:

    g *= scale                          clipping, 1 / iter_size and 1 / global_grad_scale
    g += decay * w  or  decay * sign(w) weight_decay * decay_mult, L2 or L1
    g  = the rule's update              with rate * lr_mult
    w -= g

Afterwards the parameter's diff holds what was subtracted, which scripts look at.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from caffepy import log
from caffepy.errors import ConfigError, did_you_mean
from caffepy.solvers.grad_scale import GradScale
from caffepy.solvers.rule import Array, Rule

if TYPE_CHECKING:
    from caffepy.core.net import Net

logger = log.get(__name__)

REGULARIZATIONS = ("L2", "L1")


class Updater:
    """Owns the histories of a net's parameters and carries out a rule.

    Args:
        net: whose parameters are learned; its arena is made here if it is not yet.
        rule: the update rule.
        param: the SolverParameter, for weight_decay and regularization_type.
        grad_scale: of the net; by default gradients are not scaled.
    """

    def __init__(
        self, net: Net, rule: Rule, param: Any, grad_scale: GradScale | None = None
    ) -> None:
        check_regularization(param)
        self.net = net
        self.rule = rule
        self.grad_scale = grad_scale or GradScale()
        self.weight_decay: float = param.weight_decay
        self.l1 = param.regularization_type == "L1"
        self.arena = net.arena

    # -- what a step does -----------------------------------------------------------------

    def bring_home(self) -> None:
        """Make all gradients current in the arena, wherever they lie now. To be called before
        ``apply``."""
        raise NotImplementedError(f"{type(self).__name__}.bring_home")

    def apply(
        self, rate: float, iteration: int, passes: int = 1, clip: float = -1.0,
        look: Callable[[], None] | None = None, *, scaled: bool = False,
    ) -> None:
        """One update of all parameters. ``bring_home`` must have been called for their gradients.

        Args:
            rate: the learning rate, without lr_mult.
            iteration: from 0.
            passes: ``iter_size``, which gradients are divided by.
            clip: ``clip_gradients``, held against what ``clip_policy`` says.
            look: called when all updates are computed and none is subtracted yet.
            scaled: gradients are multiplied with ``grad_scale``.
        """
        raise NotImplementedError(f"{type(self).__name__}.apply")

    # -- grad_scale, of which a device has a copy -------------------------------------------

    def scale_gradients(self) -> None:
        """Have the net scale its gradients from now on, if that is asked."""
        if not self.grad_scale.asked:
            return
        this, grad_scale = weakref.ref(self), self.grad_scale  # the net is owned by this

        def now() -> float:
            if alive := this():
                alive.fetch_grad_scale()
            return grad_scale.value

        self.net.scale_gradients(now)

    def fetch_grad_scale(self, clip: float = -1.0) -> None:
        """Bring ``grad_scale`` on the host up to date with all updates so far, and log it if the
        last one was clipped and that is not in the log yet. On a GPU it waits for the device."""

    def follow_grad_scale(self) -> None:
        """Take over a ``grad_scale`` that was changed from outside, as by a snapshot."""
        raise NotImplementedError(f"{type(self).__name__}.follow_grad_scale")

    # -- snapshots ------------------------------------------------------------------------

    def history_blobs(self) -> list[Array]:
        """The histories as the original saves them, on the host: the first of every parameter in
        the shape of its blob, then the second of every parameter."""
        raise NotImplementedError(f"{type(self).__name__}.history_blobs")

    def restore(self, history: Sequence[Array]) -> None:
        """Take histories as ``history_blobs`` gives them, in any shapes of as many numbers."""
        raise NotImplementedError(f"{type(self).__name__}.restore")

    def close(self) -> None:
        """Let go of threads."""


def clip_scale(norm: float, most: float) -> float:
    """What makes a norm at most ``most``."""
    if not norm > most:
        return 1.0
    logger.info("Gradient clipping: scaling down gradients (L2 norm %g > %g) by scale "
                "factor %g", norm, most, most / norm)
    return most / norm


def check_regularization(param: Any) -> None:
    """Refuse a regularization_type that does not exist."""
    kind = param.regularization_type
    if kind not in REGULARIZATIONS:
        raise ConfigError(f"Unknown regularization type: {kind}",
                          allowed=" or ".join(REGULARIZATIONS),
                          fix=did_you_mean(kind, REGULARIZATIONS), field="regularization_type")
