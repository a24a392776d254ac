"""The largest number of rectangles, against a search through each."""

import numpy as np
from numpy.testing import assert_array_equal

from caffepy.layers.regions._largest import largest

RNG = np.random.default_rng(5)


def test_all_rectangles_of_a_map():
    x = RNG.integers(0, 6, (2, 5, 9, 3)).astype(np.float32)  # many are alike
    spans = [[(a, b) for a in range(n + 1) for b in range(n + 1)] for n in (5, 9)]
    rows, columns = ((np.array([[s[0] for s in span]]), np.array([[s[1] for s in span]]))
                     for span in spans)
    for image in (0, 1):
        values, cells = largest(np, x, np.array([image]), rows, columns, True)
        alone, none = largest(np, x, np.array([image]), rows, columns, False)
        assert none is None
        assert_array_equal(alone, values)
        for i, (top, low) in enumerate(spans[0]):
            for j, (left, right) in enumerate(spans[1]):
                part = x[image, top:low, left:right]
                if not part.size:
                    assert (values[0, i, j] == 0).all() and (cells[0, i, j] == -1).all()
                    continue
                flat = part.reshape(-1, 3)
                assert_array_equal(values[0, i, j], flat.max(0))
                h, w = np.unravel_index(flat.argmax(0), part.shape[:2])
                assert_array_equal(cells[0, i, j], (h + top) * 9 + w + left)
