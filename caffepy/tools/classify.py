"""classify: what a net says of pictures, as a .npy file and as a table.

    classify cat.jpg scores.npy
    classify --model_def=deploy.prototxt --pretrained_model=w.caffemodel --labels=names.txt a.jpg

An INPUT is a picture, a folder (its pictures that end in --ext, by name) or a .npy file of
pictures (H x W x K, or N of them). The last word is the OUTPUT if it ends in .npy, or if nothing
has that name yet; the file then holds a row of scores for each picture. Preprocessing is
caffepy.Classifier's.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from caffepy import log
from caffepy.cli import gflags
from caffepy.errors import ConfigError, NotFound
from caffepy.tools import _prediction, _work

if TYPE_CHECKING:
    from caffepy.classifier import Classifier

logger = log.get(__name__)

AT_ONCE = 32  # pictures decoded before they go through the net
SPELLINGS = {".jpg": (".jpg", ".jpeg"), ".jpeg": (".jpg", ".jpeg"), ".tif": (".tif", ".tiff")}


def split_words(words: Sequence[str]) -> tuple[list[str], str]:
    """Inputs and output ("" for none); see the module's text.

    Raises:
        NotFound: the last word looks like a picture and is not there.
    """
    *inputs, last = words
    if not inputs or (os.path.exists(last) and not last.endswith(".npy")):
        return list(words), ""
    if os.path.splitext(last)[1].lower() in _prediction.KINDS:
        raise NotFound("there is no such picture", where=last,
                       fix="To write scores, end with the name of a .npy file.")
    return inputs, last


def pictures(inputs: Sequence[str], ext: str, color: bool) -> Iterator[tuple[str, Any]]:
    """Name and H x W x K picture in [0, 1] of all that the inputs name.

    Raises:
        NotFound: no such file, or none in a folder. DataError: no picture.
    """
    from caffepy import io

    for path in inputs:
        if path.endswith(".npy"):
            found = _prediction.load_array(path)
            for i, picture in enumerate(found[None] if found.ndim == 3 else found):
                yield f"{path}[{i}]", picture
            continue
        for name in _listed(path, ext) if os.path.isdir(path) else [path]:
            yield name, io.load_image(name, color)


def _listed(folder: str, ext: str) -> list[str]:
    """The pictures of a folder that end in ``ext``, whatever their case, by name."""
    end = f".{ext.lower().lstrip('.')}"
    names = sorted(os.listdir(folder))
    kinds = [os.path.splitext(name)[1].lower() for name in names]
    wanted = SPELLINGS.get(end, (end,))
    found = [name for name, kind in zip(names, kinds, strict=True) if kind in wanted]
    if not found:
        others = sorted(set(kinds) & set(_prediction.KINDS))
        raise NotFound(f"the folder has no picture that ends in {end}", where=folder,
                       found=", ".join(others) or None,
                       fix=f"Say --ext={others[0][1:]}." if others else None)
    return [os.path.join(folder, name) for name in found]


def classify(
    net: Classifier, given: Iterator[tuple[str, Any]], oversample: bool
) -> Iterator[tuple[str, Any]]:
    """Name and scores (as the net's first output has them) of each picture."""
    waiting: list[tuple[str, Any]] = []
    for pair in given:
        waiting.append(pair)
        if len(waiting) == AT_ONCE:
            yield from _scores(net, waiting, oversample)
            waiting = []
    yield from _scores(net, waiting, oversample)


def _scores(net: Classifier, waiting: list[tuple[str, Any]], oversample: bool
            ) -> Iterator[tuple[str, Any]]:
    scores = net.predict([picture for _, picture in waiting], oversample)
    yield from zip((name for name, _ in waiting), scores, strict=True)


def _dims(text: str) -> list[int]:
    sizes = _prediction.numbers("images_dim", text, int)
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
def main(
    words: tuple[str, ...], model_def: str, pretrained_model: str, gpu: str, mean_file: str,
    mean_value: str, input_scale: float | None, raw_scale: float, channel_swap: str, labels: str,
    top: int, center_only: bool, images_dim: str, ext: str,
) -> None:
    import numpy as np

    from caffepy.classifier import Classifier
    from caffepy.proto.files import atomic_write

    inputs, output = split_words(words)
    names, dims = _prediction.read_labels(labels), _dims(images_dim)
    _prediction.use_device(gpu)
    with _work.quiet():
        model_def, weights, channels = _prediction.model(model_def, pretrained_model)
        net = Classifier(
            model_def, weights, dims,
            _prediction.read_mean(mean_file, mean_value, channels), input_scale, raw_scale,
            _prediction.swap(channel_swap, channels))
    start, rows = time.monotonic(), []
    given = pictures(inputs, ext, color=channels != 1)
    for name, scores in _work.track(classify(net, given, not center_only), "pictures"):
        rows.append(scores)
        if top > 0:
            click.echo("\n".join([f"---------- Prediction for {name} ----------",
                                  *_prediction.best(scores, names, top)]))
    logger.info("Classified %d pictures in %.2f s.", len(rows), time.monotonic() - start)
    if output:
        output += "" if output.endswith(".npy") else ".npy"  # as numpy.save names it
        with atomic_write(output) as file:
            np.save(file, np.stack(rows))
        logger.info("Saved the scores into %s", output)


if __name__ == "__main__":
    main()
