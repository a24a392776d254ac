import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, parse, random, run

from caffepy.core import registry
from caffepy.errors import ShapeError

A, B = random(2, 3, 4, 2), random(2, 3, 4, 2, seed=1)
D = (A - B).astype(np.float32)


def line(param):
    return f'type: "L1Loss" l1_loss_param {{ {param} }}'


def loss(param, *bottoms):
    return float(run(build(line(param), *bottoms), bottoms)[0])


def test_words_or_one_bottom_tell_it_from_nvidias():
    plain = parse('type: "L1Loss" bottom: "a" bottom: "b"')
    assert registry.of(plain).dialect == "nvidia"
    assert registry.of(parse('type: "L1Loss" bottom: "a"')).dialect == "flownet"
    assert registry.of(parse(line('') + ' bottom: "a" bottom: "b"')).dialect == "flownet"


def test_number_by_number():
    assert_allclose(loss("", A, B), np.abs(D).sum() / 2, rtol=1e-5)
    assert_allclose(loss("", D), np.abs(D).sum() / 2, rtol=1e-5)
    assert_allclose(loss("normalize_by_num_entries: true", A, B), np.abs(D).sum() / 16, rtol=1e-5)
    assert_allclose(loss("plateau: 0.7", A, B), np.abs(D)[np.abs(D) >= 0.7].sum() / 2, rtol=1e-5)
    check_gradient(line(""), A, B)


@pytest.mark.parametrize("prescale", [False, True])
def test_lengths(prescale):
    square = (D**2).mean(1) if prescale else (D**2).sum(1)
    words = f"l2_per_location: true l2_prescale_by_channels: {str(prescale).lower()}"
    assert_allclose(loss(words, A, B), np.sqrt(square + 0.01).sum() / 2, rtol=1e-5)
    assert_allclose(loss(words + " epsilon: 0.1 plateau: 1.2", A, B),
                    np.sqrt(np.where(square >= 1.44, square, 0) + 0.1).sum() / 2, rtol=1e-5)
    check_gradient(line(words), A, B)
    check_gradient(line(words + " normalize_by_num_entries: true"), D)


@pytest.mark.parametrize("words", ["", "l2_per_location: true"])
def test_what_is_no_number_counts_nowhere(words):
    d = D.copy()
    d[0, :, 1, 1] = np.nan
    zero = np.where(np.isnan(d), 0, d)
    wanted = np.abs(zero).sum() if not words else np.sqrt((zero**2).sum(1) + 0.01).sum()
    assert_allclose(loss(words, d), wanted / 2, rtol=1e-5)
    assert_allclose(loss(words + " normalize_by_num_entries: true", d), wanted / 15, rtol=1e-5)
    layer, bottom, top = built = build(line(words), d)
    run(built, [d])
    top[0].diff[...] = 1
    layer.backward(top, [True], bottom)
    assert not bottom[0].diff[0, :, 1, 1].any() and bottom[0].diff[0, :, 0, 0].all()


def test_the_slope_at_0_is_minus_1():
    layer, bottom, top = built = build(line(""), np.zeros((1, 2)))
    run(built, [np.zeros((1, 2))])
    top[0].diff[...] = 1
    layer.backward(top, [True], bottom)
    assert bottom[0].diff.tolist() == [[-1, -1]]


def test_shapes_are_checked():
    with pytest.raises(ShapeError, match="one shape"):
        build(line(""), A, B[:, :2])
