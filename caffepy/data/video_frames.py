"""Frames of videos: of files, and of folders with a picture for each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from caffepy.data import image, opencv
from caffepy.errors import DataError, NotFound


def of_folder(folder: str, names: Iterable[str], color: bool) -> Iterator[np.ndarray]:
    """Pictures of a folder, C x H x W, uint8.

    Raises:
        NotFound, DataError: naming the frame.
    """
    for name in names:
        yield image.read_image(f"{folder}/{name}", color)


def of_video(
    path: str, which: Callable[[int], range], color: bool = True
) -> Iterator[np.ndarray]:
    """Frames of a video file, C x H x W, uint8. All before them are decoded, too, since not all
    files can be entered anywhere.

    Args:
        which: the frames, counted from 0, by how many there are.

    Raises:
        NotFound, DataError: naming the file, and what ``which`` raises.
    """
    cv2 = opencv.load()
    if not os.path.exists(path):
        raise NotFound("there is no such video", where=path, fix=None if os.path.isabs(path) else
                       f"The path starts from {os.getcwd()}.")
    video = cv2.VideoCapture(path)
    try:
        if not video.isOpened():
            raise DataError("not a video that can be decoded", where=path,
                            allowed="what OpenCV reads")
        wanted = which(int(video.get(cv2.CAP_PROP_FRAME_COUNT)))
        for number in range(wanted[-1] + 1):
            if not video.grab():
                raise DataError("a frame cannot be decoded", where=path, found=f"frame {number}")
            if number in wanted:
                _, frame = video.retrieve()
                if not color:
                    frame = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)[..., None]
                yield frame.transpose(2, 0, 1)
    finally:
        video.release()
