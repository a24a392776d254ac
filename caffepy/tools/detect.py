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

import os
import time

import click

from caffepy import log
from caffepy.cli import flags, gflags
from caffepy.errors import ConfigError, NotFound
from caffepy.services import prediction, work
from caffepy.services.detection import COORDINATES, WRITERS, best, read_names, read_windows
from caffepy.services.picture_way import Way
from caffepy.tools import _prediction

logger = log.get(__name__)

CONTEXT = 16  # pixels, as for R-CNN


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
@gflags.flag("context_pad", int, None, "Pixels of a warped window that show what surrounds it; "
             "without it the net's file says, else 16.")
@flags.PLUGIN
def main(
    input_file: str, output_file: str, model_def: str, pretrained_model: str, gpu: str,
    mean_file: str | None, mean_value: str, input_scale: float | None, raw_scale: float,
    channel_swap: str, labels: str, top: int, crop_mode: str | None, context_pad: int | None,
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
    _prediction.use_device(gpu)
    asked = prediction.model(model_def, pretrained_model)
    way = Way(asked, mean_file, mean_value, input_scale, labels, asked.shape[2:])
    mean, names = way.mean, way.names
    if mean is not None and mean.ndim == 3:
        mean = mean.mean((1, 2))  # windows are warped: no pixel has a place of its own
    if context_pad is None:
        context_pad = asked.rule.context_pad if asked.rule else CONTEXT
    with work.quiet():
        net = Detector(asked.path, asked.weights, mean, way.scale, raw_scale,
                       prediction.swap(channel_swap, asked.channels), context_pad)
    start = time.monotonic()
    if listed:
        found = [row for name in work.track(pictures, "pictures")
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
