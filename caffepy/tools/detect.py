"""detect: the objects that a detector finds in pictures, or what a net says of windows of them.

    detect --model_def=deploy.prototxt --pretrained_model=ssd.caffemodel photos found

A net whose last layer finds boxes (SSD and its like) is asked about a picture, all pictures in a
folder and below, or those that a .txt file names. The folder that the second word names gets the
pictures with boxes, VOC's result files, one a class, and COCO's detections.json.

Any other net classifies windows, as R-CNN does:

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
SHOWN = 0.5


@gflags.command(
    "detect",
    help="Find objects: with a net that finds boxes INPUT_FILE is a picture, a folder of them or a "
    ".txt file that lists them, and OUTPUT_FILE a folder. Or classify windows of pictures: "
    f"INPUT_FILE is a .csv file with the columns filename,{','.join(COORDINATES)}, or a .txt file "
    "of pictures for selective search, and OUTPUT_FILE ends in .csv or .h5.",
)
@click.argument("input_file")
@click.argument("output_file")
@_prediction.flags
@gflags.flag("crop_mode", gflags.Choice("list", "selective_search"), None,
             "Windows of the file, or proposed ones; by default as INPUT_FILE's name ends.")
@gflags.flag("context_pad", int, None, "Pixels of a warped window that show what surrounds it; "
             "without it the net's file says, else 16.")
@gflags.flag("confidence_threshold", float, SHOWN, "Objects from this score up are drawn and "
             "printed; the result files have all that the net gives.")
@flags.PLUGIN
def main(
    input_file: str, output_file: str, model_def: str, pretrained_model: str, gpu: str,
    mean_file: str | None, mean_value: str, input_scale: float | None, raw_scale: float,
    channel_swap: str, labels: str, top: int, crop_mode: str | None, context_pad: int | None,
    confidence_threshold: float,
) -> None:
    from caffepy.services import objects

    if objects.finds_boxes(model_def):
        find(input_file, output_file, model_def, pretrained_model, gpu, mean_file, mean_value,
             input_scale, raw_scale, channel_swap, labels, top, confidence_threshold)
        return
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


def find(
    source: str, folder: str, model_def: str, pretrained_model: str, gpu: str,
    mean_file: str | None, mean_value: str, input_scale: float | None, raw_scale: float,
    channel_swap: str, labels: str, top: int, threshold: float,
) -> None:
    """Write what a net that finds boxes finds in pictures."""
    from caffepy.services import class_names, devices, object_files, objects

    paths = objects.pictures(source)
    asked = prediction.model(model_def, pretrained_model)
    way = Way(asked, mean_file, mean_value, input_scale, "")
    names = class_names.for_detector(asked, labels)
    with work.quiet():
        net = objects.ObjectNet(way, raw_scale, prediction.swap(channel_swap, asked.channels),
                                devices.context(devices.choose(gpu)))
    files = object_files.ObjectFiles(folder, names)
    start = time.monotonic()
    for path, picture, found in work.track(net.each(paths), "pictures", len(paths)):
        shown = [one for one in found if one.score >= threshold]
        files.add(path, found, objects.drawn(picture, shown, names))
        if top > 0:
            click.echo("\n".join(objects.told(path, shown[:top], names)))
    files.write()
    logger.info("Processed %d pictures in %.3f s.", len(paths), time.monotonic() - start)
    logger.info("Saved pictures and results into %s", folder)


if __name__ == "__main__":
    main()
