"""What data layers give a net: the shapes of its inputs, and what was done to pictures."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from caffepy.core import traits
from caffepy.core.known_part import is_unknown
from caffepy.data.mean import mean_shape
from caffepy.data.transform import crop_of
from caffepy.errors import CaffeError, ConfigError
from caffepy.proto.paths import path_of
from caffepy.services import work
from caffepy.services.picture_rule import PictureRule


@dataclass
class Fed:
    """What a data layer gives.

    Attributes:
        batch: how many items at once.
        shapes: of one item, for each top that is asked for.
    """

    batch: int
    shapes: dict[str, list[int]]


def fed(layer: Any, tops: Sequence[str], given: Sequence[int], path: str) -> Fed:
    """What ``layer`` gives.

    Args:
        tops: those asked for.
        given: the axes of an item as the user says them; () if not.

    Raises:
        ConfigError: nothing tells a shape.
    """
    kind = traits.of(layer)
    built = _built(layer)
    batch = next((shape[0] for shape in built.values() if shape), kind.batch_size(layer) or 0)
    shapes = {}
    for top in tops:
        first = top == layer.top[0]
        shape = list(built[top][1:]) if top in built else None
        label = not first and kind.pictures
        if given and not label and (first or shape is None):
            shape = list(given)
        elif shape is None:
            known = kind.item_shape(layer) if first else None
            shape = [] if label else list(known) if known else None
        if shape is None:
            files = ("nobody knows its layer's type" if is_unknown(layer) else
                     "its layer fails here" if kind.opaque else "the data is not there")
            crop = " and there is no crop_size" if kind.pictures else ""
            raise ConfigError(f"the shape of '{top}' is not known: {files}{crop}",
                              where=f"{path}, layer '{layer.name}'",
                              fix="Say it: --input_shape=C,H,W." if kind.pictures else
                              "Say the sizes of one item, such as --input_shape=4 or 3,32,32.")
        shapes[top] = shape
    return Fed(batch, shapes)


def _built(layer: Any, crop: bool = True) -> dict[str, tuple[int, ...]]:
    """The shapes of what the layer itself makes, where its files are there."""
    from caffepy.core.context import Context
    from caffepy.core.net import Net
    from caffepy.proto import caffe_pb2

    param = caffe_pb2.NetParameter()
    param.state.phase = caffe_pb2.TEST
    copy = param.layer.add()
    copy.CopyFrom(layer)
    for rules in ("include", "exclude"):
        copy.ClearField(rules)
    if not crop:
        for word in ("crop_size", "crop_h", "crop_w", "mean_file", "padding",
                     "random_aspect_ratio_param", "original_image", "multi_scale", "fix_crop"):
            copy.transform_param.ClearField(word)
    with work.quiet(), contextlib.suppress(CaffeError, OSError):
        net = Net(param, context=Context(seed=0, engines=("reference",)))
        try:
            return {name: tuple(net.blobs[name].shape) for name in layer.top}
        finally:
            net.close()
    return {}


def notes(layer: Any, shape: Sequence[int]) -> list[str]:
    """What happened to the pictures in training, and the flags of classify or detect for the same;
    nothing of what is no picture.

    Args:
        shape: of a picture as the net takes it, C x H x W.
    """
    kind, rule = traits.of(layer), layer.transform_param
    values = [f"{value:g}" for value in rule.mean_value]
    done = [f"minus the mean picture {rule.mean_file}"] if rule.mean_file else []
    done += [f"minus {', '.join(values)}"] * bool(values)
    done += [f"times {rule.scale:g}"] * (rule.scale != 1)
    old = layer.window_data_param.crop_size
    crop = crop_of(rule) or (old and (old, old))
    cut = "warped" if kind.regions else "cropped"
    done += [f"{cut} to {crop[0]} x {crop[1]}"] if crop else []
    if kind.scripted:
        return [f"In training what scripts gave was {', '.join(done)}."] if done else []
    if not kind.pictures or len(shape) != 3 or not _bytes(layer):
        return []
    order = "B, G, R in" if shape[0] == 3 else "from"
    told = [f"In training the pictures were {order} 0 to 255{', ' * bool(done)}{', '.join(done)}."]
    if shape[0] not in (1, 3):
        return told
    words = [shlex.quote(f"--mean_file={rule.mean_file}")] if rule.mean_file else (
        [f"--mean_value={','.join(values)}"] if values else ["--mean_file="])
    words += [f"--input_scale={rule.scale:g}"] * (rule.scale != 1)
    if kind.regions:
        words.append(f"--context_pad={layer.window_data_param.context_pad}")
        return [*told, f"The same: detect {' '.join(words)}"]
    size = _size_before_crop(layer) if crop else list(shape[1:])
    words += [f"--images_dim={size[0]},{size[1]}"] if size else []
    told.append(f"The same: classify {' '.join(words)}")
    if not size:
        told.append("How large they were before is not known, as the data is not there: write "
                    "height and width into picture_param, or they are brought to the input's size.")
    return told


def picture_rule(layer: Any, shape: Sequence[int]) -> PictureRule | None:
    """What happened to the pictures in training; None if they are none.

    Args:
        shape: of a picture as the net takes it, C x H x W.
    """
    kind = traits.of(layer)
    if not kind.pictures or len(shape) != 3 or shape[0] not in (1, 3) or not _bytes(layer):
        return None
    crop = crop_of(layer.transform_param) and not kind.regions
    return PictureRule.of_training(layer, _size_before_crop(layer) if crop else ())


def _size_before_crop(layer: Any) -> list[int]:
    """Height and width of the pictures before the crop; [] if that is not known."""
    image, resized = layer.image_data_param, layer.transform_param.resize_param
    if resized and resized[0].height:
        return [resized[0].height, resized[0].width]
    if side := layer.transform_param.min_side:  # a picture of any shape is seen as a square
        return [side, side]
    if image.new_height:
        return [image.new_height, image.new_width]
    shape = _built(layer, crop=False).get(layer.top[0], ())
    if not shape:  # the mean picture is as large as they were
        mean = mean_shape(path_of(layer.transform_param, "mean_file"))
        return list(mean[1:]) if mean else []
    return list(shape[2:])


def _bytes(layer: Any) -> bool:
    """Whether a layer reads pictures: databases may also hold features."""
    own = traits.of(layer).own(layer)
    if "backend" not in own.DESCRIPTOR.fields_by_name:
        return True
    from caffepy.data.db import open_db
    from caffepy.proto import caffe_pb2

    kind = caffe_pb2.DataParameter.DB.Name(own.backend).lower()
    with contextlib.suppress(CaffeError, OSError), open_db(own.source, kind) as db:
        if db.valid:
            datum = caffe_pb2.Datum.FromString(bytes(db.value))
            return bool(datum.encoded or (datum.data and datum.height * datum.width > 1))
    return True  # not there; most are
