"""Frames of bytes: what goes in comes out, and what they look like."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from caffepy.errors import DataError
from caffepy.matlab import frames
from caffepy.matlab.frames import Handles


def through(*values):
    frame = b"".join(frames.packed(values))
    length, = frames.LENGTH.unpack(frame[:8])
    assert length == len(frame) - 8 and length % 8 == 0
    return frames.unpacked(frame[8:])


@pytest.mark.parametrize("value", [
    "", "conv1", "Größe \udcff", [], ["data"], ["a", "", "näme"],
    Handles(281474976710655.0, (1, 2**40)), Handles(0.0, ()),
    {"names": ["a"], "of": Handles(1.0, (3,)), "inner": {"text": "x"}},
])
def test_texts_handles_and_structs(value):
    assert through(value, "after") == [value, "after"]


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (5, 4, 3, 2), (1, 1, 2)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arrays(shape, dtype):
    array = np.random.default_rng(0).random(shape).astype(dtype)
    back, after = through(array, "after")
    assert back.dtype == dtype and after == "after"
    # MATLAB has no fewer than two axes, of which the second is the slower one
    assert back.shape == {0: (1, 1), 1: (1, *shape)}.get(len(shape), shape)
    assert back.tobytes() == array.tobytes()


def test_an_array_lies_as_matlab_wants_it():
    array = np.arange(6, dtype=np.float32).reshape(2, 3)    # 3 x 2 there, columns 0 1 2 and 3 4 5
    body = b"".join(frames.packed([array]))[8:]
    assert body == struct.pack("<2I2Q6f", 3, 2, 3, 2, *range(6))


def test_large_arrays_are_not_copied():
    array = np.zeros((100, 100), np.float32)
    assert any(np.shares_memory(np.frombuffer(piece, np.uint8), array)
               for piece in frames.packed([array]) if len(piece) == array.nbytes)


def test_other_orders_are_put_right():
    array = np.arange(6, dtype=np.float32).reshape(2, 3).T
    assert (through(array)[0] == array).all()


@pytest.mark.parametrize("body", [
    b"\x01", struct.pack("<2I", 1, 9), struct.pack("<2I", 99, 0),
    struct.pack("<2IQ", 3, 1, 2**60), struct.pack("<2I", 6, 1)])
def test_what_is_no_frame_is_an_error(body):
    with pytest.raises(DataError, match="cannot be read"):
        frames.unpacked(body)
