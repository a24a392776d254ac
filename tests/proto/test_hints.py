"""What an error about a word of a prototxt tells to write instead, kind by kind."""

import pytest

from caffepy.core import registry
from caffepy.errors import did_you_mean
from caffepy.proto import caffe_pb2, text


def error_of(content: str, message=None, types=registry.names) -> str:
    with pytest.raises(text.PrototxtError) as caught:
        source = text.parse(content, message or caffe_pb2.NetParameter(), name="net.prototxt",
                            types=types)
        assert source.unknown
        source.unknown(())  # as who builds the net
    return str(caught.value)


def layer(type: str, content: str) -> str:
    return f'layer {{ name: "x" type: "{type}" {content} }}'


OLD = [
    (layer("Convolution", "blobs_lr: 2"), "old format", "param { lr_mult: 2 }"),
    (layer("Convolution", "weight_decay: 0"), "old format", "param { decay_mult: 0 }"),
    ("layers { type: CONVOLUTION param { lr_mult: 1 } }", "blobs_lr and weight_decay", '"layer"'),
    ("layers { type: CONVOLUTION lr_mult: 2 }", "blobs_lr: 2"),
    ("layers { type: CONVOLUTION decay_mult: 0 }", "weight_decay: 0"),
    (layer("Convolution", "convolution_param { kernelsize: 3 }"), "Did you mean kernel_size?"),
    (layer("Data", "data_param { batchsize: 3 }"), "Did you mean batch_size?"),
    (layer("Data", "transform_param { cropsize: 3 meanfile: 'x' }"), "crop_size?", "mean_file?"),
    (layer("Convolution", "convolution_param { biasterm: false }"), "Did you mean bias_term?"),
    ("layers { layer { name: 'x' type: 'conv' kernel_size: 3 } }", "Did you mean kernelsize?"),
    ("layer { type: CONVOLUTION }", 'CONVOLUTION is one of "layers"', 'type: "Convolution"'),
    ("layer { type: SOFTMAX_LOSS }", 'type: "SoftmaxWithLoss"'),
    ("layers { type: 'Convolution' }", 'belong to "layer"', "Write type: CONVOLUTION."),
    ("layers { type: InnerProduct }", "Write type: INNER_PRODUCT."),
    ("layers { type: SoftmaxWithLoss }", "Write type: SOFTMAX_LOSS."),
    ("layers { type: BatchNorm }", 'came after the old format of "layers"', 'type: "BatchNorm"'),
    ("layers { type: conv }", "Write type: CONVOLUTION."),
    ("layers { type: Conv2D }", "Write type: CONVOLUTION."),
    ("layers { type: Relu }", "Did you mean RELU?"),
]

