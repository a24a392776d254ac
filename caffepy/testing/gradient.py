"""Backward held against central differences, as Caffe's GradientChecker does, and against what
the layer declares of itself.

    check_gradient('type: "ReLU"', (2, 3), kink=0, kink_range=0.02)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.testing import assert_allclose

from caffepy.core.blob import Blob
from caffepy.core.layer import Layer
from caffepy.testing.building import ENGINES, SEED, Built, build, feed, random, run


def check_gradient(
    line: str,
    *bottoms: Any,
    kink: float | None = None,
    kink_range: float = 0,
    corners: Sequence[float] = (),
    inplace: bool = False,
    propagate_down: Sequence[bool] | None = None,
    step: float = 1e-2,
    threshold: float = 1e-3,
    phase: str = "TRAIN",
    seed: int = SEED,
    tops: Sequence[int] | None = None,
    other_batch: bool = True,
) -> None:
    """Compare backward with central differences, in float64, as Caffe's GradientChecker does.

    The objective is the sum of the tops' values under random weights (for a loss, the loss
    alone). On the way it is checked that bottom gradients are overwritten, that parameter
    gradients are added to, that nothing is written to a bottom with ``propagate_down`` off, that
    backward reads no values but those that the layer ``keeps``, that the layer works for another
    batch size, and that every engine at hand has the same gradients in float32.

    Args:
        kink, kink_range: bottom values with | |x| - kink | <= kink_range are left out, since
            the function has a corner there.
        corners: the same for corners that are not symmetric, such as 0 and 6 of ReLU6.
        propagate_down: all but label bottoms by default.
        tops: indices of the tops in the objective.
    """
    built = build(line, *bottoms, phase=phase, dtype=np.float64, engines=("reference",),
                  inplace=inplace, seed=seed)
    layer, bottom, top = built
    corners = [*corners, *([] if kink is None else [kink, -kink])]
    wanted = list(propagate_down or (i not in layer.labels for i in range(len(bottom))))
    values = [blob.data.copy() for blob in bottom]
    counted = tops or ((0,) if layer.loss else range(len(top)))
    weights = [random(*y.shape, seed=seed + 50 + i) if i in counted else np.zeros(y.shape)
               for i, y in enumerate(run(built, values))]

    def objective() -> float:
        return sum(float((w * y).sum()) for w, y in zip(weights, run(built, values), strict=True))

    bottom_grads, param_grads = _backward(built, values, weights, wanted)
    if not layer.opaque:
        _check_keeps(built, values, weights, wanted, (bottom_grads, param_grads))
    for engine in ENGINES[1:]:
        _check_engine(build(line, *values, phase=phase, engines=(engine, "reference"),
                            inplace=inplace, seed=seed),
                      layer, values, weights, wanted, (bottom_grads, param_grads))
    checked: list[tuple[str, Any, Any]] = [
        (f"bottom {i}", values[i], bottom_grads[i]) for i, on in enumerate(wanted) if on]
    checked += [(f"parameter {i}", blob, param_grads[i]) for i, blob in enumerate(layer.blobs)]
    for what, x, computed in checked:
        for index in np.ndindex(x.shape):
            if what.startswith("bottom") and any(
                    abs(x[index] - corner) <= kink_range for corner in corners):
                continue
            numeric = _slope(objective, x, index, step)
            scale = max(abs(numeric), abs(computed[index]), 1)
            assert abs(numeric - computed[index]) <= threshold * scale, (
                f"{what} at {index}: backward {computed[index]:g}, numeric {numeric:g}"
            )
    if other_batch:
        _check_other_batch(built, values, lambda *doubled: build(
            line, *doubled, phase=phase, dtype=np.float64, engines=("reference",),
            inplace=inplace, seed=seed))


def _slope(
    objective: Callable[[], float], x: np.ndarray | Blob, index: tuple[int, ...], step: float
) -> float:
    """The central difference of the objective by one number of ``x``."""

    def at(value: float) -> float:
        # a blob must be asked for its data each time, to know that it was written
        (x.data if isinstance(x, Blob) else x)[index] = value
        return objective()

    old = float((x.data if isinstance(x, Blob) else x)[index])
    slope = (at(old + step) - at(old - step)) / (2 * step)
    at(old)
    return slope


def _backward(
    built: Built, values: Sequence[np.ndarray], weights: Sequence[np.ndarray],
    wanted: Sequence[bool],
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Copies of all gradients after one backward; parameters' without what was there before."""
    layer, bottom, top = built
    one_off = [[on and i != off for i, on in enumerate(wanted)] for off in range(len(bottom))]
    param_grads: list[np.ndarray] = []
    # parameters' gradients are added to what is there, which may be a zero not written out yet
    for propagate_down, before in [*((off, 0) for off in one_off), (wanted, 0), (wanted, 0.5)]:
        if not any(propagate_down) and not layer.blobs:
            continue  # a net would not call backward
        run(built, values)
        for blob in layer.blobs:
            blob.diff[...] = before or 1e3
            if not before:
                blob.grads.zero()
        for blob in bottom:
            blob.diff[...] = 1e3  # must be gone where a gradient is wanted, else still be there
        for blob, weight in zip(top, weights, strict=True):
            blob.diff[...] = weight
        untouched = [blob.diff.copy() for blob in bottom]
        layer.backward(top, propagate_down, bottom)
        for i, on in enumerate(propagate_down):
            if not on:
                assert_allclose(bottom[i].diff, untouched[i], err_msg=(
                    f"bottom {i}: propagate_down is off, and its gradient was written"))
        param_grads, last = [blob.diff - before for blob in layer.blobs], param_grads
        for i, (one, other) in enumerate(zip(param_grads, last, strict=False)):
            rounding = np.finfo(layer.dtype).eps * 1e3 * max(1, float(np.abs(other).max(initial=0)))
            assert_allclose(one, other, atol=rounding, err_msg=(
                f"parameter {i}: its gradient is not added to what was there"))
    return [blob.diff.copy() for blob in bottom], param_grads


