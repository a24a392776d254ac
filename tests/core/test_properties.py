"""What holds of every net and shape: rules of layers, blobs that change shape, sizes of outputs."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from support import build

from caffepy.core import graph
from caffepy.core.blob import Blob
from caffepy.core.memory import Place
from caffepy.errors import ShapeError
from caffepy.proto import caffe_pb2

few = settings(max_examples=60, deadline=None)
stages = st.lists(st.sampled_from(["a", "b", "c"]), max_size=2, unique=True)
states = st.builds(caffe_pb2.NetState, phase=st.sampled_from([0, 1]), level=st.integers(-2, 2),
                   stage=stages)


@st.composite
def rules(draw):
    """A rule with any of its fields; none of them is a rule that everybody meets."""
    rule = caffe_pb2.NetStateRule(stage=draw(stages), not_stage=draw(stages))
    for field, values in (("phase", st.sampled_from([0, 1])), ("min_level", st.integers(-2, 2)),
                          ("max_level", st.integers(-2, 2))):
        if draw(st.booleans()):
            setattr(rule, field, draw(values))
    return rule


@st.composite
def nets_with_rules(draw):
    net = caffe_pb2.NetParameter(name="n")
    for i in range(draw(st.integers(0, 5))):
        layer = net.layer.add(name=f"l{i}", type="ReLU", bottom=["x"], top=[f"y{i}"])
        kind = draw(st.sampled_from(["include", "exclude"]))
        getattr(layer, kind).extend(draw(st.lists(rules(), max_size=3)))
    return net


def meets(state, rule) -> bool:
    """The rule of the rules, in one expression."""
    return ((not rule.HasField("phase") or rule.phase == state.phase)
            and (not rule.HasField("min_level") or state.level >= rule.min_level)
            and (not rule.HasField("max_level") or state.level <= rule.max_level)
            and set(rule.stage) <= set(state.stage) and not set(rule.not_stage) & set(state.stage))


@few
@given(nets_with_rules(), states)
def test_a_layer_is_in_by_its_rules_alone(net, state):
    before = net.SerializeToString()
    kept = graph.filter_net(net, state)
    assert net.SerializeToString() == before
    assert list(kept.layer) == [
        layer for layer in net.layer
        if (not layer.include or any(meets(state, rule) for rule in layer.include))
        and not any(meets(state, rule) for rule in layer.exclude)]
    assert graph.filter_net(kept, state) == kept


# -- shapes -------------------------------------------------------------------------------

shapes = st.lists(st.integers(0, 4), max_size=5).map(tuple)


@few
@given(st.lists(shapes, min_size=1, max_size=6))
def test_a_blob_takes_any_row_of_shapes(row):
    blob = Blob(row[0])
    for number, shape in enumerate(row):
        blob.reshape(*shape)
        assert blob.shape == blob.data.shape == blob.diff.shape == shape
        assert blob.count == math.prod(shape) and blob.ndim == len(shape)
        values = np.arange(blob.count, dtype=np.float32).reshape(shape) + number
        blob.data[...] = values
        blob.diff[...] = -values
        assert_array_equal(blob.data, values)
        for axis in range(-len(shape), len(shape)):
            assert shape[blob.axis(axis)] == shape[axis]
            start = blob.axis(axis)
            assert blob.count_from(start) == math.prod(shape[start:])
        if len(shape) == 4:  # through the order of fast layers and back
            assert_array_equal(blob.values.read(Place.HOST_LAST), values)
            blob.values.overwrite(Place.HOST_LAST)[...] = values * 2
            assert_array_equal(blob.data, values * 2)


@few
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 5), st.integers(1, 4),
       st.integers(0, 3), st.integers(1, 3))
def test_the_sizes_of_convolutions_and_poolings(height, width, kernel, stride, pad, dilation):
    """As many windows as begin inside: all whole for a convolution, the last cut for a pooling."""
    def starts(size, length):
        return range(-pad, size + pad - length + 1, stride)

    x = np.ones((1, 1, height, width), np.float32)
    extent = dilation * (kernel - 1) + 1
    expected = tuple(len(starts(size, extent)) for size in (height, width))
    line = (f'type: "Convolution" convolution_param {{ num_output: 1 kernel_size: {kernel} '
            f"stride: {stride} pad: {pad} dilation: {dilation} }}")
    try:
        _, _, top = build(line, x)
    except ShapeError:
        assert 0 in expected
    else:
        assert top[0].shape == (1, 1, *expected)
        line = line.replace("Conv", "Deconv")
        back = tuple(stride * (n - 1) + extent - 2 * pad for n in expected)
        if min(back) > 0:  # a deconvolution undoes the size, but for what the stride left over
            _, _, top = build(line, top[0].data.copy())
            assert top[0].shape == (1, 1, *back)
            assert all(0 <= size - b < stride for size, b in zip((height, width), back,
                                                                 strict=True))
    if pad < kernel:
        line = (f'type: "Pooling" pooling_param {{ kernel_size: {kernel} stride: {stride} '
                f"pad: {pad} }}")
        sizes = []
        for size in (height, width):
            count = max(0, math.ceil((size + 2 * pad - kernel) / stride)) + 1
            sizes.append(sum(stride * i - pad < size for i in range(count)))
        if min(height, width) + 2 * pad >= kernel:
            _, _, top = build(line, x)
            assert top[0].shape == (1, 1, *sizes)


@few
@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(-4, 3), st.data())
def test_what_a_slice_cuts_a_concat_joins(shape, axis, data):
    axis = axis % len(shape) - (len(shape) if axis < 0 else 0)
    cuts = sorted(data.draw(st.sets(st.integers(1, shape[axis] - 1), max_size=3))
                  if shape[axis] > 1 else [])
    x = np.arange(math.prod(shape), dtype=np.float32).reshape(shape)
    points = "".join(f"slice_point: {cut} " for cut in cuts)
    tops = "".join(f'top: "t{i}" ' for i in range(len(cuts) + 1))
    layer, bottom, parts = build(f'type: "Slice" {tops} slice_param {{ axis: {axis} {points} }}', x)
    layer.forward(bottom, parts)
    for part, expected in zip(parts, np.split(x, cuts, axis), strict=True):
        assert_array_equal(part.data, expected)
    layer, bottom, top = build(f'type: "Concat" concat_param {{ axis: {axis} }}',
                               *(part.data.copy() for part in parts))
    layer.forward(bottom, top)
    assert_array_equal(top[0].data, x)


@few
@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_a_reshape_to_any_factors_of_the_count(shape, random):
    x = np.arange(math.prod(shape), dtype=np.float32).reshape(shape)
    factors = list(shape)
    random.shuffle(factors)
    hidden = random.randrange(len(factors))
    dims = "".join(f"dim: {-1 if i == hidden else n} " for i, n in enumerate(factors))
    layer, bottom, top = build(f'type: "Reshape" reshape_param {{ shape {{ {dims} }} }}', x)
    layer.forward(bottom, top)
    assert top[0].shape == tuple(factors)
    assert_array_equal(top[0].data, x.reshape(factors))
