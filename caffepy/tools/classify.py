"""classify: what a net says of pictures, as a .npy file and as a table.

    classify deploy.prototxt weights.caffemodel cat.jpg
    classify --model_def=deploy.prototxt --pretrained_model=w.caffemodel --labels=names.txt a.jpg
    classify cat.jpg scores.npy

An INPUT is a picture, a folder (all pictures in it and below, by name, or those that end in --ext)
or a .npy file of pictures (H x W x K, or N of them). The last word is the OUTPUT if it ends in
.npy, or if nothing has that name yet; the file then holds a row of scores for each picture. The net
may be named in front of them; else it is CaffeNet. What is done to the pictures the net's file says
(picture_param, which `caffepy deploy` writes), unless flags do.
"""

from __future__ import annotations

import time

import click

from caffepy import log
from caffepy.cli import flags, gflags
from caffepy.errors import ConfigError
from caffepy.services import prediction, progress, work
from caffepy.services.classification import classify, net_words, pictures, split_words
from caffepy.services.picture_way import Way
from caffepy.tools import _prediction

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
    "classes are printed; all scores go to OUTPUT, a .npy file, if one is named last. NET and "
    "WEIGHTS, a prototxt and a caffemodel, may stand in front, instead of the flags.",
)
@click.argument("words", metavar="[NET WEIGHTS] INPUT... [OUTPUT]", nargs=-1, required=True)
@_prediction.flags
@gflags.flag("center_only", bool, False, "The middle crop alone, not the mean over ten.")
@gflags.flag("images_dim", str, "", "Height,width that pictures are brought to first; without it "
             "the net's file says, else 256,256 for CaffeNet, and the input's size for others.")
@gflags.flag("ext", str, "", "Of a folder take the pictures that end so; without it all pictures.")
@flags.PLUGIN
def main(
    words: tuple[str, ...], model_def: str, pretrained_model: str, gpu: str, mean_file: str | None,
    mean_value: str, input_scale: float | None, raw_scale: float, channel_swap: str, labels: str,
    top: int, center_only: bool, images_dim: str, ext: str,
) -> int:
    import numpy as np

    from caffepy.classifier import Classifier
    from caffepy.proto.files import atomic_write

    model_def, pretrained_model, words = net_words(model_def, pretrained_model, words)
    inputs, output = split_words(words)
    dims = _dims(images_dim) if images_dim else ()
    _prediction.use_device(gpu)
    asked = prediction.model(model_def, pretrained_model)
    way = Way(asked, mean_file, mean_value, input_scale, labels, dims)
    names = way.names
    with work.quiet():
        net = Classifier(asked.path, asked.weights, way.size, way.mean, way.scale, raw_scale,
                         prediction.swap(channel_swap, asked.channels))
    start, rows = time.monotonic(), []
    skipped: list[str] = []
    given = pictures(inputs, ext, asked.channels != 1, asked.rule is not None, skipped)
    for name, scores in work.track(classify(net, given, not center_only), "pictures"):
        rows.append(scores)
        if top > 0:
            progress.say("\n".join([f"---------- Prediction for {name} ----------",
                                    *prediction.best(scores, names, top)]))
    logger.info("Classified %d pictures in %.2f s.", len(rows), time.monotonic() - start)
    if skipped:
        logger.error("%d files were left out, which cannot be read", len(skipped))
    if output and rows:
        output += "" if output.endswith(".npy") else ".npy"  # as numpy.save names it
        with atomic_write(output) as file:
            np.save(file, np.stack(rows))
        logger.info("Saved the scores into %s", output)
    return 1 if skipped else 0


if __name__ == "__main__":
    main()