def _check_keeps(
    built: Built, values: Sequence[np.ndarray], weights: Sequence[np.ndarray],
    wanted: Sequence[bool], expected: tuple[list[np.ndarray], list[np.ndarray]],
) -> None:
    """Backward needs none of the values that the layer does not declare: others may have taken
    their room by then."""
    layer, bottom, top = built
    run(built, values)
    kept = {blob.values.memory for blob in layer.kept(bottom, top)}
    if "sign" in layer.keeps and "bottom" not in layer.keeps:
        for blob in bottom:
            blob.data[...] = np.sign(blob.data) * 7
    for blob in (*bottom, *top):
        if blob.values.memory not in kept:
            blob.data[...] = np.nan
    for blob in layer.blobs:
        blob.diff[...] = 0
    for blob, weight in zip(top, weights, strict=True):
        blob.diff[...] = weight
    layer.backward(top, wanted, bottom)
    pairs: list[tuple[str, Any, Any]] = [
        (f"bottom {i}", bottom[i], expected[0][i]) for i, on in enumerate(wanted) if on]
    pairs += [(f"parameter {i}", blob, expected[1][i]) for i, blob in enumerate(layer.blobs)]
    for what, blob, gradient in pairs:
        assert_allclose(blob.diff, gradient, rtol=1e-6, atol=1e-9, err_msg=(
            f"{what}: backward reads values that are not among its keeps, {layer.keeps}"))


def _check_engine(
    built: Built, layer: Layer, values: Sequence[np.ndarray], weights: Sequence[np.ndarray],
    wanted: Sequence[bool], expected: tuple[list[np.ndarray], list[np.ndarray]],
) -> None:
    """An engine's gradients, of the same parameters and in float32, are the reference kernels'."""
    for blob, other in zip(built[0].blobs, layer.blobs, strict=True):
        blob.data[...] = other.data
    bottom_grads, param_grads = _backward(built, values, weights, wanted)
    name = built[0].context.engines[0].name
    pairs: list[tuple[str, Any, Any]] = [(f"bottom {i}", bottom_grads[i], expected[0][i])
             for i, on in enumerate(wanted) if on]
    pairs += [(f"parameter {i}", ours, expected[1][i]) for i, ours in enumerate(param_grads)]
    for what, one, other in pairs:
        largest = float(np.abs(other).max(initial=0))
        assert_allclose(one, other, rtol=2e-3, atol=1e-4 * max(largest, 1), err_msg=(
            f"{what}: {name}'s gradient is not the reference kernels'"))


def _check_other_batch(
    built: Built, values: Sequence[np.ndarray], rebuild: Callable[..., Built]
) -> None:
    """Twice the batch gives what a new layer gives, and coming back what there was."""
    layer, bottom, top = built
    doubled = [np.concatenate([x, x]) if x.ndim else x for x in values]
    for batch in (doubled, values):
        feed(bottom, batch)
        layer.reshape(bottom, top)
        expected = run(rebuild(*batch), batch)
        for y, other in zip(run(built, batch), expected, strict=True):
            assert_allclose(y, other, err_msg="after reshape, unlike a newly built layer")
