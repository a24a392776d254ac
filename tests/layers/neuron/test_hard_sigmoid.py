import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

X = 3 * random(2, 3, 4, 5)


@pytest.mark.parametrize("param, alpha, beta", [
    ("", 0.2, 0.5), ("hard_sigmoid_param { alpha: 0.4 beta: 0.25 }", 0.4, 0.25)])
@pytest.mark.parametrize("inplace", [False, True])
def test_hard_sigmoid(param, alpha, beta, inplace):
    line = f'type: "HardSigmoid" {param}'
    expected = np.minimum(np.maximum(alpha * X + beta, 0), 1)
    assert_allclose(run(build(line, X, inplace=inplace), [X])[0], expected, rtol=1e-5, atol=1e-6)
    check_gradient(line, X, corners=(-beta / alpha, (1 - beta) / alpha), kink_range=0.02,
                   inplace=inplace)