OTHERS = [
    (layer("Convolution", "conv_param { }"), "Write convolution_param."),
    (layer("Deconvolution", "deconv_param { }"), "Write convolution_param."),
    (layer("BatchNorm", "bnorm_param { }"), "Write batch_norm_param."),
    (layer("InnerProduct", "ip_param { }"), "Write inner_product_param."),
    (layer("Pooling", "pool_param { }"), "Write pooling_param."),
    (layer("Convolution", "convolution_param { filters: 8 }"), "Write num_output: 8."),
    (layer("Convolution", "convolution_param { ksize: 3 }"), "kernel_size"),
    (layer("Convolution", "convolution_param { strides: 2 }"), "Write stride: 2."),
    (layer("Convolution", "convolution_param { padding: SAME }"), "Write pad."),
    (layer("Convolution", "convolution_param { rate: 2 }"), "Write dilation: 2."),
    (layer("Convolution", "convolution_param { use_bias: false }"), "Write bias_term: false."),
    (layer("Convolution", "convolution_param { activation: 'relu' }"), 'type: "ReLU"'),
    (layer("InnerProduct", "inner_product_param { units: 10 }"), "Write num_output: 10."),
    (layer("InnerProduct", "units: 10"), "Write inner_product_param { num_output: 10 }."),
    (layer("Dropout", "dropout_param { p: 0.3 }"), "Write dropout_ratio: 0.3."),
    (layer("Dropout", "dropout_param { keep_prob: 0.3 }"), "1 - keep_prob"),
    (layer("BatchNorm", "batch_norm_param { momentum: 0.9 }"), "moving_average_fraction: 0.9"),
    (layer("BatchNorm", "batch_norm_param { epsilon: 1e-5 }"), "Write eps: 1e-5."),
    (layer("ReLU", "relu_param { alpha: 0.1 }"), "Write negative_slope: 0.1."),
    (layer("Concat", "concat_param { dim: 1 }"), "Write axis: 1."),
    (layer("ReLU", "inputs: 'a' outputs: 'b'"), 'bottom: \'a\'', "top: 'b'"),
    (layer("ReLU", "learning_rate: 3"), "lr_mult", "base_lr"),
    (layer("ReLU", "param { lr: 3 }"), "Write lr_mult: 3."),
    (layer("Pooling", "pooling_param { pool: AVG }"), "Write AVE."),
    (layer("Pooling", "pooling_param { pool: max }"), "Did you mean MAX?"),
    (layer("Pooling", "pooling_param { pool_size: 2 }"), "Write kernel_size: 2."),
    (layer("Eltwise", "eltwise_param { operation: ADD }"), "Write SUM."),
    (layer("Data", "include { phase: VAL }"), "Write TEST."),
    (layer("Input", "input_param { dim: 3 }"), "Write shape { dim: ... }."),
    (layer("Data", "transform_param { mean: 3 }"), "Write mean_value: 3."),
]

TYPES = [
    ("Conv", 'Write type: "Convolution".'), ("Relu", "Did you mean ReLU?"),
    ("relu", "Did you mean ReLU?"), ("convolution", "Did you mean Convolution?"),
    ("CONVOLUTION", 'In "layer" write type: "Convolution".'),
    ("SOFTMAX_LOSS", 'In "layer" write type: "SoftmaxWithLoss".'),
    ("innerproduct", "InnerProduct"), ("images", '"ImageData"'), ("FC", "InnerProduct"),
    ("conv", '"Convolution"'), ("MaxPool", "pool: MAX"), ("Dense", "InnerProduct"),
    ("BatchNormalization", '"Scale"'), ("LeakyReLU", "negative_slope"), ("Add", "Eltwise"),
    ("CrossEntropyLoss", "SoftmaxWithLoss"), ("InerProduct", "Did you mean InnerProduct?"),
    ("ConvolutionLayer", "Did you mean Convolution?"), ("Soft", "Did you mean Softmax?"),
    ("CPMData", "fork (shihenw/caffe), which caffepy"),
    ("Quux", '"caffepy layers" lists'), ("", 'Add one: type: "ReLU"'),
]  # fmt: skip

FORKS = [  # words that the schema does not have; for those that it has see core.obeys
    (layer("Convolution", "convolution_param { fusion_type: SUM }"), "Intel's fork"),
    (layer("Data", "data_param { preselection_range: 3 }"), "FlowNet's forks"),
    ("layers { type: MULTI_SOFTMAX }", "a fork of Caffe, which caffepy does not have yet"),
]

