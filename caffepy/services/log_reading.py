"""A training log as tables."""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Sequence

from caffepy.errors import DataError, NotFound
from caffepy.proto.files import atomic_write, file_error
from caffepy.services import log_seconds
from caffepy.services.log_lines import KEYS, GlogLines, Log, MeasuredLines, Row, total
from caffepy.solvers import measurements


def read(path: str | os.PathLike[str]) -> Log:
    """All that a log says.

    Raises:
        NotFound: no such file. DataError: it cannot be read, or is no log.
    """
    found = _measured(path) or _logged(path)
    for rows in (found.train, found.test, found.smoothed):
        fix_initial_nan_learning_rate(rows)
    return found


def _logged(path: str | os.PathLike[str]) -> Log:
    """What the lines of glog say."""
    lines = log_seconds.read_lines(path)
    pairs = list(log_seconds.timed(lines, log_seconds.get_log_created_year(path, lines)))
    start = log_seconds.get_start_time(pairs)
    if start is None:
        raise DataError("no line begins as a log line", where=os.fspath(path),
                        allowed="I1122 16:29:33.283150 PID file:line] text")
    reader = GlogLines(start)
    for line, time in pairs:
        reader.add(line, time)
    result = reader.log
    result.total = [total(row, result.weights) for row in result.train] or result.smoothed
    # versions before "Train net output" have nothing else to say of training
    result.train = result.train or [dict(row) for row in result.smoothed]
    return result


def _measured(path: str | os.PathLike[str]) -> Log | None:
    """What a .jsonl of measurements says; None if the file is none."""
    try:
        with open(path, "rb") as file:
            if not file.read(2).startswith(b'{"'):
                return None
        lines = measurements.read(path)
    except OSError as error:
        raise file_error(error, path, "read") from error
    reader = MeasuredLines()
    for line in lines:
        reader.add(line)
    return reader.log


def parse_log(path_to_log: str | os.PathLike[str]) -> tuple[list[Row], list[Row]]:
    """The rows of training and of testing; the original's function.

    Raises: as ``read``.
    """
    found = read(path_to_log)
    return found.train, found.test


def fix_initial_nan_learning_rate(dict_list: list[Row]) -> None:
    """No rate is logged before the first row: it takes the second row's."""
    if len(dict_list) > 1 and math.isnan(dict_list[0][KEYS[2]]):
        dict_list[0][KEYS[2]] = dict_list[1][KEYS[2]]


def columns(rows: Sequence[Row]) -> list[str]:
    """The names in the rows, in order of appearance."""
    return list(dict.fromkeys(name for row in rows for name in row))


def save_csv_files(
    logfile_path: str, output_dir: str, train_dict_list: list[Row], test_dict_list: list[Row],
    delimiter: str = ",", verbose: bool = False,
) -> None:
    """Write <log's name>.train and <log's name>.test into the folder.

    Raises:
        NotFound: no such folder. DataError: a file cannot be written.
    """
    check_folder(output_dir)
    base = os.path.join(output_dir, os.path.basename(logfile_path))
    write_csv(f"{base}.train", train_dict_list, delimiter, verbose)
    write_csv(f"{base}.test", test_dict_list, delimiter, verbose)


def check_folder(path: str) -> None:
    """Raise NotFound unless there is such a folder."""
    if not os.path.isdir(path):
        raise NotFound("there is no such folder", where=path, fix="Make it.")


def write_csv(
    output_filename: str, dict_list: list[Row], delimiter: str = ",", verbose: bool = False
) -> None:
    """Write rows as a table with a heading; no file if there are none."""
    if not dict_list:
        if verbose:
            print(f"Not writing {output_filename}; no lines to write")
        return
    content = io.StringIO()
    writer = csv.DictWriter(content, fieldnames=columns(dict_list), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(dict_list)
    with atomic_write(output_filename) as file:
        file.write(content.getvalue().encode())
    if verbose:
        print(f"Wrote {output_filename}")
