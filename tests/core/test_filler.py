"""Fillers against their formulas, and what they refuse as the original's checks do."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from caffepy.core import filler
from caffepy.core.blob import Blob
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2, text


def fail(message, **details):
    raise ConfigError(message, **details)


def filled(line: str, *shape: int) -> np.ndarray:
    p = caffe_pb2.FillerParameter()
    text.parse(line, p)
    blob = Blob(shape)
    filler.fill(blob.values, p, np.random.default_rng(1), fail)
    return blob.data


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5, 6, 7, 10, 14, 64])
def test_bilinear_is_symmetric_for_every_size(k):
    """The original once shifted it where k % 4 is 2 or 3, and mended that later."""
    w = filled('type: "bilinear"', 2, 3, k, k)
    f = -(-k // 2)
    line = [1 - abs(x / f - (k - 1) / (2 * f)) for x in range(k)]
    assert_allclose(w[1, 2], np.outer(line, line), rtol=1e-6)
    assert_allclose(w, w[..., ::-1, ::-1], rtol=1e-6)
    assert_allclose(w[0, 0], w[1, 2])


@pytest.mark.parametrize("norm, n", [("FAN_IN", 50), ("FAN_OUT", 40), ("AVERAGE", 45)])
def test_variance_norm(norm, n):
    shape = (40, 50, 1, 1)  # fan_in is 50, fan_out 40
    w = filled(f'type: "xavier" variance_norm: {norm}', *shape)
    assert 0.99 * (3 / n) ** 0.5 < np.abs(w).max() <= (3 / n) ** 0.5
    assert filled(f'type: "msra" variance_norm: {norm}', *shape).std() == pytest.approx(
        (2 / n) ** 0.5, rel=0.05)


def test_variance_norm_of_one_axis():
    """Biases of that shape: fan_in is 1, fan_out the count."""
    assert np.abs(filled('type: "xavier"', 1000)).max() == pytest.approx(3**0.5, rel=0.01)
    assert np.abs(filled('type: "xavier" variance_norm: FAN_OUT', 1000)).max() == pytest.approx(
        0.003**0.5, rel=0.01)


def test_positive_unitball():
    w = filled('type: "positive_unitball"', 5, 3, 2, 2)
    assert w.min() > 0
    assert_allclose(w.sum((1, 2, 3)), 1, rtol=1e-6)
    assert_allclose(filled('type: "positive_unitball"', 5), 1)


def test_sparse_gaussian():
    w = filled('type: "gaussian" sparse: 10', 40, 500)
    assert np.count_nonzero(w) == pytest.approx(500 * 10, rel=0.05)
    assert not filled('type: "gaussian" sparse: 0', 4, 5).any()
    assert filled('type: "gaussian" sparse: 4', 4, 5).all()


def test_uniform_of_one_value():
    assert (filled('type: "uniform" min: 2 max: 2', 3) == 2).all()


@pytest.mark.parametrize("values", [[], [20], [20, 5, 3, 2]])
@pytest.mark.parametrize("shape", [(2, 2, 1, 1), (2, 3, 2, 2), (3, 2, 3, 1), (3, 4)])
def test_diagonal(shape, values):
    w = filled('type: "diagonal" ' + " ".join(f"diag_val: {v}" for v in values), *shape)
    cells = int(np.prod(shape[2:]))
    for o, i in np.ndindex(*shape[:2]):
        value = (values[o] if o < len(values) else 1) / cells if o == i else 0
        assert_allclose(w[o, i], np.full(shape[2:], value), rtol=1e-6)


@pytest.mark.parametrize("line, shape, words", [
    ('type: "diagonal"', (3,), "first two axes"),
    ('type: "uniform" min: 2', (3,), "min of the uniform filler is above its max.*min 2, max 1"),
    ('type: "uniform" max: inf', (3,), "max of the uniform filler is no finite number"),
    ('type: "gaussian" std: 0', (3,), 'std .* must be positive.*type: "constant"'),
    ('type: "gaussian" std: -1', (3,), "std of the gaussian filler must be positive"),
    ('type: "gaussian" sparse: -2', (3, 4), "sparse .*found -2; allowed: 0 to 3"),
    ('type: "gaussian" sparse: 4', (3, 4), "sparse .*found 4; allowed: 0 to 3"),
    ('type: "xavier" sparse: 1', (3, 4), "sparse is for the gaussian filler"),
    ('type: "msra"', (), "the msra filler goes by the first axis"),
    ('type: "positive_unitball"', (), "goes by the first axis"),
    ('type: "bilinear"', (1, 1, 2, 3), "square 4-D kernels"),
    ('type: "bilinear"', (1, 2, 2), "square 4-D kernels"),
])
def test_refused(line, shape, words):
    with pytest.raises(ConfigError, match=words):
        filled(line, *shape)
