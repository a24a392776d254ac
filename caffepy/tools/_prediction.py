"""What classify and detect share: their flags, and the device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from caffepy.cli import gflags
from caffepy.services import devices
from caffepy.services.prediction import MEAN, MODEL, WEIGHTS


class Device(gflags.Flag):
    """``--gpu`` as the scripts had it, a switch; a number right after it chooses the device."""

    def bare(self, following: str | None) -> str | None:
        return None if following is not None and following.isdigit() else "0"


def flags(function: Callable[..., Any]) -> Callable[..., Any]:
    """The decorator that gives a command the flags of both tools."""
    for flag in reversed((
        gflags.flag("model_def", gflags.FILE, MODEL, "The deploy prototxt."),
        gflags.flag("pretrained_model", gflags.FILE, WEIGHTS, "The weights."),
        Device("gpu", str, "", "Compute on the GPU; a number chooses which."),
        gflags.flag("mean_file", gflags.FILE, None,
                    "The mean picture, .npy or .binaryproto; empty for none. Without it the net's "
                    f"file says, else {MEAN}."),
        gflags.flag("mean_value", str, "", "Instead of a file: one number a channel, in BGR."),
        gflags.flag("input_scale", float, None,
                    "Multiply with this after the mean is off; without it the net's file says."),
        gflags.flag("raw_scale", float, 255.0, "Multiply pixels in [0, 1] with this before."),
        gflags.flag("channel_swap", str, "2,1,0",
                    "The order of channels; 2,1,0 makes BGR of RGB. Empty for none."),
        gflags.flag("labels", gflags.FILE, "", "The names of the classes, one a line, instead of "
                    "those in the net's file."),
        gflags.flag("top", int, 5, "How many classes are printed; 0 prints none."),
    )):
        flag(function)
    return function


def use_device(gpu: str) -> None:
    """Nets that are made from here on compute there.

    Raises:
        ConfigError, DeviceError: no such device; the message says what is missing.
    """
    from caffepy import mode

    numbers = devices.choose(gpu)
    if numbers:
        mode.set_device(numbers[0])
        mode.set_mode_gpu()
