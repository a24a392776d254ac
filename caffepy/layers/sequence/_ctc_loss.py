"""Base of the CTC losses of forks, which differ in what their bottoms are and in their scales."""

from __future__ import annotations

from collections.abc import Sequence

from caffepy.core.layer import Blobs
from caffepy.core.memory import Array
from caffepy.layers.loss._loss import Loss
from caffepy.layers.sequence._ctc import Task, align, check_labels, scores_shape


class CtcLossBase(Loss):
    """-log of the probability of labels, and p - expected as the gradient.

    Attributes:
        shape: T, N and C of the scores.
    """

    keeps = ()

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        self.shape = scores_shape(self, bottom[0])
        top[0].reshape(())

    def task(self, bottom: Blobs) -> Task:
        """What the bottoms ask for."""
        raise NotImplementedError

    def mean(self, losses: Array) -> Array:
        """The loss of the batch."""
        return losses.sum() / len(losses)

    def scale(self, top: Blobs) -> float | Array:
        """What the gradient is multiplied with."""
        return 1.0

    def forward(self, bottom: Blobs, top: Blobs) -> None:
        task = self.task(bottom)
        check_labels(self, task.labels, self.shape[2])
        x = self.read(bottom[0].values).reshape(self.shape)
        losses, self.slope = align(self.xp, x, task)
        self.set_loss(top, self.mean(losses))

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        dx = self.overwrite(bottom[0].grads)
        dx[...] = (self.slope * self.scale(top)).reshape(dx.shape)
