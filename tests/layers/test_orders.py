"""Layers between convolutions work on what lies channels-last as it lies, and change no number."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, feed, random

from caffepy.core.memory import Place

X, Y = random(2, 6, 4, 5), random(2, 6, 4, 5, seed=1)
FORKS = {
    'type: "Axpy"': (random(2, 6, 1, 1, seed=2), X, Y),
    'type: "HardSwish"': (4 * X,),
    'type: "Normalize" norm_param { across_spatial: false channel_shared: false }': (X,),
    'type: "ReLU6"': (5 * X,),
    'type: "ReLU6" relu6_param { negative_slope: 0.1 }': (5 * X,),
    'type: "ShuffleChannel" shuffle_channel_param { group: 3 }': (X,),
}


@pytest.mark.parametrize("line", FORKS)
def test_nothing_is_reordered(line):
    values = [np.float32(v) for v in FORKS[line]]
    layer, bottom, top = built = build(line, *values)
    found = []
    for place in (Place.HOST, Place.HOST_LAST):
        feed(bottom, values)
        dy = np.float32(random(*top[0].shape, seed=3))
        for blob, given in zip(bottom, values, strict=True):
            if blob.shape == top[0].shape:  # not Axpy's factors
                blob.values.overwrite(place)[...] = given
        top[0].grads.overwrite(place)[...] = dy
        before = layer.context.mover.reorders
        layer.forward(bottom, top)
        layer.backward(top, [True] * len(bottom), bottom)
        assert layer.context.mover.reorders == before
        last = place is Place.HOST_LAST
        assert {built[2][0].values.channels_last, bottom[-1].grads.channels_last} == {last}
        found.append([top[0].data.copy(), *(blob.diff.copy() for blob in bottom)])
    for one, other in zip(*found, strict=True):
        assert_allclose(other, one, rtol=1e-5, atol=1e-6)
