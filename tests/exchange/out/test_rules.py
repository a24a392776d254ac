"""Settings that no recorded case has, each against the net itself."""

from __future__ import annotations

import numpy as np
import pytest
from onnx_nets import built, line, need_onnx, same

from caffepy.errors import ConfigError
from caffepy.exchange.files import Options
from caffepy.exchange.out.exporter import export

PICTURES = (2, 4, 7, 9)


@pytest.fixture(autouse=True)
def packages():
    need_onnx()


@pytest.mark.parametrize("method", ["MAX", "AVE", "AVE_EXC_PAD"])
@pytest.mark.parametrize("words", [
    "kernel_size: 3 stride: 2", "kernel_size: 3 stride: 2 pad: 1", "kernel_size: 2 stride: 3",
    "kernel_size: 3 stride: 2 pad: 1 round_mode: FLOOR", "kernel_size: 4 stride: 3 pad: 2",
    "kernel_h: 3 kernel_w: 5 stride_h: 2 stride_w: 3 pad_h: 0 pad_w: 2",
    "kernel_size: 3 stride: 2 pad_t: 1 pad_l: 0 pad_b: 2 pad_r: 1", "global_pooling: true",
])
def test_pooling(method, words):
    same(built(line(f'type: "Pooling" pooling_param {{ pool: {method} {words} }}', PICTURES)))


def test_pooling_with_a_mask():
    same(built(line('type: "Pooling" pooling_param { kernel_size: 3 stride: 2 pad: 1 }',
                    PICTURES, tops=2)))


def test_stochastic_pooling_gives_nothing_of_nothing():
    net = built(line('type: "Pooling" pooling_param { pool: STOCHASTIC kernel_size: 3 stride: 2 }',
                     PICTURES))
    values = np.abs(np.random.default_rng(1).standard_normal(PICTURES))
    values[:, 0] = 0
    same(net, feed={"in0": values})


@pytest.mark.parametrize("body", [
    'type: "BN" bn_param { frozen: true }', 'type: "BN"',
    'type: "BN" bn_param { bn_mode: LEARN }', 'type: "BN" bn_param { bn_mode: INFERENCE }',
    'type: "BN" bn_param { moving_average: true }', 'type: "BN" bn_param { moving_average: false }',
    'type: "BatchNorm"', 'type: "BatchNorm" batch_norm_param { use_global_stats: false eps: 1e-3 }',
    'type: "BatchNorm" batch_norm_param { scale_bias: true }',
    'type: "MVN" mvn_param { add_eps_before_sqrt: true }',
    'type: "Normalize" norm_param { across_spatial: false channel_shared: false }',
    'type: "Normalize" norm_param { add_eps_before_sqrt: false eps: 0.5 }',
    'type: "LRN" lrn_param { local_size: 3 alpha: 2 norm_region: WITHIN_CHANNEL }',
    'type: "LRN" lrn_param { local_size: 3 alpha: 2 k: 3 }',
    'type: "Scale" scale_param { axis: 0 num_axes: 2 bias_term: true }',
    'type: "Scale" scale_param { axis: -1 }', 'type: "Scale" scale_param { num_axes: 0 }',
    'type: "Bias" bias_param { axis: 1 num_axes: -1 }',
    'type: "PReLU" prelu_param { channel_shared: true }', 'type: "ReLU6"',
    'type: "Dropout" dropout_param { scale_train: false dropout_ratio: 0.25 }',
    'type: "Power" power_param { power: 2 scale: 0.5 shift: 1 }',
    'type: "Exp" exp_param { base: 2 scale: 0.5 shift: 1 }',
    'type: "Softmax" softmax_param { axis: -1 }',
])
def test_normalizations_and_neurons(body):
    same(built(line(body, PICTURES)))


@pytest.mark.parametrize("body", [
    "shape { dim: 0 dim: -1 dim: 3 }", "shape { dim: 2 dim: 18 } axis: 1 num_axes: 2",
    "shape { dim: 1 } axis: -1 num_axes: 0", "shape { dim: -1 } axis: 2",
    "shape { dim: 63 dim: 8 }",
])
def test_reshape(body):
    shape = (2, 4, 9, 7)
    same(built(line(f'type: "Reshape" reshape_param {{ {body} }}', shape)))


