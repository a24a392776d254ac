import numpy as np
from support import build, check_gradient

LINE = 'type: "Parameter" parameter_param { shape { dim: 2 dim: 3 } }'


def test_parameter():
    layer, bottom, top = build(LINE)
    layer.blobs[0].data[...] = np.arange(6).reshape(2, 3)
    layer.forward(bottom, top)
    assert top[0].data.ravel().tolist() == [0, 1, 2, 3, 4, 5]
    check_gradient(LINE)


def test_a_filler():
    line = LINE.replace("dim: 3 }", 'dim: 3 } blob_filler { type: "constant" value: 2 }')
    layer, bottom, top = build(line)
    layer.forward(bottom, top)
    assert top[0].data.tolist() == [[2, 2, 2], [2, 2, 2]]


def test_a_layer_in_place_above_leaves_it_alone():
    layer, bottom, top = build(LINE)
    layer.forward(bottom, top)
    top[0].data[...] = 7
    assert not layer.blobs[0].data.any()


def test_no_gradient_unless_wanted():
    layer, bottom, top = build(LINE)
    top[0].diff[...] = 1
    layer.param_propagate_down = [False]
    layer.backward(top, [], bottom)
    assert layer.blobs[0].grads.is_zero
