import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ConfigError

X = np.abs(random(2, 3, 4, 5)) + 0.5


def line(param):
    return f'type: "Log" log_param {{ {param} }}'


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("param, base, scale, shift", [
    ("", np.e, 1, 0), ("base: 2 scale: 0.5 shift: 3", 2, 0.5, 3), ("base: 10", 10, 1, 0),
])
def test_log(param, base, scale, shift, inplace):
    built = build(line(param), X, inplace=inplace)
    assert_allclose(run(built, [X])[0], np.log(shift + scale * X) / np.log(base),
                    rtol=1e-5, atol=1e-6)
    check_gradient(line(param), X, inplace=inplace)


@pytest.mark.parametrize("base", [0, -2, 1])
def test_base(base):
    with pytest.raises(ConfigError, match="base must be positive and not 1, or -1"):
        build(line(f"base: {base}"), X)