@pytest.mark.parametrize("body", [
    'type: "Flatten" flatten_param { axis: 1 end_axis: 2 }',
    'type: "Flatten" flatten_param { axis: 0 }',
    'type: "Reduction" reduction_param { operation: MEAN axis: -1 coeff: 2 }',
    'type: "Tile" tile_param { axis: -1 tiles: 3 }', 'type: "Reverse" reverse_param { axis: -2 }',
    'type: "Slice" slice_param { axis: -3 slice_point: 1 } top: "b"',
    'type: "ArgMax" argmax_param { top_k: 3 axis: 1 out_max_val: true }',
    'type: "ArgMax" argmax_param { top_k: 2 out_max_val: true }', 'type: "ArgMax"',
    'type: "Interp" interp_param { height: 11 width: 5 pad_beg: -1 }',
    'type: "Interp" interp_param { shrink_factor: 2 }',
    'type: "Interp" interp_param { height: 1 width: 1 }',
    'type: "Im2col" convolution_param { kernel_size: 3 stride: 2 pad: 1 dilation: 2 }',
    'type: "Unpooling" unpooling_param { unpool: TILE kernel_size: 3 stride: 2 unpool_size: 20 }',
    'type: "InnerProduct" inner_product_param { num_output: 3 axis: 2 }',
    'type: "InnerProduct" inner_product_param { num_output: 3 axis: 0 bias_term: false }',
    'type: "InnerProduct" inner_product_param { num_output: 3 axis: -1 transpose: true }',
])
def test_shapes_and_products(body):
    same(built(line(body, PICTURES)))


@pytest.mark.parametrize("words, places", [("axis: 1", [2]), ("top_k: 2 axis: 1", [2, 1])])
def test_of_equal_scores_the_last_is_the_largest(words, places):
    net = built(line(f'type: "ArgMax" argmax_param {{ {words} }}', (1, 4)))
    made = same(net, feed={"in0": [[1, 2, 2, 0]]})
    assert made.outputs == {"y": "y"}
    assert list(np.array(net.blobs["y"].data)[0]) == places


def test_a_detector_in_two_stages():
    """RefineDet's first stage says where nothing is, and moves the priors."""
    net = built(line("""type: "DetectionOutput" detection_output_param { num_classes: 3
        confidence_threshold: 0.2 objectness_score: 0.5 nms_param { nms_threshold: 0.4 } }""",
                     (2, 80), (2, 60), (1, 2, 80), (2, 40), (2, 80)))
    random = np.random.default_rng(4)
    low = random.uniform(0, 0.5, (20, 2))
    priors = np.stack([np.hstack([low, low + 0.3]), np.full((20, 4), 0.1)]).reshape(1, 2, 80)
    feed = {"in0": random.standard_normal((2, 80)), "in1": random.uniform(0, 1, (2, 60)),
            "in2": priors, "in3": random.uniform(0, 1, (2, 40)),
            "in4": random.standard_normal((2, 80))}
    same(net, feed=feed)
    assert 5 < net.blobs["y"].shape[2] < 75


def test_sums_with_coefficients():
    body = 'type: "Eltwise" eltwise_param { operation: SUM coeff: 1 coeff: -0.5 coeff: 2 }'
    same(built(line(body, *[(2, 3)] * 3)))


def test_layers_that_share_weights_share_a_constant():
    half = 'inner_product_param { num_output: 3 } param { name: "w" } param { name: "b" }'
    net = built(
        'layer { name: "in" type: "Input" top: "a" top: "b" '
        "input_param { shape { dim: 2 dim: 4 } } }"
        f'layer {{ name: "one" type: "InnerProduct" bottom: "a" top: "x" {half} }}'
        f'layer {{ name: "two" type: "InnerProduct" bottom: "b" top: "y" {half} }}')
    made = same(net)
    assert [array.name for array in made.model.graph.initializer] == ["one/weights", "one/bias"]


def test_sequences_that_begin_together_are_onnx_s_own():
    net = built(
        'layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 5 dim: 2 dim: 3 } } }'
        'layer { name: "cont" type: "ContinuationIndicator" top: "cont" '
        "continuation_indicator_param { time_step: 5 batch_size: 2 } }"
        'layer { name: "lstm" type: "LSTM" bottom: "x" bottom: "cont" top: "y" '
        "recurrent_param { num_output: 4 } }")
    made = same(net)
    assert "LSTM" in [node.op_type for node in made.model.graph.node]


