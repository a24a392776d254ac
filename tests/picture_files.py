"""Pictures and lists of them for the tools that make databases, and what is in a database."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from caffepy.data.db import open_db
from caffepy.proto import caffe_pb2

RNG = np.random.default_rng(1701)


def content(path: object, backend: str = "lmdb") -> list[tuple[bytes, bytes]]:
    """All records, in order."""
    with open_db(str(path), backend) as db:
        return list(db)


def datums(path: object) -> list[Any]:
    return [caffe_pb2.Datum.FromString(value) for _, value in content(path)]


def smooth(*shape: int) -> Any:
    """A picture that survives JPEG."""
    noise = RNG.integers(0, 256, shape, np.uint8)
    return cv2.GaussianBlur(noise, (9, 9), 0).reshape(shape)


def save(path: Path, picture: Any, *parameters: int) -> bytes:
    """Write a picture, as PNG where the name does not say; returns the file's bytes."""
    extension = os.path.splitext(path)[1] or ".png"
    done, data = cv2.imencode(extension, picture, parameters)
    assert done
    path.write_bytes(data.tobytes())
    return bytes(data.tobytes())


def listed(folder: Path, *lines: str) -> str:
    """A list of pictures, beside their folder."""
    path = folder.parent / "list.txt"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return str(path)