BLOCKS = [
    (layer("Convolution", "kernel_size: 3"), "It belongs in convolution_param { kernel_size: 3 }."),
    (layer("Deconvolution", "num_output: 3"), "convolution_param { num_output: 3 }."),
    (layer("Pooling", "kernel_size: 3"), "It belongs in pooling_param { kernel_size: 3 }."),
    (layer("Pooling", "pool: MAX"), "It belongs in pooling_param { pool: MAX }."),
    ("layer { kernel_size: 3 }", "It belongs in convolution_param or pooling_param."),
    (layer("InnerProduct", "lr_mult: 1"), "It belongs in param { lr_mult: 1 }."),
    (layer("InnerProduct", "inner_product_param { lr_mult: 1 }"), "param, beside inner_product"),
    (layer("Data", "data_param { mean_value: 1 }"), "transform_param, beside data_param."),
    (layer("Data", "transform_param { batch_size: 1 }"), "data_param, beside transform_param."),
    (layer("ImageData", "batch_size: 1"), "image_data_param { batch_size: 1 }."),
    (layer("Data", "mean_file: 'x'"), "It belongs in transform_param { mean_file: 'x' }."),
    (layer("Data", "source: 'x'"), "It belongs in data_param { source: 'x' }."),
    (layer("SoftmaxWithLoss", "softmax_param { loss_weight: 1 }"), "the layer itself"),
    (layer("SoftmaxWithLoss", "ignore_label: 1"), "It belongs in loss_param { ignore_label: 1 }."),
    (layer("Accuracy", "ignore_label: 1"), "It belongs in accuracy_param { ignore_label: 1 }."),
    (layer("Dropout", "dropout_ratio: 0.5"), "It belongs in dropout_param"),
    (layer("Convolution", "param { phase: TRAIN }"), "the layer itself"),
    (layer("Convolution", "convolution_param { value: 1 }"), "weight_filler or bias_filler."),
    (layer("Input", "shape { dim: 1 }"), "It belongs in input_param { shape }."),
    (layer("Data", "include { TEST }"), "Write phase: TEST."),
    ("base_lr: 0.1", "It belongs to a solver"),
    ("phase: TEST", "It belongs in state { phase: TEST }."),
    (layer("ReLU", "negative_slop: 1"), "Write relu_param { negative_slope: 1 }."),
    (layer("AbsVal", "absval_param { }"), "AbsVal has no settings."),
    (layer("ReLU", "relu_param { inplace: true }"), "relu_param has negative_slope and engine."),
]

KINDS = [
    (layer("Convolution", "convolution_param { num_output: '4' }"), "Without quotes: 4."),
    (layer("Convolution", "convolution_param { num_output: 4.0 }"), "Write 4."),
    (layer("Convolution", "convolution_param { num_output: 1e2 }"), "Write 100."),
    (layer("Convolution", "convolution_param { num_output: -1 }"), "allowed: 0 to 4294967295"),
    (layer("Convolution", "convolution_param { num_output { 4 } }"), "Write num_output: 4."),
    (layer("Convolution", "convolution_param { num_output 4 }"), "Write num_output: 4."),
    (layer("Convolution", "convolution_param { num_output = 4 }"), "Write num_output: 4."),
    (layer("Convolution", "convolution_param { num_output: [4] }"), "Take [ and ] out."),
    (layer("Convolution", "convolution_param { num_output: }"), "num_output has no value."),
    (layer("Convolution", "convolution_param { num_output:\n group: 2 }"), "has no value."),
    (layer("Convolution", "convolution_param { weight_filler: 'msra' }"),
     'Write weight_filler { type: "msra" }.'),
    (layer("Convolution", "convolution_param { bias_filler: 0 }"), '{ type: "constant" value: 0 }'),
    (layer("Convolution", "param: 2"), "Write param { lr_mult: 2 }."),
    (layer("Convolution", "param: 'w'"), 'Write param { name: "w" }.'),
    (layer("Input", "input_param { shape: [1, 3] }"), "Write shape { dim: 1 dim: 3 }."),
    (layer("Input", "include: TEST"), "Write include { phase: TEST }."),
    (layer("Pooling", "pooling_param { stride_h: 1 stride_h: 2 }"), "the first is on line 1"),
    (layer("Pooling", "pooling_param { pool: 'MAX' }"), "Without quotes: MAX."),
    (layer("Scale", "scale_param { bias_term: yes }"), "Write true."),
    (layer("Scale", "scale_param { bias_term: FALSE }"), "Write false."),
    (layer("Scale", "scale_param { bias_term: 'true' }"), "Write true."),
    (layer("Data", "data_param { source: /a/b }"), 'Write "/a/b".'),
    (layer("Data", "top: 5"), 'Write "5".'),
    (layer("Data", "top: “x”"), 'Write " for it.'),
    ("layer { type: ReLU }", 'Write "ReLU".'),
    ("layer { type: Relu }", "Types are in quotes. Did you mean ReLU?"),
    ("layer { name: 'x type: 'Concat' }", "Is a quote missing"),
    (layer("Data", "transform_param { scale: 1/256 }"), "write 0.00390625."),
    (layer("Data", "transform_param { scale: 0,5 }"), "decimals have a point"),
    ("layer = { }", "Take = out."),
    (layer("Convolution", "convolution_param { kernel_size: [3 pad: 1 }"), 'Is a "]" missing?'),
]

