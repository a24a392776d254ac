"""What a transform_param changes of pictures before they are cropped; see ``steps`` for the order.

The changes are loaded where one is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from caffepy.data import image, opencv
from caffepy.data.augment import boxes as boxes_of
from caffepy.data.augment.words import CHANGES
from caffepy.data.course import Worker
from caffepy.data.draws import Dice, stream_key
from caffepy.data.transform import seed_of
from caffepy.errors import DataError
from caffepy.proto import caffe_pb2

if TYPE_CHECKING:
    from caffepy.data.augment.change import Change, Changed
    from caffepy.data.augment.resize import Resizes

P = caffe_pb2.TransformationParameter


class Augmented(NamedTuple):
    """What became of a picture.

    Attributes:
        picture: C x H x W.
        boxes: on it; see augment.boxes.
        stretch: None mostly; see ``Resize.stretch``.
    """

    picture: np.ndarray
    boxes: np.ndarray
    stretch: np.ndarray | None


class Augmentation:
    """Args:
        param: the layer's transform_param.
        worker: whose phase, seed and stream the draws depend on.
        own: the annotated_data_param of an AnnotatedData, which knows changes of its own.

    Attributes:
        moves: whether it moves pixels, or changes only their colours.

    Raises:
        ConfigError: settings that cannot be.
    """

    def __init__(self, param: P, worker: Worker,
                 own: caffe_pb2.AnnotatedDataParameter | None = None) -> None:
        self._before: list[tuple[Change, int]] = []
        self._after: list[tuple[Change, int]] = []
        self._resizes: Resizes | None = None
        self.moves = False
        if own is None and not any(field.name in CHANGES for field, _ in param.ListFields()):
            return
        from caffepy.data.augment.steps import Steps

        steps = Steps(param, worker.phase, own)
        self._resizes, self.moves = steps.resizes, steps.moves
        seed = seed_of(param, worker.seed)

        def key(name: str) -> int:
            return stream_key(seed, f"{worker.stream}/augment/{name}")

        self._before, self._after = ([(change, key(change.name)) for change in changes]
                                     for changes in (steps.before, steps.after))
        self._size_key, self._resize_key = key("size"), key("resize")

    def __bool__(self) -> bool:
        """Whether it changes anything."""
        return bool(self._before or self._resizes or self._after)

    def __call__(self, picture: np.ndarray, number: int, start: int,
                 boxes: np.ndarray = boxes_of.NONE) -> Augmented:
        """
        Args:
            picture: C x H x W, bytes; it stays as it is.
            number: the record's, of which all draws are functions but one:
            start: the number of the first record of all workers' batches, which decides on the
                size, since the pictures of a batch have one.
            boxes: on the picture.

        Raises:
            DataError, ShapeError: a picture that cannot be changed so.
        """
        if picture.dtype != np.uint8:
            raise DataError("only pictures of bytes can be resized and changed",
                            found=f"numbers of type {picture.dtype}",
                            fix="Leave out what transform_param says besides crop, mirror, mean, "
                                "scale and cutout_param.")
        pixels = image.pixels(picture)
        for change, key in self._before:
            pixels, boxes = _changed(change, pixels, boxes, Dice(key, number))
        stretched = None
        if self._resizes:
            resize = self._resizes.of_batch(Dice(self._size_key, start))
            stretched = resize.stretch(*pixels.shape[:2])
            pixels, boxes = _changed(resize, pixels, boxes, Dice(self._resize_key, number))
        for change, key in self._after:
            pixels, boxes = _changed(change, pixels, boxes, Dice(key, number))
        return Augmented(image.channels_first(pixels), boxes, stretched)

    def frames(self, clip: np.ndarray, number: int, start: int) -> np.ndarray:
        """A clip, C x L x H x W, whose frames are all changed alike, by the same draws."""
        made = [self(clip[:, i], number, start).picture for i in range(clip.shape[1])]
        return np.stack(made, axis=1)

    def labels(self, labels: np.ndarray, number: int, start: int, ignored: int) -> np.ndarray:
        """A picture of labels, H x W, changed as the picture of the same number and size is.

        Args:
            ignored: the label of what lies outside the picture.
        """
        for change, key in self._before:
            labels = change.labels(labels, Dice(key, number), ignored)
        if self._resizes:
            resize = self._resizes.of_batch(Dice(self._size_key, start))
            labels = resize.labels(labels, Dice(self._resize_key, number), ignored)
        for change, key in self._after:
            labels = change.labels(labels, Dice(key, number), ignored)
        return labels


def _changed(change: Change, pixels: np.ndarray, boxes: np.ndarray, dice: Dice) -> Changed:
    """What a change makes; DataError if OpenCV cannot do it to such a picture."""
    try:
        return change(pixels, boxes, dice)
    except opencv.load().error as error:
        raise DataError(f"the picture cannot be changed ({change.name}): {error.err}",
                        found=f"{1 if pixels.ndim == 2 else pixels.shape[2]} channels",
                        fix="OpenCV does all changes to 1 or 3 channels.") from error
