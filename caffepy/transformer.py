"""Transformer: pictures in the form that a net was trained on, and back. See caffepy.io."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caffepy.errors import did_you_mean
from caffepy.resize import ArgumentError, resize_image

Array = NDArray[Any]


class Transformer:
    """Brings pictures into the form a net was trained on, and back.

        x = resize(picture).transpose(transpose)[channel_swap]
        blob = (x * raw_scale - mean) * input_scale

    Whatever was not set is left out.

    Args:
        inputs: input blob name to its shape, N x K x H x W.

    Attributes:
        inputs, transpose, channel_swap, raw_scale, mean, input_scale: what was set, by name.

    Raises:
        ArgumentError: from all methods, for what does not fit the input.
    """

    def __init__(self, inputs: Mapping[str, Sequence[int]]) -> None:
        try:
            self.inputs = {name: tuple(int(d) for d in shape) for name, shape in inputs.items()}
        except (AttributeError, TypeError, ValueError):
            raise ArgumentError(
                "a Transformer takes the shapes of a net's inputs by name",
                found=type(inputs).__name__,
                fix='Write Transformer({"data": net.blobs["data"].data.shape}).') from None
        self.transpose: dict[str, Sequence[int]] = {}
        self.channel_swap: dict[str, Sequence[int]] = {}
        self.raw_scale: dict[str, float] = {}
        self.mean: dict[str, Array] = {}
        self.input_scale: dict[str, float] = {}

    def _shape(self, in_: str) -> tuple[int, ...]:
        if in_ not in self.inputs:
            raise ArgumentError(f"{in_} is not one of the net inputs",
                                allowed=", ".join(self.inputs),
                                fix=did_you_mean(str(in_), self.inputs))
        return self.inputs[in_]

    def preprocess(self, in_: str, data: Array) -> Array:
        """A picture, H' x W' x K, as the input blob takes it: float32, K x H x W.

        ``data`` is left as it is.

        Raises:
            ArgumentError: it is no picture, or one of other channels than the input has.
        """
        size = self._shape(in_)[2:]
        out = self.picture(in_, data)  # a copy: the original changed float32 pictures in place
        if len(size) == 2 and out.shape[:2] != size:
            out = resize_image(out, size)
        try:
            return self._prepared(in_, out)
        except (ValueError, IndexError) as error:  # inputs of other than four axes, for one
            raise ArgumentError(f"what is set for the net's input '{in_}' cannot be done: {error}",
                                found=f"a picture of shape {np.shape(data)}") from None

    def _prepared(self, in_: str, out: Array) -> Array:
        if in_ in self.transpose:
            out = out.transpose(self.transpose[in_])
        if in_ in self.channel_swap:
            out = out[self.channel_swap[in_], :, :]
        if in_ in self.raw_scale:
            out *= self.raw_scale[in_]
        if in_ in self.mean:
            self._fits(in_, out)
            out -= self.mean[in_]
        if in_ in self.input_scale:
            out *= self.input_scale[in_]
        return out

    def picture(self, in_: str, data: Array) -> Array:
        """A float32 copy of a picture that ``preprocess`` can bring into shape.

        Raises:
            ArgumentError: it cannot.
        """
        shape = self._shape(in_)
        if isinstance(data, (str, bytes, os.PathLike)):
            raise ArgumentError("a picture is an array, not a file's name", found=repr(data),
                                fix="Write caffe.io.load_image(file).")
        try:
            out = np.array(data, np.float32)
        except (TypeError, ValueError) as error:
            raise ArgumentError(f"this is no picture: {error}", found=type(data).__name__,
                                allowed="an H x W x K array") from None
        axes = len(self.transpose.get(in_, ())) or (3 if in_ in self.channel_swap else out.ndim)
        fix = "Pictures go in one by one." if out.ndim > axes else None
        if out.ndim == 2 and axes == 3:
            raise self._channels(in_, out, "none")
        if out.size == 0 or out.ndim != axes or (len(shape) == 4 and out.ndim not in (2, 3)):
            raise ArgumentError(f"this is no picture for the net's input '{in_}'",
                                found=f"an array of shape {out.shape}",
                                allowed="H x W x K" if axes == 3 else f"{axes} axes", fix=fix)
        if len(shape) == 4 and out.ndim == 3:
            self._check_channels(in_, out)
        return out

    def _check_channels(self, in_: str, picture: Array) -> None:
        """Whether all that was set can be done to the channels, and the outcome goes into a blob
        (where one channel may stand for all)."""
        axis = self.transpose[in_][0] if in_ in self.transpose else 0
        count, wanted = picture.shape[axis], self.inputs[in_][1]
        swapped, mean = in_ in self.channel_swap, self.mean.get(in_)
        if in_ not in self.transpose and not swapped and mean is None:
            return  # nothing was said about the order of axes
        if in_ not in self.transpose and count != wanted and picture.shape[2] == wanted:
            raise ArgumentError(
                f"the net's input '{in_}' takes K x H x W", found=f"shape {picture.shape}",
                fix=f"Call set_transpose({in_!r}, (2, 0, 1)) first.")
        if count != wanted and (count != 1 or swapped
                                or (mean is not None and mean.shape[0] != 1)):
            raise self._channels(in_, picture, count)

    def _channels(self, in_: str, picture: Array, count: object) -> ArgumentError:
        wanted = self.inputs[in_][1]
        fix = {1: "Load it with caffe.io.load_image(file, color=False).",
               3: "Load it with caffe.io.load_image(file, color=True)."}.get(wanted)
        if count == 4 and wanted == 3:
            fix = "Leave out alpha: picture[:, :, :3]."
        elif picture.shape[:1] == (wanted,) and picture.ndim == 3:
            fix = "The picture seems to be K x H x W already; it is to come as H x W x K."
        return ArgumentError(
            f"the net's input '{in_}' has {wanted} channel{'s' * (wanted != 1)}, the picture "
            f"{count}", found=f"shape {picture.shape}", fix=fix)

    def deprocess(self, in_: str, data: Array) -> Array:
        """What ``preprocess`` did to a blob's picture, undone, but for the size.

        Raises:
            ArgumentError: what was set cannot have been done to it.
        """
        shape = self._shape(in_)
        axes = len(shape) - 1
        out = np.array(data, np.float32).squeeze()
        if out.ndim < axes and in_ in self.transpose:
            out = out.reshape(np.shape(data)[-axes:])  # one channel is still a channel
        needed = [np.shape(self.mean[in_])[0]] if in_ in self.mean else []
        needed += [len(self.channel_swap[in_])] if in_ in self.channel_swap else []
        if (in_ in self.transpose and out.ndim != axes) or any(
                out.ndim != 3 or n not in (1, out.shape[0]) for n in needed):
            raise ArgumentError(
                f"this is not what the net's input '{in_}' holds", found=f"shape {np.shape(data)}",
                allowed=f"one picture of shape {shape[1:]}",
                fix=f"Pass net.blobs[{in_!r}].data[0].")
        if in_ in self.input_scale:
            out /= self.input_scale[in_]
        if in_ in self.mean:
            self._fits(in_, out)
            out += self.mean[in_]
        if in_ in self.raw_scale:
            out /= self.raw_scale[in_]
        if in_ in self.channel_swap:
            out = out[np.argsort(self.channel_swap[in_]), :, :]
        if in_ in self.transpose:
            out = out.transpose(np.argsort(self.transpose[in_]))
        return out

    def _fits(self, in_: str, out: Array) -> None:
        mean = self.mean[in_]
        if out.ndim == 3 and mean.shape[1:] not in ((1, 1), out.shape[1:]):
            raise ArgumentError(f"the mean of the net's input '{in_}' is of another size",
                                found=f"{mean.shape} and a picture of {out.shape}")

    def set_transpose(self, in_: str, order: Sequence[int]) -> None:
        """The picture's axes in the blob's order: (2, 0, 1) for H x W x K to K x H x W."""
        axes = len(self._shape(in_)) - 1
        given = _whole_numbers(order)
        if given is None or sorted(given) != list(range(axes)):
            raise ArgumentError("the order must name each of the input's axes but the first once",
                                found=order, allowed=f"an order of {tuple(range(axes))}")
        self.transpose[in_] = given

    def set_channel_swap(self, in_: str, order: Sequence[int]) -> None:
        """The order of channels, after the transpose: (2, 1, 0) for RGB to BGR."""
        channels = self._shape(in_)[1]
        given = _whole_numbers(order)
        if given is None or len(given) != channels or not set(given) <= set(range(channels)):
            raise ArgumentError("the order must name as many channels as the input has",
                                found=order, allowed=f"an order of {tuple(range(channels))}")
        self.channel_swap[in_] = given

    def set_raw_scale(self, in_: str, scale: float) -> None:
        """What to multiply with before the mean is taken off: 255 for nets that saw 0..255."""
        self.raw_scale[in_] = self._scale(in_, scale)

    def set_mean(self, in_: str, mean: Array) -> None:
        """What to take off: one number a channel, or a K x H x W (or H x W) picture.

        A picture of another size than the input is resized.

        Raises:
            ArgumentError: the mean does not fit the input's channels.
        """
        shape = self._shape(in_)
        if isinstance(mean, (str, bytes, os.PathLike)):
            raise ArgumentError("Mean given by a file's name", found=repr(mean), fix=(
                "Write np.load(file), or for a .binaryproto caffe.io.blobproto_to_array(blob)[0]."))
        try:
            mean = np.array(mean, np.float32)
        except (TypeError, ValueError):
            raise ArgumentError("Mean is no array of numbers", found=type(mean).__name__, fix=(
                "Of a BlobProto: caffe.io.blobproto_to_array(blob)[0].")) from None
        given = mean.shape
        if mean.ndim == 1:
            if mean.shape != shape[1:2]:
                raise ArgumentError("Mean channels incompatible with input.",
                                    found=f"{len(mean)} numbers", allowed=f"{shape[1]} channels")
            mean = mean[:, None, None]
        elif mean.ndim == 2:
            mean = mean[None]
        if mean.ndim != 3 or mean.shape[0] not in (1, *shape[1:2]) or 0 in mean.shape:
            fix = None
            if mean.ndim == 4 and len(mean) == 1:
                fix = "Pass mean[0]."
            elif mean.ndim == 3 and mean.shape[2:] == shape[1:2]:
                fix = "Pass mean.transpose(2, 0, 1)."
            raise ArgumentError("Mean shape invalid", found=f"shape {given}", fix=fix,
                                allowed=f"{shape[1]} numbers, or a picture of shape {shape[1:]}")
        if mean.shape[1:] not in ((1, 1), shape[2:]):
            mean = resize_image(mean.transpose(1, 2, 0), shape[2:]).transpose(2, 0, 1)
        self.mean[in_] = mean

    def set_input_scale(self, in_: str, scale: float) -> None:
        """What to multiply with after the mean is taken off."""
        self.input_scale[in_] = self._scale(in_, scale)

    def _scale(self, in_: str, scale: float) -> float:
        self._shape(in_)
        if isinstance(scale, (str, bytes)) or np.asarray(scale).dtype.kind not in "biuf":
            raise ArgumentError(f"the scale of the net's input '{in_}' is a number",
                                found=repr(scale))
        return scale


def _whole_numbers(order: Any) -> tuple[int, ...] | None:
    try:
        numbers = tuple(order)
        return tuple(int(n) for n in numbers) if all(n == int(n) for n in numbers) else None
    except (TypeError, ValueError):
        return None
