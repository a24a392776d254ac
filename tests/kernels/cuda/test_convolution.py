"""Convolution by cuDNN, on the fake device: all directions against the reference kernel, and how
orders and algorithms are chosen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from kernels.cuda.pairs import ORDERS, Pairs, normal

from caffepy.core.memory import Place
from caffepy.errors import DeviceError
from caffepy.kernels.contract import Unsupported
from caffepy.kernels.cuda import algorithms, convolution, cudnn
from caffepy.kernels.operations.convolution import ConvolutionSpec


def spec_of(x, outputs, kernel, stride=None, pad=None, dilation=None, group=1, bias=True):
    ones, zeros = (1,) * len(kernel), (0,) * len(kernel)
    stride, pad, dilation = stride or ones, pad or zeros, dilation or ones
    out = [
        (size + 2 * p - d * (k - 1) - 1) // s + 1
        for size, k, s, p, d in zip(x[2:], kernel, stride, pad, dilation, strict=True)
    ]
    return ConvolutionSpec(x, (outputs, x[1] // group, *kernel), (x[0], outputs, *out),
                           stride, pad, dilation, group, bias)


CASES = {
    "one channel": spec_of((4, 1, 9, 8), 3, (5, 4)),
    "three channels, stride": spec_of((2, 3, 13, 12), 4, (5, 3), (4, 3)),
    "padding beyond what is used": spec_of((2, 3, 8, 8), 5, (3, 3), (2, 2), (1, 1)),
    "group 2": spec_of((2, 6, 9, 9), 8, (3, 3), pad=(1, 1), group=2),
    "depthwise": spec_of((2, 5, 7, 7), 5, (3, 3), pad=(1, 1), group=5),
    "dilation": spec_of((2, 6, 12, 12), 9, (3, 3), pad=(2, 2), dilation=(2, 2), group=3),
    "1x1": spec_of((2, 6, 5, 4), 7, (1, 1)),
    "one pixel": spec_of((3, 6, 1, 1), 4, (1, 1)),
    "no bias": spec_of((2, 5, 6, 6), 7, (3, 3), bias=False),
    "one axis": spec_of((2, 4, 11), 6, (3,), (2,), (1,)),
    "three axes": spec_of((2, 2, 5, 6, 4), 3, (2, 3, 2), (1, 2, 1), (1, 0, 0)),
}
SMALL = spec_of((2, 4, 6, 5), 3, (3, 3))


@pytest.fixture
def pairs(gpu) -> Pairs:
    return Pairs()


def fake(pairs: Pairs):
    """The fake library behind the device's handle."""
    return pairs.device.cudnn.library.Create.library


def forward(pairs: Pairs, kernel, spec) -> None:
    """Run it on the device alone."""
    x, w, y = (pairs.twins(normal(shape))[0] for shape in (spec.x, spec.w, spec.y))
    b = pairs.twins(normal(spec.w[:1]))[0] if spec.bias else None
    with pairs.device.computing():
        kernel.forward(x, w, b, y)


# for two spatial axes in each order, planned and given; for others there is one
ALL = {
    f"{name}, {'nhwc' if last else 'nchw'} from {order}": (spec, last, order)
    for name, spec in CASES.items() for last in (False, True) for order in ORDERS
    if len(spec.x) == 4 or not (last or order.channels_last)
}


