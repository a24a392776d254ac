import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ShapeError

A, P, N = (random(6, 5, seed=seed) for seed in range(3))


@pytest.mark.parametrize("margin", [None, 1.0, 0.25, 4.0])
def test_triplet_loss(margin):
    words = "" if margin is None else f"triplet_loss_param {{ margin: {margin} }}"
    line = f'type: "TripletLoss" {words}'
    each = (1 if margin is None else margin) + ((A - P)**2).sum(1) - ((A - N)**2).sum(1)
    assert (each > 0).any() and (each < 0).any() or margin == 4
    assert_allclose(run(build(line, A, P, N), [A, P, N])[0], np.maximum(each, 0).sum() / 12,
                    rtol=1e-5)
    check_gradient(line, A, P, N, step=1e-3)


def test_shapes_are_checked():
    with pytest.raises(ShapeError, match="one shape"):
        build('type: "TripletLoss"', A, P, N[:, :3])
