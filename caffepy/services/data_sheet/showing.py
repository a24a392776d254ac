"""The sheets of a net's data layers, one below the other, in a file."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from caffepy import log
from caffepy.errors import ConfigError, shown
from caffepy.proto import caffe_pb2
from caffepy.proto.files import atomic_write
from caffepy.services import class_names, work
from caffepy.services.data_sheet.defaults import COUNT, SEED
from caffepy.services.data_sheet.drawing import Sheet
from caffepy.services.data_sheet.reading import data_part, items
from caffepy.services.sheets.page import as_png
from caffepy.services.sheets.words import PAPER

logger = log.get(__name__)


def show(
    path: str, out: str = "", *, count: int = COUNT, phase: str = "TRAIN", layer: str = "",
    labels: str = "", seed: int = SEED, level: int = 0, stages: Sequence[str] = ("",),
) -> str:
    """Draw what the data layers of a net give it; returns the picture's path.

    Args:
        path: the net's prototxt.
        out: the PNG to write; "" for one beside the net.
        count: items of each layer.
        phase: TRAIN or TEST.
        layer: of this layer alone.
        labels: names of the classes, a label map or one a line; "" for those found with the data.
        seed: of all that is drawn, as a solver's random_seed.
        level, stages: of the net's state.

    Raises:
        ConfigError: nothing to show. CaffeError: as building and running the net.
    """
    out = out or f"{os.path.splitext(path)[0]}_data.png"
    if not out.lower().endswith(".png"):
        raise ConfigError("the sheet is a PNG", found=out, fix="End its name in .png.")
    if count < 1:
        raise ConfigError("count must be 1 or more", found=count)
    names = class_names.read(labels, for_people=True) if labels else None
    with work.quiet():
        net = data_part(path, caffe_pb2.Phase.Value(phase), level, stages, seed, layer)
        try:
            sheets = [Sheet(node, items(net, node, count), names) for node in net.nodes]
        finally:
            net.close()
    for title in (title for sheet in sheets for title in sheet.titles()):
        logger.info("%s", title)
    pages = [sheet.draw() for sheet in sheets]
    width = max(one.shape[1] for one in pages)
    whole = [np.pad(one, ((0, 0), (0, width - one.shape[1]), (0, 0)), constant_values=PAPER[0])
             for one in pages]
    with atomic_write(out) as file:
        file.write(as_png(np.concatenate(whole)))
    logger.info("Wrote %s", shown(out))
    return out
