from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

A, B = random(2, 3, 4), random(5, seed=1)
LINE = 'type: "Scatter" top: "a" top: "b"'


def test_it_is_the_identity():
    built = build(LINE, A, B)
    a, b = run(built, [A, B])
    assert_allclose(a, A, rtol=1e-6)
    assert_allclose(b, B, rtol=1e-6)
    assert built[2][1].values.memory is built[1][1].values.memory
    check_gradient(LINE, A, B)
