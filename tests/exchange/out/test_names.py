"""What the values of an exported net are called, and what of its shapes is left open."""

from __future__ import annotations

import numpy as np
import pytest
from onnx_nets import built, line, need_onnx, same, values_of

from caffepy.exchange import checking
from caffepy.exchange.files import Options
from caffepy.exchange.out import openness

IN_PLACE = """
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "norm" type: "BatchNorm" bottom: "conv" top: "conv" }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "drop" type: "Dropout" bottom: "conv" top: "conv" }
layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool"
        pooling_param { global_pooling: true } }
"""


@pytest.fixture(autouse=True)
def packages():
    need_onnx()


def dims(values):
    return {value.name: [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]
            for value in values}


def test_blobs_in_place_have_names_of_their_own():
    made = same(built(IN_PLACE))
    assert made.steps == [("conv", "conv", "conv/Convolution"), ("norm", "conv", "conv/norm"),
                          ("relu", "conv", "conv/relu"), ("drop", "conv", "conv/relu"),
                          ("pool", "pool", "pool")]
    graph = made.model.graph
    assert [value.name for value in graph.input] == ["data"]
    assert [value.name for value in graph.output] == ["pool"]
    assert "conv/weights" in [array.name for array in graph.initializer]


def test_an_output_that_is_passed_on_has_its_name():
    made = same(built(line('type: "ReLU"', (2, 3))
                      + 'layer { name: "drop" type: "Dropout" bottom: "y" top: "out" }'))
    assert made.outputs == {"out": "out"}


def test_blobs_keep_their_names_whatever_layers_are_called():
    made = same(built(line('type: "Power" power_param { scale: 2 shift: 1 }', (2, 3))
                      + 'layer { name: "next" type: "ReLU" bottom: "y" top: "it/Mul" }'))
    assert made.outputs == {"it/Mul": "it/Mul"}


def test_an_output_in_place_of_an_input_gives_way():
    """ONNX has one name for one value."""
    made = same(built('layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 3 } } }'
                      'layer { name: "abs" type: "ReLU" bottom: "x" top: "x" }'))
    assert made.outputs == {"x": "x_2"}


def test_inputs_and_constants_that_nobody_needs_are_left_out():
    net = built('layer { name: "in" type: "Input" top: "x" top: "label" '
                "input_param { shape { dim: 2 dim: 3 } } }"
                'layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" '
                "inner_product_param { num_output: 2 } }"
                'layer { name: "aside" type: "InnerProduct" bottom: "x" top: "z" '
                "inner_product_param { num_output: 2 } }"
                'layer { name: "hush" type: "Silence" bottom: "z" }')
    graph = same(net).model.graph
    assert [value.name for value in graph.input] == ["x"]
    assert [array.name for array in graph.initializer] == ["ip/weights", "ip/bias"]


def test_shapes_are_fixed_unless_asked():
    made = same(built(IN_PLACE))
    assert dims(made.model.graph.input) == {"data": [2, 3, 8, 8]}
    assert dims(made.model.graph.output) == {"pool": [2, 4, 1, 1]}


def test_batch_and_size_are_left_open():
    made = same(built(IN_PLACE), Options(dynamic=True))
    assert dims(made.model.graph.input) == {"data": ["N", 3, "data_2", "data_3"]}
    assert dims(made.model.graph.output) == {"pool": ["N", 4, 1, 1]}
    assert made.open.told == []


@pytest.mark.parametrize("body", [
    'type: "Pooling" pooling_param { kernel_size: 3 stride: 2 }',
    'type: "Pooling" pooling_param { kernel_size: 3 stride: 2 pad: 1 }',
    'type: "Pooling" pooling_param { pool: AVE kernel_size: 3 stride: 2 }',
    'type: "ShuffleChannel" shuffle_channel_param { group: 2 }', 'type: "Deconvolution" '
    "convolution_param { num_output: 2 kernel_size: 4 stride: 2 pad: 1 }", 'type: "Flatten"',
    'type: "Interp" interp_param { zoom_factor: 2 pad_beg: -1 }', 'type: "Interp" '
    "interp_param { shrink_factor: 2 zoom_factor: 3 pad_end: -1 }",
    'type: "Interp" interp_param { height: 5 width: 6 }',
    'type: "Upsample" upsample_param { scale: 2 }', 'type: "LRN"', 'type: "MVN"',
    'type: "Reshape" reshape_param { shape { dim: 0 dim: 0 dim: -1 } }',
])
def test_open_sizes_give_the_same_with_others(body):
    net = built(line(body, (2, 4, 7, 9)))
    made = same(net, Options(dynamic=True))
    assert set(made.open.changed) == {"batch", "size"}
    for what in made.open.changed:
        with openness.other(net, {"in0": (2, 4, 7, 9)}, what):
            inputs = checking.feed(net)
            checking.against_onnx(net, made.model, steps=made.steps, every=True)
            assert values_of(made, inputs)


DETECTOR = """
type: "DetectionOutput" detection_output_param { num_classes: 3 share_location: true keep_top_k: 6
    confidence_threshold: %g nms_param { nms_threshold: 0.3 top_k: 5 } }
"""


@pytest.mark.parametrize("threshold", [0.4, 9])
def test_a_detector_takes_any_batch(threshold):
    """With 9 it finds nothing, and says so for each image."""
    priors = np.random.default_rng(2).uniform(0, 1, (1, 1, 10, 4))
    priors = np.concatenate([np.sort(priors.reshape(1, 1, 10, 2, 2), 3).reshape(priors.shape),
                             np.full(priors.shape, 0.1)], 1).reshape(1, 2, 40)
    net = built(line(DETECTOR % threshold, (2, 40), (2, 30), (1, 2, 40)))
    made = same(net, Options(dynamic=True), {"in2": priors})
    assert dims(made.model.graph.output) == {"y": [1, 1, "y_2", 7]}
    shapes = {value.name: net.blobs[value.name].shape for value in made.model.graph.input}
    with openness.other(net, shapes, "batch"):
        inputs = checking.feed(net) | {"in2": priors.astype(np.float32)}
        rows, = checking.net_side(net, inputs)([("it", "y")])
        assert set(rows[0, 0, :, 0]) == {0, 1, 2}
        found = values_of(made, inputs)[-1]
        assert checking.apart(rows, found).relative < 1e-5


def test_what_is_not_left_open_says_why():
    net = built(line('type: "Pooling" pooling_param { pool: AVE kernel_size: 3 stride: 2 pad: 1 }',
                     (2, 4, 7, 9)) + 'layer { name: "ip" type: "InnerProduct" bottom: "y" top: "z" '
                "inner_product_param { num_output: 2 } }")
    made = same(net, Options(dynamic=True))
    assert dims(made.model.graph.input) == {"in0": ["N", 4, 7, 9]}
    assert made.open.told == ["The size is fixed by it."]
    net = built(line('type: "InnerProduct" inner_product_param { num_output: 2 }', (2, 4, 7, 9)))
    said, = same(net, Options(dynamic=True)).open.told
    assert said.startswith("The size is fixed: layer 'it' (InnerProduct): the bottom does not fit")
    assert net.blobs["in0"].shape == (2, 4, 7, 9) and net.blobs["y"].shape == (2, 2)
