import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import DataError

X = np.abs(random(6, 4))
LABELS = np.array([0, 3, 2, 3, 2, 1])


def line(param, top=""):
    return f'type: "LabelSpecificAdd" {top} label_specific_add_param {{ {param} }}'


def added(bias):
    y = X.copy()
    for row, label in enumerate(LABELS):
        if y[row, label] > -bias:
            y[row, label] += bias
    return y


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("bias", [-0.35, 0.5])
def test_label_specific_add(bias, inplace):
    built = build(line(f"bias: {bias}"), X, LABELS, inplace=inplace)
    assert_allclose(run(built, [X, LABELS])[0], added(bias), rtol=1e-5)
    check_gradient(line(f"bias: {bias}"), X, LABELS, inplace=inplace, corners=(0.35,),
                   kink_range=0.02)


@pytest.mark.parametrize("param", ["bias: -0.35", "bias: -0.35 transform_test: true"])
def test_in_test_all_is_copied(param):
    assert_allclose(run(build(line(param), X, LABELS, phase="TEST"), [X, LABELS])[0], X, rtol=1e-6)


def test_the_number_anneals():
    layer, bottom, top = build(line(
        "bias_base: -0.1 bias_gamma: 0.5 bias_power: -0.7 bias_min: -0.5 bias_max: 0 iteration: 4",
        'top: "y" top: "bias"'), X, LABELS)
    for it in range(4, 8):
        bias = max(min(-0.1 + (1 + 0.5 * it) ** -0.7 - 1, 0), -0.5)
        layer.forward(bottom, top)
        assert_allclose(top[1].data, [bias], rtol=1e-5)
        assert_allclose(top[0].data, added(bias), rtol=1e-5)


def test_labels_are_checked():
    with pytest.raises(DataError, match="not one of the 4 classes"):
        run(build(line("bias: -1"), X, LABELS), [X, LABELS + 1])
