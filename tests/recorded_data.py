"""The recorded databases, pictures and batches of the original, and of SSD's fork."""

from pathlib import Path

import numpy as np

from caffepy.data.db import new_db

REFERENCE = Path(__file__).resolve().parent / "reference"
FOLDER = REFERENCE / "data"
ANNOTATED = REFERENCE / "forks" / "data"  # of SSD's fork
CASES = ("plain", "leveldb", "checked", "gray", "resized", "encoded", "encoded_png")


def records(case):
    """Keys and values that convert_imageset wrote in this case."""
    with np.load(FOLDER / f"{case}.npz") as file:
        return _pairs(file)


def annotated_records(name):
    """Keys and values that convert_annoset wrote of this name."""
    with np.load(ANNOTATED / "annotated_data.npz") as file:
        return _pairs(file, f"db/{name}/")


def _pairs(file, prefix=""):
    keys, lengths, data = (file[prefix + part] for part in ("keys", "lengths", "data"))
    ends, data = np.cumsum(lengths), data.tobytes()
    return [(str(key).encode(), data[end - length : end])
            for key, end, length in zip(keys, ends, lengths, strict=True)]


def make_db(path, pairs, backend="lmdb"):
    with new_db(str(path), backend) as db:
        for key, value in pairs:
            db.put(key, value)
    return str(path)
