import pytest
from numpy.testing import assert_allclose
from support import ENGINES, build, check_gradient, random, run

from caffepy.core import traits
from caffepy.errors import ConfigError
from caffepy.testing import parse

X = random(2, 4, 7, 6)
FILL = 'weight_filler { type: "gaussian" std: 1 } bias_filler { type: "gaussian" std: 1 }'


def line(type, param):
    return f'type: "{type}" convolution_param {{ num_output: 4 {FILL} {param} }}'


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("param", ["kernel_size: 3 pad: 1", "kernel_size: 3 stride: 2 pad: 1",
                                   "kernel_h: 3 kernel_w: 2 dilation: 2 bias_term: false"])
def test_it_is_convolution_with_its_kernels(param, engine):
    made = build(line("ConvolutionDepthwise", param), X, engines=[engine])
    plain = build(line("Convolution", param + " group: 4"), X, engines=[engine])
    assert [blob.shape for blob in made[0].blobs] == [blob.shape for blob in plain[0].blobs]
    assert [type(k) for k in made[0].kernels] == [type(k) for k in plain[0].kernels]
    assert made[0].kernel.spec == plain[0].kernel.spec
    assert_allclose(run(made, [X])[0], run(plain, [X])[0])


def test_group_is_not_looked_at():
    layer, _, _ = build(line("ConvolutionDepthwise", "kernel_size: 3 group: 2"), X)
    assert layer.blobs[0].shape == (4, 1, 3, 3)


@pytest.mark.parametrize("param", ["kernel_size: 3 stride: 2 pad: 1", "kernel_size: 1 stride: 2"])
def test_gradient(param):
    check_gradient(line("ConvolutionDepthwise", param), (2, 4, 5, 4))


def test_what_it_says_of_itself():
    spec = parse(line("ConvolutionDepthwise", "kernel_size: 3 pad: 1"))
    assert traits.of(spec).detail(spec) == "3/1+1 4/4"


def test_num_output_is_checked():
    with pytest.raises(ConfigError, match="num_output 4, 3 channels.*Write num_output: 3"):
        build(line("ConvolutionDepthwise", "kernel_size: 3"), (2, 3, 5, 5))
