"""C3D's clips: frames of a video file, or of a folder, that follow each other."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from caffepy import log
from caffepy.core.memory import Shape
from caffepy.data import image, video_frames, words
from caffepy.data.clip_transform import ClipTransformer, without_mean
from caffepy.data.course import Share, Worker
from caffepy.data.drawn import Drawn
from caffepy.data.draws import below
from caffepy.data.recycle import Batch
from caffepy.data.whole import Collector, NewBytes, Whole
from caffepy.errors import ConfigError, DataError, ShapeError
from caffepy.proto import caffe_pb2
from caffepy.proto.paths import path_of

logger = log.get(__name__)


@dataclass(frozen=True, slots=True)
class Clip:
    """A line of a list: the video, the first frame (or how many there are), labels, the line's
    number, and what was drawn for it."""

    path: str
    start: int
    labels: tuple[int, ...]
    number: int
    bits: tuple[int, ...] = ()


class Clips(Drawn[Clip]):
    """The clips of a list. A picture is a clip, C times L planes.

    Args:
        param: the layer's video_data_param, or image_data_param.
        transform_param: the layer's.
        worker: who reads.
        classes: labels are so many numbers each, 1 where the line says so, else 0; 0: one number,
            which the line says.

    Raises:
        ConfigError, NotFound, DataError, ShapeError: naming the line where there is one.
    """

    def __init__(
        self, param: Any, transform_param: caffe_pb2.TransformationParameter, worker: Worker,
        classes: int = 0,
    ) -> None:
        if (param.new_height > 0) != (param.new_width > 0):
            raise ConfigError("new_height and new_width must be given both or not at all",
                              found=f"{param.new_height} x {param.new_width}")
        if not param.new_length:
            raise ConfigError("clips need a length", fix="Add new_length: 16.")
        super().__init__(without_mean(transform_param), worker)
        self._length, self._classes = param.new_length, classes
        self._size = (param.new_height, param.new_width) if param.new_height else None
        self._color = in_color(param)
        self._channels = 3 if self._color else 1
        self._train = worker.phase == caffe_pb2.TRAIN
        self._jitter, self._folders = param.use_temporal_jitter, param.use_image
        self._rate = param.sampling_rate if param.HasField("sampling_rate") else 1
        if self._rate < 1:
            raise ConfigError("sampling_rate must be 1 or more", found=self._rate)
        self._rates = (param.max_sampling_rate or 1
                       if getattr(param, "use_sampling_rate_jitter", False) else 0)
        self.transformer = ClipTransformer(
            transform_param, worker, self._channels, self._length)
        self._list, self._root = path_of(param, "source"), path_of(param, "root_folder")
        logger.info("Opening file %s", self._list)
        form = ("video start label" if not self._jitter else
                "folder frames label" if self._folders else "video label")
        self._clips = [self._clip(*line) for line in words.read_words(self._list, form)]
        self.count = len(self._clips)
        logger.info("A total of %d video chunks.", self.count)

    # -- what a source says -------------------------------------------------------------------

    def record(self, index: int) -> Clip:
        return self._clips[index]

    def drawn(self, clip: Clip, bits: list[int]) -> Clip:
        return replace(clip, bits=tuple(bits))

    def load(self, clip: Clip) -> tuple[np.ndarray, tuple[int, ...]]:
        frames = list(self._frames(clip))
        if len({frame.shape for frame in frames}) > 1:
            raise ShapeError("the frames of a clip must have one size", found=" and ".join(
                f"{h} x {w}" for _, h, w in sorted({frame.shape for frame in frames})))
        if self._size:
            frames = [image.resize(frame, *self._size) for frame in frames]
        planes = np.stack(frames, axis=1)
        return planes.reshape(-1, *planes.shape[2:]), clip.labels

    def change(self, picture: np.ndarray, label: Any, number: int, start: int
               ) -> tuple[np.ndarray, Any]:
        if self.augmentation:
            clip = picture.reshape(self._channels, self._length, *picture.shape[1:])
            clip = self.augmentation.frames(clip, number, start)
            picture = clip.reshape(-1, *clip.shape[2:])
        return picture, label

    def where(self, clip: Clip) -> str:
        return f"{self._list}:{clip.number}"

    def name(self, clip: Clip) -> str:
        return f"{self.where(clip)} ({clip.path})"

    def top_shape(self, shape: Shape) -> Shape:
        return (self._channels, self._length, *shape[1:])

    def label_shapes(self, label: Any, count: int) -> list[Shape]:
        return [(count, self._classes) if self._classes else (count,)]

    def finish(self, batch: Batch | Whole, labels: list[Any], share: Share) -> None:
        if not self._classes:
            batch.rest[0][...] = [label for (label,) in labels]
            return
        batch.rest[0][...] = 0
        for row, some in zip(batch.rest[0], labels, strict=True):
            row[list(some)] = 1

    def send_whole(self, new_bytes: NewBytes) -> Collector | None:
        return None  # a device's kernel takes pictures alone

    # -- what is done with it -----------------------------------------------------------------

    def _clip(self, number: int, line: list[str]) -> Clip:
        where = f"{self._list}:{number}"
        path, *start, label = line
        given = label.split(",") if self._classes else [label]
        labels = tuple(words.whole(word, "a label", where) for word in given if word)
        if self._classes and not all(0 <= one < self._classes for one in labels):
            raise DataError("a label is none of the classes", where=where, found=label,
                            allowed=f"0 to {self._classes - 1}, by num_of_labels")
        first = words.whole(start[0], "the frame", where) if start else 0
        return Clip(path, first, labels, number)

    def _frames(self, clip: Clip) -> Iterable[np.ndarray]:
        rate = below(clip.bits[0], self._rates) + 1 if self._rates else self._rate
        path = self._root + clip.path
        if not self._folders and not os.path.isdir(path):
            return video_frames.of_video(
                path, lambda count: self._of_file(clip, count, rate), self._color)
        start = clip.start
        if self._folders and self._jitter:  # the line says how many frames there are
            places = self._places(clip.start, rate)
            start = below(clip.bits[1], places) + 1 if self._train else 0
        names = "%06d.jpg" if self._folders else "%d.jpg"
        return video_frames.of_folder(
            path, (names % number for number in self._from(start, rate)), self._color)

    def _of_file(self, clip: Clip, count: int, rate: int) -> range:
        """The frames of a file that has so many."""
        places = self._places(count, rate)
        start = below(clip.bits[1], places) if self._jitter else clip.start
        if not 0 <= start < places:
            raise DataError("no clip can begin with this frame", found=start,
                            allowed=f"0 to {places - 1}")
        return self._from(start, rate)

    def _from(self, start: int, rate: int) -> range:
        return range(start, start + self._length * rate, rate)

    def _places(self, count: int, rate: int) -> int:
        """With how many of so many frames a clip can begin."""
        places = count - self._length * rate + 1
        if places < 1:
            raise DataError("the video has too few frames for a clip", found=count,
                            allowed=f"{self._length * rate} or more")
        return places


def in_color(param: Any) -> bool:
    """Whether frames are read in color, as they are where nothing is said."""
    return bool(param.is_color) if param.HasField("is_color") else True
