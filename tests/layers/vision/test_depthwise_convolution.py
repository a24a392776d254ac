import logging

import pytest
from numpy.testing import assert_allclose
from support import ENGINES, build, check_gradient, random, run

X = random(2, 4, 7, 6)
FILL = 'weight_filler { type: "gaussian" std: 1 } bias_filler { type: "gaussian" std: 1 }'


def line(type, param):
    return f'type: "{type}" convolution_param {{ num_output: 4 group: 4 {FILL} {param} }}'


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("param", ["kernel_size: 3 pad: 1", "kernel_size: 3 stride: 2 pad: 1",
                                   "kernel_h: 3 kernel_w: 2 dilation: 2 bias_term: false"])
def test_it_is_convolution_with_its_kernels(param, engine):
    made = build(line("DepthwiseConvolution", param), X, engines=[engine])
    plain = build(line("Convolution", param), X, engines=[engine])
    assert made[0].blobs[0].shape[:2] == (4, 1)
    assert [type(k) for k in made[0].kernels] == [type(k) for k in plain[0].kernels]
    assert made[0].kernel.spec == plain[0].kernel.spec
    assert_allclose(run(made, [X])[0], run(plain, [X])[0])


@pytest.mark.parametrize("param", ["kernel_size: 3 stride: 2 pad: 1", "kernel_size: 1 stride: 2"])
def test_gradient(param):
    check_gradient(line("DepthwiseConvolution", param), (2, 4, 5, 4))


def test_without_group_it_is_told(caplog):
    with caplog.at_level(logging.WARNING):
        layer, _, _ = build('type: "DepthwiseConvolution" convolution_param { num_output: 4 '
                            'kernel_size: 3 }', X)
    assert layer.blobs[0].shape == (4, 4, 3, 3)
    assert "One kernel for each channel is group: 4" in caplog.text
    caplog.clear()
    build(line("DepthwiseConvolution", "kernel_size: 3"), X)
    assert not caplog.text