@pytest.mark.parametrize(("spec", "last", "order"), ALL.values(), ids=ALL)
def test_all_directions_equal_the_reference(pairs: Pairs, spec, last: bool, order) -> None:
    pairs.engine.settings = replace(pairs.engine.settings, layout="nhwc" if last else "nchw")
    x, dy = pairs.twins(normal(spec.x, 1), order), pairs.twins(normal(spec.y, 2), order)
    w = pairs.twins(normal(spec.w, 3))
    b = pairs.twins(normal(spec.w[:1], 4)) if spec.bias else (None, None)
    y, dx = pairs.blanks(spec.y), pairs.blanks(spec.x)
    dw, db = pairs.empty(spec.w), pairs.empty(spec.w[:1])

    def work(kernel, i: int) -> None:
        kernel.forward(x[i], w[i], b[i], y[i])
        kernel.backward_data(dy[i], w[i], dx[i])
        for _ in range(2):      # the second time is added
            kernel.backward_weights(x[i], dy[i], dw[i], db[i] if spec.bias else None)

    pairs.both(pairs.plans(spec), work)
    for pair in (y, dx, dw, *([db] if spec.bias else [])):
        pairs.same(pair)


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
def test_a_bias_of_more_numbers_than_kernels_count(
    pairs: Pairs, layout: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fake_cuda

    pairs.engine.settings = replace(pairs.engine.settings, layout=layout)
    spec = ConvolutionSpec((7, 3, 5, 6), (4, 3, 1, 1), (7, 4, 5, 6), (1, 1), (0, 0), (1, 1))
    monkeypatch.setattr(convolution, "LARGEST", 4 * 4 * 5 * 6 + 1)  # four pictures, and three
    x, dy = pairs.twins(normal(spec.x, 1)), pairs.twins(normal(spec.y, 2))
    w, b = pairs.twins(normal(spec.w, 3)), pairs.twins(normal(spec.w[:1], 4))
    y, db = pairs.blanks(spec.y), pairs.empty(spec.w[:1])

    def work(kernel, i: int) -> None:
        kernel.forward(x[i], w[i], b[i], y[i])
        for _ in range(2):
            kernel.backward_weights(x[i], dy[i], None, db[i])

    fake_cuda.streams.counts.reset()
    pairs.both(pairs.plans(spec), work)
    pairs.same(y)
    pairs.same(db)
    assert fake_cuda.streams.counts.launches["shift"] == 2
    monkeypatch.setattr(convolution, "LARGEST", 4 * 4 * 5 * 6 - 1)
    with pytest.raises(Unsupported, match="count a picture"):
        pairs.engine.plan(spec)


def test_a_search_keeps_the_gradient_that_was_there(pairs: Pairs) -> None:
    """The first backward pass of a kernel may have to add to what another one left."""
    spec = SMALL
    x, dy = pairs.twins(normal(spec.x, 1)), pairs.twins(normal(spec.y, 2))
    dw = pairs.twins(normal(spec.w, 3))
    pairs.both(pairs.plans(spec),
               lambda kernel, i: kernel.backward_weights(x[i], dy[i], dw[i], None))
    assert fake(pairs).searches == 1
    pairs.same(dw)


def test_weights_change_their_order_once_an_update(pairs: Pairs) -> None:
    kernel, _ = pairs.plans(SMALL)
    (x, _), (w, _), (y, _) = (pairs.twins(normal(shape)) for shape in (SMALL.x, SMALL.w, SMALL.y))
    with pairs.device.computing():
        x.write(Place.DEVICE_LAST)
        for _ in range(3):
            kernel.forward(x, w, None, y)
        assert pairs.mover.counts[Place.DEVICE, Place.DEVICE_LAST] == 2      # x, and w once
        w.write(Place.DEVICE)
        kernel.forward(x, w, None, y)
        kernel.backward_data(y, w, x)
    assert pairs.mover.counts[Place.DEVICE, Place.DEVICE_LAST] == 3
    assert pairs.mover.counts[Place.DEVICE_LAST, Place.DEVICE] == 0


def test_a_direction_that_cudnn_lacks_channels_last_reads_c_order(pairs: Pairs) -> None:
    fake(pairs).refused = {("BackwardData", True)}
    x, w, y = (pairs.twins(normal(s))[0] for s in (SMALL.x, SMALL.w, SMALL.y))
    kernel, _ = pairs.plans(SMALL)
    with pairs.device.computing():
        kernel.forward(x, w, None, y)
        kernel.backward_data(y, w, x)
    assert {(kind, last) for kind, _, _, last in fake(pairs).runs} == {
        ("Forward", True), ("BackwardData", False)}
    assert "data 1, 0.0 MiB (C order)" in kernel.detail


@pytest.mark.parametrize("deterministic", [False, True])
def test_what_is_suggested_and_does_not_run_is_done_another_way(
    pairs: Pairs, deterministic: bool
) -> None:
    pairs.engine.settings = replace(pairs.engine.settings, deterministic=deterministic)
    fake(pairs).failing = {("BackwardFilter", True)}
    x, dy = pairs.twins(normal(SMALL.x, 1), Place.DEVICE_LAST), pairs.twins(normal(SMALL.y, 2))
    dw, db = pairs.empty(SMALL.w), pairs.empty(SMALL.w[:1])
    pairs.both(pairs.plans(SMALL),
               lambda kernel, i: kernel.backward_weights(x[i], dy[i], dw[i], db[i]))
    pairs.same(dw)
    pairs.same(db)
    assert {(kind, last) for kind, _, _, last in fake(pairs).runs} == {("BackwardFilter", False)}


def test_a_convolution_that_runs_in_no_way_is_an_error(pairs: Pairs) -> None:
    fake(pairs).failing = {("Forward", True), ("Forward", False)}
    with pytest.raises(DeviceError, match="none of cuDNN's algorithms for forward runs"):
        forward(pairs, pairs.engine.plan(SMALL), SMALL)


def test_the_gradient_of_the_bias_alone_needs_no_search(pairs: Pairs) -> None:
    (x, _), (dy, _), (db, _) = (pairs.twins(normal(s)) for s in (SMALL.x, SMALL.y, SMALL.w[:1]))
    with pairs.device.computing():
        pairs.engine.plan(SMALL).backward_weights(x, dy, None, db)
    assert fake(pairs).searches == 0 and fake(pairs).runs == []


def test_what_cudnn_cannot_do_is_left_to_the_next_engine(pairs: Pairs) -> None:
    for spec in (spec_of((0, 2, 4, 4), 3, (3, 3)), spec_of((1, 2, 3, 3, 3, 3), 2, (1, 1, 1, 1)),
                 replace(SMALL, dtype="float64"), replace(SMALL, end=(2, 1))):
        with pytest.raises(Unsupported):
            pairs.engine.plan(spec)
    fake(pairs).refused = {("BackwardFilter", True), ("BackwardFilter", False)}
    with pytest.raises(Unsupported, match="no algorithm for weights"):
        pairs.engine.plan(SMALL)


def test_an_output_of_another_shape_is_not_planned(pairs: Pairs) -> None:
    odd = ConvolutionSpec((1, 2, 5, 5), (3, 2, 3, 3), (1, 3, 4, 4), (1, 1), (0, 0), (1, 1))
    with pytest.raises(Unsupported, match=r"output of shape \(1, 3, 3, 3\)"):
        pairs.engine.plan(odd)


# -- algorithms -----------------------------------------------------------------------------------


def test_equal_convolutions_are_searched_for_once(pairs: Pairs) -> None:
    first, second = pairs.engine.plan(SMALL), pairs.engine.plan(SMALL)
    for kernel in (first, first, second):
        forward(pairs, kernel, SMALL)
    assert fake(pairs).searches == 1
    forward(pairs, pairs.engine.plan(CASES["group 2"]), CASES["group 2"])
    assert fake(pairs).searches == 2
    assert first.detail == second.detail
    assert first.detail.startswith("forward implicit precomputed GEMM, 0.0 MiB (channels-last)")


@pytest.mark.parametrize(("word", "number", "math"), [
    ("1", 1, cudnn.DEFAULT_MATH), ("0", 0, cudnn.FMA_MATH)])
def test_tf32_is_a_setting(fake_gpu, monkeypatch, word: str, number: int, math: int) -> None:
    """A search reports algorithms with TF32 even where it is forbidden, and as the fastest."""
    monkeypatch.setenv("CAFFEPY_TF32", word)
    pairs = Pairs()
    forward(pairs, pairs.engine.plan(SMALL), SMALL)
    assert set(fake(pairs).runs) == {("Forward", number, math, word == "1")}


def test_deterministic_runs_are_not_timed(pairs: Pairs, monkeypatch) -> None:
    pairs.engine.settings = replace(pairs.engine.settings, deterministic=True)
    monkeypatch.setattr("fake_cuda.cudnn.FOUND", (
        (0, 0, 0.25, 0, 0), (1, 0, 0.5, 8, 1)))     # the fastest adds in any order
    forward(pairs, pairs.engine.plan(SMALL), SMALL)
    assert fake(pairs).searches == 0
    assert fake(pairs).runs[0][:2] == ("Forward", 1)


def test_the_fastest_that_fits_is_taken(pairs: Pairs, monkeypatch) -> None:
    count = int(np.prod(SMALL.y))
    monkeypatch.setattr("fake_cuda.cudnn.FOUND", (
        (4, 0, 0.1, 2**20, 1), (1, 0, 0.2, 64, 1), (0, 0, 0.3, 0, 1)))
    monkeypatch.setattr(algorithms, "WORKSPACE_LIMIT", 64 * count)
    forward(pairs, pairs.engine.plan(SMALL), SMALL)
    assert fake(pairs).runs[-1][1] == 1
    assert pairs.device.workspace(0).nbytes >= 64 * count
    monkeypatch.setattr(algorithms, "WORKSPACE_LIMIT", 64 * count - 1)
    other = spec_of((2, 4, 6, 5), 3, (3, 3), bias=False)
    forward(pairs, pairs.engine.plan(other), other)
    assert fake(pairs).runs[-1][1] == 0


def test_a_full_device_takes_what_needs_no_workspace(pairs: Pairs, monkeypatch) -> None:
    import fake_cuda

    kernel = pairs.engine.plan(SMALL)
    monkeypatch.setattr(fake_cuda.devices.Device, "mem_info", property(lambda self: (100, 2**31)))
    forward(pairs, kernel, SMALL)
    assert fake(pairs).runs[0][1] == 0


def test_descriptors_are_destroyed_with_the_kernel(pairs: Pairs) -> None:
    handle = pairs.device.cudnn
    kernel = pairs.engine.plan(SMALL)
    assert len(fake(pairs).objects) > 4
    del kernel
    assert list(fake(pairs).objects) == [handle._as_parameter_.value]


def test_work_is_queued_on_the_devices_stream(pairs: Pairs) -> None:
    handle = pairs.device.cudnn
    assert fake(pairs).objects[handle._as_parameter_.value].stream == pairs.device.stream.ptr


def test_a_graph_replays_the_convolution(pairs: Pairs) -> None:
    """Nothing of a run waits for the device or allocates once the algorithms are chosen."""
    kernel, reference = pairs.plans(SMALL)
    x, w, b = (pairs.twins(normal(s, 1)) for s in (SMALL.x, SMALL.w, SMALL.w[:1]))
    y = pairs.blanks(SMALL.y)
    device = pairs.device
    with device.computing():
        kernel.forward(x[0], w[0], b[0], y[0])
        x[0].read(Place.DEVICE)
        device.stream.begin_capture()
        w[0].write(Place.DEVICE)        # as after an update: the order must change in the graph
        kernel.forward(x[0], w[0], b[0], y[0])
        graph = device.stream.end_capture()
        w[0].write(Place.DEVICE)[...] *= 2
        w[1].write(Place.HOST)[...] *= 2
        graph.launch(device.stream)
    reference.forward(x[1], w[1], b[1], y[1])
    y[0].write(Place.DEVICE_LAST)       # the replay wrote there; the recorder would say so
    pairs.same(y)
