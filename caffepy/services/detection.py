"""Windows of pictures, and what a net says of them."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from typing import Any

from caffepy import log
from caffepy.errors import DataError
from caffepy.proto import textfile
from caffepy.proto.files import atomic_path
from caffepy.services import prediction

logger = log.get(__name__)

COORDINATES = ("ymin", "xmin", "ymax", "xmax")
Windows = dict[str, list[tuple[int, ...]]]


def read_windows(path: str) -> Windows:
    """The windows of each picture of a .csv file, in the order in which pictures occur.

    Raises:
        NotFound: no such file. DataError: a column that is missing, a coordinate that is no number.
    """
    windows: Windows = {}
    rows = csv.DictReader(io.StringIO(textfile.read_text(path)), skipinitialspace=True)
    columns = rows.fieldnames or ()
    missing = [name for name in ("filename", *COORDINATES) if name not in columns]
    if missing:
        raise DataError(f"the first line lacks {', '.join(missing)}", where=f"{path}:1",
                        found=", ".join(columns) or "an empty file",
                        allowed=f"filename,{','.join(COORDINATES)}")
    for row in rows:
        try:
            window = tuple(int(float(row[name])) for name in COORDINATES)
        except (TypeError, ValueError, OverflowError):
            raise DataError("a window is four numbers", where=f"{path}:{rows.line_num}",
                            found=",".join(str(row[name]) for name in COORDINATES)) from None
        windows.setdefault(row["filename"], []).append(window)
    if not windows:
        raise DataError("there is no window", where=path)
    return windows


def read_names(path: str) -> list[str]:
    """The lines of a .txt file that are not empty; raises NotFound, DataError."""
    names = [line.strip() for line in textfile.read_lines(path) if line.strip()]
    if not names:
        raise DataError("the list names no picture", where=path)
    return names


def write_csv(path: str, found: Sequence[dict[str, Any]]) -> None:
    """The original's table: filename, the corners, a column for each class."""
    classes = len(found[0]["prediction"].reshape(-1))
    with atomic_path(path) as beside, open(
            beside, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["filename", *COORDINATES, *(f"class{i}" for i in range(classes))])
        for row in found:
            rows.writerow([row["filename"], *map(int, row["window"]),
                           *(f"{score:.9g}" for score in row["prediction"].reshape(-1))])


def write_hdf5(path: str, found: Sequence[dict[str, Any]]) -> None:
    """Three datasets, a row for each window, and the original's DataFrame under "df"."""
    import h5py
    import numpy as np

    from caffepy.services.frame import write_frame

    names = [os.fsencode(row["filename"]) for row in found]
    windows = np.array([row["window"] for row in found], np.int32)
    predictions = [row["prediction"].reshape(-1) for row in found]
    with atomic_path(path) as beside, h5py.File(beside, "w") as file:
        file.create_dataset("filename", data=names, dtype=h5py.string_dtype())
        file["window"], file["prediction"] = windows, np.stack(predictions)
        write_frame(file, "df", ("filename", names), COORDINATES, windows, predictions)


WRITERS = {".csv": write_csv, ".h5": write_hdf5, ".hdf5": write_hdf5}


def best(found: Sequence[dict[str, Any]], labels: Sequence[str], count: int) -> list[str]:
    """For each picture the windows that score highest, each with its best class."""
    lines: list[str] = []
    for name in dict.fromkeys(row["filename"] for row in found):
        scored = [(float(row["prediction"].max()), int(row["prediction"].argmax()), row["window"])
                  for row in found if row["filename"] == name]
        lines.append(f"---------- Detections in {name} ----------")
        for score, number, window in sorted(scored, key=lambda one: -one[0])[:count]:
            corners = " ".join(f"{n}={int(v)}" for n, v in zip(COORDINATES, window, strict=True))
            lines.append(f"{score:.4f} - {prediction.name_of(number, labels)} at {corners}")
    return lines
