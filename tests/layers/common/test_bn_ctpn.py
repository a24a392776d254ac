"""What CTPN's BN alone has; the rest is in test_bn.py."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal
from support import build, random, run

X = random(4, 3, 2, 5) * 2 + 1
LINE = 'type: "BN" bn_param { scale_filler { type: "constant" value: 1 } %s }'


def test_moving_statistics_are_for_those_who_ask():
    """In TEST; they stay as they are then."""
    for words, expected in (("var_eps: 1", (X - X.mean((0, 2, 3), keepdims=True))
                             / np.sqrt(X.var((0, 2, 3), keepdims=True) + 1)),
                            ("var_eps: 1 moving_average: true", (X - 2) / 2)):
        built = layer, _, _ = build(LINE % words, X, phase="TEST")
        layer.blobs[2].data[...] = 2
        layer.blobs[3].data[...] = 3
        assert_allclose(run(built, [X])[0], expected, rtol=1e-4, atol=1e-5)
        assert_array_equal(layer.blobs[2].data.ravel(), [2, 2, 2])
