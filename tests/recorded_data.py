"""The recorded databases, pictures and batches of the original."""

from pathlib import Path

import numpy as np

from caffepy.data.db import new_db

FOLDER = Path(__file__).resolve().parent / "reference" / "data"
CASES = ("plain", "leveldb", "checked", "gray", "resized", "encoded", "encoded_png")


def records(case):
    """Keys and values that convert_imageset wrote in this case."""
    with np.load(FOLDER / f"{case}.npz") as file:
        ends = np.cumsum(file["lengths"])
        data = file["data"].tobytes()
        return [
            (str(key).encode(), data[end - length : end])
            for key, end, length in zip(file["keys"], ends, file["lengths"], strict=True)
        ]


def make_db(path, pairs, backend="lmdb"):
    with new_db(str(path), backend) as db:
        for key, value in pairs:
            db.put(key, value)
    return str(path)
