import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random

from caffepy.errors import ConfigError, ShapeError

X = random(2, 6, 4, 3)


def line(tops, param=""):
    return 'type: "Slice" ' + 'top: "y" ' * tops + f"slice_param {{ {param} }}"


@pytest.mark.parametrize("tops, param, expected", [
    (3, "", [X[:, :2], X[:, 2:4], X[:, 4:]]),
    (2, "axis: 0", [X[:1], X[1:]]),
    (3, "axis: -1", [X[..., :1], X[..., 1:2], X[..., 2:]]),
    (2, "slice_dim: 2", [X[:, :, :2], X[:, :, 2:]]),
    (3, "slice_point: 1 slice_point: 5", [X[:, :1], X[:, 1:5], X[:, 5:]]),
    (2, "axis: 2 slice_point: 3", [X[:, :, :3], X[:, :, 3:]]),
])
def test_slice(tops, param, expected):
    layer, bottom, top = build(line(tops, param), X)
    layer.forward(bottom, top)
    for y, value in zip(top, expected, strict=True):
        assert_allclose(y.data, value, rtol=1e-6)
    check_gradient(line(tops, param), X, other_batch="axis: 0" not in param)


def test_gradient_where_an_engine_copies(monkeypatch):
    """Wide rows, and as few numbers as a gradient check can take."""
    monkeypatch.setattr("caffepy.kernels.onednn.concat_few.FEW", 1)
    check_gradient(line(2, "slice_point: 16"), (2, 35, 1, 2))


def test_one_top_is_the_bottom():
    layer, bottom, top = build(line(1), X)
    assert top[0].values.memory is bottom[0].values.memory
    assert top[0].grads.memory is bottom[0].grads.memory
    check_gradient(line(1), (2, 3))


@pytest.mark.parametrize("tops, param, message", [
    (4, "", "cannot be cut into 4 equal parts"),
    (3, "slice_point: 2", "one slice_point fewer than tops.*1 for 3"),
    (3, "slice_point: 3 slice_point: 3", "slice points must grow"),
    (3, "slice_point: 4 slice_point: 2", "slice points must grow"),
    (2, "slice_point: 6", r"lie inside the axis.*\[6\] for 6 at axis 1"),
    (2, "slice_point: 0", "lie inside the axis"),
    (2, "axis: 1 slice_dim: 1", "either axis or slice_dim"),
    (2, "axis: 4", "layer 'layer' .*axis 4 does not exist"),
])
def test_bad_parameters(tops, param, message):
    with pytest.raises((ConfigError, ShapeError), match=message):
        build(line(tops, param), X)
