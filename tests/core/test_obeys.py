"""Words of forks that nobody follows are named: an error where numbers depend on them."""

import logging

import pytest

from caffepy.core import obeys, registry
from caffepy.core.layer import Layer
from caffepy.core.net import Net
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2, fork_words, text
from caffepy.services import upgrading
from caffepy.solvers.solver import create_solver
from caffepy.tools import deploy, summarize

DATA = ('layer { name: "data" type: "Input" top: "data" '
        "input_param { shape { dim: [1, 2, 6, 6] } } }\n")


def net_of(content: str) -> caffe_pb2.NetParameter:
    net = caffe_pb2.NetParameter()
    text.parse(DATA + content, net)
    return net


def layer_of(type: str, content: str) -> str:
    return f'layer {{ name: "one" type: "{type}" bottom: "data" top: "one" {content} }}\n'


def conv(content: str) -> str:
    sizes = "num_output: 2 kernel_size: 3"
    return layer_of("Convolution", f"convolution_param {{ {sizes} {content} }}")


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.INFO, "caffepy")
    return lambda: [record.getMessage() for record in caplog.records
                    if record.filename == "obeys.py"]


class Fake(Layer):
    param_field = "pooling_param"


class Follows(Fake):
    obeys = ("hole", "pool=AVE_EXC_PAD", "weight_filler.scale", "transform_param.noise_param")
    harmless = ("saturate",)


def left(cls: type, content: str) -> list[str]:
    spec = caffe_pb2.LayerParameter()
    text.parse(content, spec)
    refused, idle = obeys.split(obeys.words_of(spec, cls), cls)
    return [word.path for word in refused] + [f"({word.path})" for word in idle]


def test_what_a_class_declares_adds_to_its_bases():
    assert set(Layer.obeys) <= set(obeys.declared(Follows, "obeys"))
    assert "hole" in obeys.declared(Follows, "obeys")
    assert "hole" not in obeys.declared(Fake, "obeys")


@pytest.mark.parametrize(("content", "by_fake", "by_follows"), [
    ("convolution_param { hole: 2 hole_h: 1 }",
     ["convolution_param.hole", "convolution_param.hole_h"], ["convolution_param.hole_h"]),
    ("pooling_param { pool: AVE_EXC_PAD }", ["pooling_param.pool=AVE_EXC_PAD"], []),
    ("pooling_param { pool: AVE_TF }", ["pooling_param.pool=AVE_TF"],
     ["pooling_param.pool=AVE_TF"]),
    ("pooling_param { saturate: Signed }", ["pooling_param.saturate"],
     ["(pooling_param.saturate)"]),
    ("convolution_param { weight_filler { scale: 2 } bias_filler { scale: 2 } }",
     ["convolution_param.weight_filler.scale", "convolution_param.bias_filler.scale"],
     ["convolution_param.bias_filler.scale"]),
    ("transform_param { noise_param { prob: 1 } crop_h: 3 }",
     ["transform_param.noise_param", "transform_param.crop_h"], ["transform_param.crop_h"]),
    ("pooling_param { engine: MKLDNN } engine: 'MKL2017'",
     ["(pooling_param.engine=MKLDNN)", "(engine)"], ["(pooling_param.engine=MKLDNN)", "(engine)"]),
    ("pooling_param { engine: REFERENCE } forward_type: FLOAT16", [], []),
    ("quantization_param { bw_params: 8 }", ["quantization_param"], ["quantization_param"]),
    ("param { regularization_type: 'L1' }", ["param.regularization_type"],
     ["param.regularization_type"]),
    ("include { phase: FORWARDA } exclude { phase: FORWARDB }", [], []),
    ("permute_param { order: 1 } prior_box_param { width: 3 }", [], []),
])
def test_which_words_count(content, by_fake, by_follows):
    assert left(Fake, content) == by_fake
    assert left(Follows, content) == by_follows


def test_a_type_of_a_fork_obeys_its_own_message_but_not_other_forks_additions():
    class Box(Layer):
        param_field = "prior_box_param"

    assert left(Box, "prior_box_param { min_size: 3 width: 3 }") == ["prior_box_param.width"]