def test_a_cell_at_the_threshold_counts():
    net = built(line("""type: "YoloDetectionOutput" yolo_detection_output_param { num_classes: 1
        num_box: 1 confidence_threshold: 0.5 nms_threshold: 0.9 biases: 0.1 biases: 0.1 }""",
                     (1, 6, 2, 2)))
    x = np.zeros((1, 6, 2, 2))
    x[0, 4] = [[0, -1], [1, 0]]  # sigmoid(0) is 0.5
    same(net, feed={"in0": x})
    assert net.blobs["y"].shape == (1, 1, 3, 7)


def test_the_smallest_side_of_a_proposal_is_by_the_picture_s_scales():
    net = built(line("""type: "Proposal" proposal_param { ratio: 1 scale: 16 scale: 32 base_size: 16
        min_size: 20 nms_thresh: 0.9 post_nms_topn: 60 }""", (1, 4, 5, 6), (1, 8, 5, 6), (1, 4),
                     tops=2))
    random = np.random.default_rng(5)
    feed = {"in0": random.uniform(0.1, 1, (1, 4, 5, 6)), "in2": [[80, 96, 0.5, 1.5]],
            "in1": 0.1 * random.standard_normal((1, 8, 5, 6))}
    same(net, feed=feed)
    scores = np.array(net.blobs["y1"].data)
    assert (scores == 0).any() and (scores > 0).any()


PROPOSALS = """type: "Python" python_param { module: "rpn.proposal_layer" layer: "ProposalLayer"
                                               param_str: "'feat_stride': 16" }"""


def test_proposals_of_py_faster_rcnn():
    net = built(line(PROPOSALS, (1, 18, 8, 9), (1, 36, 8, 9), (1, 3), tops=2))
    random = np.random.default_rng(5)
    feed = {"in0": random.uniform(0, 1, (1, 18, 8, 9)), "in2": [[128, 144, 1.5]],
            "in1": 0.3 * random.standard_normal((1, 36, 8, 9))}
    same(net, feed=feed)
    assert net.blobs["y"].shape[0] > 10


def test_a_class_of_a_user_s_own_has_no_place(tmp_path, monkeypatch):
    (tmp_path / "my_onnx_layers.py").write_text(
        "import caffe\n\n\nclass Twice(caffe.Layer):\n"
        "    def reshape(self, bottom, top):\n        top[0].reshape(*bottom[0].shape)\n\n"
        "    def forward(self, bottom, top):\n        top[0].data[...] = 2 * bottom[0].data\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    net = built(line('type: "Python" python_param { module: "my_onnx_layers" layer: "Twice" }',
                     (2, 3)))
    with pytest.raises(ConfigError) as caught:
        export(net, Options())
    assert caught.value.more.endswith("(Python): a class of a user's own, of which nobody else "
                                      "knows what it computes")


@pytest.mark.parametrize("opset", [13, 16, 18, 21])
def test_older_and_newer_opsets(opset):
    body = ('layer { name: "norm" type: "MVN" bottom: "y" top: "n" } '
            'layer { name: "sum" type: "Reduction" bottom: "y" top: "s" }'
            'layer { name: "swish" type: "HardSwish" bottom: "y" top: "h" }')
    made = same(built(line('type: "Split"', PICTURES) + body), Options(opset=opset))
    assert made.model.opset_import[0].version == opset


def test_an_opset_that_is_too_old_is_said():
    with pytest.raises(ConfigError, match=r"the opset is not known here \(found 9; allowed: 13 to"):
        export(built(line('type: "ReLU"', (2, 3))), Options(opset=9))


def test_all_layers_that_have_no_place_are_named_at_once():
    net = built(line('type: "ReLU"', (2, 3))
                + 'layer { name: "drop" type: "Dropout" bottom: "y" top: "d" dropout_param { '
                "sample_weights_test: true } }"
                'layer { name: "behind" type: "ReLU" bottom: "d" top: "d" }'
                'layer { name: "loss" type: "EuclideanLoss" bottom: "in0" bottom: "y" top: "l" }')
    with pytest.raises(ConfigError) as caught:
        export(net, Options())
    assert str(caught.value).splitlines() == [
        "net '': 2 layers have no place in an ONNX model. docs/convert.md lists what has none.",
        "  layer 'drop' (Dropout): sample_weights_test draws at random in use, too",
        "  layer 'loss' (EuclideanLoss): a loss, which a net for use is without; caffepy deploy "
        "makes that net"]
