import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, run

from caffepy.errors import ConfigError, DataError

IDS = np.array([[0, 3, 3, 1], [5, 0, 3, 2]])


def line(param=""):
    return f"""type: "Embed" embed_param {{ num_output: 3 input_dim: 6 {param}
        weight_filler {{ type: "gaussian" }} bias_filler {{ type: "gaussian" }} }}"""


@pytest.mark.parametrize("bias", [True, False])
def test_embed(bias):
    text = line(f"bias_term: {str(bias).lower()}")
    layer, _, _ = built = build(text, IDS)
    assert [blob.shape for blob in layer.blobs] == [(6, 3), (3,)][: 1 + bias]
    y = run(built, [IDS])[0]
    b = layer.blobs[1].data if bias else 0
    assert_allclose(y, layer.blobs[0].data[IDS] + b, rtol=1e-6)
    check_gradient(text, IDS)


def test_only_the_wanted_gradients():
    layer, bottom, top = built = build(line(), IDS)
    run(built, [IDS])
    top[0].diff[...] = 1
    layer.param_propagate_down = [False, True]
    layer.backward(top, [False], bottom)
    assert layer.blobs[0].grads.is_zero
    assert layer.blobs[1].diff.tolist() == [8, 8, 8]


@pytest.mark.parametrize("index", [6, -1])
def test_indices_are_checked(index):
    ids = np.array([[0, 1], [index, 9]])
    with pytest.raises(DataError, match=rf"index at \(1, 0\).*found {index}; allowed: 0 to 5"):
        run(build(line(), ids), [ids])


def test_sizes_are_needed():
    with pytest.raises(ConfigError, match="input_dim must be positive"):
        build('type: "Embed" embed_param { num_output: 3 }', IDS)
