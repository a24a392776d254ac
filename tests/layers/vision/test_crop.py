import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.core.memory import Place
from caffepy.errors import ShapeError

X, REFERENCE = random(2, 3, 6, 7), random(2, 2, 4, 5)


def line(param=""):
    return f'type: "Crop" crop_param {{ {param} }}'


@pytest.mark.parametrize("param, part", [
    ("", (..., slice(0, 4), slice(0, 5))),
    ("offset: 1", (..., slice(1, 5), slice(1, 6))),
    ("offset: 1 offset: 2", (..., slice(1, 5), slice(2, 7))),
    ("axis: 1 offset: 1 offset: 0 offset: 2", (slice(None), slice(1, 3), slice(0, 4), slice(2, 7))),
    ("axis: -1 offset: 2", (..., slice(2, 7))),
])
def test_crop(param, part):
    y = run(build(line(param), X, REFERENCE), [X, REFERENCE])[0]
    assert_allclose(y, X[part], rtol=1e-6)
    check_gradient(line(param), X, REFERENCE)


def test_channels_last():
    layer, bottom, top = built = build(line("offset: 1"), X, REFERENCE)
    expected = run(built, [X, REFERENCE])[0]
    bottom[0].values.overwrite(Place.HOST_LAST)[...] = X
    layer.forward(bottom, top)
    assert top[0].values.channels_last
    assert_allclose(top[0].data, expected)


@pytest.mark.parametrize("param, message", [
    ("offset: 3", "outside of the bottom on axis 2.*offset 3 and size 4"),
    ("offset: 0 offset: 0 offset: 0", "one offset, or one for each axis"),
    ("axis: 4", "axis 4 does not exist"),
])
def test_errors(param, message):
    with pytest.raises(ShapeError, match=message):
        build(line(param), X, REFERENCE)
