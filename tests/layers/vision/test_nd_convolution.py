import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import CaffeError

X = random(2, 4, 3, 5, 5)
FILLERS = 'weight_filler { type: "gaussian" std: 1 } bias_filler { type: "gaussian" std: 1 }'
SHAPES = "kernel_shape { dim: [%s] } stride_shape { dim: [%s] } pad_shape { dim: [%s] } group: 2"
PLAIN = " ".join(f"{word}: %s {word}: %s {word}: %s" for word in ("kernel_size", "stride", "pad"))


def line(type, words):
    return f'type: "{type}" convolution_param {{ num_output: 6 {words} {FILLERS} }}'


@pytest.mark.parametrize("sizes, axes", [
    ((2, 3, 3, 1, 2, 2, 0, 1, 1), (2, 3, 3)), ((3, 3, 3, 1, 1, 1, 0, 0, 0), (3, 3)),
    ((3, 5, 5, 1, 1, 1, 0, 0, 0), ()),
])
def test_it_is_a_convolution_without_axes_of_one_place(sizes, axes):
    numbers = [", ".join(map(str, sizes[i : i + 3])) for i in (0, 3, 6)]
    nd = build(line("NdConvolution", SHAPES % tuple(numbers)), X)
    plain = build(line("Convolution", PLAIN % sizes + " group: 2"), X)
    for blob, same in zip(nd[0].blobs, plain[0].blobs, strict=True):
        blob.data[...] = same.data
    y, expected = run(nd, [X])[0], run(plain, [X])[0]
    assert y.shape == (2, 6, *axes)
    assert_allclose(y, expected.reshape(y.shape), rtol=1e-5, atol=1e-5)


def test_gradient():
    check_gradient(line("NdConvolution", SHAPES % ("3, 2", "1, 1", "0, 1")), (2, 2, 3, 2))
    check_gradient(line("NdConvolution", "kernel_shape { dim: [2, 2, 1] }"), (2, 2, 2, 2, 2))


def test_mistakes():
    with pytest.raises(CaffeError, match="equally many dims"):
        build(line("NdConvolution", SHAPES % ("3, 3, 3", "1, 1", "0, 0, 0")), X)
    with pytest.raises(CaffeError, match="2 times for 3 spatial axes"):
        build(line("NdConvolution", SHAPES % ("3, 3", "1, 1", "0, 0")), X)
