"""Gather and Scatter of yjxiong's fork: the identity outside MPI."""

import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

A, B = random(2, 3, 4), random(5, seed=1)


@pytest.mark.parametrize("name", ["Gather", "Scatter"])
def test_it_is_the_identity(name):
    line = f'type: "{name}" top: "a" top: "b"'
    built = build(line, A, B)
    a, b = run(built, [A, B])
    assert_allclose(a, A, rtol=1e-6)
    assert_allclose(b, B, rtol=1e-6)
    assert built[2][1].values.memory is built[1][1].values.memory
    check_gradient(line, A, B)
