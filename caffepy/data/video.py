"""The frames of a film or a camera, one after the other, as records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from caffepy import log
from caffepy.data import image, opencv
from caffepy.data.course import Share, Worker
from caffepy.data.pictures import Pictures
from caffepy.errors import ConfigError, DataError, EndOfData, NotFound
from caffepy.proto import caffe_pb2
from caffepy.proto.paths import path_of

logger = log.get(__name__)


class Frame(NamedTuple):
    """A frame: which one it is, and its pixels, H x W x C; () where they are no longer needed."""

    number: int
    pixels: Any


class Frames(Pictures[Frame]):
    """Of skip_frames + 1 frames the last. A camera's come as they are there; of a film's, record i
    is always the same one, and when the film is over there are no more.

    Args:
        param, transform_param: the layer's video_data_param and transform_param.
        worker: who reads.

    Raises:
        ConfigError, NotFound, DataError: there is no such film or camera, or it gives no picture.
    """

    def __init__(
        self, param: caffe_pb2.VideoDataParameter,
        transform_param: caffe_pb2.TransformationParameter, worker: Worker,
    ) -> None:
        super().__init__(transform_param, worker)
        self._path = path_of(param, "video_file")
        self._camera = None if param.video_type == param.VIDEO else param.device_id
        if self._camera is None and not self._path:
            raise ConfigError("video_type: VIDEO needs a video_file")
        self._step = param.skip_frames + 1
        self._source = self._path if self._camera is None else f"camera {self._camera}"
        self._open()
        self._total = 0
        if self._camera is None:
            import cv2

            self._total = int(self._film.get(cv2.CAP_PROP_FRAME_COUNT))
            self.count = self._total // self._step

    def _open(self) -> None:
        """Begin at the first frame."""
        cv2 = opencv.load()
        self._film = cv2.VideoCapture(self._path if self._camera is None else self._camera)
        self._next = 0  # the frame that comes
        if not self._film.isOpened():
            self._film.release()
            if self._camera is not None:
                raise DataError("there is no such camera, or it is in use", where=self._source,
                                fix="Set device_id to another number.")
            raise _unreadable(self._path)

    def first(self, share: Share) -> Frame:
        return self._frame(share.start)

    def records(self, share: Share) -> Iterator[Frame]:
        return map(self._frame, share.numbers)

    def _frame(self, number: int) -> Frame:
        """The frame of a record; it is read on to, or from the start."""
        if self._camera is not None:
            self._pass_by(self._step - 1)
        else:
            place = (number + 1) * self._step - 1
            if place < self._next:
                self._film.release()
                self._open()
            self._pass_by(place - self._next)
        there, pixels = self._film.read()
        self._next += 1
        if not there:
            self._end(number)
        return Frame(number, pixels)

    def _pass_by(self, count: int) -> None:
        for _ in range(count):
            if not self._film.grab():
                break
            self._next += 1

    def _end(self, number: int) -> None:
        if self._camera is not None or not number:
            raise DataError("it gives no picture", where=self._source)
        if number < (self.count or 0):
            logger.warning("%s: it ends after %d frames of %d that it says it has.", self._source,
                           self._next - 1, self._total)
        logger.info("Finished processing video.")
        raise EndOfData("the film is over, and there is no whole batch left", where=self._source,
                        found=f"{number} frames with skip_frames: {self._step - 1}",
                        fix="Ask for no more iterations than it has batches.")

    def load(self, frame: Frame) -> tuple[np.ndarray, int]:
        return image.channels_first(frame.pixels), 0

    def light(self, frame: Frame) -> Frame:
        return Frame(frame.number, ())

    def where(self, frame: Frame) -> str:
        return f"frame {(frame.number + 1) * self._step - 1} of {self._source}"

    def close(self) -> None:
        super().close()
        self._film.release()


def _unreadable(path: str) -> DataError | NotFound:
    try:
        with open(path, "rb"):
            pass
    except FileNotFoundError:
        return NotFound("there is no such video_file", where=path)
    except OSError as error:
        return DataError(f"the video_file cannot be read: {error.strerror}", where=path)
    return DataError("the video_file is no film that OpenCV can read", where=path,
                     fix="Bring it into another format, such as MJPG in .avi.")