def test_a_net_is_refused_with_the_place_and_whose_it_is(tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(DATA + "# relu: 9\n" + conv("# relu\n engine: MKL2017\n relu: true\n"))
    with pytest.raises(ConfigError) as error:
        Net(path, caffe_pb2.TEST)
    assert str(error.value).startswith(
        f"{path}:5, layer 'one' (Convolution): convolution_param.relu is not obeyed by "
        "Convolution yet. It is a word of a fork (Intel: a ReLU behind it")


def test_where_no_file_is_left_the_layer_is_named():
    with pytest.raises(ConfigError, match=r"^layer 'one' \(Convolution\): convolution_param.pad_t"):
        Net(net_of(conv("pad_type: 1")), caffe_pb2.TEST)


@pytest.mark.parametrize(("layer", "said"), [
    (conv("relu: true"), "Intel: ... Write a ReLU layer after it."),
    (conv("kernel_depth: 3"), 'C3D 1.0: ... type: "Convolution3D"'),
    (layer_of("BatchNorm", "batch_norm_param { filler { } }"), "Intel: ... Scale layer"),
    (layer_of("BatchNorm", "batch_norm_param { bias_term: true }"), "... Scale layer"),
    (layer_of("SoftmaxWithLoss", "bottom: 'data' loss_param { normalization: PRE_FIXED }"),
     "R-FCN, Intel: ... Take it out if"),
    (layer_of("InfogainLoss", "bottom: 'data' loss_param { label_smoothing: 0.1 }"),
     "Intel: ... Take it out if"),
])
def test_errors_say_what_does_the_same(layer, said):
    with pytest.raises(ConfigError) as error:
        Net(net_of(layer), caffe_pb2.TEST)
    whose, cure = said.split("... ")
    assert "is not obeyed by" in str(error.value)
    assert f"It is a word of a fork ({whose}" in str(error.value) and cure in str(error.value)


def test_all_words_and_all_unknown_types_are_one_error(tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(DATA + conv("relu: true") + conv("\nrelu: true").replace('"one"', '"two"')
                    + conv("pad_type: 1").replace('"one"', '"three"')
                    + 'layer { name: "x" type: "CPMData" bottom: "one" top: "x" }\n')
    with pytest.raises(ConfigError) as error:
        Net(path, caffe_pb2.TEST)
    said = str(error.value)
    assert said.startswith(f"{path}:6, layer 'x': Unknown layer type: CPMData. CPMData is")
    assert "\nand 2 more:\n  2        convolution_param.relu is not obeyed by Convolution" in said
    assert " yet, 2 times. It is a word" in " ".join(said.split())
    assert "\n  5        convolution_param.pad_type is not obeyed by Convolution yet. It" in said


def test_a_message_for_another_type_is_ignored_with_a_warning(lines):
    content = layer_of("BatchNorm", "bn_param { eps: 1 } batch_norm_param { eps: 1 }")
    Net(net_of(content + content.replace('"one"', '"two"')), caffe_pb2.TEST)
    assert lines() == ["bn_param means nothing to BatchNorm, as in its fork: its settings are in "
                       "batch_norm_param"]


def test_harmless_words_are_named_once_in_the_log(lines):
    content = conv("engine: MKLDNN cudnn_convolution_algo_seeker: GET")
    second = content.replace('"one"', '"two"')
    Net(net_of("engine: 'MKL2017'\n" + content + second), caffe_pb2.TEST)
    said = lines()
    assert len(said) == 3
    assert said[0] == obeys.UNUSED % (
        "engine (Intel: which library runs layers that do not say, \"MKLDNN\" or "
        "\"MKL2017:CAFFE\")")
    assert "convolution_param.engine=MKLDNN (Intel" in said[1]
    assert "cudnn_convolution_algo_seeker (NVIDIA: " in said[2]


def test_all_engines_of_forks_are_the_fastest():
    for name in ("MKL2017", "MKLDNN", "FFT", "LIBDNN", "INTEL_SPATIAL", "NNPACK"):
        net = Net(net_of(conv(f"engine: {name}")), caffe_pb2.TEST)
        plain = Net(net_of(conv("")), caffe_pb2.TEST)
        assert type(net.layers[1].kernels[0]) is type(plain.layers[1].kernels[0])


def test_what_a_net_says_beside_its_layers():
    with pytest.raises(ConfigError, match=r"the net: bn_stats_batch_size is not obeyed"):
        Net(net_of("bn_stats_batch_size: 32"), caffe_pb2.TEST)


def test_only_warnings_builds_the_net_all_the_same(lines):
    with obeys.only_warnings():
        Net(net_of(conv("relu: true")), caffe_pb2.TEST)
    assert len(lines()) == 1 and "convolution_param.relu is not obeyed" in lines()[0]
    with pytest.raises(ConfigError):
        Net(net_of(conv("relu: true")), caffe_pb2.TEST)


def test_tools_that_only_look_warn(tmp_path, lines):
    path, out = tmp_path / "net.prototxt", tmp_path / "out.prototxt"
    path.write_text(DATA + conv("relu: true"))
    table = summarize.summarize(str(path), "TEST")
    assert table.rows[1].shapes == [(1, 2, 4, 4)]
    deploy.deploy(str(path))
    assert upgrading.net_text(str(path), str(out)) == 0
    assert len([line for line in lines() if "convolution_param.relu is not obeyed" in line]) == 3
    assert "relu: true" in out.read_text()


def test_types_that_nobody_knows_are_another_matter(lines):
    obeys.warn(net_of(layer_of("NoSuchType", "quantization_param { bw_params: 8 }")))
    assert lines() == []


def test_a_solver_names_what_it_does_not_use(lines):
    solver = caffe_pb2.SolverParameter()
    text.parse('base_lr: 1 lr_policy: "fixed" max_iter: 1 random_seed: 1 snapshot_keep: 2\n'
               "solver_mode: CPU max_epoch: 2 richness: 3 device_id: [0, 1]\n"
               f"net_param {{ {DATA} {conv('engine: MKLDNN')} }}", solver)
    create_solver(solver)
    said = lines()
    assert said[0].startswith(obeys.UNUSED % "richness (yjxiong: ")
    assert said[1].startswith("device_id_all is not used here (yjxiong: ")
    assert said[2].startswith("max_epoch is not used here (NVIDIA, older: ")
    assert len([line for line in said if "engine=MKLDNN" in line]) == 1


def test_what_classes_declare_is_in_the_schema():
    names = {part for name in fork_words.comments() for part in name.split(".")}
    classes = {part for entry in registry.entries() for part in entry.cls.__mro__}
    declared = [name for cls in classes for kind in ("obeys", "harmless")
                for name in cls.__dict__.get(kind, ())]
    assert "forward_type" in declared
    for name in declared:
        for part in name.replace("=", ".").split("."):
            assert part in names, f"{name} is no word of the schema"
