"""Lists of pictures with pictures of labels: the first channel of each picture is its labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from caffepy.core import stand_in
from caffepy.data.batches import BatchMaker
from caffepy.data.course import Worker
from caffepy.proto import caffe_pb2, text

COUNT = 5
SIZE = (7, 6)


def write(folder: Path, count: int = COUNT, size: tuple[int, int] = SIZE, most: int = 20) -> Any:
    """Pictures, count x 3 x H x W, written with their labels and list.txt."""
    rng = np.random.default_rng(1701)
    pictures = rng.integers(0, 256, (count, *size, 3), np.uint8)
    pictures[..., 0] = rng.integers(0, most, pictures.shape[:-1], np.uint8)
    for i, picture in enumerate(pictures):
        cv2.imwrite(str(folder / f"{i}.png"), picture)
        cv2.imwrite(str(folder / f"labels{i}.png"), picture[..., 0])
    (folder / "list.txt").write_text("".join(f"{i}.png labels{i}.png\n" for i in range(count)))
    return pictures.transpose(0, 3, 1, 2)


def parsed(kind: str, words: str) -> Any:
    message = getattr(caffe_pb2, kind)()
    text.parse(words, message)
    return message


def source(cls: Any, kind: str, folder: Path, param: str = "", transform: str = "",
           phase: int = caffe_pb2.TRAIN, **options: Any) -> BatchMaker:
    """Batches of a source that a layer's message and transform_param describe."""
    p = parsed(kind, f'source: "{folder}/list.txt" root_folder: "{folder}/" {param}')
    worker = Worker(phase, **options)
    return BatchMaker(cls(p, parsed("TransformationParameter", transform), worker), worker,
                      p.batch_size or 1, rand_skip=p.rand_skip, shuffle=p.shuffle)


def forward(built: Any) -> list[Any]:
    layer, bottom, top = built
    layer.forward(bottom, top)
    return [blob.data.copy() for blob in top]


def places(window: Any, picture: Any) -> list[tuple[int, int, bool]]:
    """Where in a picture, C x H x W, a window lies: rows, columns, and whether it is mirrored."""
    _, height, width = window.shape
    return [(top, left, flip) for flip in (False, True)
            for top in range(picture.shape[1] - height + 1)
            for left in range(picture.shape[2] - width + 1)
            if np.array_equal(window[:, :, ::-1] if flip else window,
                              picture[:, top : top + height, left : left + width])]


def check_resumed(build: Any, batches: int = 3) -> None:
    """A layer that is put where another was goes on as it does.

    Args:
        build: makes the layer, anew at each call.
    """
    whole = build()
    for _ in range(batches):
        forward(whole)
    position = whole[0].position
    expected = [forward(whole) for _ in range(batches)]
    resumed = build()
    resumed[0].position = position
    for arrays in expected:
        for array, got in zip(arrays, forward(resumed), strict=True):
            np.testing.assert_array_equal(got, array)
    whole[0].close(), resumed[0].close()


def check_threads(make: Any, batches: int = 4) -> None:
    """The batches do not depend on how many threads read.

    Args:
        make: the source, by the number of threads.
    """
    alone, several = make(1), make(3)
    for _ in range(batches):
        expected, batch = alone.next(), several.next()
        np.testing.assert_array_equal(batch.data, expected.data)
        for got, array in zip(batch.rest, expected.rest, strict=True):
            np.testing.assert_array_equal(got, array)
    alone.close(), several.close()


def stand_ins(line: str) -> list[list[int]]:
    """Shapes of what stands in for a data layer whose list is not there."""
    param = caffe_pb2.NetParameter()
    text.parse(f'layer {{ name: "data" {line} }}', param)
    assert len(stand_in.stand_in(param)[0]) == 1
    return [list(shape.dim) for shape in param.layer[0].input_param.shape]
