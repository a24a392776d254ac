"""What the losses share: a scalar top, its weight, the normalization, and the look at labels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from caffepy.core import labels
from caffepy.core.blob import Blob
from caffepy.core.layer import Blobs, Layer
from caffepy.core.memory import Array, Shape
from caffepy.errors import DataError, ShapeError
from caffepy.kernels.reference.softmax_loss import class_indices
from caffepy.layers.common._axis import axis_of
from caffepy.proto import caffe_pb2

FULL, VALID, BATCH_SIZE, NONE = (
    caffe_pb2.LossParameter.NormalizationMode.Value(name)
    for name in ("FULL", "VALID", "BATCH_SIZE", "NONE")
)
# of R-FCN's losses
PRE_FIXED = caffe_pb2.LossParameter.PRE_FIXED
PRE_FIXED_WORDS = ("normalization=PRE_FIXED", "loss_param.pre_fixed_normalizer")
LOG_THRESHOLD = 1e-20  # log of less is taken to be log of this


class Loss(Layer):
    """A layer with a scalar top that training makes small."""

    bottoms = "2"
    loss = True
    auto_top = True
    labels: tuple[int, ...] = (1,)

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        if batch_size(bottom[0]) != batch_size(bottom[1]):
            self.fail("both bottoms must have the same batch size", kind=ShapeError,
                      found=f"shapes {bottom[0].shape} and {bottom[1].shape}")
        top[0].reshape(())

    def set_loss(self, top: Blobs, value: Any) -> None:
        """Give the first top its value."""
        self.overwrite(top[0].values)[...] = value

    def weight(self, top: Blobs) -> Any:
        """The loss weight, which the net keeps in the first top's gradient, times the scale that a
        solver gives gradients. On a GPU it is an array of no dimensions on the device, which alone
        may know it."""
        weight = self.read(top[0].grads)
        return weight if self.context.place.on_device else float(weight)


class Normalized(Loss):
    """A loss that is divided by a count chosen by ``loss_param``, and may ignore a label.

    FULL: all positions; VALID: those that are not ignored; BATCH_SIZE: the items of the batch;
    NONE: 1; PRE_FIXED, for losses that obey it: pre_fixed_normalizer. Never less than 1, so that a
    batch of ignored labels gives 0.
    """

    default_mode = VALID

    def setup(self, bottom: Blobs, top: Blobs) -> None:
        p = self.spec.loss_param
        if not p.HasField("normalization") and p.HasField("normalize"):  # the older field
            self.mode = VALID if p.normalize else BATCH_SIZE
        else:
            self.mode = p.normalization if p.HasField("normalization") else self.default_mode
        self.ignore_label = p.ignore_label if p.HasField("ignore_label") else None

    def normalizer(self, batch: int, positions: int, valid: float) -> float:
        """What to divide by: ``positions`` in all, of which ``valid`` count."""
        p = self.spec.loss_param
        fixed = p.pre_fixed_normalizer if p.HasField("pre_fixed_normalizer") else 1.0
        return max(1.0, {FULL: positions, VALID: valid, BATCH_SIZE: batch, NONE: 1,
                         PRE_FIXED: fixed}[self.mode])


CLASSES = {1: ("class", "Class labels are whole numbers; for regression, where the numbers "
               "themselves are learnt, use EuclideanLoss.")}


def batch_size(blob: Blob) -> int:
    """The first axis; 1 for a scalar."""
    return blob.shape[0] if blob.ndim else 1


@dataclass(frozen=True)
class Positions:
    """How labels belong to scores: along ``axis`` lie the scores of ``classes`` for one label.

    ``one_label`` is the scores' shape with 1 on that axis, ``outer`` the product of the axes
    before it: what BATCH_SIZE divides by.
    """

    axis: int
    classes: int
    one_label: Shape
    outer: int


def positions(
    layer: Layer, scores: Blob, label: Blob | None, axis: int, fix: str | None = None
) -> Positions:
    """The positions of a pair of bottoms; an error, with the ``fix``, if their counts do not fit.
    Without a ``label`` bottom there is one for each position."""
    axis = axis_of(layer, scores, axis)
    classes = scores.shape[axis]
    if label is not None and label.count * classes != scores.count:
        layer.fail("there must be one label for each position of the scores", kind=ShapeError,
                   found=f"scores {scores.shape} with classes along axis {axis}, "
                   f"labels {label.shape}", allowed=f"{scores.count // max(classes, 1)} labels",
                   fix=fix)
    one_label = (*scores.shape[:axis], 1, *scores.shape[axis + 1 :])
    return Positions(axis, classes, one_label, math.prod(scores.shape[:axis]))


def class_labels(
    layer: Layer, blob: Blob, classes: int, ignore_label: int | None = None,
    shape: Shape | None = None,
) -> tuple[Array, Array | None]:
    """Labels as indices, checked, and which of them count (None: all).

    Args:
        blob: the label bottom, the second, and the ``shape`` to take it in.
        classes: how many classes there are; labels go from 0 to classes - 1.
        ignore_label: a value to skip; its index becomes 0.

    Raises:
        DataError: a label is no class. The original looked in debug builds only, and else read
            memory beyond the scores.
    """
    values = layer.read(blob.values)
    if shape is not None:
        values = values.reshape(shape)
    found = class_indices(layer.xp, values, classes, ignore_label, lambda where, value: bad_label(
        layer, values.shape, classes, where, value))
    labels.look(layer, blob, 1)
    return found


def sample_weights(layer: Layer, bottom: Blobs, *shapes: Shape) -> Array:
    """The third bottom: what each position, or each item of the batch, counts in the loss.

    Args:
        shapes: that it may be taken in, the batch first; each multiplies the loss's own.

    Raises:
        ShapeError: it has another number of weights. DataError: one is negative, or no number.
    """
    blob = bottom[2]
    fitting = [shape for shape in shapes if math.prod(shape) == blob.count]
    if not fitting:
        numbers = sorted({math.prod(shape) for shape in shapes})
        layer.fail("the third bottom must have a weight for each item, or for each position",
                   kind=ShapeError, found=f"shape {blob.shape}",
                   allowed=f"{' or '.join(map(str, numbers))} numbers")
    values = layer.read(blob.values)
    good = (values >= 0) & (values < math.inf)
    if not good.all():
        at = np.unravel_index(int((~good).argmax()), blob.shape)
        layer.fail("weights of the third bottom must not be negative", kind=DataError,
                   found=f"{float(values[at]):g} at {tuple(int(i) for i in at)}")
    return values.reshape(fitting[0])


def of_items(shape: Shape) -> Shape:
    """One number for each item of a batch of that shape."""
    return (*shape[:1], *[1] * (len(shape) - 1))


def number_weights(layer: Layer, bottom: Blobs) -> Array | None:
    """The third bottom of a loss over single numbers, if there is one: a weight for each number,
    each place (N x 1 x H x W) or each item, as an array that multiplies one of the first's."""
    if len(bottom) < 3:
        return None
    shape = bottom[0].shape
    return sample_weights(layer, bottom, shape, of_items(shape), (*shape[:1], 1, *shape[2:]))


def item_labels(layer: Layer, blob: Blob, items: int, classes: int) -> Array:
    """One checked label for each item of the batch, as an index."""
    if blob.count != items:
        layer.fail("there must be one label for each item", kind=ShapeError,
                   found=f"labels {blob.shape} for {items} items")
    return class_labels(layer, blob, classes, shape=(items,))[0]


def bad_label(layer: Layer, shape: Shape, classes: int, where: int, value: float) -> NoReturn:
    """Raise the error for a label at place ``where``, in C order, of a bottom of that shape."""
    index = np.unravel_index(where, shape)
    place = f"item {index[0]} of the batch" if index else "the batch"
    if any(index[1:]):
        place += f" at {tuple(int(i) for i in index[1:])}"
    fix = None
    if value == classes:
        fix = "Are the labels counted from 1? Caffe counts them from 0."
    elif value in (-1, 255):
        fix = f"If it marks what has no label, set loss_param {{ ignore_label: {value:g} }}."
    layer.fail(f"the label of {place} is not one of the {classes} classes", kind=DataError,
               found=f"{value:g}", allowed=f"0 to {classes - 1}", fix=fix)
