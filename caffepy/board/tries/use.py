"""The net of a prototxt for use, and what is done to its pictures, in words.

A net with an input is used as it is. Of one for training the net for use is made, as `caffepy
deploy` does it, with the preprocessing that its data layer did.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caffepy.board import admitting, models
from caffepy.board.shelf import Shelf
from caffepy.core import graph, obeys, traits
from caffepy.data.transform import crop_of
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2
from caffepy.proto.files import atomic_write
from caffepy.proto.paths import path_of, set_path
from caffepy.proto.text import to_text
from caffepy.services import class_names, prediction, summary, work
from caffepy.services.data_sheet.naming import names_of
from caffepy.services.deploying import deploy
from caffepy.services.objects import write_nothing
from caffepy.services.picture_rule import PictureRule
from caffepy.services.picture_way import Way

MOST_MEMORY = 4 << 30  # bytes that a net may take


@dataclass
class Use:
    """A net for use in a file of its own.

    Attributes:
        asked: the net.
        way: what is done to its pictures.
        finds: whether it finds boxes.
        names: of the classes, by number.
    """

    asked: prediction.Asked
    way: Way
    finds: bool
    names: dict[int, str]

    @property
    def guesses(self) -> list[str]:
        """What nobody said and was taken, in words."""
        return self.way.guesses

    def steps(self) -> list[str]:
        """What is done to a picture, in words."""
        rows, columns = self.asked.shape[2:]
        height, width = self.way.size if not self.finds else (rows, columns)
        steps = [f"brought to {height} x {width} pixels"]
        if (height, width) != (rows, columns):
            steps.append(f"the middle {rows} x {columns} of it")
        steps.append("blue, green, red from 0 to 255" if self.asked.channels == 3 else
                     "gray from 0 to 255")
        mean = self.way.mean
        if mean is not None:
            values = mean if mean.ndim == 1 else mean.mean((1, 2))
            words = ", ".join(f"{value:.4g}" for value in values)
            steps.append(f"minus {words}" if mean.ndim == 1 else
                         f"minus the mean picture (on average {words})")
        if self.way.scale is not None and self.way.scale != 1:
            steps.append(f"times {self.way.scale:.6g}")
        return steps


def use(model: Path, weights: Path, shelf: Shelf, folder: Path, mean: str = "",
        scale: float | None = None) -> Use:
    """A net, ready to be built.

    Args:
        folder: of the board's own, where the net for use is written.
        mean, scale: what a visitor says of its preprocessing: a number for each channel, separated
            by commas, and what to multiply with; "" and None: what the file says.

    Raises:
        ConfigError: it takes no pictures, is too large, or reads what it may not.
        CaffeError: the net, its mean, its names.
    """
    with work.quiet(), obeys.only_warnings():
        param, source = models.net_param(model)
        param.state.phase = caffe_pb2.TEST
        kept = graph.filter_net(param, param.state, source)
        admitting.require(kept, shelf, leveldbs=True)
        if any(admitting.leveldb(layer) for layer in kept.layer):
            made = _of_leveldb(kept, shelf, folder)
        elif not any(traits.of(layer).waits for layer in kept.layer):
            made, _ = deploy(str(model), batch=1)
        else:
            made = caffe_pb2.NetParameter()
            made.CopyFrom(param)
            _one_at_a_time(made)
        write_nothing(made)
        admitting.require(graph.filter_net(made, caffe_pb2.NetState(phase=caffe_pb2.TEST)), shelf)
        _refuse_giants(made)
        _mean_beside(made, model, shelf)
        place = folder / "net.prototxt"
        with atomic_write(place) as file:
            file.write(to_text(made).encode())
        asked = prediction.model(str(place), str(weights))
        if asked.channels not in (1, 3):
            raise ConfigError("the net takes no pictures of one or three channels",
                              where=model.name, found=asked.channels)
        finds = any(traits.of(layer).detects for layer in made.layer)
        way = Way(asked, None, mean, scale, "")
        names = dict(enumerate(way.names)) or _names_in(kept)
        if finds:
            names = class_names.for_detector(asked) or names
        return Use(asked, way, finds, names)


def _of_leveldb(kept: Any, shelf: Shelf, folder: Path) -> Any:
    """The net for use of one whose data lie in a LevelDB, which is left to who trains with it."""
    rules = [PictureRule.of_training(layer, admitting.first_shape(layer, shelf, crop=False)[1:]
                                     if crop_of(layer.transform_param) else ())
             for layer in kept.layer if admitting.leveldb(layer)]
    closed = caffe_pb2.NetParameter()
    closed.CopyFrom(kept)
    admitting.sealed(closed, shelf)
    place = folder / "train.prototxt"
    with atomic_write(place) as file:
        file.write(to_text(closed).encode())
    made, _ = deploy(str(place), batch=1)
    _one_at_a_time(made)
    rules[0].write(made)
    return made


def _names_in(kept: Any) -> dict[int, str]:
    """What a net's own layers call its classes."""
    for layer in kept.layer:
        if traits.of(layer).data and (
                found := names_of(layer, PictureRule.of_training(layer, ()))):
            return found
    return class_names.for_net(kept)


def _one_at_a_time(param: Any) -> None:
    """Let inputs take one picture."""
    for layer in param.layer:
        if traits.of(layer).waits:
            for shape in layer.input_param.shape:
                if len(shape.dim) == 4:
                    shape.dim[0] = 1


def _mean_beside(param: Any, model: Path, shelf: Shelf) -> None:
    """Let a mean picture that lies beside the net's file be found beside the copy, too."""
    if not param.HasField("picture_param") or not param.picture_param.mean_file:
        return
    own = path_of(param.picture_param, "mean_file")
    path = own if os.path.exists(own) else str(model.parent / own)
    if os.path.exists(path):
        param.picture_param.ClearField("mean_file")
        set_path(param.picture_param, "mean_file", os.path.abspath(shelf.admit(path)))


def _refuse_giants(param: Any) -> None:
    copy = caffe_pb2.NetParameter()
    copy.CopyFrom(param)
    table = summary.of_param(
        graph.filter_net(copy, caffe_pb2.NetState(phase=caffe_pb2.TEST)), None)
    wanted = table.total("memory") + 4 * (table.params or 0)
    if wanted > MOST_MEMORY:
        raise ConfigError("the net is too large to be tried here", found=f"{wanted >> 20} MiB",
                          allowed=f"{MOST_MEMORY >> 20} MiB")
