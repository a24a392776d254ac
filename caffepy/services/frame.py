"""A pandas DataFrame of detections in an HDF5 file, without pandas.

    pandas.read_hdf("scores.h5", "df")      # index filename; prediction, ymin, xmin, ymax, xmax

What pandas calls the fixed format, tried with pandas 3.1: the axes, then the columns in
blocks of one type. Arrays in cells are a pickle, as there.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

NO_NAME = pickle.dumps(None, 0).decode()
ARRAY = {"CLASS": "ARRAY", "VERSION": "2.4", "FLAVOR": "numpy", "TITLE": ""}
OBJECTS = {"CLASS": "VLARRAY", "VERSION": "1.4", "PSEUDOATOM": "object", "TITLE": ""}


def write_frame(file: Any, key: str, index: tuple[str, Sequence[bytes]], columns: Sequence[str],
                windows: Array, predictions: Sequence[Array]) -> None:
    """Add the frame to an open h5py.File.

    Args:
        index: its name, and a string for each row.
        columns: of ``windows``, rows x len(columns).
        predictions: the column in front of them, an array in each row.
    """
    import h5py

    group = file.create_group(key)
    _say(group, CLASS="GROUP", VERSION="1.0", TITLE="", pandas_type="frame",
         pandas_version="0.15.2", encoding="UTF-8", errors="strict", axis0_variety="regular",
         axis1_variety="regular", block0_items_variety="regular", block1_items_variety="regular")
    group.attrs["ndim"], group.attrs["nblocks"] = np.int64(2), np.int64(2)
    _axis(group, "axis0", NO_NAME, [b"prediction", *(name.encode() for name in columns)])
    _axis(group, "axis1", index[0], index[1])
    _axis(group, "block0_items", NO_NAME, [b"prediction"])
    cells = np.empty((len(predictions), 1), object)
    cells[:, 0] = [np.asarray(prediction) for prediction in predictions]
    values = group.create_dataset(
        "block0_values", (1,), h5py.vlen_dtype(np.uint8), maxshape=(None,))
    values[0] = np.frombuffer(pickle.dumps(cells, 2), np.uint8)
    _say(values, **OBJECTS)
    _axis(group, "block1_items", NO_NAME, [name.encode() for name in columns])
    values1 = group.create_dataset("block1_values", data=windows.astype(np.int64))
    _say(values1, **ARRAY)
    for value in (values, values1):
        value.attrs["transposed"] = np.uint8(1)


def _axis(group: Any, name: str, title: str, labels: Sequence[bytes]) -> None:
    axis = group.create_dataset(name, data=np.array(labels, np.bytes_))
    _say(axis, **ARRAY, kind="string", nan_rep="", name=title)
    axis.attrs["transposed"] = np.uint8(1)


def _say(place: Any, **words: str) -> None:
    """Attributes as PyTables has them: strings of a fixed length, which it reads back as str."""
    import h5py

    for name, word in words.items():
        data = word.encode()
        charset = "ascii" if word == NO_NAME else "utf-8"  # a pickle must come back as bytes
        place.attrs.create(name, data if data else h5py.Empty("S1"),
                           dtype=h5py.string_dtype(charset, len(data)) if data else None)
