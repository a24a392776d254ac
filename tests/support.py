"""What layer tests are made of: build a layer from a prototxt line, check its gradient, run a case.

    layer, bottom, top = build('type: "ReLU" relu_param { negative_slope: 0.1 }', (2, 3))
    layer.forward(bottom, top)
    assert_allclose(top[0].data, ...)
    check_gradient('type: "ReLU"', (2, 3), kink=0, kink_range=0.02)

A layer is built from text, so a test is its usage example and proves the wiring of its parameters.
A bottom is given as an array, or as a shape that is filled with numbers from N(0, 1).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.testing import assert_allclose

from caffepy import kernels
from caffepy.core import registry
from caffepy.core.blob import Blob
from caffepy.core.context import Context
from caffepy.core.layer import Layer, count_range
from caffepy.core.memory import Place
from caffepy.proto import caffe_pb2, text

SEED = 1701
REFERENCE = Path(__file__).parent / "reference"
Built = tuple[Layer, list[Blob], list[Blob]]


def available_engines() -> list[str]:
    """The engines that can serve on this machine."""

    def serves(name: str) -> bool:
        try:
            kernels.engine(name)
        except kernels.Unsupported:
            return False
        return True

    return [name for name in reversed(kernels.NAMES) if serves(name)]


ENGINES = available_engines()

# every update rule, with settings that suit it
RULES = {
    "SGD": "momentum: 0.9", "Nesterov": "momentum: 0.9", "AdaGrad": "delta: 1e-3",
    "RMSProp": "rms_decay: 0.9 delta: 1e-3", "AdaDelta": "momentum: 0.95 delta: 1e-3",
    "Adam": "momentum: 0.9 momentum2: 0.99 delta: 1e-3",
}


def random(*shape: int, seed: int = SEED) -> np.ndarray:
    """Numbers from N(0, 1), the same for the same shape and seed."""
    return np.random.default_rng(seed).standard_normal(shape)


def parse(line: str) -> Any:
    """The LayerParameter of a ``layer { ... }`` line, or of the inside of one."""
    net = caffe_pb2.NetParameter()
    text.parse(line if line.lstrip().startswith("layer") else f"layer {{ {line} }}", net)
    spec = net.layer[0]
    spec.name = spec.name or "layer"
    return spec


def build(
    line: str,
    *bottoms: Any,
    phase: str = "TRAIN",
    dtype: Any = np.float32,
    engines: Sequence[str] | None = None,
    inplace: bool = False,
    seed: int = SEED,
) -> Built:
    """A layer, set up and reshaped, with its bottom and top blobs.

    Args:
        line: prototxt; its ``top`` entries say how many tops there are, else the least that
            the type allows.
        bottoms: arrays or shapes.
        inplace: the first top is the first bottom.
    """
    spec = parse(line)
    cls = registry.get(spec.type).cls
    context = Context(seed=seed, engines=engines)
    layer = cls(spec, phase=caffe_pb2.Phase.Value(phase), context=context, dtype=dtype)
    bottom = [Blob((0,), dtype, context.mover) for _ in bottoms]
    feed(bottom, bottoms)
    least_tops, most_tops = count_range(cls.tops, len(bottom))
    top = [Blob((0,), dtype, context.mover) for _ in range(len(spec.top) or least_tops)]
    if inplace:
        assert cls.inplace, f"{spec.type} does not run in place"
        top[0] = bottom[0]
    for blobs, (least, most) in (
        (bottom, count_range(cls.bottoms)), (top, (least_tops, most_tops)),
    ):
        assert least <= len(blobs) and (most is None or len(blobs) <= most), (
            f"{spec.type} has bottoms {cls.bottoms!r} and tops {cls.tops!r}, "
            f"not {len(bottom)} and {len(top)}"
        )
    layer.setup(bottom, top)
    layer.reshape(bottom, top)
    return layer, bottom, top


def feed(blobs: Sequence[Blob], values: Sequence[Any]) -> None:
    """Give the blobs these values (arrays or shapes) and their shapes."""
    for index, (blob, value) in enumerate(zip(blobs, values, strict=True)):
        if isinstance(value, tuple):
            value = random(*value, seed=SEED + index)
        array = np.asarray(value)
        blob.reshape(*array.shape)
        blob.values.overwrite(Place.HOST)[...] = array


def run(built: Built, values: Sequence[Any]) -> list[np.ndarray]:
    """Forward, always with the same random draws; copies of the tops' values."""
    layer, bottom, top = built
    feed(bottom, values)
    layer.position = 0
    if layer.always_reshape:
        layer.reshape(bottom, top)
    layer.forward(bottom, top)
    return [blob.data.copy() for blob in top]


