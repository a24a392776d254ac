"""Layers of Caffe's forks for sequences."""

from __future__ import annotations

import numpy as np

from fuzz.draw import Draw, Shape
from fuzz.layers import FILLER, Bottom, Made, layer


@layer("ContinuationIndicator")
def continuation_indicator(draw: Draw) -> Made:
    return Made(f"continuation_indicator_param {{ time_step: {draw.integer(1, 5)} "
                f"batch_size: {draw.integer(1, 4)} }}", [])


@layer("Reverse")
def reverse(draw: Draw) -> Made:
    shape = draw.shape(1500)
    return Made(f"reverse_param {{ axis: {draw.integer(0, len(shape) - 1)} }}", [Bottom(shape)])


@layer("Transpose")
def transpose(draw: Draw) -> Made:
    shape = draw.shape(1500)
    order = draw.rng.permutation(len(shape)).tolist()
    return Made(f"transpose_param {{ {' '.join(f'dim: {d}' for d in order)} }}", [Bottom(shape)])


class Flags(Bottom):
    """Indicators, T x N, of sequences that are as long as they can be."""

    def values(self, draw: Draw, shape: Shape) -> np.ndarray:
        return np.ones(shape, np.float32)


class Columns(Bottom):
    """Labels, T x N, up to two for each sequence."""

    def values(self, draw: Draw, shape: Shape) -> np.ndarray:
        values = -np.ones(shape, np.float32)
        values[0] = draw.rng.integers(0, self.most + 1, shape[1])
        values[1] = draw.rng.integers(-1, self.most + 1, shape[1])
        return values


def sequences(draw: Draw) -> tuple[int, int, int]:
    """T, N and C."""
    draw.kind = "normal"
    return draw.integer(3, 9), draw.integer(1, 4), draw.integer(3, 8)


@layer("CTCLoss")
def ctc_loss(draw: Draw) -> Made:
    t, n, c = sequences(draw)
    words = draw.pick(("", "ctc_merge_repeated: false", "preprocess_collapse_repeated: true"))
    return Made(f"ctc_loss_param {{ {words} }}",
                [Bottom((t, n, c), "normal", batch=None), Flags((t, n), "ones", batch=None),
                 Columns((t, n), "columns", c - 2, batch=None)], terms=1000)


@layer("CtcLoss")
def ctc_loss_of_crnn(draw: Draw) -> Made:
    t, n, c = sequences(draw)
    return Made(f"ctc_loss_param {{ alphabet_size: {c} time_step: {t} }}",
                [Bottom((t, n, c), "normal", batch=None),
                 Bottom((n, 2), "labels", c - 1, batch=None)], terms=1000)


@layer("WarpCTCLoss")
def warp_ctc_loss(draw: Draw) -> Made:
    t, n, c = sequences(draw)
    return Made("", [Bottom((t, n, c), "normal", batch=None),
                     Bottom((n, 2), "labels", c - 1, batch=None)], terms=1000)


@layer("CTCGreedyDecoder")
def ctc_greedy_decoder(draw: Draw) -> Made:
    t, n, c = sequences(draw)
    return Made("", [Bottom((t, n, c), "normal", batch=None),
                     Bottom((t, n), "labels", 1, batch=None)], tops=2, phases=("TEST",), apart=True,
                open=False)


@layer("Lstm")
def lstm(draw: Draw) -> Made:
    t, n, c = sequences(draw)
    fillers = f"weight_filler {FILLER} bias_filler {FILLER}"
    return Made(f"lstm_param {{ num_output: {draw.integer(1, 6)} {fillers} }}",
                [Bottom((t, n, c), "normal", batch=1)], terms=1000)
