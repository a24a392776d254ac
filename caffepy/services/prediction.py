"""What is needed to ask a net about pictures: the usual model, the mean, the names of classes."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.errors import ConfigError, DataError, NotFound
from caffepy.services.folders import read_names
from caffepy.services.picture_rule import PictureRule

Array = NDArray[Any]

MODEL = "models/caffenet/deploy.prototxt"
WEIGHTS = "models/caffenet/bvlc_reference_caffenet.caffemodel"
MEAN = "data/ilsvrc12/ilsvrc_2012_mean.npy"
KINDS = (".bmp", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")  # of picture files


def here(path: str) -> str:
    """A path from the root of the repository, seen from wherever the command was called."""
    if os.path.exists(path):
        return path
    in_clone = Path(__file__).resolve().parents[2] / path
    return str(in_clone) if in_clone.exists() else path


@dataclass(frozen=True)
class Asked:
    """A net that is asked about pictures.

    Attributes:
        path, weights: its files.
        shape: of its first input, N x C x H x W.
        rule: what its file says of its pictures, or None.
        usual: whether it is CaffeNet, which is taken if none is named.
    """

    path: str
    weights: str
    shape: tuple[int, ...]
    rule: PictureRule | None
    usual: bool

    @property
    def channels(self) -> int:
        return self.shape[1]


def model(model_def: str, pretrained_model: str) -> Asked:
    """The net of these files.

    Raises:
        NotFound: no such file. ConfigError: the net takes no pictures.
    """
    from caffepy.core import traits
    from caffepy.core.upgrade import read_net_param

    usual = model_def == MODEL
    model_def, pretrained_model = here(model_def), here(pretrained_model)
    param, _ = read_net_param(model_def)
    if not os.path.exists(pretrained_model):
        raise NotFound("there are no such weights", where=pretrained_model,
                       fix="`caffepy download_model_binary models/caffenet` fetches CaffeNet's; "
                           "name yours by --pretrained_model.")
    shapes = [list(layer.input_param.shape[0].dim) for layer in param.layer
              if traits.of(layer).waits and layer.input_param.shape]
    if not shapes or len(shapes[0]) != 4:
        raise ConfigError("the net has no input for pictures", where=model_def,
                          found=f"shape {shapes[0]}" if shapes else None,
                          allowed="an Input layer of shape N x C x H x W",
                          fix="`caffepy deploy` makes such a net of one for training.")
    return Asked(model_def, pretrained_model, tuple(shapes[0]),
                 PictureRule.of(param, model_def), usual)


def read_mean(mean_file: str, mean_value: str) -> Array | None:
    """The mean that the flags name: C x H x W, or one number a channel; None for none.

    Raises:
        NotFound, DataError: the file. ConfigError: no numbers.
    """
    if mean_value:
        return np.array(numbers("mean_value", mean_value, float), np.float32)
    if not mean_file:
        return None
    path = here(mean_file)
    if path.endswith(".npy"):
        imagenets = os.path.basename(path) == os.path.basename(MEAN)
        brings = "data/ilsvrc12/get_ilsvrc_aux.sh makes ImageNet's. " if imagenets else ""
        return load_array(path, f"{brings}Name yours by --mean_file, give --mean_value=B,G,R, or "
                                "--mean_file= for none.")
    from caffepy.data import transform

    return transform.read_mean(path)


def load_array(path: str, fix: str | None = None) -> Array:
    """An array of a .npy file.

    Raises:
        NotFound: no such file. DataError: it holds no array of numbers.
    """
    try:
        array = np.load(path)
    except FileNotFoundError:
        raise NotFound("there is no such file", where=path, fix=fix) from None
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"the array cannot be read: {error}", where=path) from error
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf":
        raise DataError("there must be one array of numbers", where=path,
                        found=getattr(array, "dtype", type(array).__name__))
    return array


def swap(channel_swap: str, channels: int) -> list[int] | None:
    """The order that the flag names, as they are if it is empty; one channel has none."""
    if channels == 1:
        return None
    return numbers("channel_swap", channel_swap, int) if channel_swap else list(range(channels))


def numbers(flag: str, text: str, kind: Callable[[str], Any]) -> list[Any]:
    """The numbers of a flag, separated by commas."""
    try:
        return [kind(word) for word in text.split(",")]
    except ValueError:
        raise ConfigError(f"illegal value '{text}' specified for flag '{flag}'",
                          allowed="numbers separated by commas") from None


def read_labels(path: str) -> list[str]:
    """The names of classes in a file; [] for no file. See folders.read_names.

    Raises:
        NotFound, DataError: it cannot be read.
    """
    if not path:
        return []
    try:
        return read_names(here(path))
    except NotFound:
        raise NotFound("there is no such file of names", where=path) from None


def name_of(number: int, labels: Sequence[str]) -> str:
    """A class's name, quoted as the original's C++ example did; its number if it has none."""
    return f'"{labels[number]}"' if number < len(labels) and labels[number] else str(number)


def best(scores: Array, labels: Sequence[str], count: int) -> list[str]:
    """A line for each of the ``count`` highest scores, the highest first."""
    order = np.argsort(-scores.reshape(-1), kind="stable")[:count]
    return [f"{scores.reshape(-1)[i]:.4f} - {name_of(int(i), labels)}" for i in order]
