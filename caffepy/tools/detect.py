"""detect: what a net says of windows of pictures, as R-CNN uses it.

    detect windows.csv scores.csv
    detect --context_pad=16 windows.csv scores.h5

windows.csv has the columns filename, ymin, xmin, ymax and xmax. A .txt file has the names of
pictures, one a line, whose windows selective search proposes (which needs MATLAB). A .csv
output repeats the windows, with columns class0, class1...; a .h5 output has the datasets filename,
window (ymin, xmin, ymax, xmax) and prediction, a row for each window, and for pandas.read_hdf
the original's DataFrame "df".
"""

from __future__ import annotations

import csv
import io
import os
import time
from collections.abc import Sequence
from typing import Any

import click

from caffepy import log
from caffepy.cli import gflags
from caffepy.errors import ConfigError, DataError, NotFound
from caffepy.proto import textfile
from caffepy.proto.files import atomic_path
from caffepy.tools import _prediction, _work

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

    from caffepy.tools._frame import write_frame

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
            lines.append(f"{score:.4f} - {_prediction.name_of(number, labels)} at {corners}")
    return lines


@gflags.command(
    "detect",
    help="Classify windows of pictures. INPUT_FILE is a .csv file with the columns "
    f"filename,{','.join(COORDINATES)}, or a .txt file of pictures for selective search. "
    "OUTPUT_FILE ends in .csv or .h5.",
)
@click.argument("input_file")
@click.argument("output_file")
@_prediction.flags
@gflags.flag("crop_mode", gflags.Choice("list", "selective_search"), None,
             "Windows of the file, or proposed ones; by default as INPUT_FILE's name ends.")
@gflags.flag("context_pad", int, 16, "Pixels of a warped window that show what surrounds it.")
def main(
    input_file: str, output_file: str, model_def: str, pretrained_model: str, gpu: str,
    mean_file: str, mean_value: str, input_scale: float | None, raw_scale: float,
    channel_swap: str, labels: str, top: int, crop_mode: str | None, context_pad: int,
) -> None:
    from caffepy.detector import Detector

    write = WRITERS.get(os.path.splitext(output_file)[1].lower())
    if write is None:
        raise ConfigError("unknown output file type", found=output_file, allowed=", ".join(WRITERS))
    if os.path.splitext(input_file)[1].lower() not in (".csv", ".txt"):
        raise ConfigError("unknown input file type", found=input_file, allowed=".txt, .csv")
    listed = input_file.lower().endswith(".csv")
    if listed != ((crop_mode or ("list" if listed else "selective_search")) == "list"):
        raise ConfigError(f"--crop_mode={crop_mode} does not fit this file", found=input_file,
                          allowed=".csv for list, .txt for selective_search")
    windows = read_windows(input_file) if listed else {}
    pictures = list(windows) if listed else read_names(input_file)
    for name in pictures:
        if not os.path.exists(name):
            raise NotFound("there is no such picture", where=f"{input_file}, {name}",
                           fix=None if os.path.isabs(name) else f"It starts from {os.getcwd()}.")
    names = _prediction.read_labels(labels)
    _prediction.use_device(gpu)
    with _work.quiet():
        model_def, weights, channels = _prediction.model(model_def, pretrained_model)
        mean = _prediction.read_mean(mean_file, mean_value, channels)
        if mean is not None and mean.ndim == 3:
            mean = mean.mean((1, 2))  # windows are warped: no pixel has a place of its own
        net = Detector(model_def, weights, mean, input_scale, raw_scale,
                       _prediction.swap(channel_swap, channels), context_pad)
    start = time.monotonic()
    if listed:
        found = [row for name in _work.track(pictures, "pictures")
                 for row in net.detect_windows([(name, windows[name])])]
    else:
        found = net.detect_selective_search(pictures)
    logger.info("Processed %d windows in %.3f s.", len(found), time.monotonic() - start)
    if top > 0:
        click.echo("\n".join(best(found, names, top)))
    write(output_file, found)
    logger.info("Saved the scores into %s", output_file)


if __name__ == "__main__":
    main()
