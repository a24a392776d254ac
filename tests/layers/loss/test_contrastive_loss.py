import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ShapeError

A, B, SIMILAR = random(8, 3), random(8, 3, seed=1), np.array([1, 0, 0, 1, 0, 0, 1, 0])


def line(param):
    return f'type: "ContrastiveLoss" contrastive_loss_param {{ {param} }}'


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("margin", [1, 2.5])
def test_contrastive_loss(margin, legacy):
    text = line(f"margin: {margin} legacy_version: {str(legacy).lower()}")
    square = ((A - B) ** 2).sum(1)
    apart = (np.maximum(margin - square, 0) if legacy
             else np.maximum(margin - np.sqrt(square), 0) ** 2)
    expected = np.where(SIMILAR, square, apart).sum() / 16
    values = [A, B, SIMILAR]
    assert_allclose(run(build(text, *values), values)[0], expected, rtol=1e-5)
    check_gradient(text, *values)


def test_pairs_that_coincide_have_no_gradient():
    values = [A, A, 0 * SIMILAR]
    layer, bottom, top = built = build(line(""), *values)
    assert run(built, values)[0] == 0.5
    top[0].diff[...] = 1
    layer.backward(top, [True, True, False], bottom)
    assert not bottom[0].diff.any()


def test_shapes():
    with pytest.raises(ShapeError, match="one label for each pair"):
        build(line(""), A, B, (8, 2))
    with pytest.raises(ShapeError, match="equally many"):
        build(line(""), A, B[:, :2], SIMILAR)
