"""What an annotation file says of its picture, whatever format it is in."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from caffepy.data.label_map import Numbers
from caffepy.errors import CaffeError, ConfigError, NotFound
from caffepy.proto.files import file_error

Corners = tuple[float, float, float, float]


@dataclass(frozen=True)
class Box:
    """An object on a picture.

    Attributes:
        label: the number of its class.
        corners: xmin, ymin, xmax, ymax in pixels, as the file has them.
        difficult: whether it is marked so (VOC), or is a crowd (COCO).
    """

    label: int
    corners: Corners
    difficult: bool = False


@dataclass
class Annotation:
    """The objects of a picture.

    Attributes:
        boxes: in the file's order.
        size: height and width of the picture as the file has them; None if it does not say.
        problems: what is wrong with single boxes: they have no numbers, or an unknown class.
    """

    boxes: list[Box] = field(default_factory=list)
    size: tuple[int, int] | None = None
    problems: list[CaffeError] = field(default_factory=list)


Parse = Callable[[bytes, str, Numbers], Annotation]  # the file's bytes, its path, the classes


def parser(label_type: str) -> Parse:
    """What reads annotation files of a type: xml, json or txt.

    Raises:
        ConfigError: there is no such type.
    """
    from caffepy.services.annoset import coco, plain, voc

    kinds: dict[str, Parse] = {"xml": voc.parse, "json": coco.parse, "txt": plain.parse}
    if label_type not in kinds:
        raise ConfigError("there is no such type of annotation files", where="flag 'label_type'",
                          found=label_type, allowed=", ".join(kinds))
    return kinds[label_type]


def reader(label_type: str, numbers: Numbers) -> Callable[[str], Annotation]:
    """What makes an Annotation of a path. Raises: as ``parser``."""
    return partial(_read, parser(label_type), numbers)


def _read(parse: Parse, numbers: Numbers, path: str) -> Annotation:
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        raise NotFound("there is no such annotation file", where=path) from None
    except OSError as error:
        raise file_error(error, path, "read") from error
    return parse(data, path, numbers)


def number(text: object) -> float:
    """A coordinate, as a float32 has it; not a number if it is none."""
    try:
        value = float(text) if isinstance(text, (str, int, float)) else math.nan
    except (ValueError, OverflowError):
        return math.nan
    with np.errstate(over="ignore"):
        return float(np.float32(value))