def check_gradient(
    line: str,
    *bottoms: Any,
    kink: float | None = None,
    kink_range: float = 0,
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
        propagate_down: all but label bottoms by default.
        tops: indices of the tops in the objective.
    """
    built = build(line, *bottoms, phase=phase, dtype=np.float64, engines=("reference",),
                  inplace=inplace, seed=seed)
    layer, bottom, top = built
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
    checked = [(f"bottom {i}", values[i], bottom_grads[i]) for i, on in enumerate(wanted) if on]
    checked += [(f"parameter {i}", blob, param_grads[i]) for i, blob in enumerate(layer.blobs)]
    for what, x, computed in checked:
        for index in np.ndindex(x.shape):
            if what.startswith("bottom") and kink is not None:
                if abs(abs(x[index]) - kink) <= kink_range:
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
    for what, blobs, grads in (("bottom", bottom, expected[0]), ("parameter", layer.blobs,
                                                                 expected[1])):
        for i, (blob, grad) in enumerate(zip(blobs, grads, strict=False)):
            if what == "parameter" or wanted[i]:
                assert_allclose(blob.diff, grad, rtol=1e-6, atol=1e-9, err_msg=(
                    f"{what} {i}: backward reads values that are not among its keeps, "
                    f"{layer.keeps}"))


def _check_engine(
    built: Built, layer: Layer, values: Sequence[np.ndarray], weights: Sequence[np.ndarray],
    wanted: Sequence[bool], expected: tuple[list[np.ndarray], list[np.ndarray]],
) -> None:
    """An engine's gradients, of the same parameters and in float32, are the reference kernels'."""
    for blob, other in zip(built[0].blobs, layer.blobs, strict=True):
        blob.data[...] = other.data
    bottom_grads, param_grads = _backward(built, values, weights, wanted)
    name = built[0].context.engines[0].name
    for what, ours, theirs in (("bottom", bottom_grads, expected[0]),
                               ("parameter", param_grads, expected[1])):
        for i, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            if what == "parameter" or wanted[i]:
                largest = float(np.abs(other).max(initial=0))
                assert_allclose(one, other, rtol=2e-3, atol=1e-4 * max(largest, 1), err_msg=(
                    f"{what} {i}: {name}'s gradient is not the reference kernels'"))


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


def case_names() -> list[str]:
    """The names of all recorded layer cases."""
    return sorted(path.stem for path in (REFERENCE / "layers").glob("*.npz"))


def same(ours: Any, expected: Any, rtol: float = 1e-4, atol: float = 1e-5, what: str = "") -> None:
    """The numbers are equal, within bounds that TF32 loosens on a GPU that may use it.

    TF32 rounds factors to 11 bits, so a sum of products is off by up to 1e-3 of its largest
    terms, and what follows by a few times as much.
    """
    if tf32_on_a_real_gpu():
        rtol, atol = 2e-2, 1e-2 * max(1.0, float(np.abs(expected).max(initial=0)))
    assert_allclose(ours, expected, rtol, atol, err_msg=what)


ROUNDINGS = 16  # of half an epsilon each: numbers on their way through a small net
HALF_EPSILON = {"float16": 2.0**-10, "bfloat16": 2.0**-7}


def same_in_half(ours: Any, expected: Any, precision: str, what: str = "", ties: bool = False
                 ) -> None:
    """Equal as a whole, but for what some roundings of all that it is made of change.

    The difference is measured against the size of the whole, since single numbers may be sums that
    nearly cancel.

    Args:
        ties: values that rounding makes equal may win a window that others would have won.
    """
    most = 0.25 if ties else ROUNDINGS * HALF_EPSILON[precision] / 2
    norm = max(float(np.linalg.norm(expected)), 1e-3 * np.sqrt(expected.size))
    apart = float(np.linalg.norm(np.asarray(ours, np.float64) - expected)) / norm
    assert apart <= most, f"{what}: off by {apart:.3g} of its norm, allowed {most:.3g}"


def tf32_on_a_real_gpu() -> bool:
    """Whether these tests run on a device that rounds factors; the fake one does not."""
    return os.environ.get("CAFFEPY_TEST_GPU") == "1" and os.environ.get("CAFFEPY_TF32") != "0"


def run_case(
    name: str, engines: Sequence[str] | None = None, *, dtype: Any = np.float32,
    rtol: float = 1e-4, atol: float = 1e-5, device: str | int = "cpu",
    precision: str | None = None,
) -> None:
    """Run a net recorded from the original: forward, backward, and compare every number.

    Args:
        name: of a case in tests/reference/layers, or a path to one.
        precision: "float16" or "bfloat16": activations lie so, and bounds are wide.
    """
    from caffepy.core.net import Net

    path = Path(name) if str(name).endswith(".npz") else REFERENCE / "layers" / f"{name}.npz"
    with np.load(path) as file:
        case = dict(file)
    spec = caffe_pb2.NetParameter()
    text.parse(str(case.pop("prototxt")), spec)
    net = Net(spec, int(case.pop("phase")), context=Context(
        device, seed=SEED, engines=engines, precision=precision), dtype=dtype)

    def array(key: str) -> np.ndarray:
        kind, owner, *index = key.split("/")
        blob = net.params[owner][int(index[0])] if index else net.blobs[owner]
        return blob.diff if kind.endswith("diff") else blob.data

    def put(*kinds: str) -> None:
        for key, value in case.items():
            if key.split("/")[0] in kinds:
                array(key)[...] = value

    def compare(*kinds: str) -> None:
        for key, value in case.items():
            if key.split("/")[0] in kinds:
                assert array(key).shape == value.shape, key
                if precision:
                    ties = "pool_max" in name and key.startswith("bottom_diff")
                    same_in_half(array(key), value, precision, f"{name}: {key}", ties)
                else:
                    same(array(key), value, rtol, atol, key)

    put("param", "bottom")
    net.forward()
    compare("top", "param_after")
    if any(key.endswith("_diff") or "_diff/" in key for key in case):
        put("top_diff")
        net.clear_param_diffs()
        net.backward()
        compare("bottom_diff", "param_diff")
    net.close()