SOLVERS = [
    ("lr: 0.1", "Write base_lr: 0.1."), ("learning_rate: 0.1", "Write base_lr: 0.1."),
    ("epochs: 3", "max_iter"), ("batch_size: 3", "data layer", "iter_size"),
    ("momentum1: 0.9", "Write momentum: 0.9."), ("optimizer: 'Adam'", "Write type: 'Adam'."),
    ("test_interval: [1]", "Take [ and ] out."),
    ("lr_polcy: 'inv'", "Did you mean lr_policy?"), ("step: 10", "Write stepsize: 10."),
    ("seed: 1", "Write random_seed: 1."), ("gpu: 0", "Write device_id: 0."),
    ("solver_mode: gpu", "Did you mean GPU?"), ("type: SGD", 'Write "SGD".'),
    ("max_iter: 1e5", "Write 100000."), ("force_decay: 1", "wenwei202"),
    ("layer { name: 'x' }", "It belongs to a net: was another file meant?"),
    ("net_param { layer { type: 'Convolution' kernel_size: 3 } }", "convolution_param {"),
]  # fmt: skip


@pytest.mark.parametrize("case", [*OLD, *OTHERS, *FORKS, *BLOCKS, *KINDS], ids=lambda c: c[0])
def test_words_in_a_net(case):
    content, *said = case
    message = error_of(content)
    assert [word for word in said if word not in " ".join(message.split())] == []


@pytest.mark.parametrize(("type", "said"), TYPES)
def test_layer_types(type, said):
    with pytest.raises(registry.ConfigError) as caught:
        registry.get(type)
    assert said in str(caught.value)


@pytest.mark.parametrize("case", SOLVERS, ids=lambda c: c[0])
def test_words_in_a_solver(case):
    content, *said = case
    message = error_of(content, caffe_pb2.SolverParameter())
    assert [word for word in said if word not in message] == []


def test_without_the_registry_old_names_are_known_all_the_same():
    assert 'in "layer" write such as type: "Convolution"' in error_of(
        "layer { type: DATA }", types=None)
    assert "Did you mean CONVOLUTION?" in error_of("layers { type: 'Convolution' }", types=None)


@pytest.mark.parametrize(
    ("word", "options", "near"),
    [("conv_param", ["concat_param", "convolution_param"], "convolution_param"),
     ("bn_param", ["mvn_param", "batch_norm_param"], None), ("cache", ["scale"], None),
     ("Conv", ["Concat", "Convolution", "Deconvolution"], "Convolution"),
     ("Permute", ["Parameter"], None), ("Flip", ["Filter", "Split"], None),
     ("kernal_size", ["kernel_size"], "kernel_size"), ("tset", ["train", "test"], "test"),
     ("snap", ["solver", "snapshot"], "snapshot"), ("xx", ["x", "y"], "x"), ("bn", ["mv"], None),
     ("LR_POLICY", ["lr_policy"], "lr_policy"), ("kernelsize", ["kernel_size"], "kernel_size"),
     ("ROIPooling", ["Pooling"], None), ("", ["x"], None), ("x", [], None)],
)  # fmt: skip
def test_near_names_are_slips_of_letters(word, options, near):
    assert did_you_mean(word, options) == (f"Did you mean {near}?" if near else None)
