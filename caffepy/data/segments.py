"""TSN's clips: a video is a folder of frames; some are taken from each of its segments."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from caffepy import log
from caffepy.core.memory import Shape
from caffepy.data import image, words
from caffepy.data.course import Share, Worker
from caffepy.data.drawn import Drawn
from caffepy.data.draws import below
from caffepy.data.recycle import Batch
from caffepy.data.transform import read_mean
from caffepy.data.tsn_crop import TsnCrop
from caffepy.data.whole import Whole
from caffepy.errors import ConfigError, DataError, ShapeError
from caffepy.proto import caffe_pb2
from caffepy.proto.paths import path_of

logger = log.get(__name__)

FORM = "folder length label"
PATTERNS = {"RGB": "image_%04d.jpg", "FLOW": "flow_%c_%04d.jpg"}


@dataclass(frozen=True, slots=True)
class Video:
    """A line of a list: the folder, how many frames it has, its label, the line's number, and what
    was drawn for it."""

    folder: str
    length: int
    label: int
    number: int
    bits: tuple[int, ...] = ()


def modality(param: caffe_pb2.VideoDataParameter) -> str:
    """"RGB" or "FLOW", which is meant where none is said."""
    if not param.HasField("modality"):
        return "FLOW"
    return str(caffe_pb2.VideoDataParameter.Modality.Name(param.modality))


def frame_channels(param: caffe_pb2.VideoDataParameter) -> int:
    """Of a frame's picture; a flow has one for each axis."""
    return 1 if modality(param) == "FLOW" or param.grayscale else 3


def channels(param: caffe_pb2.VideoDataParameter) -> int:
    """Of a clip: those of all its frames."""
    each = 2 if modality(param) == "FLOW" else frame_channels(param)
    return each * (param.new_length or 1) * (param.num_segments or 1)


