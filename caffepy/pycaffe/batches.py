"""Net.forward_all and its kin: more data than a batch has, cut into batches and put together."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from caffepy.errors import ConfigError, ShapeError

Arrays = dict[str, Any]  # blob name to ndarray


class Batched(Protocol):
    """What is asked of a pycaffe Net here."""

    _caffepy: Any

    @property
    def inputs(self) -> list[str]: ...

    @property
    def outputs(self) -> list[str]: ...

    def forward(self, blobs: Sequence[str] | None = None, **inputs: Any) -> Arrays: ...

    def backward(self, diffs: Sequence[str] | None = None, **tops: Any) -> Arrays: ...

    def _batch(self, blobs: Mapping[str, Any]) -> Iterator[Arrays]: ...


def cut(arrays: Mapping[str, Any], size: int) -> Iterator[Arrays]:
    """Batches of ``size`` items of each array; the last is filled up with zeros.

    Raises:
        ShapeError: arrays of different lengths.
    """
    whole = {name: np.asarray(array) for name, array in arrays.items()}
    count = _length(whole)
    for start in range(0, count, size):
        batch = {name: array[start : start + size] for name, array in whole.items()}
        lacking = start + size - count
        if lacking > 0:
            batch = {name: np.concatenate([part, np.zeros((lacking, *part.shape[1:]), part.dtype)])
                     for name, part in batch.items()}
        yield batch


def forward_all(net: Batched, blobs: Sequence[str] | None, inputs: Mapping[str, Any]) -> Arrays:
    """See Net.forward_all."""
    if not inputs:
        raise ConfigError("forward_all needs an array for each input of the net",
                          where=net._caffepy.place, allowed=", ".join(net.inputs) or "none",
                          fix="A net that reads its own data runs one batch by forward().")
    parts: list[Arrays] = []
    for batch in net._batch(inputs):
        parts.append(_copies(net.forward(blobs=blobs, **batch)))
    return _joined(parts, _length(inputs), _size(net))


def forward_backward_all(
    net: Batched,
    blobs: Sequence[str] | None,
    diffs: Sequence[str] | None,
    arrays: Mapping[str, Any],
) -> tuple[Arrays, Arrays]:
    """See Net.forward_backward_all."""
    inputs = {name: arrays[name] for name in net.inputs if name in arrays}
    tops = {name: arrays[name] for name in net.outputs if name in arrays}
    unknown = sorted(set(arrays) - set(inputs) - set(tops))
    if unknown or not arrays:
        raise ConfigError("forward_backward_all takes arrays for the net's inputs and outputs",
                          where=net._caffepy.place, found=", ".join(unknown) or "none",
                          allowed=", ".join([*net.inputs, *net.outputs]))
    values: list[Arrays] = []
    gradients: list[Arrays] = []
    batches: Iterator[Arrays] = net._batch(inputs) if inputs else iter(())
    seeds: Iterator[Arrays] = net._batch(tops) if tops else iter(())
    nothing: Arrays = {}
    for batch, seed in itertools.zip_longest(batches, seeds, fillvalue=nothing):
        values.append(_copies(net.forward(blobs=blobs, **batch)))
        gradients.append(_copies(net.backward(diffs=diffs, **seed)))
    count, size = _length(arrays), _size(net)
    return _joined(values, count, size), _joined(gradients, count, size)


def _size(net: Batched) -> int:
    return net._caffepy.blob_list[0].shape[0]


def _length(arrays: Mapping[str, Any]) -> int:
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise ShapeError("the arrays must have equally many items", found=lengths)
    return next(iter(lengths.values()), 0)


def _copies(views: Arrays) -> Arrays:
    return {name: np.array(view, ndmin=1) for name, view in views.items()}


def _joined(parts: list[Arrays], count: int, size: int) -> Arrays:
    """The batches one after the other, without the rows that filled up the last.

    A blob with k rows per item loses k for each; one of another length, such as a scalar loss,
    has no rows of items and keeps all.
    """
    joined = {}
    for name in parts[0] if parts else ():
        rows, padded = np.concatenate([part[name] for part in parts]), len(parts) * size
        joined[name] = rows[: len(rows) * count // padded] if len(rows) % padded == 0 else rows
    return joined
