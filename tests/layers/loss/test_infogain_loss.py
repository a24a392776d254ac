import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import DataError, NotFound, ShapeError
from caffepy.proto import wire

X = random(4, 5, 2, 3)
LABELS = np.arange(24).reshape(4, 2, 3) % 5
H = np.abs(random(5, 5))


def line(param="", more=""):
    return f'type: "InfogainLoss" infogain_loss_param {{ {param} }} {more}'


def log_probabilities(x, axis=1):
    return x - np.log(np.exp(x).sum(axis, keepdims=True))


def test_infogain_loss():
    gain = np.moveaxis(H[LABELS], -1, 1)
    values = [X, LABELS, H.reshape(1, 1, 5, 5)]
    expected = -(gain * log_probabilities(X)).sum() / 24
    assert_allclose(run(build(line(), *values), values)[0], expected, rtol=1e-5)
    check_gradient(line(), *values, other_batch=False)


def test_ignored_labels_and_probabilities():
    text = line(more='loss_param { ignore_label: 1 normalization: VALID } top: "loss" top: "p"')
    gain = np.moveaxis(H[LABELS] * (LABELS != 1)[..., None], -1, 1)
    values = [X, LABELS, H]
    loss, p = run(build(text, *values), values)
    assert_allclose(loss, -(gain * log_probabilities(X)).sum() / (LABELS != 1).sum(), rtol=1e-5)
    assert_allclose(p, np.exp(log_probabilities(X)), rtol=1e-5)
    check_gradient(text, *values, other_batch=False)


def test_axis_and_matrix_from_a_file(tmp_path):
    wire.write_blob(tmp_path / "H.binaryproto", H.astype(np.float32).reshape(1, 1, 5, 5))
    x = np.moveaxis(X, 1, -1)
    text = line(f'source: "{tmp_path}/H.binaryproto" axis: -1')
    expected = -(H[LABELS] * log_probabilities(x, -1)).sum() / 24
    assert_allclose(run(build(text, x, LABELS), [x, LABELS])[0], expected, rtol=1e-5)
    check_gradient(text, x, LABELS)


def test_the_identity_makes_it_a_softmax_loss():
    values = [X, LABELS, np.eye(5)]
    softmax = build('type: "SoftmaxWithLoss"', X, LABELS)
    assert_allclose(run(build(line(), *values), values)[0], run(softmax, [X, LABELS])[0],
                    rtol=1e-6)


def test_errors():
    with pytest.raises(RuntimeError, match="H is missing.*third bottom"):
        build(line(), X, LABELS)
    with pytest.raises(NotFound, match=r"layer 'layer'.*no-such-file"):
        build(line('source: "no-such-file"'), X, LABELS)
    with pytest.raises(ShapeError, match="5 squared"):
        build(line(), X, LABELS, H[1:])
    with pytest.raises(DataError, match="counted from 1"):
        run(build(line(), X, LABELS, H), [X, LABELS + 1, H])
