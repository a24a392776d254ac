"""All mistakes of a prototxt in one error: found, counted, put together and listed."""

import pytest

from caffepy.core import registry, upgrade
from caffepy.core.net import Net
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2, text

SSD = """name: "ssd"
layer {
  name: "data"
  type: "DetectionData"
  top: "data"
  transform_param {
    mirror: true
    resize_param { prob: 1 resize_mode: WARP interp_mode: [LINEAR, AREA] }
    expnd_param <
      prob: 0.5  # a comment with } in it
    >
  }
  annotated_data_param { label_map_file: "{" 'x}' }
  strange_param { a: "{" 'x}' b: < a: 1 > }
}
layer { name: "p1" type: "Pooling" bottom: "data" top: "p1" pooling_param { kernel: 2 } }
layer { name: "p2" type: "Pooling" bottom: "p1" top: "p2" pooling_param { kernel: 2 } }
layer { name: "a" type: "CPMData" bottom: "p2" top: "a" permute_param { order: 0 } }
layer { name: "b" type: "CPMData" bottom: "p2" top: "b" permute_param { order: 0 } }
layer { name: "c" type: "BoxData" bottom: "b" top: "c" }
layer { name: "d" type: "ReLU" bottom: "c" top: "c" include { phase: TRAIN } }
"""


def parsed(content: str, message=None):
    message = message or caffe_pb2.NetParameter()
    with pytest.raises(text.PrototxtError) as caught:
        text.parse(content, message, name="net.prototxt", types=registry.names)
    return message, str(caught.value)


def test_a_file_of_a_fork_reads_like_this():
    net, message = parsed(SSD)
    assert message == """\
net.prototxt:4:3: Unknown layer type: DetectionData, with strange_param (line 14). \
DetectionData is a layer of MS-CNN's and Cascade R-CNN's forks (zhaoweicai), which caffepy does \
not have yet.
  type: "DetectionData"
  ^
and 4 more:
  9:5      unknown field "expnd_param" in transform_param. Did you mean expand_param?
  16:77    unknown field "kernel" in pooling_param, 2 times. Write kernel_size: 2.
  18:19    Unknown layer type: CPMData, 2 times. CPMData is a layer of the pose machines' fork
           (shihenw/caffe), which caffepy does not have yet.
  20:19    Unknown layer type: BoxData. BoxData is a layer of the YOLO ports of yeahkun and
           gklz1982, which caffepy does not have yet.
A missing layer can be written in Python: -plugin FILE.py loads it (docs/contributing.md)."""
    assert [layer.name for layer in net.layer] == ["data", "p1", "p2", "a", "b", "c", "d"]
    assert net.layer[0].transform_param.mirror and net.layer[6].include[0].phase == 0
    assert net.layer[0].transform_param.resize_param[0].interp_mode == [1, 2]


@pytest.mark.parametrize("value", [
    "3", "-3", "- 3", "1e5", ".5f", "x", "'a' \"b\"", "a/b-c.d", "/a/b", "{ }", "{ a: { b: [1] } }",
    "< a: 1 b { c: '}' } >", "[1, 2]", "[{a: 1}, {b: 2}]", "[]", "{ # } > ]\n }",
    "{ a: -1; b: 2, }",
])  # fmt: skip
@pytest.mark.parametrize("field", ["wrong: {}", "wrong: {};", "wrong:{},"])
def test_what_an_unknown_field_is_given_is_stepped_over(field, value):
    given = field.replace("{}", value)
    net, message = parsed(f'layer {{ name: "a" {given} top: "t" }} name: "n"')
    assert net.name == "n" and net.layer[0].top == ["t"]
    assert message.startswith('net.prototxt:1:19: unknown field "wrong" in layer')
    assert "more:" not in message


@pytest.mark.parametrize("value", [
    "{ a: 1", "{ a: 1 ]", "[1, 2", "{ a: [1 }", "< a: 1 }", "'x",
])  # fmt: skip
def test_what_is_not_closed_ends_the_reading_and_is_told(value):
    message = parsed(f"layer {{ pad: 1 }}\nlayer {{ wrong: {value} ")[1]
    assert message.startswith('net.prototxt:1:9: unknown field "pad"')
    assert "and 1 more:\n  2:" in message or "and 2 more:\n  2:" in message


@pytest.mark.parametrize(("wrong", "then"), [
    ("num_output: '3'", 1), ("num_output: x", 1), ("num_output: -3", 1), ("num_output { 3 }", 1),
    ("num_output: [3, 4]", 1), ("num_output: 3 num_output: 4", 1), ("num_output = 3", 1),
    ("num_output 3", 1), ("num_output:", 1), ("engine: 'CUDNN'", 1), ("bias_term: yes", 1),
    ("weight_filler: 'msra'", 1), ("weight_filler: ['a', 'b']", 1), ("engine: a/b", 1),
    ("weight_filler { type: 3 std: x }", 2), ("foo: 1 bar: 2 foo: 3", 2),
])  # fmt: skip
def test_a_wrong_value_does_not_keep_the_rest_from_being_read(wrong, then):
    net, message = parsed(
        f'layer {{ convolution_param {{ {wrong} group: 7 }} top: "t" }} name: "n"')
    assert net.layer[0].convolution_param.group == 7
    assert net.layer[0].top == ["t"] and net.name == "n"
    assert message.startswith("net.prototxt:1:")
    assert ("and 1 more:" in message) == (then == 2)


