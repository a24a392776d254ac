"""classify: what a net says of pictures, as a .npy file and as a table.

    classify cat.jpg scores.npy
    classify --model_def=deploy.prototxt --pretrained_model=w.caffemodel --labels=names.txt a.jpg

An INPUT is a picture, a folder (its pictures that end in --ext, by name) or a .npy file of
pictures (H x W x K, or N of them). The last word is the OUTPUT if it ends in .npy, or if nothing
has that name yet; the file then holds a row of scores for each picture. Preprocessing is
caffepy.Classifier's.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from caffepy import log
from caffepy.cli import flags, gflags
from caffepy.errors import ConfigError
from caffepy.services import prediction, work
from caffepy.services.classification import classify, pictures, split_words
from caffepy.tools import _prediction

if TYPE_CHECKING:
    pass

logger = log.get(__name__)


def _dims(text: str) -> list[int]:
    sizes = prediction.numbers("images_dim", text, int)
    if len(sizes) != 2 or min(sizes) < 1:
        raise ConfigError(f"illegal value '{text}' specified for flag 'images_dim'",
                          allowed="height,width")
    return sizes


@gflags.command(
    "classify",
    help="Classify each INPUT: a picture, a folder of pictures or a .npy file of them. The best "
    "classes are printed; all scores go to OUTPUT, a .npy file, if one is named last.",
)
@click.argument("words", metavar="INPUT... [OUTPUT]", nargs=-1, required=True)
@_prediction.flags
@gflags.flag("center_only", bool, False, "The middle crop alone, not the mean over ten.")
@gflags.flag("images_dim", str, "256,256", "Height,width that pictures are brought to first.")
@gflags.flag("ext", str, "jpg", "How the pictures of a folder end.")
@flags.PLUGIN
def main(
    words: tuple[str, ...], model_def: str, pretrained_model: str, gpu: str, mean_file: str,
    mean_value: str, input_scale: float | None, raw_scale: float, channel_swap: str, labels: str,
    top: int, center_only: bool, images_dim: str, ext: str,
) -> None:
    import numpy as np

    from caffepy.classifier import Classifier
    from caffepy.proto.files import atomic_write

    inputs, output = split_words(words)
    names, dims = prediction.read_labels(labels), _dims(images_dim)
    _prediction.use_device(gpu)
    with work.quiet():
        model_def, weights, channels = prediction.model(model_def, pretrained_model)
        net = Classifier(
            model_def, weights, dims,
            prediction.read_mean(mean_file, mean_value, channels), input_scale, raw_scale,
            prediction.swap(channel_swap, channels))
    start, rows = time.monotonic(), []
    given = pictures(inputs, ext, color=channels != 1)
    for name, scores in work.track(classify(net, given, not center_only), "pictures"):
        rows.append(scores)
        if top > 0:
            click.echo("\n".join([f"---------- Prediction for {name} ----------",
                                  *prediction.best(scores, names, top)]))
    logger.info("Classified %d pictures in %.2f s.", len(rows), time.monotonic() - start)
    if output:
        output += "" if output.endswith(".npy") else ".npy"  # as numpy.save names it
        with atomic_write(output) as file:
            np.save(file, np.stack(rows))
        logger.info("Saved the scores into %s", output)


if __name__ == "__main__":
    main()
