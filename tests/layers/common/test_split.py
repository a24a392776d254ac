import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random

LINE = 'type: "Split" top: "a" top: "b" top: "c"'
X = random(2, 3, 4)


def test_split():
    layer, bottom, top = build(LINE, X)
    layer.forward(bottom, top)
    for blob in top:
        assert_allclose(blob.data, X, rtol=1e-6)
        assert blob.values.memory is bottom[0].values.memory
    check_gradient(LINE, X)


@pytest.mark.parametrize("used", [(), (1,), (0, 2)])
def test_tops_without_a_gradient_are_left_out_of_the_sum(used):
    layer, bottom, top = build(LINE, X)
    bottom[0].diff[...] = 7
    for i in used:
        top[i].diff[...] = i + 1
    layer.backward(top, [True], bottom)
    assert_allclose(bottom[0].diff, sum(i + 1 for i in used) + 0 * X)
    assert all(top[i].grads.is_zero for i in range(3) if i not in used)