def test_the_same_mistake_in_many_layers_is_one_line():
    content = "layer { type: 'ReLU' foo: 1 }\n" * 40 + "layer { type: 'TanH' foo: 2 }"
    message = parsed(content)[1]
    first, _, _, more, other = message.split("\n")
    assert first.startswith('net.prototxt:1:22: unknown field "foo" in layer, 40 times')
    assert more == "and 1 more:" and other == '  41:22    unknown field "foo" in layer'


def test_long_lists_are_cut():
    message = parsed("".join(f"layer {{ foo{i}: 1 }}\n" for i in range(50)))[1]
    assert "and 49 more:" in message and message.endswith("  ...and 30 that are not shown.")
    assert len(message.split("\n")) == 3 + 1 + 19 + 1
    assert max(map(len, message.split("\n")[1:])) <= 100


def test_text_that_is_something_else_altogether_is_not_read_to_the_end():
    message = parsed("a: 1\n" * 20000)[1]
    assert message.startswith('net.prototxt:1:1: unknown field "a" in a net, 5000 times')
    assert "the rest was not read" in message


def test_a_net_given_as_a_solver_is_told_once():
    message = parsed('name: "n" layer { type: "Foo" } layer { }', caffe_pb2.SolverParameter())[1]
    assert message.count("\n") == 2 and "It belongs to a net: was another file" in message


def test_types_of_the_old_format_with_their_settings():
    message = parsed("layers { type: FOO foo_param { } } layers { foo_param { } type: FOO }\n"
                     "layers { type: CONVOLUTION foo_param { } }")[1]
    assert '1:16: unknown layer type FOO in "layers", with foo_param (line 1), 2 times. ' in message
    assert 'unknown field "foo_param" in layers. The settings of Convolution are in' in message


# unknown types alone, and the ways to read

NET = """layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 } } }
layer { name: "a" type: "CPMData" bottom: "data" top: "a" }
layer { name: "b" type: "Relu" bottom: "a" top: "b" }
layer { name: "b" type: "Relu" bottom: "b" top: "c" }
layer { name: "t" type: "Conv" bottom: "c" top: "d" include { phase: TRAIN } }
"""


@pytest.fixture
def net_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "net.prototxt"
    path.write_text(NET)
    return path


def test_unknown_types_are_told_at_once(net_file):
    with pytest.raises(ConfigError) as caught:
        Net("net.prototxt", caffe_pb2.TEST)
    assert str(caught.value) == (
        "net.prototxt:2, layer 'a': Unknown layer type: CPMData. CPMData is a layer of the pose "
        "machines' fork (shihenw/caffe), which caffepy does not have yet.\n"
        "and 2 more:\n"
        "  3        Unknown layer type: Relu, 2 times. Did you mean ReLU?\n"
        '  5        Unknown layer type: Conv. Write type: "Convolution".\n'
        "A missing layer can be written in Python: -plugin FILE.py loads it "
        "(docs/contributing.md).")
    param, _ = upgrade.read_net_param("net.prototxt")
    with pytest.raises(ConfigError, match="^layer 'a': Unknown layer type: CPMData"):
        Net(param)


def test_a_type_of_another_phase_does_not_matter(net_file):
    net_file.write_text(NET.replace('"CPMData"', '"ReLU"').replace('"Relu"', '"ReLU"'))
    assert len(Net("net.prototxt", caffe_pb2.TEST).layers) == 4
    with pytest.raises(ConfigError, match="net.prototxt:5, layer 't'.*Conv. Write"):
        Net("net.prototxt", caffe_pb2.TRAIN)


def test_a_wrong_solver_tells_what_is_wrong_in_its_nets(net_file):
    solver = net_file.with_name("solver.prototxt")
    solver.write_text('net: "net.prototxt"\nlr: 0.1\nnet_param { foo: 1 }')
    with pytest.raises(ConfigError) as caught:
        upgrade.read_solver_param("solver.prototxt")
    message = str(caught.value)
    assert "solver.prototxt:2:1: unknown field \"lr\" in a solver. Write base_lr: 0.1." in message
    assert '  3:13     unknown field "foo" in net_param' in message
    assert "\nnet.prototxt:2, layer 'a': Unknown layer type: CPMData" in message
    solver.write_text("lr: 0.1\nnet: 'nope.prototxt'")
    with pytest.raises(ConfigError, match="Write base_lr"):
        upgrade.read_solver_param("solver.prototxt")
