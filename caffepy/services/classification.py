"""What a net says of pictures."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from caffepy import log
from caffepy.errors import CaffeError, NotFound
from caffepy.services import folders, prediction

if TYPE_CHECKING:
    from caffepy.classifier import Classifier

logger = log.get(__name__)

AT_ONCE = 32  # pictures decoded before they go through the net
WEIGHTS = (".caffemodel", ".h5")
SPELLINGS = {".jpg": (".jpg", ".jpeg"), ".jpeg": (".jpg", ".jpeg"), ".tif": (".tif", ".tiff")}


def net_words(model_def: str, weights: str, words: tuple[str, ...]
              ) -> tuple[str, str, tuple[str, ...]]:
    """Prototxt, weights and the other words, where the first two name a net; else as given."""
    if len(words) > 2 and words[0].endswith(".prototxt") and words[1].endswith(WEIGHTS):
        return words[0], words[1], words[2:]
    return model_def, weights, words


def split_words(words: Sequence[str]) -> tuple[list[str], str]:
    """Inputs and output ("" for none); see the module's text.

    Raises:
        NotFound: the last word looks like a picture and is not there.
    """
    *inputs, last = words
    if not inputs or (os.path.exists(last) and not last.endswith(".npy")):
        return list(words), ""
    if os.path.splitext(last)[1].lower() in prediction.KINDS:
        raise NotFound("there is no such picture", where=last,
                       fix="To write scores, end with the name of a .npy file.")
    return inputs, last


def pictures(inputs: Sequence[str], ext: str, color: bool, as_trained: bool = False,
             skipped: list[str] | None = None) -> Iterator[tuple[str, Any]]:
    """Name and H x W x K picture in [0, 1] of all that the inputs name.

    Args:
        as_trained: colours become gray as in databases and data layers, by OpenCV's weights,
            instead of scikit-image's, which the original's scripts had.
        skipped: gets the names of files in folders that turn out to be no pictures.

    Raises:
        NotFound: no such file, or none in a folder. DataError: what is named is no picture.
    """
    for path in inputs:
        if path.endswith(".npy"):
            found = prediction.load_array(path)
            for i, picture in enumerate(found[None] if found.ndim == 3 else found):
                yield f"{path}[{i}]", picture
        elif os.path.isdir(path):
            for name in _listed(path, ext):
                try:
                    picture = _load(name, color, as_trained)
                except CaffeError as error:
                    logger.warning("left out: %s", error)
                    if skipped is not None:
                        skipped.append(name)
                else:
                    yield name, picture
        else:
            yield path, _load(path, color, as_trained)


def _load(path: str, color: bool, as_trained: bool) -> Any:
    from caffepy.data.image import read_image
    from caffepy.pictures import load_image

    if color or not as_trained:
        return load_image(path, color)
    return read_image(path, color=False).transpose(1, 2, 0) / np.float32(255)


def _listed(folder: str, ext: str) -> list[str]:
    """The pictures in a folder and below it, by name: all, or those that end in ``ext``, whatever
    their case."""
    paths = sorted(folders.files(folder))
    if not ext:
        found = [path for path in paths if folders.is_picture(path)]
        if not found:
            raise NotFound("the folder has no picture", where=folder)
        return found
    end = f".{ext.lower().lstrip('.')}"
    wanted = SPELLINGS.get(end, (end,))
    found = [path for path in paths if os.path.splitext(path)[1].lower() in wanted]
    if not found:
        others = sorted({os.path.splitext(path)[1].lower() for path in paths}
                        & set(prediction.KINDS))
        raise NotFound(f"the folder has no picture that ends in {end}", where=folder,
                       found=", ".join(others) or None,
                       fix=f"Say --ext={others[0][1:]}." if others else None)
    return found


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