class Segments(Drawn[Video]):
    """The videos of a list. A picture is all frames of a clip, one behind the other.

    Args:
        param, transform_param: the layer's video_data_param and transform_param.
        worker: who reads.

    Raises:
        ConfigError, NotFound, DataError, ShapeError: naming the line where there is one.
    """

    def __init__(
        self, param: caffe_pb2.VideoDataParameter,
        transform_param: caffe_pb2.TransformationParameter, worker: Worker,
    ) -> None:
        if (param.new_height > 0) != (param.new_width > 0):
            raise ConfigError("new_height and new_width must be given both or not at all",
                              found=f"{param.new_height} x {param.new_width}")
        self._param = param
        self._length, self._count = param.new_length or 1, param.num_segments or 1
        self._kind = modality(param)
        self._pattern = param.name_pattern or PATTERNS[self._kind]
        self._name(1, "x")
        self._train = worker.phase == caffe_pb2.TRAIN
        self.dice = self._count + 4
        self._own_way(transform_param, worker)
        self._list = path_of(param, "source")
        logger.info("Opening file: %s", self._list)
        self._videos = [self._video(*line) for line in words.read_words(self._list, FORM)]
        self.count = len(self._videos)
        logger.info("A total of %d videos.", self.count)

    def _own_way(self, rule: caffe_pb2.TransformationParameter, worker: Worker) -> None:
        """Crop and mirror here what the transformer cannot: TSN's windows, and mirrored flow."""
        self._crop = TsnCrop(rule, self._train)
        self._flow, self._mirror, self._multi = rule.is_flow, rule.mirror, rule.multi_scale
        self._mean = None
        self._here = (rule.is_flow and rule.mirror) or (
            self._train and rule.crop_size > 0 and (rule.fix_crop or rule.multi_scale))
        mine, rule = rule, caffe_pb2.TransformationParameter()
        rule.CopyFrom(mine)
        for field in ("fix_crop", "more_fix_crop", "multi_scale"):
            rule.ClearField(field)
        if self._here:
            for field in ("crop_size", "mirror", "mean_file"):
                rule.ClearField(field)
            if mine.HasField("mean_file"):
                self._mean = read_mean(path_of(mine, "mean_file"))
        super().__init__(rule, worker)
        if self.augmentation and self._kind == "FLOW":
            raise ConfigError("changes of pictures are none of flow, whose numbers are directions",
                              fix="Leave them out: crop, windows, mirror and is_flow are for it.")
        if self.augmentation and self._mean is not None:
            raise ConfigError("pictures whose mean_file is subtracted with their windows cannot be "
                              "changed then", fix="Give mean_value.")
        group, total = len(self.transformer.mean_values), channels(self._param)
        if group > 1 and total % group == 0:  # of a frame's channels: the same for all frames
            self.transformer.mean_values = np.tile(
                self.transformer.mean_values, (total // group, 1, 1))

    def record(self, index: int) -> Video:
        return self._videos[index]

    def drawn(self, video: Video, bits: list[int]) -> Video:
        return replace(video, bits=tuple(bits))

    def load(self, video: Video) -> tuple[np.ndarray, int]:
        frames = [frame for offset in self._offsets(video) for file in range(1, self._length + 1)
                  for frame in self._read(video, offset + file)]
        if len({frame.shape for frame in frames}) > 1:
            raise ShapeError("the frames of a clip must have one size", found=" and ".join(
                f"{h} x {w}" for _, h, w in sorted({frame.shape for frame in frames})))
        clip = np.concatenate(frames)
        return self._cropped(clip, video.bits[self._count :]) if self._here else clip, video.label

    def change(self, picture: np.ndarray, label: int, number: int, start: int
               ) -> tuple[np.ndarray, int]:
        if self.augmentation:
            frames = picture.reshape(-1, frame_channels(self._param), *picture.shape[1:])
            frames = self.augmentation.frames(frames.swapaxes(0, 1), number, start)
            picture = frames.swapaxes(0, 1).reshape(-1, *frames.shape[2:])
        return picture, label

    def where(self, video: Video) -> str:
        return f"{self._list}:{video.number}"

    def name(self, video: Video) -> str:
        return f"{self.where(video)} ({video.folder})"

    def label_shapes(self, label: int, count: int) -> list[Shape]:
        return [(count, 1, 1, 1)]

    def finish(self, batch: Batch | Whole, labels: list[int], share: Share) -> None:
        batch.rest[0][:, 0, 0, 0] = labels

    def _video(self, number: int, line: list[str]) -> Video:
        where = f"{self._list}:{number}"
        length = words.whole(line[1], "the number of frames", where)
        if length < self._length:
            raise DataError("the video is shorter than a clip", where=where,
                            found=f"{length} frames", allowed=f"{self._length} or more")
        return Video(line[0], length, words.whole(line[2], "the label", where), number)

    def _offsets(self, video: Video) -> list[int]:
        """How many frames lie before each segment's: at random in TRAIN, else about its middle."""
        each = video.length // self._count
        room = each - self._length + 1
        if room < 1:
            return [0] * self._count  # segments are too short: each has the first frames
        return [i * each + (below(bits, room) if self._train else room // 2)
                for i, bits in enumerate(video.bits[: self._count])]

    def _read(self, video: Video, file: int) -> list[np.ndarray]:
        axes = "xy" if self._kind == "FLOW" else "x"
        color = self._kind == "RGB" and not self._param.grayscale
        return [image.read_image(f"{video.folder}/{self._name(file, axis)}", color,
                                 self._param.new_height, self._param.new_width) for axis in axes]

    def _name(self, file: int, axis: str) -> str:
        try:
            return self._pattern % ((axis, file) if self._kind == "FLOW" else file)
        except (TypeError, ValueError) as error:
            raise ConfigError(
                "name_pattern does not fit: a letter, x or y, and a number go into names of flow, "
                "a number into those of colors", found=f'"{self._pattern}"',
                allowed=f'such as "{PATTERNS[self._kind]}"') from error

    def _cropped(self, clip: np.ndarray, bits: tuple[int, ...]) -> np.ndarray:
        mirror = self._mirror and below(bits[0], 2)
        top, left, height, width = self._crop.window(*clip.shape[1:], *bits[1:])
        part = clip[:, top : top + height, left : left + width]
        side = self._crop.side
        if side and (height, width) != (side, side):
            part = np.concatenate([image.resize(plane[None], side, side) for plane in part])
        if self._flow and mirror:  # what went to the right goes to the left; x are the even ones
            part = part.copy()
            part[::2] = 255 - part[::2]
        if self._mean is not None:
            if self._mean.shape != clip.shape:
                raise ShapeError("the clip must have the size of mean_file", found=clip.shape,
                                 allowed=self._mean.shape)
            if self._multi:  # the original takes the mean's corner then, wherever the window lies
                top = left = 0
            _, height, width = part.shape
            part = part - self._mean[:, top : top + height, left : left + width]
        return np.ascontiguousarray(part[:, :, ::-1]) if mirror else part
